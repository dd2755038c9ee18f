"""The real api and the real dashboard for a browser: one `panel serve` for the whole session, and behind the api's
address another database for every module, so that modules don't see each other's doings."""

import asyncio
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from audio.store import FileStore
from cluster import dashboard_process
from db.engine import Database
from serve_apps.api.app import create_app as create_api
from serve_apps.application import Deps
from serve_apps.audio_files.app import create_app as create_audio_files
from serve_apps.ingest.app import create_app as create_ingest
from tests.integration.shop import as_serve_places, settings_for_tests

ROOT = Path(__file__).resolve().parents[3]
ADMIN_TOKEN = "an-admin-token-for-tests"
T = TypeVar("T")


@dataclass
class Server:
    """An event loop of its own in a thread, with a web server in it whose application can be exchanged."""

    url: str = ""
    app: ASGIApp | None = None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs it in the server's loop, where the database's connections belong."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def serve(self, deps: Deps | None) -> None:
        """All applications on `deps`; None: nobody answers as the api does."""
        if deps is None:
            self.app = None
            return
        apps = {
            "/": create_api(deps),
            "/api/v1/chunks": create_ingest(deps),
            "/api/v1/internal": create_audio_files(deps),
        }
        self.app = as_serve_places(apps)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is None:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self.app(scope, receive, send)


@dataclass(frozen=True)
class Panel:
    """A dashboard's process."""

    url: str
    pid: int


@contextmanager
def running_server() -> Iterator[Server]:
    server = Server()
    web = uvicorn.Server(uvicorn.Config(server, port=0, lifespan="off", log_config=None))

    def live() -> None:
        asyncio.set_event_loop(server.loop)
        server.loop.run_until_complete(web.serve())
        server.loop.close()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    _wait(lambda: web.started, "the api")
    server.url = f"http://127.0.0.1:{web.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        web.should_exit = True
        thread.join(10)


@contextmanager
def running_panel(api_urls: list[str], log_path: Path, port: int | None = None) -> Iterator[Panel]:
    """A dashboard on these apis, served as `salescontrol up` serves it; `port` None: a free one."""
    port = port or _free_port()
    settings = settings_for_tests(DASHBOARD_PORT=str(port), SALESCONTROL_DASHBOARD__API_URLS=json.dumps(api_urls))
    env = {**os.environ, **dashboard_process.environment(settings)}
    url = f"http://127.0.0.1:{port}"
    with log_path.open("wb") as log:
        process = subprocess.Popen(dashboard_process.command(settings), env=env, stdout=log, stderr=log)
        try:
            _wait(lambda: process.poll() is not None or _answers(url), "panel serve")
            assert process.poll() is None, log_path.read_text()
            yield Panel(url, process.pid)
        finally:
            process.terminate()
            process.wait(10)


def deps_on(database_url: str, store: FileStore) -> Deps:
    return Deps(Database(database_url), store, settings_for_tests())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/app", timeout=20).is_success
    except httpx.TransportError:
        return False


def _wait(true: Any, what: str, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come up within {timeout_s:g} s")
        time.sleep(0.05)
