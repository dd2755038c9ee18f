"""Waiting for imported audio: what counts as under way, as ended, and as failed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from shop import Shop
from sqlalchemy import insert, update

from cluster.recordings import waiting
from db import tables as t
from db.progress import Progress, progress_of
from domain.errors import Unavailable
from domain.ids import DeviceId

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def progress(shop: Shop) -> Progress:
    async with shop.deps.db.begin() as tx:
        return await progress_of(tx, [DeviceId(shop.device.device_id)], NINE, NINE + HOUR)


async def put(shop: Shop, start: datetime = NINE, **changes: Any) -> UUID:
    """A dialogue of the shop's device."""
    dialogue_id = uuid4()
    ids = {name: getattr(shop.device, name) for name in ("device_id", "point_id", "register_id")}
    row = {**ids, "dialogue_id": dialogue_id, "start_ts": start, "end_ts": start + timedelta(seconds=30), **changes}
    async with shop.deps.db.begin() as tx:
        await tx.execute(insert(t.dialogues).values(**row))
    return dialogue_id


async def execute(shop: Shop, statement: Any) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(statement)


async def test_a_chunk_is_under_way_until_it_was_heard(shop: Shop) -> None:
    assert (await progress(shop)).is_settled
    await shop.upload()
    assert not (await progress(shop)).is_settled
    await execute(shop, update(t.audio_chunks).values(status="DONE"))
    assert not (await progress(shop)).is_settled
    await execute(shop, update(t.audio_chunks).values(settled_status="DONE"))
    assert (await progress(shop)).is_settled
    await execute(shop, update(t.audio_chunks).values(status="ERROR", settled_status="ERROR"))
    ended = await progress(shop)
    assert ended.is_settled
    assert ended.has_failures


async def test_every_dialogue_is_counted_at_the_step_where_it_stands(shop: Shop) -> None:
    done = {"state": "closed", "asr_status": "DONE"}
    await put(shop, state="open")
    await put(shop, state="closed")
    await put(shop, **done)
    await put(shop, **done, analysis_status="DONE")
    await put(shop, **done, analysis_status="SKIPPED")
    await put(shop, **done, analysis_status="ERROR")
    await put(shop, state="closed", asr_status="ERROR")
    await put(shop, state="superseded")
    await put(shop, NINE - HOUR, state="open")
    found = await progress(shop)
    assert (found.open, found.untranscribed, found.unjudged) == (1, 1, 1)
    assert (found.judged, found.skipped, found.failed, found.dialogues) == (1, 1, 2, 7)


async def test_what_waits_for_a_dead_dialogues_job_has_failed(shop: Shop) -> None:
    await put(shop, state="open")
    job = {"stage": "dialogues", "subject_id": str(shop.device.device_id), "lock_key": "x"}
    await execute(shop, insert(t.jobs).values(**job))
    assert not (await progress(shop)).is_settled
    await execute(shop, update(t.jobs).values(state="dead"))
    ended = await progress(shop)
    assert ended.is_settled
    assert ended.has_failures


async def test_waiting_ends_with_the_last_verdict(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "POLL_S", 0.02)
    await put(shop, state="closed")
    seen: list[Progress] = []
    devices = [DeviceId(shop.device.device_id)]
    task = asyncio.create_task(waiting.wait_until_judged(shop.deps.db, devices, NINE, NINE + HOUR, seen.append))
    while len(seen) < 3:
        await asyncio.sleep(0.01)
    assert not task.done()
    await execute(shop, update(t.dialogues).values(asr_status="DONE", analysis_status="DONE"))
    assert (await asyncio.wait_for(task, 10)).judged == 1


async def test_waiting_gives_up_where_nothing_moves(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "POLL_S", 0.02)
    monkeypatch.setattr(waiting, "STALLED_S", 0.2)
    await put(shop, state="closed")
    devices = [DeviceId(shop.device.device_id)]
    with pytest.raises(Unavailable, match="nothing has moved"):
        await waiting.wait_until_judged(shop.deps.db, devices, NINE, NINE + HOUR, lambda _: None)
