"""Every stage of the package, known or new, goes through the same contract. A new file is tested unasked."""

import asyncio
import importlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from worker_bench import Bench

from cluster import stages
from cluster.endings import shown
from cluster.stage import SUBJECT_KEYS, Stage, StageContext
from cluster.steps import Step
from db import tables as t
from db.queue import Backlog, Job, NewJob
from db.retries import SHOWN, Retries
from domain.errors import Rejected, Transient

STAGES = list(stages.discover().values())
every_stage = pytest.mark.parametrize("stage", STAGES, ids=[stage.name for stage in STAGES])


def test_a_retry_from_the_api_knows_every_stage_that_shows_a_status() -> None:
    assert dict(SHOWN) == shown(stages.discover())


class Script:
    """What the runs of a scripted stage do, one after the other."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.runs = 0
        self.effects = 0


def scripted(stage: Stage, script: Script) -> Stage:
    """The stage as declared (subject, lock, status column, revision check) with its work and effect replaced."""

    async def run(self: Stage, ctx: StageContext, job: Job) -> dict[str, Any]:
        script.runs += 1
        if script.outcomes and (error := script.outcomes.pop(0)) is not None:
            raise error
        return {}

    async def apply(self: Stage, tx: AsyncConnection, job: Job, result: Any) -> list[NewJob]:
        script.effects += 1
        return []

    async def nothing(self: Stage, *_: Any) -> list[NewJob]:
        return []

    async def is_current(self: Stage, tx: AsyncConnection, job: Job, result: Any) -> bool:
        return await Stage.is_current(self, tx, job, result)

    members = {"run": run, "apply": apply, "start": nothing, "stop": nothing, "on_dead": nothing, "after": ()}
    members["is_current"] = is_current
    made: Stage = type(f"Scripted{type(stage).__name__}", (type(stage),), members)()
    return made


@every_stage
def test_a_stage_is_declared_in_the_file_of_its_name(stage: Stage) -> None:
    module = importlib.import_module(type(stage).__module__)
    assert Path(str(module.__file__)).stem == stage.name
    assert module.__doc__
    assert stage.timeout_s > 0
    assert list(stages.discover()).index(stage.name) >= len(stage.after)


@every_stage
async def test_its_window_is_at_least_one_and_bounded(stage: Stage, bench: Bench) -> None:
    real = type(stage)()
    await real.start(bench.ctx)
    try:
        windows = [real.window(Backlog(queued, 0, queued * 30.0, 3600.0)) for queued in (0, 1, 100_000)]
        assert all(1 <= window <= 1024 for window in windows)
        assert windows == sorted(windows)
    finally:
        await real.stop()


@every_stage
async def test_an_error_is_retried_and_takes_effect_once(stage: Stage, bench: Bench) -> None:
    script = Script(Transient("once"), ValueError("twice"), None)
    await bench.enqueue(stage.name, await bench.subject(stage.subject), revision=1)
    bench.work(scripted(stage, script))
    await bench.until(stage.name, "done")
    assert (script.runs, script.effects) == (3, 1)


@every_stage
async def test_poison_is_dead_at_once_and_visible_in_the_status_column(stage: Stage, bench: Bench) -> None:
    subject = await bench.subject(stage.subject)
    await bench.enqueue(stage.name, subject, revision=1)
    bench.work(scripted(stage, Script(Rejected("poison"))))
    rows = await bench.until(stage.name, "dead")
    assert rows[0].last_error == "Rejected: poison"
    if stage.status_column is not None:
        async with bench.db.begin() as tx:
            statuses = (await tx.execute(select(stage.status_column))).scalars().all()
        assert statuses == ["ERROR"]


@every_stage
async def test_a_dead_job_that_is_retried_shows_its_subject_as_waiting_at_once(stage: Stage, bench: Bench) -> None:
    failed, other = await bench.subject(stage.subject), await bench.subject(stage.subject)
    for subject in (failed, other):
        await bench.enqueue(stage.name, subject, revision=1)
    bench.work(scripted(stage, Script(Rejected("poison"), Rejected("poison"))))
    await bench.until(stage.name, "dead", "dead")
    await bench.close()
    dead = next(job for job in await bench.jobs(stage.name) if job.subject_id == str(failed))
    assert await Retries(bench.queue, shown({stage.name: stage})).run(job_ids=[dead.job_id]) == 1
    assert sorted(job.state for job in await bench.jobs(stage.name)) == ["dead", "queued"]
    if stage.status_column is not None:
        key = SUBJECT_KEYS[stage.subject]
        table = stage.status_column.table
        async with bench.db.begin() as tx:
            rows = {row[0]: tuple(row[1:]) for row in await tx.execute(select(key, stage.status_column, table.c.error))}
        assert rows[failed] in (("PENDING", None), ("QUEUED", None))
        assert rows[other] == ("ERROR", "Rejected: poison")


@every_stage
async def test_a_duplicate_while_queued_joins_and_while_running_follows(stage: Stage, bench: Bench) -> None:
    subject = await bench.subject(stage.subject)
    script = Script()
    for _ in range(3):
        await bench.enqueue(stage.name, subject, revision=1)
    assert len(await bench.jobs(stage.name)) == 1
    bench.work(scripted(stage, script))
    await bench.until(stage.name, "done")
    assert script.effects == 1


@every_stage
async def test_a_killed_worker_leaves_a_job_that_another_ends(stage: Stage, bench: Bench) -> None:
    """The first worker claims and is gone: its task is cut off without any clean-up, its renewer with it."""
    await bench.enqueue(stage.name, await bench.subject(stage.subject), revision=1)
    held = await bench.queue.claim(stage.name, 1, "a worker that dies here")
    assert len(held) == 1
    script = Script()
    bench.work(scripted(stage, script))
    rows = await bench.until(stage.name, "done")
    assert (rows[0].attempts, script.effects) == (2, 1)


@every_stage
async def test_it_passes_the_named_steps(stage: Stage, bench: Bench) -> None:
    seen: list[tuple[str, Step]] = []
    await bench.enqueue(stage.name, await bench.subject(stage.subject), revision=1)
    bench.work(scripted(stage, Script()), reached=lambda name, step: seen.append((name, step)))
    await bench.until(stage.name, "done")
    await asyncio.sleep(0.1)
    assert [step for _, step in dict.fromkeys(seen)] == list(Step)


@every_stage
async def test_the_real_stage_ends_quietly_about_a_subject_that_is_gone(stage: Stage, bench: Bench) -> None:
    """No hang, no endless retry, nothing written."""
    real = type(stage)()
    try:
        await real.start(bench.ctx)
        job = await _claimed(bench, stage)
        try:
            result = await asyncio.wait_for(real.run(bench.ctx, job), 20)
        except Rejected:
            return
        async with bench.db.begin() as tx:
            if await real.is_current(tx, job, result):
                assert await real.apply(tx, job, result) == []
            assert (await tx.execute(select(func.count()).select_from(t.dialogues))).scalar_one() == 0
    finally:
        await real.stop()


async def _claimed(bench: Bench, stage: Stage) -> Job:
    await bench.enqueue(stage.name, uuid4(), revision=1)
    return (await bench.queue.claim(stage.name, 1, "test"))[0]
