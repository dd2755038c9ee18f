"""Errors as every route answers them: `application/problem+json` (RFC 9457) with a stable `code` and a request id."""

import logging
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from configs import meters
from domain import metrics as m
from domain.errors import Conflict, NotFound, Unavailable
from serve_apps.wording import message_of, why_not_json

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class Code(Enum):
    """Every error that a route may answer: status, title, what a client should do. `code`: the name in lower case."""

    MALFORMED_MULTIPART = (400, "The multipart body cannot be read", "send the file by a standard HTTP library")
    BODY_INCOMPLETE = (400, "The body broke off", "send it again")
    BAD_REQUEST = (400, "The request cannot be read", "mend what `detail` names")
    TOKEN_MISSING = (401, "No token", "send the header Authorization: Bearer <token>")
    INTERNAL_CLOSED = (401, "The route is closed", "set INTERNAL_TOKEN for the server and send it")
    TOKEN_UNKNOWN = (401, "Unknown or revoked token", "get a live token; keep everything until then")
    SESSION_ENDED = (401, "The session has ended", "log in again")
    LOGIN_WRONG = (401, "Wrong login or password", "type both again, or have an administrator set a new password")
    USER_DISABLED = (401, "The user is disabled", "ask an administrator")
    DEVICE_DISABLED = (401, "The device is disabled", "have it enabled; keep everything until then")
    DEVICE_REPLACED = (401, "The device was replaced too long ago", "register it again or retire it")
    IDENTITY_MISMATCH = (403, "The ids are not those of the token's device", "send the ids that the device was given")
    LINK_FORGED = (403, "The address was not signed here", "ask for a new one with a token")
    NOT_PERMITTED = (403, "The role does not allow it", "ask an administrator; docs/roles.md lists who may do what")
    REGISTERS_HIDDEN = (
        403,
        "Figures by register are off",
        "leave the register out, or have an administrator show them",
    )
    RECORDED_AFTER_REPLACEMENT = (403, "Recorded after the device was replaced", "upload with the new device's token")
    ROUTE_NOT_FOUND = (404, "No such route", "check the address; keep everything until then")
    NOT_FOUND = (404, "No such object", "check the id")
    CODE_UNKNOWN = (404, "No such enrolment code", "type it again, or have a new one made: codes expire")
    METHOD_NOT_ALLOWED = (405, "The route does not take this method", "use a method of the Allow header")
    CHUNK_CONFLICT = (409, "Another file was received under this identity", "set the file aside; nothing was stored")
    CONFLICT = (409, "It exists with other content", "change it with PATCH, or use other ids")
    RUN_STATE = (409, "The run's state does not allow it", "read the detail, which says what to do first")
    LAST_ADMIN = (409, "The last administrator stays", "make another user an administrator first")
    SENT_BEFORE = (409, "It was carried out before", "ask for what it made; its secret was shown once, make a new one")
    IN_PROGRESS = (409, "The same request is being worked on", "wait Retry-After seconds, then send it again")
    CODE_USED = (409, "The enrolment code was used", "have a new one made: each enrols one recorder")
    LINK_EXPIRED = (410, "The address has expired", "ask for a new one with a token")
    AUDIO_ERASED = (410, "The audio was erased", "nothing: it will not come back")
    TOO_LARGE = (413, "The body is too large", "send smaller files, see MAX_UPLOAD_SIZE_BYTES")
    NOT_MULTIPART = (415, "The body is not multipart/form-data", "send multipart/form-data with a boundary")
    RANGE_NOT_SATISFIABLE = (416, "The range lies outside the file", "ask for a range inside the size in Content-Range")
    FIELD_MISSING = (422, "A field is missing", "send the field that `errors` names")
    FIELD_INVALID = (422, "A field is wrong", "mend the field that `errors` names")
    FIELD_DUPLICATED = (422, "A field is sent twice", "send each field once")
    KEY_REUSED = (422, "The Idempotency-Key belongs to another request", "use a fresh key for each new request")
    NAIVE_TIMESTAMP = (422, "A time has no zone", "send ISO 8601 with Z or an offset")
    END_NOT_AFTER_START = (422, "The chunk ends before it starts", "check the recorder's clock")
    CHUNK_TOO_LONG = (422, "The chunk is too long", "cut the audio into shorter chunks")
    IN_THE_FUTURE = (422, "The chunk lies in the future", "set the wrong clock, then send it with its true time")
    EMPTY_FILE = (422, "The file is empty", "set the file aside: nothing was recorded")
    NOT_AUDIO = (422, "The file is not audio", "set the file aside: it cannot be decoded")
    CODEC_MISMATCH = (422, "The file has another codec", "name the codec or container that the file has")
    SHA256_MISMATCH = (422, "The file arrived changed", "send it again; if it stays, the copy on disk is damaged")
    TOO_MANY_ATTEMPTS = (429, "Too many attempts in vain", "wait Retry-After seconds, then try again")
    INTERNAL_ERROR = (500, "Our mistake", "try again later; quote the request id when reporting it")
    OVERLOADED = (503, "Too many uploads at once", "wait Retry-After seconds, then try again")
    DATABASE_UNAVAILABLE = (503, "The database cannot be reached", "wait Retry-After seconds, then try again")
    STORAGE_UNAVAILABLE = (503, "The audio store cannot be written", "wait Retry-After seconds, then try again")
    DISK_LOW = (503, "The audio store is nearly full", "wait Retry-After seconds; the operator must free disk space")
    NOT_READY = (503, "Not ready", "wait Retry-After seconds; `checks` says what is amiss")

    def __init__(self, status: int, title: str, remedy: str) -> None:
        self.status = status
        self.title = title
        self.remedy = remedy

    @property
    def code(self) -> str:
        return self.name.lower()


class FieldError(BaseModel):
    """One wrong field of a request."""

    field: str = Field(description="dotted path, such as body.token_plain")
    message: str


class ProblemBody(BaseModel):
    """What every error answers."""

    type: str = Field(description="urn:salescontrol:problem:<code>")
    title: str
    status: int
    detail: str = Field(description="one sentence that says what to mend")
    code: str = Field(description="stable; docs/errors.md lists them all")
    request_id: str = Field(description="also in the header X-Request-ID and in the server's log")
    errors: list[FieldError] | None = Field(None, description="the wrong fields, where fields are wrong")
    checks: dict[str, str] | None = Field(None, description="what is amiss, where the server is not ready")


class Problem(HTTPException):
    """An error for the client. `detail`: one sentence that says what to mend; `members`: further members of the body.

    An HTTPException, because FastAPI turns anything else that is raised while it reads a body into a 400.
    """

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code.status, detail, dict(headers or {}))
        self.code = code
        self.members = dict(members or {})


def response(request_id: str, problem: Problem) -> JSONResponse:
    """The answer for a problem."""
    code = problem.code
    body = {
        "type": f"urn:salescontrol:problem:{code.code}",
        "title": code.title,
        "status": code.status,
        "detail": problem.detail,
        "code": code.code,
        "request_id": request_id,
        **problem.members,
    }
    meters.count(m.PROBLEMS, code=code.code)
    headers = dict(problem.headers or {})
    if code.status == 401:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="salescontrol"')
    if code.status == 503:
        headers.setdefault("Retry-After", "5")
    return JSONResponse(body, status_code=code.status, headers=headers, media_type=MEDIA_TYPE)


def documented(*codes: Code) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may answer these errors, for its OpenAPI document."""
    by_status: dict[int, list[Code]] = {}
    for code in codes:
        by_status.setdefault(code.status, []).append(code)
    return {
        status: {
            "description": "; ".join(f"`{code.code}` {code.title}" for code in same),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
        }
        for status, same in sorted(by_status.items())
    }


def database_unavailable(request_id: str, error: Unavailable) -> Problem:
    """The database is down: what is wrong with it is for the log, not for the client."""
    log.warning("unavailable", extra={"request_id": request_id, "reason": str(error)})
    wait_s = max(1, round(error.retry_after_s))
    detail = f"The database cannot be reached; try again in {wait_s} s."
    return Problem(Code.DATABASE_UNAVAILABLE, detail, headers={"Retry-After": str(wait_s)})


def fields_problem(errors: list[FieldError], code: Code) -> Problem:
    """A 422 that names each wrong field; `code` is that of the first."""
    detail = "; ".join(f"{e.field}: {e.message}".rstrip(".") for e in errors[:3])
    more = f"; and {len(errors) - 3} more" if len(errors) > 3 else ""
    return Problem(code, f"{detail}{more}.", members={"errors": [e.model_dump() for e in errors]})


def install(app: FastAPI) -> None:
    """Makes every error of the app a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(Conflict, _on_conflict)
    app.add_exception_handler(NotFound, _on_not_found)
    app.add_exception_handler(Unavailable, _on_unavailable)
    app.add_exception_handler(UnicodeEncodeError, _on_half_character)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)


def _not_json(why: str) -> Problem:
    return Problem(Code.BAD_REQUEST, f"The body is not valid JSON: {why}.")


def request_id_of(request: Request) -> str:
    return str(request.scope.get("request_id", ""))


async def _on_half_character(request: Request, error: Exception) -> JSONResponse:
    """JSON can spell one half of a surrogate pair; nothing that stores or hashes text can take it."""
    detail = "A text in the request holds half of a character (a lone surrogate); send whole characters."
    return response(request_id_of(request), Problem(Code.FIELD_INVALID, detail))


async def _on_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return response(request_id_of(request), error)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    """Starlette's own errors: unknown routes, wrong methods, unreadable bodies."""
    assert isinstance(error, HTTPException)
    path, method = request.url.path, request.method
    if error.status_code == 400 and (why := why_not_json(error.__cause__)):
        return response(request_id_of(request), _not_json(why))
    by_status = {
        404: (Code.ROUTE_NOT_FOUND, f"There is no route {path}; see /openapi.json for those that are."),
        405: (Code.METHOD_NOT_ALLOWED, f"{path} does not take {method}."),
        413: (Code.TOO_LARGE, "The body is too large; send a smaller one."),
    }
    code, detail = by_status.get(error.status_code, (Code.BAD_REQUEST, f"{error.detail}."))
    return response(request_id_of(request), Problem(code, detail, headers=error.headers))


async def _on_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    if errors[0]["type"] == "json_invalid":
        why = f"{errors[0]['ctx']['error']} at character {errors[0]['loc'][-1]}"
        return response(request_id_of(request), _not_json(why))
    found = [FieldError(field=_field(e["loc"]), message=message_of(e)) for e in errors]
    missing = all(e["type"] == "missing" for e in errors)
    problem = fields_problem(found, Code.FIELD_MISSING if missing else Code.FIELD_INVALID)
    return response(request_id_of(request), problem)


def _field(where: Sequence[str | int]) -> str:
    """In a query a name may stand several times; which of them is wrong, the message says."""
    return ".".join(map(str, where[:2] if where[0] == "query" else where))


async def _on_conflict(request: Request, error: Exception) -> JSONResponse:
    return response(request_id_of(request), Problem(Code.CONFLICT, str(error)))


async def _on_not_found(request: Request, error: Exception) -> JSONResponse:
    return response(request_id_of(request), Problem(Code.NOT_FOUND, str(error)))


async def _on_unavailable(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Unavailable)
    request_id = request_id_of(request)
    return response(request_id, database_unavailable(request_id, error))


async def _on_disconnect(request: Request, error: Exception) -> JSONResponse:
    """Nobody reads this answer; it keeps a broken connection from being logged as our mistake."""
    return response(request_id_of(request), Problem(Code.BODY_INCOMPLETE, "The connection broke off; send it again."))
