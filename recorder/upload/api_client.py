"""The server's HTTP interface as the recorder uses it. Every call gives an `Exchange`, whatever the server does: it
never raises for the network, never follows a redirect, never takes longer than its deadline, never reads a long answer.
"""

import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from recorder.timing.clock import Clock
from recorder.upload.connection import Line, Pace, PacedFile, beginning, what_failed
from recorder.upload.credentials import Credentials
from recorder.upload.retry import Answer, NoAnswer

_TIMEOUT = httpx.Timeout(connect=15.0, read=60.0, write=60.0, pool=5.0)
"""Of each step. The server gives its own answer up after 30 s and says 503."""
_DEADLINE_S = 90.0
_LONGEST_S = 900.0
"""Of any upload: the agent's watchdog must be able to tell a slow one from a hung thread."""
_SLOWEST_BYTES_PER_S = 2000
"""A link slower than GPRS can't keep up with speech at 24 kbit/s anyway."""
_KEEP_ALIVE_S = 2.0
"""Less than any server's, so that no request runs into a connection that is just being closed."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request's outcome. What the server says of the time it said between `asked_boot_ms`, before the body went out,
    and `answered_boot_ms`, when the answer was in: read after the last byte the first would come too late, where the
    machine is busy and the server quick."""

    answer: Answer | NoAnswer
    asked_boot_ms: int
    answered_boot_ms: int

    @property
    def date(self) -> str | None:
        """The Date header; None where it is not an API that answers: a captive portal's own clock may say 1970."""
        if isinstance(self.answer, NoAnswer) or self.answer.json is None:
            return None
        return self.answer.headers.get("date")

    @property
    def server_ms(self) -> int | None:
        """`server_time` of a heartbeat's answer, Unix ms; None where there is none."""
        said = None if isinstance(self.answer, NoAnswer) else (self.answer.json or {}).get("server_time")
        return instant_ms(said)


def instant_ms(text: object) -> int | None:
    """Of an ISO 8601 instant with a zone; None for anything else."""
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if instant is None or instant.tzinfo is None else round(instant.timestamp() * 1000)


def trusted_by(ca_file: Path | None) -> ssl.SSLContext:
    """How a server's certificate is checked: by this file's authorities alone, or by the system's. Raises OSError,
    ssl.SSLError where the file holds none."""
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


class ApiClient:
    """One connection, one request at a time; each thread has its own client."""

    def __init__(
        self,
        clock: Clock,
        *,
        version: str,
        ca_file: Path | None = None,
        max_upload_kbps: int | None = None,
        deadline_s: float = _DEADLINE_S,
        longest_s: float = _LONGEST_S,
    ) -> None:
        """`ca_file`: as in `trusted_by`, with what it raises. `deadline_s`: of a request without its file; `longest_s`:
        of any upload, however long its file is."""
        self._clock = clock
        self._line = Line()
        self._pace = Pace(max_upload_kbps, self._rest)
        self._deadline_s, self._longest_s = deadline_s, longest_s
        self._closing = threading.Event()
        self._http = httpx.Client(
            verify=trusted_by(ca_file),
            timeout=_TIMEOUT,
            limits=httpx.Limits(max_connections=1, keepalive_expiry=_KEEP_ALIVE_S),
            headers={"User-Agent": f"recorder-agent/{version}", "Accept-Encoding": "identity"},
            follow_redirects=False,
        )

    def upload(self, credentials: Credentials, fields: Mapping[str, str], path: Path) -> Exchange:
        """`POST /api/v1/chunks`: the form's `fields` and the file, which is streamed from the disk. Raises OSError
        where the file can't be opened."""
        with PacedFile(path, self._pace) as file:
            size_bytes = path.stat().st_size
            sending_s = max(size_bytes / _SLOWEST_BYTES_PER_S, self._pace.duration_s(size_bytes))
            deadline_s = min(self._deadline_s + sending_s, self._longest_s)
            files = {"chunk_file": (path.name, file, "audio/ogg")}
            return self._post(credentials.url("chunks"), credentials.token, deadline_s, data=dict(fields), files=files)

    def post(
        self, credentials: Credentials, route: str, document: Mapping[str, Any], deadline_s: float | None = None
    ) -> Exchange:
        """`POST /api/v1/<route>` with a JSON document, as this device."""
        return self._post(credentials.url(route), credentials.token, deadline_s or self._deadline_s, json=document)

    def post_openly(self, url: str, document: Mapping[str, Any]) -> Exchange:
        """Without credentials: enrolment, which is how one gets them."""
        return self._post(url, None, self._deadline_s, json=document)

    def interrupt(self) -> None:
        """From another thread: ends the request under way, if there is one."""
        self._line.cut()

    def stop(self) -> None:
        """From another thread: ends the request under way, and every later one at once."""
        self._closing.set()
        self._line.cut()

    def close(self) -> None:
        self._http.close()

    def _post(self, url: str, token: str | None, deadline_s: float, **content: Any) -> Exchange:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        asked_boot_ms = self._clock.boot_ms()

        def trace(event: str, info: Mapping[str, Any]) -> None:
            nonlocal asked_boot_ms
            self._line.watch(event, info)
            if event == "http11.send_request_body.started":
                asked_boot_ms = self._clock.boot_ms()

        answer: Answer | NoAnswer
        with self._line.limited(deadline_s):
            try:
                answer = self._answer_to(url, headers, trace, content)
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                answer = what_failed(error, self._line)
        return Exchange(answer, asked_boot_ms, self._clock.boot_ms())

    def _answer_to(
        self,
        url: str,
        headers: dict[str, str],
        trace: Callable[[str, Mapping[str, Any]], None],
        content: dict[str, Any],
    ) -> Answer:
        if self._closing.is_set():
            self._line.cut()
        with self._http.stream("POST", url, headers=headers, extensions={"trace": trace}, **content) as response:
            named = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, named, beginning(response))

    def _rest(self, seconds: float) -> None:
        self._closing.wait(max(seconds, 0.0))
