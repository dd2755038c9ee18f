"""What stands in front of every application: request ids, body limits, load shedding, and the last catch."""

import logging
import re
from collections.abc import Mapping
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from configs import logs
from serve_apps.problems import Code, Problem, response

log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Edge:
    """The outermost layer. Gives each request an id, and turns what nobody caught into a 500 without internals.

    Serve puts an application's prefix into `root_path`. Routes here are declared by their full path, so that the
    OpenAPI documents, the tests and the server speak of the same addresses; hence the prefix is cleared.
    Serve's proxy gives each request its X-Request-ID and answers with it; without it we make one, and answer with it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        is_given = _REQUEST_ID.fullmatch(given) is not None
        request_id = given if is_given else uuid4().hex
        scope["root_path"] = ""
        scope["request_id"] = request_id
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if not is_given:
                    MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            with logs.about(request_id=request_id):
                await self._app(scope, receive, send_with_id)
        except Exception:
            log.exception("unexpected_error", extra={"request_id": request_id, "path": scope["path"]})
            if started:
                raise
            problem = Problem(Code.INTERNAL_ERROR, "Something broke on our side; try again later.")
            await response(request_id, problem)(scope, receive, send_with_id)


class BodyLimit:
    """Refuses a body over `limit_bytes`: at once where Content-Length says so, else as soon as it has grown past it.

    `smaller`: limits of single paths.
    FastAPI's `max_body_size` does the same but answers in plain text where the route never read the body.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int, smaller: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        self._smaller = dict(smaller or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit_bytes = self._smaller.get(scope["path"], self._limit_bytes)
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > limit_bytes:
            await response(scope["request_id"], _too_large(limit_bytes))(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit_bytes:
                raise _too_large(limit_bytes)
            return message

        try:
            await self._app(scope, receive_limited, send)
        except Problem as problem:
            await response(scope["request_id"], problem)(scope, receive, send)


def _too_large(limit_bytes: int) -> Problem:
    return Problem(Code.TOO_LARGE, f"The body is over {limit_bytes} bytes; send smaller files.")


class InFlightLimit:
    """Sheds load: beyond `limit` requests at once the answer is 503 with Retry-After, before any work is done."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._in_flight >= self._limit:
            problem = Problem(
                Code.OVERLOADED, "Too many uploads at once; try again in 2 s.", headers={"Retry-After": "2"}
            )
            await response(scope["request_id"], problem)(scope, receive, send)
            return
        self._in_flight += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._in_flight -= 1
