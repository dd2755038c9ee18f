"""http://127.0.0.1:<port>/health: one document, to programs of this machine only."""

import json
import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from recorder import __version__

log = logging.getLogger(__name__)

_HOST = "127.0.0.1"
_PATHS = ("/health", "/health/")
_CLIENT_TIMEOUT_S = 5.0
"""A client that connects and says nothing is dropped."""
_PORT_RETRY_S = 60.0
_POLL_S = 1.0
"""How soon `stop` is noticed."""

Snapshot = Callable[[], dict[str, Any]]


class HealthServer:
    """Serves what `snapshot` returns. A port that is taken is logged once and tried again each minute; the agent
    records all the same. `port` 0 takes a free one."""

    def __init__(self, port: int, snapshot: Snapshot, retry_s: float = _PORT_RETRY_S) -> None:
        self.port = port
        self._snapshot, self._retry_s = snapshot, retry_s
        self._server: ThreadingHTTPServer | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def start(self) -> None:
        """Returns at once, listening if the port is free."""
        self._bind()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while self._server is None:
            if self._stopping.wait(self._retry_s):
                return
            self._bind(quietly=True)
        with self._server:
            while not self._stopping.is_set():
                self._server.handle_request()

    def _bind(self, quietly: bool = False) -> None:
        try:
            self._server = ThreadingHTTPServer((_HOST, self.port), _handler(self._snapshot))
        except OSError as error:
            if not quietly:
                remedy = "another program listens there; stop it or set another health_port"
                log.error("health_port_taken", extra={"port": self.port, "error": str(error), "remedy": remedy})
            return
        self._server.daemon_threads = True
        self._server.timeout = _POLL_S
        self.port = int(self._server.server_address[1])
        log.info("health_listens", extra={"url": f"http://{_HOST}:{self.port}/health"})


def _handler(snapshot: Snapshot) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _CLIENT_TIMEOUT_S
        server_version = f"recorder-agent/{__version__}"
        sys_version = ""

        def do_GET(self) -> None:
            if self.path.split("?")[0] not in _PATHS:
                self._answer(404, {"error": "there is only /health here"})
                return
            try:
                document = snapshot()
            except Exception as error:
                # The page must say that the agent is ill rather than break off.
                log.exception("health_snapshot_failed")
                self._answer(500, {"status": "failing", "error": f"{type(error).__name__}: {error}"})
                return
            self._answer(200, document)

        do_HEAD = do_GET  # noqa: N815  the base class's name

        def _refuse(self) -> None:
            self._answer(405, {"error": "only GET and HEAD"}, {"Allow": "GET, HEAD"})

        do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse  # noqa: N815  the base class's names

        def _answer(self, status: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            body = json.dumps(document, ensure_ascii=False).encode() + b"\n"
            self.send_response(status)
            head = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Cache-Control": "no-store"}
            for name, value in {**head, **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            log.debug("health_request", extra={"request": format % args})

    return Handler
