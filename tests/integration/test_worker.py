"""The worker on a real queue: what it does with every way in which a job can end."""

import asyncio
import json
import logging
from collections.abc import Callable
from io import StringIO
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from worker_bench import Bench

from cluster.stage import Stage, StageContext, SubjectKind
from cluster.steps import Step
from configs.logs import JsonFormatter
from db import tables as t
from db.queue import Job, NewJob
from domain.errors import Rejected, Transient, Unavailable

Run = Callable[[Job], Any]


class Scripted(Stage):
    """A stage about chunks that does what the test says and counts its effects."""

    name = "scripted"
    subject = SubjectKind.CHUNK
    status_column = t.audio_chunks.c.status
    timeout_s = 1.0

    def __init__(self, run: Run) -> None:
        self._run = run
        self.runs: list[Job] = []
        self.effects: list[str] = []
        self.deaths: list[str] = []

    async def run(self, ctx: StageContext, job: Job) -> dict[str, Any]:
        self.runs.append(job)
        result = self._run(job)
        return await result if asyncio.iscoroutine(result) else result

    async def apply(self, tx: AsyncConnection, job: Job, result: Any) -> list[NewJob]:
        self.effects.append(job.subject_id)
        return []

    async def on_dead(self, tx: AsyncConnection, job: Job) -> list[NewJob]:
        self.deaths.append(job.subject_id)
        return [NewJob("after_death", job.subject_id)]


class Follower(Scripted):
    """Comes after `scripted`, about the same chunks."""

    name = "follower"
    after = ("scripted",)
    status_column = None


async def test_a_finished_job_sets_the_status_keeps_the_result_and_starts_what_follows(bench: Bench) -> None:
    first, second = Scripted(lambda job: {"n": 1}), Follower(lambda job: {"n": 2})
    chunk = await bench.chunk()
    await bench.enqueue("scripted", chunk)
    bench.work(first, second)
    await bench.until("follower", "done")
    assert await bench.status(chunk) == ("DONE", None)
    async with bench.db.begin() as tx:
        kept = (await tx.execute(select(t.stage_results.c.stage, t.stage_results.c.payload))).all()
    assert sorted((row.stage, row.payload["n"]) for row in kept) == [("follower", 2), ("scripted", 1)]


async def test_a_transient_error_is_tried_again_and_takes_effect_once(bench: Bench) -> None:
    outcomes = iter([Transient("not yet"), ValueError("a bug"), None])

    def run(job: Job) -> dict[str, Any]:
        if (error := next(outcomes)) is not None:
            raise error
        return {}

    stage = Scripted(run)
    chunk = await bench.chunk()
    await bench.enqueue("scripted", chunk)
    bench.work(stage)
    rows = await bench.until("scripted", "done")
    assert (rows[0].attempts, len(stage.runs), stage.effects) == (3, 3, [str(chunk)])


async def test_an_error_that_lasts_ends_dead_with_its_text_and_wakes_who_waited(bench: Bench) -> None:
    def run(job: Job) -> dict[str, Any]:
        raise Transient("the disk is odd")

    stage = Scripted(run)
    chunk = await bench.chunk()
    await bench.enqueue("scripted", chunk)
    bench.work(stage)
    rows = await bench.until("scripted", "dead")
    assert rows[0].attempts == bench.config.jobs.max_attempts == len(stage.runs)
    assert await bench.status(chunk) == ("ERROR", "Transient: the disk is odd")
    assert stage.deaths == [str(chunk)]
    assert [row.state for row in await bench.jobs("after_death")] == ["queued"]


async def test_rejected_input_is_dead_at_once_and_its_neighbour_passes(bench: Bench) -> None:
    poison, good = await bench.chunk(), await bench.chunk()

    def run(job: Job) -> dict[str, Any]:
        if job.subject_id == str(poison):
            raise Rejected("not audio")
        return {}

    stage = Scripted(run)
    await bench.enqueue("scripted", poison)
    await bench.enqueue("scripted", good)
    bench.work(stage)
    rows = await bench.until("scripted", "dead", "done")
    assert rows[0].attempts == 1
    assert (await bench.status(poison))[0] == "ERROR"
    assert (await bench.status(good))[0] == "DONE"


async def test_an_unavailable_dependency_costs_no_attempt(bench: Bench) -> None:
    down = [True, True, True]

    def run(job: Job) -> dict[str, Any]:
        if down:
            down.pop()
            raise Unavailable("model is loading", retry_after_s=0.05)
        return {}

    chunk = await bench.chunk()
    await bench.enqueue("scripted", chunk)
    bench.work(Scripted(run))
    rows = await bench.until("scripted", "done")
    assert rows[0].attempts == 1


async def test_a_hung_run_is_cancelled_after_its_time_limit(bench: Bench) -> None:
    async def hang() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    hanging = iter([True, False])
    stage = Scripted(lambda job: hang() if next(hanging) else {})
    stage.timeout_s = 0.2  # type: ignore[misc]
    await bench.enqueue("scripted", await bench.chunk())
    bench.work(stage)
    rows = await bench.until("scripted", "done")
    assert rows[0].attempts == 2
    assert "longer than 0.2 s" in rows[0].last_error


async def test_of_two_workers_the_one_that_lost_its_lease_writes_nothing(bench: Bench) -> None:
    """The first stalls before its commit, past its lease, with a dead renewer, as a stopped process does."""
    release = asyncio.Event()
    started = asyncio.Event()

    async def stall(job: Job) -> dict[str, Any]:
        started.set()
        await release.wait()
        return {"by": "slow"}

    slow, quick = Scripted(stall), Scripted(lambda job: {"by": "quick"})
    slow.timeout_s = 30  # type: ignore[misc]
    chunk = await bench.chunk()
    await bench.enqueue("scripted", chunk)
    first = bench.work(slow)
    await asyncio.wait_for(started.wait(), 10)
    await asyncio.to_thread(first.renewer.stop)
    bench.work(quick)
    await bench.until("scripted", "done")
    release.set()
    await asyncio.sleep(0.3)
    async with bench.db.begin() as tx:
        payloads = (await tx.execute(select(t.stage_results.c.payload))).scalars().all()
    assert (slow.effects, quick.effects, payloads) == ([], [str(chunk)], [{"by": "quick"}])


async def test_draining_hands_back_what_does_not_finish(bench: Bench) -> None:
    started = asyncio.Event()

    async def hang(job: Job) -> dict[str, Any]:
        started.set()
        await asyncio.sleep(60)
        return {}

    stage = Scripted(hang)
    stage.timeout_s = 120  # type: ignore[misc]
    chunk = await bench.chunk()
    await bench.enqueue("scripted", chunk)
    worker = bench.work(stage)
    await asyncio.wait_for(started.wait(), 5)
    assert (await bench.status(chunk))[0] == "PROCESSING"
    await worker.drain(0.1)
    rows = await bench.until("scripted", "queued")
    assert rows[0].attempts == 0
    assert (await bench.status(chunk))[0] == "QUEUED"


async def test_draining_waits_for_what_is_just_being_claimed(bench: Bench) -> None:
    drains: list[asyncio.Task[None]] = []

    async def last(job: Job) -> dict[str, Any]:
        await asyncio.sleep(0.3)
        return {}

    def reached(stage: str, step: Step) -> None:
        if step is Step.BEFORE_CLAIM and not drains:
            drains.append(asyncio.create_task(worker.drain(5)))

    await bench.enqueue("scripted", await bench.chunk())
    worker = bench.work(Scripted(last), reached=reached)
    while not drains:
        await asyncio.sleep(0.01)
    await drains[0]
    async with bench.db.begin() as tx:
        assert (await tx.execute(select(t.jobs.c.state).where(t.jobs.c.stage == "scripted"))).scalar_one() == "done"


async def test_a_job_passes_every_named_step_in_order(bench: Bench) -> None:
    seen: list[Step] = []
    await bench.enqueue("scripted", await bench.chunk())
    bench.work(Scripted(lambda job: {}), reached=lambda stage, step: seen.append(step))
    await bench.until("scripted", "done")
    await asyncio.sleep(0.1)
    assert list(dict.fromkeys(seen)) == list(Step)


async def test_a_job_whose_subject_is_gone_ends_without_effect(bench: Bench) -> None:
    stage = Scripted(lambda job: {})
    await bench.enqueue("scripted", uuid4())
    bench.work(stage)
    await bench.until("scripted", "done")


async def test_a_librarys_line_within_a_job_names_the_job_and_its_subject(bench: Bench) -> None:
    lines = StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonFormatter())
    library = logging.Logger("library")
    library.addHandler(handler)
    stage = Scripted(lambda job: asyncio.to_thread(lambda: library.warning("decoded") or {}))
    chunk = await bench.chunk()
    await bench.enqueue("scripted", chunk)
    bench.work(stage)
    [job] = await bench.until("scripted", "done")
    line = json.loads(lines.getvalue())
    assert (line["chunk_id"], line["job_id"], line["stage"], line["attempt"]) == (str(chunk), job.job_id, "scripted", 1)
