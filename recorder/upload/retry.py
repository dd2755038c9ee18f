"""What an answer to an upload means for the file, and how long to wait then. Pure.

    nothing came back, 1xx-3xx, 408, 425, 429, 5xx      retry: the network or the server; the file is fine
    200 that is not a receipt, or of other bytes        doubt: keep the file, let others go first, try again
    401, 404, and 4xx not named here                    pause all uploads under these credentials, keep everything
    400, 403, 409, 413, 415, 422                        quarantine this one file, with the answer beside it

Two answers of the last row blame the way, not the file: the API's own "it arrived damaged" (once), and a 400, 403 or
413 in HTML or plain text, which a proxy or a captive portal wrote: they are doubts too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

_BUSY = frozenset({408, 425, 429, 503})
"""The server asks for time; that says nothing about the file."""
_REFUSED = frozenset({400, 403, 409, 413, 415, 422})
_PROXIES_SAY_TOO = frozenset({400, 403, 413})
_DAMAGED_ON_THE_WAY = frozenset({"body_incomplete", "malformed_multipart", "sha256_mismatch"})
_FOREIGN_REFUSALS = 3
"""After so many by something that is not our API, with other files let through meanwhile, it is the file."""

MAX_RETRY_AFTER_S = 3600.0
"""A server that asks for longer is tried again after an hour: a slip of its operator must not silence the fleet."""
_PAUSE_S = 30.0
_MAX_DOUBLINGS = 30


class Verdict(StrEnum):
    DELIVERED = "delivered"
    RETRY = "retry"
    DOUBT = "doubt"
    PAUSE = "pause"
    QUARANTINE = "quarantine"


class Failure(StrEnum):
    """Why no answer came."""

    DNS = "dns"
    REFUSED = "connection_refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKE_OFF = "connection_broke_off"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing usable came back; `detail` in words, without secrets."""

    failure: Failure
    detail: str


@dataclass(frozen=True)
class Answer:
    """What came back. `headers`: names in lower case. `body`: its beginning, if it is long."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def json(self) -> dict[str, Any] | None:
        """The body where it is a JSON object, else None."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    @property
    def retry_after_s(self) -> float | None:
        """Seconds from now; None where not said. A date is read against the answer's own Date: our clock may be off."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text[:9]), MAX_RETRY_AFTER_S)
        try:
            until = parsedate_to_datetime(text)
            seconds = (until - parsedate_to_datetime(self.headers.get("date", ""))).total_seconds()
        except (ValueError, TypeError):  # not a date; or one has a zone and the other not
            return None
        return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


@dataclass(frozen=True, slots=True)
class History:
    """Of the file in question. `doubts`: how often it was doubted; `others_passed`: another went through since."""

    doubts: int = 0
    others_passed: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """`reason`: stable, for logs and health; `detail`: in words. `retry_after_s`: as the server asked, capped.
    `status`: of the answer, None without one."""

    verdict: Verdict
    reason: str
    detail: str = ""
    retry_after_s: float | None = None
    status: int | None = None


def judge(answer: Answer | NoAnswer, sha256: str, history: History) -> Judgement:
    """`sha256`: of the file that was sent, hex."""
    if isinstance(answer, NoAnswer):
        return Judgement(Verdict.RETRY, answer.failure, answer.detail)
    verdict, reason = _verdict(answer, sha256, history)
    return Judgement(verdict, reason, _words(answer), answer.retry_after_s, answer.status)


def _verdict(answer: Answer, sha256: str, history: History) -> tuple[Verdict, str]:
    status = answer.status
    if status == 200:
        return _of_receipt(answer.json, sha256)
    if status in _BUSY or status < 400:
        return Verdict.RETRY, _name(answer)
    if status >= 500:
        return Verdict.DOUBT, _name(answer)
    if status not in _REFUSED:
        return Verdict.PAUSE, _name(answer)
    if _is_foreign(answer) and not (history.others_passed and history.doubts >= _FOREIGN_REFUSALS):
        return Verdict.DOUBT, f"http_{status}_not_of_our_server"
    if _code(answer) in _DAMAGED_ON_THE_WAY and history.doubts == 0:
        return Verdict.DOUBT, _name(answer)
    return Verdict.QUARANTINE, _name(answer)


def _of_receipt(receipt: dict[str, Any] | None, sha256: str) -> tuple[Verdict, str]:
    if receipt is None or receipt.get("status") != "ok" or "chunk_id" not in receipt:
        return Verdict.DOUBT, "not_a_receipt"
    received = receipt.get("sha256")  # a server of the original product sends none
    if received is not None and str(received).lower() != sha256:
        return Verdict.DOUBT, "receipt_of_other_bytes"
    return Verdict.DELIVERED, "delivered"


def _is_foreign(answer: Answer) -> bool:
    return answer.status in _PROXIES_SAY_TOO and bool(answer.body.strip()) and answer.json is None


def _code(answer: Answer) -> str:
    code = (answer.json or {}).get("code")
    return code if isinstance(code, str) and code.isidentifier() else ""


def _name(answer: Answer) -> str:
    code = _code(answer)
    return f"http_{answer.status}_{code}" if code else f"http_{answer.status}"


def _words(answer: Answer) -> str:
    """What the server said, in one line."""
    if 300 <= answer.status < 400:
        return f"redirected to {answer.headers.get('location', 'nowhere')[:200]}; redirects are not followed"
    said = (answer.json or {}).get("detail", "") if answer.json else answer.body[:200].decode("utf-8", "replace")
    return " ".join(str(said).split())[:300]


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait after failures in a row. `chance`, everywhere: drawn evenly from [0, 1)."""

    min_s: float
    max_s: float

    def retry_s(self, failures: int, chance: float, floor_s: float = 0.0) -> float:
        """Anywhere between `min_s` and a ceiling that doubles up to `max_s` ("full jitter": Brooker, AWS Architecture
        Blog, 2015). `failures`: in a row, from 1. `floor_s` (Retry-After): never sooner, and spread beyond it too,
        since the whole fleet was told the same."""
        ceiling_s = self._ceiling_s(self.min_s, failures)
        return max(self.min_s, floor_s) + chance * max(ceiling_s - self.min_s, floor_s / 2)

    def pause_s(self, pauses: int, chance: float) -> float:
        """After a refusal of the credentials, which only a person can mend: seldom, from half a minute up."""
        first_s = min(max(_PAUSE_S, self.min_s), self.max_s)
        return self._ceiling_s(first_s / 2, pauses) * (0.5 + chance / 2)

    def _ceiling_s(self, first_s: float, times: int) -> float:
        doubled_s = first_s * 2.0 ** min(times, _MAX_DOUBLINGS)
        return float(min(self.max_s, doubled_s))
