"""How a job begins and ends in the database: subject and job change together, behind the fence, in one lock order."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cluster.stage import SUBJECT_KEYS, Stage, SubjectKind, subject_key
from cluster.stages import downstream
from configs import meters
from db import tables as t
from db.engine import Database
from db.queue import Job, NewJob, Queue
from db.reports.jobs import report_jobs
from db.retries import Shown
from domain import metrics as m
from domain.errors import LeaseLost, Unavailable
from domain.ids import DialogueId
from domain.status import ChunkStatus, JobState, StageStatus

log = logging.getLogger(__name__)


class Endings:
    """Writes what became of a job. `stages`: all that exist, so that follow-ups find their lock keys."""

    def __init__(self, db: Database, queue: Queue, stages: dict[str, Stage]) -> None:
        self.db = db
        self.queue = queue
        self.stages = stages

    async def commit(self, stage: Stage, job: Job, result: Any) -> JobState:
        """One transaction: subject locked, revision compared, fence passed, result and follow-ups written.

        What a run over history finds stands in `stage_results` only, and goes on downstream within the run.
        Raises LeaseLost, and writes nothing, where the job is somebody else's by now.
        """
        payload = TypeAdapter(type(result)).dump_python(result, mode="json")
        async with self.db.begin() as tx:
            await _lock_subjects(tx, stage, [job])
            is_current = await stage.is_current(tx, job, result)
            state = JobState.DONE if is_current else JobState.SUPERSEDED
            await self.queue.complete(tx, job, state)
            if payload:
                await tx.execute(t.stage_results.insert().values(**_result(job, payload, is_superseded=not is_current)))
            if is_current and job.run_id is not None:
                await self._enqueue(tx, self._automatic_followers(stage, job), job)
            elif is_current:
                await _set_status(tx, stage, [job], StageStatus.DONE)
                followers = [*await stage.apply(tx, job, result), *self._automatic_followers(stage, job)]
                await self._enqueue(tx, [*followers, *await _reports(tx, stage, [job])], job)
        meters.count(m.JOBS, stage=stage.name, outcome=state.value)
        meters.count(m.JOB_AUDIO, job.audio_ms / 1000 if is_current else 0.0, stage=stage.name)
        return state

    async def fail(self, stage: Stage, job: Job, error: Exception, *, retry: bool) -> None:
        """Queued again, or dead and visible."""
        reason = f"{type(error).__name__}: {error}"
        try:
            async with self.db.begin() as tx:
                await _lock_subjects(tx, stage, [job])
                state = await self.queue.fail(tx, job, reason, retry=retry)
                if job.run_id is None and state is JobState.DEAD:
                    await self._bury(tx, stage, job, reason)
                    await self.queue.enqueue(tx, await _reports(tx, stage, [job]))
                elif job.run_id is None:
                    await _set_status(tx, stage, [job], StageStatus.PENDING, reason)
        except (LeaseLost, Unavailable) as lost:
            log.warning("failure_left_to_lease", extra={"job_id": job.job_id, "reason": str(lost)})
            return
        log.warning("job_failed", extra={"stage": stage.name, "job_id": job.job_id, "state": state, "reason": reason})
        outcome = "dead" if state is JobState.DEAD else "retried"
        meters.count(m.JOBS, stage=stage.name, outcome=outcome)

    async def hand_back(self, stage: Stage, job: Job, error: Unavailable, *, pause: bool = True) -> None:
        """The attempt does not count; with `pause` the stage waits for what is unavailable. A run waits alone: what it
        lacks, the shops' work may not need."""
        pause = pause and job.run_id is None
        try:
            async with self.db.begin() as tx:
                await _lock_subjects(tx, stage, [job])
                await self.queue.give_back(tx, job, str(error), error.retry_after_s, pause=pause)
                if job.run_id is None:
                    await _set_status(tx, stage, [job], StageStatus.PENDING)
        except (LeaseLost, Unavailable) as lost:
            log.warning("hand_back_left_to_lease", extra={"job_id": job.job_id, "reason": str(lost)})
            return
        meters.count(m.JOBS, stage=stage.name, outcome="handed_back")

    async def mark_processing(self, stage: Stage, tx: AsyncConnection, jobs: list[Job]) -> None:
        """Part of the claim."""
        live = [job for job in jobs if job.run_id is None]
        if stage.status_column is not None and live:
            await _lock_subjects(tx, stage, live)
            again = await _ended(tx, stage, live)
            await _set_status(tx, stage, live, StageStatus.PROCESSING)
            await self.queue.enqueue(tx, await _reports(tx, stage, again))

    async def mark_vanished(self, stage: Stage, tx: AsyncConnection, jobs: list[Job]) -> None:
        """Part of the claim: every attempt at these jobs ended with its worker's death."""
        live = [job for job in jobs if job.run_id is None]
        await _lock_subjects(tx, stage, live)
        for job in live:
            await self._bury(tx, stage, job, f"the worker vanished in each of {job.attempts} attempts")
        await self.queue.enqueue(tx, await _reports(tx, stage, live))

    async def _bury(self, tx: AsyncConnection, stage: Stage, job: Job, reason: str) -> None:
        await _set_status(tx, stage, [job], StageStatus.ERROR, reason)
        await self._enqueue(tx, await stage.on_dead(tx, job), job)

    async def _enqueue(self, tx: AsyncConnection, followers: Sequence[NewJob], following: Job) -> None:
        await self.queue.enqueue(tx, [self._with_key(follower) for follower in followers], following=following)

    def _automatic_followers(self, stage: Stage, job: Job) -> list[NewJob]:
        return [
            NewJob(s.name, job.subject_id, job.subject_rev, audio_ms=job.audio_ms)
            for s in downstream(self.stages, stage)
        ]

    def _with_key(self, new: NewJob) -> NewJob:
        stage = self.stages.get(new.stage)
        return new if new.lock_key or stage is None else replace(new, lock_key=stage.lock_key(new.subject_id))


async def _reports(tx: AsyncConnection, stage: Stage, jobs: Sequence[Job]) -> list[NewJob]:
    """Whatever a job does to a dialogue may change where the figures count it. The last jobs that a transaction
    queues: they are shared by all dialogues of an hour."""
    if stage.subject is not SubjectKind.DIALOGUE or not jobs:
        return []
    return await report_jobs(tx, [_dialogue_id(job) for job in jobs])


async def _ended(tx: AsyncConnection, stage: Stage, jobs: Sequence[Job]) -> list[Job]:
    """Those about a subject that has been through the stage before. Their rows are locked."""
    column, key = stage.status_column, SUBJECT_KEYS[stage.subject]
    if column is None or stage.subject is not SubjectKind.DIALOGUE:
        return []
    over = (StageStatus.DONE, StageStatus.ERROR, StageStatus.SKIPPED)
    ids = [subject_key(job.subject_id) for job in jobs]
    found = set((await tx.execute(select(key).where(key.in_(ids), column.in_(over)))).scalars())
    return [job for job in jobs if subject_key(job.subject_id) in found]


def shown(stages: Mapping[str, Stage]) -> dict[str, Shown]:
    """Those whose jobs show in a status column, as a retry of dead jobs has to know them."""
    return {
        name: Shown(SUBJECT_KEYS[stage.subject], stage.status_column, _value(stage, StageStatus.PENDING))
        for name, stage in stages.items()
        if stage.status_column is not None
    }


def _value(stage: Stage, status: StageStatus) -> str:
    """As the seed's column has it: chunks call their waiting state QUEUED."""
    is_waiting_chunk = stage.subject is SubjectKind.CHUNK and status is StageStatus.PENDING
    return ChunkStatus.QUEUED.value if is_waiting_chunk else status.value


def _dialogue_id(job: Job) -> DialogueId:
    return DialogueId(subject_key(job.subject_id))


def _result(job: Job, payload: Any, *, is_superseded: bool) -> dict[str, Any]:
    """The row of `stage_results`. A stage that has nothing to say returns {} and leaves none."""
    return {
        "stage": job.stage,
        "subject_id": job.subject_id,
        "subject_rev": job.subject_rev,
        "run_id": job.run_id,
        "job_id": job.job_id,
        "is_superseded": is_superseded,
        "payload": payload,
    }


async def _lock_subjects(tx: AsyncConnection, stage: Stage, jobs: Sequence[Job]) -> None:
    """Subject rows before job rows, in the order of their ids: one order everywhere, so no deadlocks.

    FOR NO KEY UPDATE: rows that refer to the subject, such as a device's next chunk, may be inserted meanwhile.
    """
    key = SUBJECT_KEYS[stage.subject]
    ids = [subject_key(job.subject_id) for job in jobs]
    await tx.execute(select(key).where(key.in_(ids)).order_by(key).with_for_update(key_share=True))


async def _set_status(
    tx: AsyncConnection, stage: Stage, jobs: Sequence[Job], status: StageStatus, error: str | None = None
) -> None:
    """Keeps the seed's status column true."""
    column = stage.status_column
    if column is None:
        return
    table, key = column.table, SUBJECT_KEYS[stage.subject]
    ids = [subject_key(job.subject_id) for job in jobs]
    values = {column.name: _value(stage, status), "error": error}
    await tx.execute(table.update().where(key.in_(ids)).values(values))
