"""Reports while everything happens at once: fresh within seconds, right in the end, and never put back."""

import asyncio
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from worker_bench import START, Bench

from cluster.stage import Stage, StageContext, SubjectKind
from cluster.stages.report import Report
from db import tables as t
from db.queue import Job, NewJob
from db.reports.check import ONE_SNAPSHOT, check_chain, check_days
from db.reports.facts import refresh_facts, refresh_hour
from db.reports.hours import Hour, hours_of
from db.reports.jobs import report_jobs
from db.reports.rollups import lock_points
from db.shops.points import find_point
from domain.ids import DialogueId, PointId

FRESH_S = 10.0
SHIPPED_POLL_S = 1.0
HOUR = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Judge(Stage):
    """The analysis stage's effect without its engine."""

    name = "judge"
    subject = SubjectKind.DIALOGUE
    status_column = t.dialogues.c.analysis_status
    concurrency = 3

    async def run(self, ctx: StageContext, job: Job) -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {}

    async def apply(self, tx: AsyncConnection, job: Job, result: Any) -> list[NewJob]:
        heard = {"dialogue_id": UUID(job.subject_id), "revision": 1, "transcript_sha256": "x"}
        await tx.execute(
            insert(t.dialogue_transcripts).values(**heard, language="en", text="Anything else?", segments_json=[])
        )
        verdict = {"kind": "sale", "attempted": "yes", "quality_score": 1, "customer_reaction": "accepted"}
        told = {"evidence_quotes": [], "summary": "", "confidence": 0.9, "analysis_model": "rules-1"}
        prompt = {"prompt_version": "1", "prompt_sha256": "", "categories": ["other"], "closing_question": True}
        await tx.execute(insert(t.dialogue_upsell_analysis).values(**heard, **verdict, **told, **prompt))
        await tx.execute(
            update(t.dialogues).where(t.dialogues.c.dialogue_id == heard["dialogue_id"]).values(asr_status="DONE")
        )
        return []


@dataclass(frozen=True)
class Counter:
    """A device with its point."""

    point_id: PointId
    place: dict[str, Any]


async def counter(bench: Bench) -> Counter:
    device_id = await bench.subject(SubjectKind.DEVICE)
    async with bench.db.begin() as tx:
        row = (await tx.execute(select(t.devices).where(t.devices.c.device_id == device_id))).one()
    place = {name: getattr(row, name) for name in ("device_id", "point_id", "register_id")}
    return Counter(PointId(row.point_id), place)


async def talk(bench: Bench, at: Counter, number: int, minutes: int = 120) -> list[DialogueId]:
    """Closed dialogues over that time."""
    rows = [
        {
            **at.place,
            "dialogue_id": uuid4(),
            "start_ts": HOUR + timedelta(minutes=minutes * n / number),
            "end_ts": HOUR + timedelta(minutes=minutes * n / number, seconds=30),
            "state": "closed",
        }
        for n in range(number)
    ]
    async with bench.db.begin() as tx:
        await tx.execute(insert(t.dialogues), rows)
    return [DialogueId(row["dialogue_id"]) for row in rows]


async def review(bench: Bench, dialogue_id: DialogueId, attempted: str = "no") -> None:
    """As the API does: at once, with all that is counted."""
    async with bench.db.begin() as tx:
        d = t.dialogues.c
        await tx.execute(select(d.dialogue_id).where(d.dialogue_id == dialogue_id).with_for_update(key_share=True))
        await tx.execute(_review(dialogue_id, attempted))
        await refresh_facts(tx, [dialogue_id])
        await bench.queue.enqueue(tx, await report_jobs(tx, [dialogue_id]))


def _review(dialogue_id: DialogueId, attempted: str) -> Any:
    held = {"kind": "sale", "attempted": attempted, "quality_score": 0, "customer_reaction": "unclear"}
    return insert(t.reviews).values(
        **held, review_id=uuid4(), dialogue_id=dialogue_id, revision=1, reviewer="ana", reason="random"
    )


async def done(bench: Bench, timeout_s: float = 60) -> list[Any]:
    """Waits until nothing is queued or running; the jobs."""
    async with asyncio.timeout(timeout_s):
        while True:
            async with bench.db.begin() as tx:
                rows = (await tx.execute(select(t.jobs))).all()
            if not any(row.state in ("queued", "running") for row in rows):
                return list(rows)
            await asyncio.sleep(0.1)


async def assert_right(bench: Bench, *point_ids: PointId) -> None:
    for point_id in point_ids:
        async with bench.db.begin() as tx:
            point = await find_point(tx, point_id)
        assert point is not None
        async with bench.db.begin() as tx:
            await tx.execute(ONE_SNAPSHOT)
            assert await check_days(tx, point, START.date(), START.date()) == []
            assert await check_chain(tx) == []


async def test_a_verdict_is_in_the_day_within_ten_seconds(bench: Bench) -> None:
    """By a worker that has long been idle, at the shipped poll interval."""
    jobs = bench.config.jobs.model_copy(update={"poll_s": SHIPPED_POLL_S})
    bench.ctx = replace(bench.ctx, settings=bench.config.model_copy(update={"jobs": jobs}))
    here = await counter(bench)
    (dialogue_id,) = await talk(bench, here, 1)
    bench.work(Judge(), Report())
    await asyncio.sleep(2)
    await bench.enqueue("judge", dialogue_id, 1)
    await bench.until("judge", "done")
    since = monotonic()
    counted: list[int] = []
    async with asyncio.timeout(FRESH_S):
        while counted != [1]:
            async with bench.db.begin() as tx:
                counted = list((await tx.execute(select(t.report_days.c.yes))).scalars())
            await asyncio.sleep(0.05)
    assert monotonic() - since < FRESH_S


async def test_verdicts_reviews_and_dying_workers_at_once_are_counted_right(bench: Bench) -> None:
    dice = random.Random(5)
    here, there = await counter(bench), await counter(bench)
    dialogues = [*await talk(bench, here, 30), *await talk(bench, there, 15)]
    for dialogue_id in dialogues:
        await bench.enqueue("judge", dialogue_id, 1)
    for _ in range(3):
        bench.work(Judge(), Report())
    for n, dialogue_id in enumerate(dice.sample(dialogues, 12)):
        await review(bench, dialogue_id, ("yes", "no", "uncertain")[n % 3])
        if n % 4 == 0:
            await bench.queue.claim("report", 1, "a worker that dies here")
        await asyncio.sleep(0.05)
    jobs = await done(bench)
    assert {job.state for job in jobs} == {"done"}, [job.last_error for job in jobs if job.last_error]
    assert [job.last_error for job in jobs if job.last_error] == []
    await assert_right(bench, here.point_id, there.point_id)
    async with bench.db.begin() as tx:
        days = {row.point_id: row for row in await tx.execute(select(t.report_days))}
    assert (days[here.point_id].dialogues, days[there.point_id].dialogues) == (30, 15)
    assert sum(day.reviewed for day in days.values()) == 12
    assert sum(day.pending for day in days.values()) == 0


async def test_a_count_that_waited_does_not_put_back_what_it_waited_for(bench: Bench) -> None:
    here = await counter(bench)
    (dialogue_id,) = await talk(bench, here, 1)

    async def count_hour() -> None:
        async with bench.db.begin() as tx:
            await lock_points(tx, [here.point_id])
            await refresh_hour(tx, Hour(here.point_id, HOUR))

    async with bench.db.begin() as tx:
        await tx.execute(_review(dialogue_id, "no"))
        await refresh_facts(tx, [dialogue_id])
        counting = asyncio.create_task(count_hour())
        await somebody_waits(bench)
    await counting
    async with bench.db.begin() as tx:
        assert list((await tx.execute(select(t.dialogue_facts.c.place))).scalars()) == ["no"]
        assert list((await tx.execute(select(t.report_days.c.reviewed))).scalars()) == [1]


async def test_a_review_counts_the_moment_it_is_written(bench: Bench) -> None:
    here = await counter(bench)
    (dialogue_id,) = await talk(bench, here, 1)
    await review(bench, dialogue_id, "yes")
    async with bench.db.begin() as tx:
        assert list((await tx.execute(select(t.report_days.c.yes))).scalars()) == [1]
        assert list((await tx.execute(select(t.chain_hours.c.yes))).scalars()) == [1]


@pytest.mark.parametrize("to_another_point", [False, True])
async def test_a_dialogue_that_moves_leaves_the_hour_it_was_in(bench: Bench, to_another_point: bool) -> None:
    here, there = await counter(bench), await counter(bench)
    (dialogue_id,) = await talk(bench, here, 1)
    await review(bench, dialogue_id, "yes")
    goes_to = there if to_another_point else here
    async with bench.db.begin() as tx:
        moved = {"start_ts": HOUR + timedelta(hours=2), "end_ts": HOUR + timedelta(hours=2, seconds=30), "revision": 2}
        await tx.execute(update(t.dialogues).values(**moved, **goes_to.place))
        await bench.queue.enqueue(tx, await report_jobs(tx, [dialogue_id]))
        assert len(await hours_of(tx, [dialogue_id])) == 2
    bench.work(Report())
    await done(bench)
    await assert_right(bench, here.point_id, there.point_id)
    async with bench.db.begin() as tx:
        hours = (await tx.execute(select(t.report_hours))).all()
    assert [(row.point_id, row.hour_ts) for row in hours] == [(goes_to.point_id, HOUR + timedelta(hours=2))]


async def somebody_waits(bench: Bench) -> None:
    """Until a transaction of this database waits for another's lock."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(10):
        while True:
            async with bench.db.begin() as tx:
                if (await tx.execute(query)).scalar_one():
                    return
            await asyncio.sleep(0.02)
