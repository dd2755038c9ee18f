"""`Idempotency-Key`: a write that is sent again with the same key is carried out once and answered as the first time.

In front of every write of the api, whichever route it is. Keys are the caller's own, and stand for method, path, query
and body. Only success is kept: an error changed nothing, and the same key may try again. An answer with a secret
(`Cache-Control: no-store`) is not kept, only that there was one: what is shown once must not lie in the database.
"""

import hashlib
import hmac
import logging
import re
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.accounts import idempotency as store
from domain.errors import Unavailable
from serve_apps import auth, problems
from serve_apps.application import Deps
from serve_apps.needs import WRITES, is_for_callers
from serve_apps.problems import Code, Problem

log = logging.getLogger(__name__)

MAX_KEPT_BYTES = 256 * 1024
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_KEPT_HEADERS = ("content-type", "etag", "location")


class Idempotency:
    """An ASGI layer inside the edge and the body limit."""

    def __init__(self, app: ASGIApp, deps: Deps) -> None:
        self._app = app
        self._deps = deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_write = scope["type"] == "http" and scope["method"].lower() in WRITES
        headers = Headers(scope=scope) if is_write else Headers()
        key, token = headers.get("idempotency-key"), headers.get("authorization", "").partition(" ")[2]
        if key is None or not token:  # without a token there is no caller whose key it could be
            await self._app(scope, receive, send)
            return
        try:
            answer = await self._answer(scope, receive, send, key, token)
        except Problem as problem:
            answer = problems.response(scope["request_id"], problem)
        except Unavailable as error:
            answer = problems.response(scope["request_id"], problems.database_unavailable(scope["request_id"], error))
        if answer is not None:
            await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, key: str, token: str) -> Response | None:
        """What is to be answered; None where the application has answered."""
        try:
            caller = await auth.identify(self._deps, token)
        except Problem:  # a device, or nobody: the route says what it thinks of the token
            await self._app(scope, receive, send)
            return None
        if _KEY.fullmatch(key) is None:
            raise Problem(Code.BAD_REQUEST, "Idempotency-Key must have 1 to 200 visible ASCII characters.")
        body = await _read(receive)
        actor = str(caller.user_id or caller.actor)
        async with self._deps.db.alone() as connection:
            found = await store.claim(connection, actor, key, self._digest(scope, body))
        match found:
            case store.Refusal.OTHER:
                detail = "This Idempotency-Key was sent with another request; make a fresh key for each."
                raise Problem(Code.KEY_REUSED, detail)
            case store.Refusal.BUSY:
                detail = "The same request is being worked on; send it again in 1 s."
                raise Problem(Code.IN_PROGRESS, detail, headers={"Retry-After": "1"})
            case store.Answer():
                return _again(found)
        await self._carry_out(scope, body, send, found)
        return None

    def _digest(self, scope: Scope, body: bytes) -> str:
        """Keyed, since a body may hold a password, which a plain hash would let be guessed."""
        head = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}\n".encode()
        secret = self._deps.settings.auth.admin_token.get_secret_value().encode()
        return hmac.new(secret, head + body, hashlib.sha256).hexdigest()

    async def _carry_out(self, scope: Scope, body: bytes, send: Send, claim: store.Claim) -> None:
        """Runs the application and keeps its answer before it is sent, so that whoever got it finds it kept."""
        messages: list[Message] = []

        async def receive_again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def collect(message: Message) -> None:
            messages.append(message)

        try:
            await self._app(scope, receive_again, collect)
        finally:
            async with self._deps.db.alone() as connection:
                if messages and 200 <= messages[0]["status"] < 300:
                    await store.keep(connection, claim, _kept(messages))
                else:
                    await store.release(connection, claim)
        for message in messages:
            await send(message)


def describe(document: dict[str, Any]) -> None:
    """Writes the header and its answers into every write operation that callers have."""
    for operations in document["paths"].values():
        for method in WRITES & set(operations):
            if is_for_callers(operations[method]):
                _describe(operations[method])


def _describe(operation: dict[str, Any]) -> None:
    operation.setdefault("parameters", []).append(
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
            "description": f"sent again within {store.KEPT_H} h with the same request: carried out once, the first "
            f"answer again, with the header {REPLAYED}",
        }
    )
    more = problems.documented(Code.BAD_REQUEST, Code.SENT_BEFORE, Code.IN_PROGRESS, Code.KEY_REUSED)
    responses = operation["responses"]
    for status, answer in more.items():
        there = responses.setdefault(str(status), answer)
        if answer["description"] not in there["description"]:
            there["description"] += f"; {answer['description']}"
    operation["responses"] = dict(sorted(responses.items()))


def _again(answer: store.Answer) -> Response:
    if answer.body is None:
        detail = "This was carried out before; its answer is not kept, since it held a secret or was very long."
        raise Problem(Code.SENT_BEFORE, detail, headers={REPLAYED: "true"}, members={"first_status": answer.status})
    return Response(answer.body, answer.status, {**answer.headers, REPLAYED: "true"})


def _kept(messages: list[Message]) -> store.Answer:
    headers = Headers(raw=messages[0]["headers"])
    body = b"".join(message.get("body", b"") for message in messages[1:])
    is_kept = "no-store" not in headers.get("cache-control", "") and len(body) <= MAX_KEPT_BYTES
    shown = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    return store.Answer(messages[0]["status"], shown, body.decode() if is_kept else None)


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(Code.BODY_INCOMPLETE, "The connection broke off; send it again.")
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)
