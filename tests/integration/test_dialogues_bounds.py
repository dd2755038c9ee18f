"""What a dialogues job reads: the surroundings of a change, whatever the history; and nothing is lost beside it."""

import asyncio
import re
from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import UUID

import pytest
from dialogue_days import DAY_START_MS, Clip, Day, S, random_day
from dialogue_delivery import MIN, Delivery, random_delivery
from dialogue_history import insert_history
from sqlalchemy import TextClause, select, text

from cluster.stages.dialogues import DialoguesStage
from configs.settings import load
from db import tables as t
from db.dialogues import stage_sql as sql
from db.dialogues import stage_store as store
from db.dialogues.stage_store import Audio, dialogues_job, to_instant
from db.engine import Database
from db.queue import Queue
from domain.ids import DeviceId
from domain.revisions import Stored
from domain.timeline import Rules, Span

HISTORY_CHUNKS = 10_000
OTHER_DEVICES = 60
MOST_ROWS = 400
"""No step of a plan may touch more: a window of 14 chunks holds a few hundred segments."""
WINDOW = Rules().window(Span(DAY_START_MS - 10 * MIN, DAY_START_MS - 9 * MIN))
NOW = to_instant(DAY_START_MS)
STATEMENTS = {
    "settle": (sql.SETTLE, {"limit": 50}),
    "is_unsettled": (sql.IS_UNSETTLED, {}),
    "due": (sql.DUE, {"now": NOW, "limit": 50}),
    "next_close": (sql.NEXT_CLOSE, {}),
    "audio": (
        sql.AUDIO,
        {
            "since": to_instant(WINDOW.start_ms),
            "until": to_instant(WINDOW.end_ms),
            "earliest": to_instant(WINDOW.start_ms - 15 * MIN),
        },
    ),
    "lock": (sql.LOCK, {"dialogue_ids": [UUID(int=n) for n in range(10)]}),
    "stored": (sql.STORED, {"since": to_instant(WINDOW.start_ms), "until": to_instant(WINDOW.end_ms)}),
}


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from steps(inner)


async def plan(db: Database, statement: TextClause, parameters: dict[str, Any], cache_mode: str) -> dict[str, Any]:
    """The plan of a prepared statement: made for these parameters, or for any, as it gets after a few runs."""
    names = list(dict.fromkeys(re.findall(r"(?<!:):(\w+)", statement.text)))
    numbered = re.sub(r"(?<!:):(\w+)", lambda match: f"${names.index(match[1]) + 1}", statement.text)
    values = ", ".join(_literal(parameters[name]) for name in names)
    async with db.begin() as tx:
        await tx.exec_driver_sql(f"SET LOCAL plan_cache_mode = {cache_mode}")
        await tx.exec_driver_sql(f"PREPARE tried AS {numbered}")
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE tried ({values})"
        (found,) = (await tx.exec_driver_sql(explain)).scalar_one()
        await tx.exec_driver_sql("DEALLOCATE tried")
        return found["Plan"]  # type: ignore[no-any-return]


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return "ARRAY[" + ", ".join(_literal(one) for one in value) + "]::uuid[]"
    return str(value) if isinstance(value, int) else f"'{value}'"


@pytest.mark.parametrize("cache_mode", ["force_custom_plan", "force_generic_plan"])
async def test_no_statement_of_a_job_reads_the_history(db: Database, cache_mode: str) -> None:
    """One device has a long history, most have a short one: what is cheap for those must not be done to it."""
    delivery = Delivery(db, Random(0))
    await delivery.install()
    async with db.begin() as tx:
        await insert_history(tx, delivery.device_id, HISTORY_CHUNKS, NOW)
    for number in range(OTHER_DEVICES):
        other = Delivery(db, Random(number))
        await other.install()
        async with db.begin() as tx:
            await insert_history(tx, other.device_id, 3, NOW)
    async with db.begin() as tx:
        await tx.execute(text("ANALYZE"))
    for name, (statement, parameters) in STATEMENTS.items():
        tree = await plan(db, statement, {"device_id": delivery.device_id, **parameters}, cache_mode)
        for step in steps(tree):
            assert step["Node Type"] != "Seq Scan", (name, step)
            assert step["Actual Rows"] * step["Actual Loops"] <= MOST_ROWS, (name, step)
            assert step.get("Rows Removed by Filter", 0) <= MOST_ROWS, (name, step)


@pytest.mark.parametrize("seed", range(2000, 2004))
async def test_a_job_reads_nothing_beyond_its_window(db: Database, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    windows: list[Span] = []
    read_audio, read_stored = store.read_audio, store.read_stored

    async def watched_audio(tx: Any, device_id: DeviceId, window: Span, longest_ms: int) -> Audio:
        audio = await read_audio(tx, device_id, window, longest_ms)
        windows.append(window)
        for piece in (*audio.coverage, *audio.arrivals, *audio.segments):
            assert window.touches(Span(piece.start_ms, piece.end_ms))
        return audio

    async def watched_stored(tx: Any, device_id: DeviceId, span: Span) -> list[Stored]:
        found = await read_stored(tx, device_id, span)
        assert all(span.contains(Span(s.start_ms, s.end_ms)) for stored in found for s in stored.segments)
        return found

    monkeypatch.setattr(store, "read_audio", watched_audio)
    monkeypatch.setattr(store, "read_stored", watched_stored)
    day, random = random_day(Random(seed)), Random(seed)
    await Delivery(db, random).run(random_delivery(day, random))
    assert windows


async def test_a_live_chunk_makes_a_window_of_six_and_a_half_minutes_on_either_side(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows: list[Span] = []
    read_audio = store.read_audio

    async def watched(tx: Any, device_id: DeviceId, window: Span, longest_ms: int) -> Audio:
        windows.append(window)
        return await read_audio(tx, device_id, window, longest_ms)

    monkeypatch.setattr(store, "read_audio", watched)
    delivery = Delivery(db, Random(0))
    await delivery.install()
    clip = Clip(0, None, None, DAY_START_MS, MIN, MIN, (Span(10 * S, 20 * S),))
    for action in ("receive", "hear"):
        await delivery.step(DAY_START_MS + MIN, action, clip)
    await delivery.work(DAY_START_MS + MIN)
    assert windows == [Span(DAY_START_MS - 396 * S, DAY_START_MS + MIN + 396 * S)]


async def test_chunks_that_end_while_a_job_runs_are_not_lost(database_url: str) -> None:
    """Eight detectors commit beside two dialogues workers, through the real queue and the real clock."""
    db = Database(database_url, pool_size=10)
    queue = Queue(db, load({}).jobs)
    day = random_day(Random(17))
    clips = [clip for clip in day.clips if not clip.is_dead]
    delivery = Delivery(db, Random(1))
    await delivery.install()
    for clip in clips:
        await delivery.step(DAY_START_MS, "receive", clip)
    detecting = asyncio.Event()

    async def detect(share: list[Clip]) -> None:
        for clip in share:
            async with db.begin() as tx:
                await delivery.play(tx, "hear", clip)
                await queue.enqueue(tx, [dialogues_job(delivery.device_id)])

    async def work(name: str) -> int:
        done = 0
        while not detecting.is_set() or (await queue.backlog("dialogues")).queued:
            for job in await queue.claim("dialogues", 1, name):
                async with db.begin() as tx:
                    device = select(t.devices.c.device_id).where(t.devices.c.device_id == delivery.device_id)
                    await tx.execute(device.with_for_update(key_share=True))
                    await queue.complete(tx, job)
                    await queue.enqueue(tx, await DialoguesStage().apply(tx, job, {}), following=job)
                done += 1
        return done

    workers = [asyncio.create_task(work(f"worker {n}")) for n in range(2)]
    await asyncio.gather(*(detect(clips[n::8]) for n in range(8)))
    detecting.set()
    assert sum(await asyncio.gather(*workers)) > 0
    assert await delivery.dialogues() == Day(tuple(clips)).expected(Rules())
    await db.dispose()
