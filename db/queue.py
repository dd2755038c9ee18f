"""The job queue, on one table: what goes in, what comes out, and how a claimed job ends."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from configs.sections import JobSettings
from db import claims
from db import queue_sql as sql
from db.claims import Claim, JobsHook, leave_alone
from db.engine import Database
from db.job import Backlog, Job, NewJob, StageSummary
from domain.errors import LeaseLost
from domain.retry import backoff_s
from domain.status import JobClass, JobState

__all__ = ["Backlog", "Job", "NewJob", "Queue", "StageSummary"]

PURGE_BATCH = 5_000
RETRY_BATCH = 500
LAST_JOB_ID = 2**63 - 1
DAY_S = 86_400
MAX_ERROR_CHARS = 4_000


class Queue:
    """Jobs of every stage.

    Methods that take `tx` work inside the caller's transaction, so that a result and its next jobs commit together;
    lock subject rows before calling them. The others open their own.
    """

    def __init__(self, db: Database, settings: JobSettings, jitter: Callable[[], float] = random.random) -> None:
        self.db = db
        self.settings = settings
        self._jitter = jitter

    async def enqueue(self, tx: AsyncConnection, jobs: Sequence[NewJob], following: Job | None = None) -> None:
        """Queues jobs, or joins each with its queued twin: the earlier time, the newer revision, the better class.

        `following`: class, fair key and run are inherited from this job where a new one does not say.
        """
        if not jobs:
            return
        new = merged(_inherit(job, following) for job in jobs)
        columns = {
            "stages": [job.stage for job in new],
            "subject_ids": [job.subject_id for job in new],
            "subject_revs": [job.subject_rev for job in new],
            "run_ids": [job.run_id for job in new],
            "lock_keys": [lock_key(job) for job in new],
            "classes": [int(job.job_class or JobClass.LIVE) for job in new],
            "fair_keys": [job.fair_key for job in new],
            "delays_s": [float(job.delay_s) for job in new],
            "audio_ms": [job.audio_ms for job in new],
        }
        await tx.execute(sql.ENQUEUE, columns)

    async def claim(
        self,
        stage: str,
        limit: int,
        worker: str,
        on_claim: JobsHook = leave_alone,
        on_dead: JobsHook = leave_alone,
        reruns: int | None = None,
        in_all: int | None = None,
    ) -> list[Job]:
        """Leases up to `limit` jobs of a stage to `worker`, in fair turns (docs/decisions/turns-in-the-queue.md); at
        most `reruns` of them are of re-analyses, and with them at most `in_all` jobs of the stage are in flight, over
        all workers.

        `on_claim` sees the jobs about to be leased, `on_dead` those whose worker vanished in their last attempt, both
        inside the claim's transaction; it is rolled back and begun anew where a job cannot be had after all, so they
        must touch the database only. Lock rows in the order of their ids.
        """
        if limit < 1:
            return []
        wanted = Claim(stage, limit, worker, on_claim, on_dead, reruns, in_all)
        return await claims.claim(self.db, self.settings, wanted)

    async def complete(self, tx: AsyncConnection, job: Job, state: JobState = JobState.DONE) -> None:
        """Ends a job and, since its dependencies evidently work, its stage's pause. Raises LeaseLost."""
        completed = await tx.execute(sql.COMPLETE, {**_fence(job), "state": state.value})
        if completed.one_or_none() is None:
            raise LeaseLost(f"job {job.job_id}: completed too late")

    async def fail(self, tx: AsyncConnection, job: Job, error: str, *, retry: bool) -> JobState:
        """Queues the job again after a backoff; `dead` without retry or after the last attempt.

        `superseded` where a queued twin stands ready to do its work. Raises LeaseLost.
        """
        if retry and job.attempts < self.settings.max_attempts:
            delay_s = backoff_s(job.attempts, self.settings.backoff_s, self.settings.backoff_max_s, self._jitter())
            state = await self._return(tx, job, error, job.attempts, delay_s)
        else:
            buried = await tx.execute(sql.BURY, {**_fence(job), "error": error[:MAX_ERROR_CHARS]})
            if buried.one_or_none() is None:
                raise LeaseLost(f"job {job.job_id}: failed too late")
            state = JobState.DEAD
        await tx.execute(sql.FREE_PROBE, {"stage": job.stage, "job_id": job.job_id})
        return state

    async def give_back(
        self, tx: AsyncConnection, job: Job, error: str, retry_after_s: float, *, pause: bool = True
    ) -> JobState:
        """Queues the job again as if this attempt had not been made. Raises LeaseLost.

        With `pause` the whole stage waits `retry_after_s` (at most `pause_max_s`), then sends one job as a probe;
        without it only this job waits so long.
        """
        wait_s = min(retry_after_s, self.settings.pause_max_s)
        state = await self._return(tx, job, error, job.attempts - 1, 0.0 if pause else wait_s)
        where = {"stage": job.stage, "job_id": job.job_id}
        if pause and wait_s > 0:
            await tx.execute(sql.START_PAUSE, {**where, "pause_s": wait_s, "reason": error[:MAX_ERROR_CHARS]})
        else:
            await tx.execute(sql.FREE_PROBE, where)
        return state

    async def retry_dead(
        self,
        *,
        stage: str | None = None,
        job_ids: Sequence[int] | None = None,
        run_id: UUID | None = None,
        on_retry: JobsHook = leave_alone,
        after_retry: JobsHook = leave_alone,
    ) -> int:
        """Queues dead jobs again with all their attempts; None: every stage, job and run. Returns how many.

        `on_retry` gets those that are about to be queued, newest first, in the same transaction, before their rows are
        locked: subject rows first, then jobs. `after_retry` gets them again at the end of it, to queue more jobs.
        """
        ids = None if job_ids is None else list(job_ids)
        wanted = {"stage": stage, "job_ids": ids, "run_id": run_id, "batch": RETRY_BATCH}
        retried, before = 0, LAST_JOB_ID
        while True:
            async with self.db.begin() as tx:
                dead = [claims.provisional(row) for row in await tx.execute(sql.DEAD, {**wanted, "before": before})]
                if not dead:
                    return retried
                before = dead[-1].job_id
                await on_retry(tx, dead)
                rows = (await tx.execute(sql.HOLD_DEAD, {"job_ids": [job.job_id for job in dead]})).all()
                for row in rows:
                    await _requeue(tx, row.job_id, (row.stage, row.subject_id, row.run_id), None, 0, 0.0)
                await tx.execute(sql.NOTIFY, {"stages": sorted({row.stage for row in rows})})
                await after_retry(tx, dead)
            retried += len(rows)

    async def purge(self, keep_done_days: float | None = None) -> int:
        """Deletes finished jobs older than `keep_done_days`, in batches; dead ones stay. Returns how many."""
        keep_days = self.settings.keep_done_days if keep_done_days is None else keep_done_days
        purged = 0
        while True:
            async with self.db.begin() as tx:
                deleted = await tx.execute(sql.PURGE, {"keep_s": keep_days * DAY_S, "batch": PURGE_BATCH})
            purged += deleted.rowcount
            if deleted.rowcount < PURGE_BATCH:
                return purged

    async def backlog(self, stage: str) -> Backlog:
        """What waits for a stage and what runs of it."""
        async with self.db.begin() as tx:
            row = (await tx.execute(sql.BACKLOG, {"stage": stage})).mappings().one()
        return Backlog(**row)

    async def summary(self) -> list[StageSummary]:
        """Every stage that has jobs or a pause, by name."""
        async with self.db.begin() as tx:
            rows = (await tx.execute(sql.SUMMARY)).mappings().all()
        return [StageSummary(**row) for row in rows]

    async def _return(self, tx: AsyncConnection, job: Job, error: str, attempts: int, delay_s: float) -> JobState:
        if (await tx.execute(sql.HOLD, _fence(job))).one_or_none() is None:
            raise LeaseLost(f"job {job.job_id}: returned too late")
        key = (job.stage, job.subject_id, job.run_id)
        return await _requeue(tx, job.job_id, key, error[:MAX_ERROR_CHARS], attempts, delay_s)


async def _requeue(
    tx: AsyncConnection,
    job_id: int,
    key: tuple[str, str, UUID | None],
    error: str | None,
    attempts: int,
    delay_s: float,
) -> JobState:
    """A locked job goes back to the queue, or ends superseded where a queued twin exists."""
    twin = dict(zip(("stage", "subject_id", "run_id"), key, strict=True))
    while (await tx.execute(sql.QUEUED_TWIN, twin)).one_or_none() is None:
        values = {"job_id": job_id, "attempts": attempts, "error": error, "delay_s": delay_s}
        try:
            async with tx.begin_nested():
                await tx.execute(sql.RETURN_TO_QUEUE, values)
        except IntegrityError:  # the twin was committed in between: now it is there to be seen
            continue
        return JobState.QUEUED
    await tx.execute(sql.SUPERSEDE, {"job_id": job_id, "error": error})
    return JobState.SUPERSEDED


def merged(jobs: Iterable[NewJob]) -> list[NewJob]:
    """Twins within one call joined as the queue joins them, in the one order in which rows are locked."""
    joined: dict[tuple[str, str, str], NewJob] = {}
    for job in jobs:
        key = (job.stage, job.subject_id, str(job.run_id or ""))
        joined[key] = _join(joined[key], job) if key in joined else job
    return [joined[key] for key in sorted(joined)]


def _join(one: NewJob, other: NewJob) -> NewJob:
    newest = other if other.subject_rev >= one.subject_rev else one
    classes = [job.job_class or JobClass.LIVE for job in (one, other)]
    return replace(newest, job_class=min(classes), delay_s=min(one.delay_s, other.delay_s))


def _inherit(job: NewJob, following: Job | None) -> NewJob:
    if following is None:
        return job
    return replace(
        job,
        job_class=following.job_class if job.job_class is None else job.job_class,
        fair_key=job.fair_key or following.fair_key,
        run_id=job.run_id or following.run_id,
    )


def lock_key(job: NewJob) -> str:
    """The run is part of it: a re-analysis does not wait for the live job of its subject, nor the other way round."""
    return f"{job.run_id or ''}:{job.lock_key or job.subject_id}"


def _fence(job: Job) -> dict[str, Any]:
    return {"job_id": job.job_id, "lease_token": job.lease_token}
