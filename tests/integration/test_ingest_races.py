"""Uploads that meet, break off, or are cut short by a crash: no half state, no lost promise."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from shop import Device, Shop
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from audio.store import FileStore
from db import tables as t
from db.sweep import sweep_orphans
from domain.errors import Unavailable
from serve_apps.ingest.app import create_app
from serve_apps.ingest.receiver import Receiver


async def count(shop: Shop, table: str) -> int:
    async with shop.deps.db.begin() as tx:
        return int((await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_the_same_chunk_from_twenty_clients_at_once_is_one_row_and_one_job(shop: Shop) -> None:
    identity = {"session_id": uuid4(), "seq": 3}
    answers = await asyncio.gather(*(shop.upload(**identity) for _ in range(20)))
    assert [a.status_code for a in answers] == [200] * 20
    receipts = [a.json() for a in answers]
    assert len({r["chunk_id"] for r in receipts}) == 1
    assert sorted(r["duplicate"] for r in receipts) == [False] + [True] * 19
    assert await count(shop, "audio_chunks") == await count(shop, "jobs") == len(shop.files()) == 1


async def test_of_twenty_clients_with_different_bytes_one_wins_and_the_others_are_told(
    shop: Shop, other_audio: bytes
) -> None:
    answers = await asyncio.gather(*(shop.upload(shop.audio if i % 2 else other_audio) for i in range(20)))
    winners = [a for a in answers if a.status_code == 200]
    assert sum(not a.json()["duplicate"] for a in winners) == 1
    assert len({a.json()["sha256"] for a in winners}) == 1
    assert {a.status_code for a in answers} == {200, 409}
    assert await count(shop, "audio_chunks") == await count(shop, "jobs") == len(shop.files()) == 1


async def test_old_and_new_recorders_racing_with_the_same_bytes_end_in_one_row(shop: Shop) -> None:
    run = uuid4()
    answers = await asyncio.gather(
        *(shop.upload(**({"session_id": run, "seq": 0} if i % 2 else {})) for i in range(20))
    )
    assert {a.status_code for a in answers} == {200}
    assert await count(shop, "audio_chunks") == await count(shop, "jobs") == len(shop.files()) == 1


async def test_a_connection_that_breaks_off_in_the_body_leaves_nothing(shop: Shop) -> None:
    host, port = shop.client.base_url.host, shop.client.base_url.port
    body = shop.client.build_request(
        "POST",
        "/api/v1/chunks",
        headers=shop.device.headers,
        data=shop.device.fields(),
        files={"chunk_file": shop.audio},
    )
    content = body.read()
    head = f"POST /api/v1/chunks HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(content)}\r\n"
    head += (
        f"Authorization: {shop.device.headers['Authorization']}\r\nContent-Type: {body.headers['content-type']}\r\n\r\n"
    )
    for share in (0.1, 0.5, 0.999):
        _, writer = await asyncio.open_connection(host, port)
        writer.write(head.encode() + content[: int(len(content) * share)])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0.2)
    assert await count(shop, "audio_chunks") == await count(shop, "jobs") == len(shop.files()) == 0
    assert (await shop.upload()).status_code == 200


class SlowStore(FileStore):
    """Says when it has begun to store, and goes on when it is told."""

    def __init__(self, root: Any, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(root)
        self.begun, self.go_on, self._loop = asyncio.Event(), asyncio.Event(), loop

    def put(self, path: str, source: Any) -> None:
        self._loop.call_soon_threadsafe(self.begun.set)
        asyncio.run_coroutine_threadsafe(self.go_on.wait(), self._loop).result(10)
        super().put(path, source)


async def test_a_request_cancelled_while_its_file_is_stored_is_carried_through(shop: Shop, tmp_path: Any) -> None:
    """Serve cancels a request whose client has gone; the retry finds the first receipt."""
    store = SlowStore(tmp_path / "store", asyncio.get_running_loop())
    app = create_app(type(shop.deps)(shop.deps.db, store, shop.deps.settings))
    request = shop.client.build_request(
        "POST",
        "/api/v1/chunks",
        headers=shop.device.headers,
        data=shop.device.fields(),
        files={"chunk_file": shop.audio},
    )
    scope = {
        "type": "http", "method": "POST", "path": "/api/v1/chunks", "root_path": "", "query_string": b"",
        "headers": [(k.lower(), v) for k, v in request.headers.raw], "http_version": "1.1", "scheme": "http",
    }  # fmt: skip
    body = [{"type": "http.request", "body": request.read(), "more_body": False}]

    async def receive() -> Any:
        return body.pop() if body else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        raise AssertionError("nobody listens any more")

    call = asyncio.create_task(app(scope, receive, send))
    await store.begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    store.go_on.set()
    receiver: Receiver = app.state.receiver
    await receiver.drain()
    assert await count(shop, "audio_chunks") == await count(shop, "jobs") == len(shop.files()) == 1
    assert (await shop.upload()).json()["duplicate"] is True


async def test_a_commit_whose_outcome_is_unknown_keeps_the_file(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection breaks after the server has committed: the row stands, so the file must."""
    alone = shop.deps.db.alone

    @asynccontextmanager
    async def commit_then_break() -> AsyncIterator[AsyncConnection]:
        async with alone() as tx:
            yield tx
        if shop.files():
            raise Unavailable("database: the connection was closed in the middle of an operation")

    with monkeypatch.context() as patched:
        patched.setattr(shop.deps.db, "alone", commit_then_break)
        lost = await shop.upload()
    assert (lost.status_code, lost.json()["code"]) == (503, "database_unavailable")
    again = (await shop.upload()).json()
    assert again["duplicate"] is True
    assert [path.name for path in shop.files()] == [again["stored_path"].rpartition("/")[2]]


async def test_a_crash_between_file_and_row_leaves_an_orphan_that_the_sweep_takes_after_a_day(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = (await shop.upload()).json()

    async def die(*_: Any) -> None:
        raise Unavailable("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(Receiver, "_record", die)
        assert (await shop.upload(session_id=uuid4(), seq=0)).status_code == 503
    leftover = shop.store_root / "audio" / f".chunk_20260302T090000Z_{uuid4()}.ogg.{uuid4().hex}.tmp"
    foreign = shop.store_root / "audio" / "notes.txt"
    for path in (leftover, foreign):
        path.write_bytes(b"x")
    assert len(shop.files()) == 4
    sweep = (shop.deps.db, shop.deps.store, timedelta(hours=24))
    assert await sweep_orphans(*sweep, datetime.now(UTC) + timedelta(hours=23)) == 0
    assert await sweep_orphans(*sweep, datetime.now(UTC) + timedelta(hours=25)) == 2
    assert [str(p.relative_to(shop.store_root)) for p in shop.files()] == sorted(
        [kept["stored_path"], "audio/notes.txt"]
    )


async def test_the_sweep_deletes_nothing_when_the_database_knows_no_chunk(shop: Shop) -> None:
    stray = shop.store_root / "audio" / f"chunk_20260302T090000Z_{uuid4()}.ogg"
    stray.parent.mkdir()
    stray.write_bytes(b"x")
    os.utime(stray, (0, 0))
    assert await sweep_orphans(shop.deps.db, shop.deps.store, timedelta(hours=24), datetime.now(UTC)) == 0
    assert stray.exists()


async def test_the_same_chunk_meets_an_erasure_and_is_either_erased_or_seen_by_it(shop: Shop) -> None:
    """The erasure locks the device's row before it writes its tombstone; then no chunk slips between the two."""
    device: Device = shop.device
    tombstone = {
        "tombstone_id": uuid4(), "point_id": device.point_id, "start_ts": datetime(2026, 3, 2, tzinfo=UTC),
        "end_ts": datetime(2026, 3, 3, tzinfo=UTC),
    }  # fmt: skip
    async with shop.deps.db.begin() as tx:
        locked = text("SELECT 1 FROM devices WHERE device_id = :id FOR UPDATE")
        await tx.execute(locked, {"id": UUID(str(device.device_id))})
        upload = asyncio.create_task(shop.upload())
        while not shop.files():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        await tx.execute(insert(t.tombstones).values(tombstone))
    assert (await upload).json()["queued"] is False
    assert shop.files() == []
