"""One look at whoever answers at the server's address, without believing it: no certificate is checked and nothing
secret is sent. So a captive portal and a wrong clock are recognised before TLS fails of them with a puzzling word."""

import http.client
import socket
import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from recorder.timing.clock import Clock

TIMEOUT_S = 10.0
ROUTE = "/api/v1/chunks"
"""Asked with GET, which neither our server nor the original one allows: both answer 405 and JSON."""
OURS = "application/problem+json"
"""How our server, and no other that the recorder knows, answers errors."""
_BODY_BYTES = 4096
HTTP_PORT = 80


class Unreachable(Exception):
    """`how`: refused, silent, no_route, not_tls, tls or cut."""

    def __init__(self, how: str, message: str) -> None:
        super().__init__(message)
        self.how = how


@dataclass(frozen=True, slots=True)
class Probe:
    """`error_s`: of this machine's clock, its time less the server's; None where the answer has no date.
    `elsewhere`: the absolute address that it redirects to."""

    status: int
    kind: str
    error_s: float | None
    elsewhere: str | None

    @property
    def is_api(self) -> bool:
        """It answers as our server or the original one."""
        return self.kind == OURS or (self.kind.endswith("json") and self.status != 404)

    def leads_away_from(self, base_url: str) -> bool:
        """To another host, as the login page of a guest network does."""
        return self.elsewhere is not None and urlsplit(self.elsewhere).hostname != urlsplit(base_url).hostname


def look(base_url: str, clock: Clock) -> Probe:
    """Asks `base_url` once. Raises Unreachable."""
    parts = urlsplit(base_url)
    url = f"{base_url}{ROUTE}"
    connection = _connection(parts.scheme, parts.hostname or "", parts.port)
    try:
        before_ms = clock.wall_ms()
        connection.request("GET", f"{parts.path}{ROUTE}", headers={"User-Agent": "recorder-agent"})
        answer = connection.getresponse()
        now_ms = (before_ms + clock.wall_ms()) // 2
        answer.read(_BODY_BYTES)
        location = answer.getheader("Location")
        return Probe(
            status=answer.status,
            kind=answer.headers.get_content_type(),
            error_s=_error_s(answer.getheader("Date"), now_ms),
            elsewhere=urljoin(url, location) if location and answer.status in range(300, 400) else None,
        )
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(_how(error), str(error) or type(error).__name__) from error
    finally:
        connection.close()


def portal_of(base_url: str, clock: Clock) -> str | None:
    """Where the network leads plain HTTP to. Guest networks that cannot fake HTTPS just block it; the page that they
    show a browser comes on port 80."""
    plain = f"http://{urlsplit(base_url).hostname}:{HTTP_PORT}"
    try:
        seen = look(plain, clock)
    except Unreachable:
        return None
    return seen.elsewhere if seen.leads_away_from(base_url) else None


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=unverified)


def _error_s(date: str | None, now_ms: int) -> float | None:
    """The header has whole seconds and was cut, not rounded: half a second is added."""
    try:
        return now_ms / 1000 - parsedate_to_datetime(date).timestamp() - 0.5 if date else None
    except ValueError:
        return None


def _how(error: Exception) -> str:
    match error:
        case ConnectionRefusedError():
            return "refused"
        case TimeoutError():
            return "silent"
        case ssl.SSLError() if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
            return "not_tls"
        case ssl.SSLError():
            return "tls"
        case socket.gaierror() | http.client.HTTPException() | ConnectionError():
            return "cut"
        case _:
            return "no_route"
