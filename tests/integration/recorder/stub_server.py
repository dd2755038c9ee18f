"""A real HTTP(S) server that follows a script: it answers, hangs, breaks off or lies as told, and records what came."""

import json
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any, Literal

CHUNKS, HEARTBEAT = "/api/v1/chunks", "/api/v1/devices/heartbeat"
TRICKLE_S = 0.05
Manner = Literal["answer", "hang", "close", "reset", "trickle", "close_early", "half", "endless"]


@dataclass(frozen=True)
class Reply:
    """`body`: bytes, or a JSON document. How the server behaves, by `manner`: `close` without a word, `reset` the
    connection, `trickle` the answer byte by byte, `close_early`: answer before the body was read and close, `half`: of
    the promised answer, `endless`: an answer that never ends."""

    status: int = 200
    body: bytes | dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = "answer"


@dataclass(frozen=True)
class Receipt:
    """A 200 for what came. `sha256`: what it says of the file; None: its true one; "" leaves it out, as the original
    product's server does."""

    sha256: str | None = None


@dataclass(frozen=True)
class Arrived:
    """A request: `fields` of its form and the `file` in it, or its JSON `document`."""

    path: str
    token: str
    headers: Mapping[str, str]
    at_s: float
    fields: Mapping[str, str] = field(default_factory=dict)
    file: bytes = b""
    document: Mapping[str, Any] = field(default_factory=dict)


class StubServer:
    """`script`: one entry for each upload, `then` for those after it; `heartbeat`: for each heartbeat."""

    def __init__(
        self,
        script: Iterable[Reply | Receipt] = (),
        then: Reply | Receipt | None = None,
        heartbeat: Reply | Callable[[], Reply] | None = None,
    ) -> None:
        self.script = list(script)
        self.then = then or Receipt()
        self.heartbeat: Reply | Callable[[], Reply] = heartbeat or Reply(404, {"detail": "Not Found"})
        self.uploads: list[Arrived] = []
        self.heartbeats: list[Arrived] = []
        self.acknowledged: list[Arrived] = []
        self.others: list[Arrived] = []
        self.url = ""
        self.lock = threading.Lock()
        self.over = threading.Event()

    def next_upload(self) -> Reply | Receipt:
        return self.script.pop(0) if self.script else self.then

    def next_heartbeat(self) -> Reply:
        return self.heartbeat if isinstance(self.heartbeat, Reply) else self.heartbeat()

    def received_files(self) -> list[bytes]:
        """Of uploads that were acknowledged."""
        return [arrived.file for arrived in self.acknowledged]


@contextmanager
def running(stub: StubServer, tls: tuple[Path, Path] | None = None, port: int = 0) -> Iterator[StubServer]:
    """`tls`: certificate and key. Ends with the block, whoever still hangs on it."""
    server = _Server(("127.0.0.1", port), _handler_of(stub))
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    stub.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield stub
    finally:
        stub.over.set()
        server.shutdown()
        thread.join()
        server.hang_up()
        server.server_close()


def certificate(folder: Path, name: str = "IP:127.0.0.1") -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=stub", "-addext", f"subjectAltName={name}", "-out", cert, "-keyout", key]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # joined at the end: a test leaves nothing running

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().finish_request(request, client_address)

    def server_activate(self) -> None:
        self.connections: set[socket.socket] = set()
        super().server_activate()

    def hang_up(self) -> None:
        """On clients that keep their connections."""
        for connection in list(self.connections):
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are what these tests are about."""


def _handler_of(stub: StubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        pass

    Handler.stub = stub
    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    stub: StubServer

    def do_POST(self) -> None:
        stub, is_upload = self.stub, self.path == CHUNKS
        with stub.lock:
            reply = stub.next_upload() if is_upload else stub.next_heartbeat()
        if isinstance(reply, Reply) and reply.manner == "close_early":
            self._send(reply.status, reply.body)
            self.close_connection = True
            return
        arrived = self._read()
        with stub.lock:
            kept = stub.uploads if is_upload else stub.heartbeats if self.path == HEARTBEAT else stub.others
            kept.append(arrived)
            if isinstance(reply, Receipt):
                stub.acknowledged.append(arrived)
        self._follow(_receipt(reply, arrived.file) if isinstance(reply, Receipt) else reply)

    def _follow(self, reply: Reply) -> None:
        match reply.manner:
            case "answer":
                self._send(reply.status, reply.body, reply.headers)
            case "hang":
                self.stub.over.wait(20)
                self.close_connection = True
            case "close":
                self.close_connection = True
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
            case "half":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + _content(reply.body))
                self.close_connection = True
            case "trickle":
                for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"a" * 400:
                    if self.stub.over.wait(TRICKLE_S):
                        break
                    self.wfile.write(bytes([byte]))
                self.close_connection = True
            case "endless":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
                while not self.stub.over.is_set():
                    self.wfile.write(b"<p>" * 10_000)
                self.close_connection = True

    def _send(self, status: int, body: bytes | dict[str, Any] | None, headers: Mapping[str, str] | None = None) -> None:
        content = _content(body)
        self.send_response(status)
        given = {"Content-Type": "application/json" if isinstance(body, dict) else "text/html", **(headers or {})}
        for name, value in given.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if status not in (204, 304):
            self.wfile.write(content)

    def _read(self) -> Arrived:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers["Content-Type"]
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        common: dict[str, Any] = {"path": self.path, "token": token, "headers": dict(self.headers), "at_s": monotonic()}
        if not kind.startswith("multipart/form-data"):
            return Arrived(**common, document=json.loads(body))
        message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        fields, file = {}, b""
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            if name == "chunk_file":
                file = content
            else:
                fields[str(name)] = content.decode()
        return Arrived(**common, fields=fields, file=file)

    def log_message(self, format: str, *args: Any) -> None:
        """The test says what happened."""


def _content(body: bytes | dict[str, Any] | None) -> bytes:
    return json.dumps(body).encode() if isinstance(body, dict) else body or b""


def _receipt(receipt: Receipt, file: bytes) -> Reply:
    said = {"status": "ok", "chunk_id": "0f", "stored_path": "audio/x.ogg", "queued": True}
    digest = receipt.sha256 if receipt.sha256 is not None else sha256(file).hexdigest()
    return Reply(200, {**said, **({"sha256": digest} if digest else {})})
