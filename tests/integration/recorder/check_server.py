"""A real HTTP(S) server to be checked: our API by its manners, a captive portal, a server whose clock is off."""

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import time
from typing import Any

from check_bench import context_in, printed, run_steps

from recorder.check.result import Result, State, Step

TOKEN = "t" * 32
NETWORK = tuple(Step)[tuple(Step).index(Step.LINK) :]
Body = bytes | Mapping[str, Any]


@dataclass
class Front:
    """`get`, `post`, `upload`: (status, body) for GET, for a POST that is no chunk, and for a chunk; None: as our API.
    `kind`: of JSON bodies, else HTML. `clock_error_s`: how far its clock is ahead. `uploads`: chunks that came."""

    get: tuple[int, Body] | None = None
    post: tuple[int, Body] | None = None
    upload: tuple[int, Body] | None = None
    kind: str = "application/problem+json"
    location: str | None = None
    clock_error_s: float = 0.0
    has_date: bool = True
    uploads: list[bytes] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)


@contextmanager
def serving(front: Front, tls: tuple[Path, Path] | None = None, host: str = "127.0.0.1") -> Iterator[str]:
    """Its URL. `tls`: certificate and key."""
    server = ThreadingHTTPServer((host, 0), _handler(front))
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(front: Front) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        pass

    Handler.front = front
    return Handler


class _Handler(BaseHTTPRequestHandler):
    timeout = 10
    front: Front

    def do_GET(self) -> None:
        self._answer(self.front.get or (405, {"code": "method_not_allowed", "title": "No"}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.front.tokens.append(token)
        is_upload = self.headers["Content-Type"].startswith("multipart/form-data")
        if token != TOKEN:
            self._answer(self.front.post or (401, {"code": "token_unknown", "title": "Unknown or revoked token"}))
        elif not is_upload:
            self._answer(self.front.post or (415, {"code": "not_multipart", "title": "No form"}))
        else:
            self.front.uploads.append(body)
            self._answer(self.front.upload or (200, self._receipt(body)))

    def _receipt(self, body: bytes) -> dict[str, Any]:
        file = body[body.index(b"OggS") : body.rindex(b"\r\n--")]
        return {"status": "ok", "sha256": sha256(file).hexdigest(), "queued": False, "stored_path": None}

    def _answer(self, reply: tuple[int, Body]) -> None:
        status, body = reply
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response_only(status)
        if self.front.has_date:
            self.send_header("Date", formatdate(time() + self.front.clock_error_s, usegmt=True))
        if self.front.location:
            self.send_header("Location", self.front.location)
        self.send_header("Content-Type", "text/html" if isinstance(body, bytes) else self.front.kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """The test says what happened."""


def check(folder: Path, url: str, token: str = TOKEN, ca_file: Path | None = None) -> dict[Step, Result]:
    extra = {"ca_file": ca_file} if ca_file else {}
    return run_steps(context_in(folder, ingest_base_url=url, ingest_token=token, **extra), Step.FFMPEG, *NETWORK)


def assert_says(result: Result, state: State, key: str, english: tuple[str, str], russian: tuple[str, str]) -> None:
    """`english`, `russian`: parts of the sentence and of the remedy."""
    assert (result.state, result.key) == (state, key)
    for language, parts in (("en", english), ("ru", russian)):
        (text,) = printed([result], language).values()
        says, _, mend = text.partition("\n")
        assert parts[0] in says
        assert parts[1] in mend


@dataclass(frozen=True)
class Authority:
    """A private one, in `folder`."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "ca.pem"

    def issue(
        self, name: str = "IP:127.0.0.1", start: str = "20250101000000Z", end: str = "20401231235959Z"
    ) -> tuple[Path, Path]:
        """A certificate for `name`, valid from `start` to `end`, and its key."""
        place = self.folder / sha256(f"{name}{start}{end}".encode()).hexdigest()[:8]
        place.mkdir(exist_ok=True)
        cert, key, request, extensions = (place / leaf for leaf in ("cert.pem", "key.pem", "request.pem", "san.cnf"))
        extensions.write_text(f"subjectAltName={name}\n", encoding="ascii")
        _openssl("req", *_NEW_KEY, "-subj", "/CN=shop server", "-out", request, "-keyout", key)
        _openssl(
            *("ca", "-batch", "-notext", "-config", self.folder / "ca.cnf", "-in", request, "-out", cert),
            *("-startdate", start, "-enddate", end, "-extfile", extensions),
        )
        return cert, key


def make_authority(folder: Path) -> Authority:
    folder.mkdir()
    (folder / "index.txt").touch()
    (folder / "ca.cnf").write_text(_CONFIGURATION.format(folder=folder), encoding="ascii")
    _openssl(
        "req",
        "-x509",
        *_NEW_KEY,
        "-days",
        "30",
        "-subj",
        "/CN=Shop CA",
        "-out",
        folder / "ca.pem",
        "-keyout",
        folder / "ca.key",
    )
    return Authority(folder)


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_CONFIGURATION = """\
[ca]
default_ca = shop
[shop]
database = {folder}/index.txt
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
"""


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
