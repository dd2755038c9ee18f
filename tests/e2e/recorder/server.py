"""The real ingest and API on a real PostgreSQL, behind a doorkeeper that misbehaves as it is told."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audio.store import FileStore
from db.engine import Database
from serve_apps.api.app import create_app as create_api
from serve_apps.application import Deps
from serve_apps.ingest.app import create_app as create_ingest
from tests.integration.shop import ADMIN, Device, as_serve_places, serving, settings_for_tests

UPLOAD = "/api/v1/chunks"
LIES = b'"sha256":"'


@dataclass
class Door:
    """What is done to one device's uploads, one entry an upload; none left: all pass. `away`: nobody answers.

    An entry is a status to answer without having looked, or one of: `hang` (no answer), `close` (the connection breaks
    before the chunk is looked at), `lose` (it is stored, and the answer is lost), `break` (stored, and the answer
    breaks off), `lie` (stored, and the receipt names another SHA-256).
    """

    plan: deque[int | str] = field(default_factory=deque)
    headers: dict[str, str] = field(default_factory=dict)
    away: bool = False
    arrivals: list[float] = field(default_factory=list)


class Doorkeeper:
    """Stands before the applications. Devices are told by their tokens."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.over = asyncio.Event()
        self.doors: dict[str, Door] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = dict(scope.get("headers", [])).get(b"authorization", b"").decode().removeprefix("Bearer ")
        door = self.doors.get(token)
        if door is None:
            await self._app(scope, receive, send)
        elif door.away:
            await _hang_up(send)
        elif scope["path"] != UPLOAD or not door.plan:
            await self._count(door, scope, receive, send)
        else:
            await self._misbehave(door, door.plan.popleft(), scope, receive, send)

    async def _count(self, door: Door, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == UPLOAD:
            door.arrivals.append(time.monotonic())
        await self._app(scope, receive, send)

    async def _misbehave(self, door: Door, fault: int | str, scope: Scope, receive: Receive, send: Send) -> None:
        door.arrivals.append(time.monotonic())
        if isinstance(fault, int):
            body = b'{"status": %d, "code": "staged", "detail": "Staged by the test."}' % fault
            headers = {"content-type": "application/problem+json", **door.headers}
            encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": fault, "headers": encoded})
            await send({"type": "http.response.body", "body": body})
        elif fault == "hang":
            await self.over.wait()
        elif fault == "close":
            await _hang_up(send)
        else:
            await self._app(scope, receive, _spoiling(fault, send))


def _spoiling(fault: str, send: Send) -> Send:
    async def spoil(message: Message) -> None:
        if fault == "lose":
            await _hang_up(send)
        elif message["type"] != "http.response.body":
            await send(message)
        elif fault == "break":
            await send({**message, "body": message["body"][:10], "more_body": True})
            await _hang_up(send)
        else:
            await send({**message, "body": _lying(message["body"])})

    return spoil


def _lying(body: bytes) -> bytes:
    at = body.find(LIES) + len(LIES)
    return body[:at] + (b"0" if body[at : at + 1] != b"0" else b"1") + body[at + 1 :]


async def _hang_up(send: Send) -> None:
    """An exception would become a 500, and ASGI has no word for breaking the connection; uvicorn's `send` is a method
    of what holds it."""
    send.__self__.transport.close()  # type: ignore[attr-defined]
    await asyncio.sleep(0.01)  # Until uvicorn has noticed: what is sent from then on goes nowhere.


@dataclass(frozen=True)
class Server:
    """Where recorders deliver. Methods may be called from any thread but the server's own."""

    url: str
    doorkeeper: Doorkeeper
    database_url: str
    store: FileStore

    def register(self) -> tuple[Device, Door]:
        device = Device()
        answer = httpx.post(f"{self.url}/api/v1/admin/devices", headers=ADMIN, json=device.body, timeout=60)
        assert answer.status_code == 201, answer.text
        door = self.doorkeeper.doors[device.token] = Door()
        return device, door

    def chunks(self, device_id: UUID) -> list[dict[str, Any]]:
        """Rows of what this device delivered, in order of their starts."""
        return asyncio.run(self._rows("SELECT * FROM audio_chunks WHERE device_id = $1 ORDER BY start_ts", device_id))

    def coverage(self, device_id: UUID) -> list[dict[str, Any]]:
        """Rows of what this device said became of its time."""
        return asyncio.run(self._rows("SELECT * FROM coverage WHERE device_id = $1 ORDER BY start_ts", device_id))

    def file_of(self, row: dict[str, Any]) -> Path:
        return self.store.root / row["stored_path"]

    async def _rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(self.database_url.replace("+asyncpg", ""))
        try:
            return [dict(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()


@contextmanager
def running_server(database_url: str, store_root: Path) -> Iterator[Server]:
    """Serves from a thread of its own."""
    store = FileStore(store_root)
    ready, answer = threading.Event(), {}

    async def serve() -> None:
        deps = Deps(Database(database_url), store, settings_for_tests())
        apps = {UPLOAD: create_ingest(deps), "/": create_api(deps)}
        doorkeeper = Doorkeeper(as_serve_places(apps))
        answer["stop"] = stop = asyncio.Event()
        answer["loop"] = asyncio.get_running_loop()
        try:
            async with serving(doorkeeper) as url:
                answer["server"] = Server(url, doorkeeper, database_url, store)
                ready.set()
                await stop.wait()
                doorkeeper.over.set()
        finally:
            await deps.db.dispose()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="server")
    thread.start()
    try:
        assert ready.wait(30), "the server did not start"
        yield answer["server"]
    finally:
        answer["loop"].call_soon_threadsafe(answer["stop"].set)
        thread.join(30)
