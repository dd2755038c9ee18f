"""What stands in front of every application, without a server."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_apps.edge import BodyLimit, Edge, InFlightLimit


async def read_all(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)} {scope['root_path']!r}")(scope, receive, send)


async def ignore_body(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("never looked")(scope, receive, send)


class Call:
    """One request; `blocks` are received one by one, `asked` counts how many the application wanted."""

    def __init__(self, app: ASGIApp, blocks: int = 1, block: bytes = b"x" * 10, headers: dict[str, str] | None = None):
        self.app, self.blocks, self.block, self.asked = app, blocks, block, 0
        raw = [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()]
        self.scope: Scope = {
            "type": "http", "method": "POST", "path": "/p/x", "root_path": "/p", "headers": raw, "query_string": b"",
        }  # fmt: skip
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        self.asked += 1
        return {"type": "http.request", "body": self.block, "more_body": self.asked < self.blocks}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def run(self) -> tuple[int, str, dict[str, str]]:
        await self.app(self.scope, self.receive, self.send)
        start = self.sent[0]
        body = b"".join(m.get("body", b"") for m in self.sent[1:]).decode()
        return start["status"], body, {k.decode(): v.decode() for k, v in start["headers"]}


def problem(body: str) -> Any:
    return json.loads(body)


async def test_a_declared_length_over_the_limit_is_refused_without_reading_a_byte() -> None:
    call = Call(Edge(BodyLimit(ignore_body, 100)), headers={"Content-Length": "101"})
    status, body, headers = await call.run()
    assert (status, problem(body)["code"], call.asked) == (413, "too_large", 0)
    assert headers["content-type"] == "application/problem+json"


async def test_a_body_that_grows_over_the_limit_is_read_no_further() -> None:
    call = Call(Edge(BodyLimit(read_all, 100)), blocks=1_000_000)
    status, body, _ = await call.run()
    assert (status, problem(body)["code"], call.asked) == (413, "too_large", 11)


async def test_a_body_of_exactly_the_limit_passes_and_the_prefix_is_part_of_the_path() -> None:
    status, body, _ = await Call(Edge(BodyLimit(read_all, 100)), blocks=10).run()
    assert (status, body) == (200, "100 ''")


async def test_a_length_that_lies_does_not_get_past_the_limit() -> None:
    call = Call(Edge(BodyLimit(read_all, 100)), blocks=50, headers={"Content-Length": "5"})
    assert (await call.run())[0] == 413


async def test_what_nobody_caught_becomes_a_500_that_says_nothing_about_us() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("password=hunter2")

    status, body, headers = await Call(Edge(broken)).run()
    assert (status, problem(body)["code"]) == (500, "internal_error")
    assert problem(body)["request_id"] == headers["x-request-id"]
    assert "hunter2" not in body


async def test_requests_beyond_the_limit_are_shed_and_a_finished_one_makes_room() -> None:
    limited = InFlightLimit(read_all, 1)
    codes: list[int] = []

    async def nested(scope: Scope, receive: Receive, send: Send) -> None:
        codes.append((await Call(Edge(limited)).run())[0])
        await read_all(scope, receive, send)

    limited._app = nested
    assert (await Call(Edge(limited)).run())[0] == 200
    assert codes == [503]
    limited._app = read_all
    assert (await Call(Edge(limited)).run())[0] == 200
