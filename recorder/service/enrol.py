"""Enrolment: a code from the shop's manager becomes this recorder's place and token.

The recorder makes the token itself and writes it down before it asks, so that an answer that is lost on the way is
asked for again with the same token, and gives the same place.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recorder import durable
from recorder.service.enrolled_config import Enrolment
from recorder.upload.retry import Answer, Failure, NoAnswer

ROUTE = "/api/v1/devices/enrol"
ATTEMPT = "enrolling.json"
"""Beside the configuration, until that is written."""

_TOKEN_BYTES = 24
_PRIVATE = 0o600
_CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{12}")
_MISREAD = str.maketrans("OIL", "011", " -\u2010\u2011\u2012\u2013\u2014")
"""Crockford's base 32 has no O, I and L; how the code is grouped says nothing."""

Post = Callable[[str, Mapping[str, Any]], Answer | NoAnswer]
"""(url, JSON document) → what came back."""


class Refused(Exception):
    """`phrase`: key of the sentence that says why and what to do; `values`: filled into it."""

    def __init__(self, phrase: str, **values: object) -> None:
        super().__init__(phrase)
        self.phrase, self.values = phrase, values


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is remembered of an enrolment that may have been answered already."""

    code: str
    server: str
    token: str = field(repr=False)


def canonical(typed: str) -> str:
    """The code's twelve signs however it was typed. Raises Refused."""
    signs = typed.strip().upper().translate(_MISREAD)
    if not _CODE.fullmatch(signs):
        raise Refused("enrol.bad_code", code=typed)
    return signs


def begin(folder: Path, code: str, server: str) -> Attempt:
    """The attempt under way for this code at this server, else a new one, on the disk before it is returned.

    Raises Refused for what is no code, OSError where the folder can't be written.
    """
    path, signs = folder / ATTEMPT, canonical(code)
    earlier = _read(path)
    if earlier is not None and (earlier.code, earlier.server) == (signs, server):
        return earlier
    attempt = Attempt(signs, server, secrets.token_hex(_TOKEN_BYTES))
    fields = {"code": attempt.code, "server": attempt.server, "token": attempt.token}
    durable.write(path, json.dumps(fields).encode(), _PRIVATE)
    return attempt


def ask(attempt: Attempt, post: Post, version: str, device_name: str | None = None) -> Enrolment:
    """Raises Refused."""
    document: dict[str, Any] = {"code": attempt.code, "token_plain": attempt.token, "version": version}
    if device_name:
        document["device_name"] = device_name
    answer = post(attempt.server + ROUTE, document)
    if isinstance(answer, NoAnswer):
        phrase = "enrol.tls" if answer.failure is Failure.TLS else "enrol.away"
        raise Refused(phrase, server=attempt.server, reason=answer.detail)
    if answer.status != 200:
        raise _refusal(answer, attempt.server)
    try:
        return Enrolment.from_answer(answer.json or {})
    except ValueError:
        raise Refused("enrol.not_ours", server=attempt.server, status=answer.status) from None


def finish(folder: Path) -> None:
    """The configuration holds the token now."""
    durable.remove(folder / ATTEMPT)


def _refusal(answer: Answer, server: str) -> Refused:
    problem = answer.json or {}
    code, detail = problem.get("code"), str(problem.get("detail", ""))[:300]
    if answer.status == 404 and code == "code_unknown":
        return Refused("enrol.unknown")
    if answer.status == 409 and code == "code_used":
        return Refused("enrol.used")
    if answer.status == 429:
        return Refused("enrol.too_many", seconds=round(answer.retry_after_s or 60.0))
    if answer.status >= 500:
        return Refused("enrol.trouble", server=server, status=answer.status)
    if code is not None and answer.status in (400, 409, 422):
        return Refused("enrol.refused", detail=detail)
    return Refused("enrol.not_ours", server=server, status=answer.status)


def _read(path: Path) -> Attempt | None:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return Attempt(str(fields["code"]), str(fields["server"]), str(fields["token"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None  # Half written by something else than us: a new token is as good.
