"""Feeding runs to the queue: a little at a time, below live work, until nothing is left of them.

Every step is a transaction that holds the run's row, so that steps of two supervisors take turns, and a step that is
killed has not been made: a dialogue is marked as fed together with its job.
"""

import logging
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from configs.sections import RunsSettings
from db import tables as t
from db.engine import Database
from db.queue import NewJob, Queue
from domain.runs import OPEN, RunStage, RunState
from domain.status import JobClass

log = logging.getLogger(__name__)

_r, _s = t.runs.c, t.run_subjects.c
STAGES = [stage.value for stage in RunStage]
_LIVE_WAITS = text(
    """
    SELECT EXISTS (
        SELECT FROM jobs
        WHERE stage = ANY(CAST(:stages AS text[])) AND state = 'queued' AND class = :live
          AND run_after < statement_timestamp() - make_interval(secs => :wait_s)
    )
    """
)
_TAKE = text(
    """
    UPDATE run_subjects SET fed_at = statement_timestamp()
    WHERE run_id = :run_id AND dialogue_id IN (
        SELECT dialogue_id FROM run_subjects WHERE run_id = :run_id AND fed_at IS NULL ORDER BY dialogue_id LIMIT :room
    )
    RETURNING dialogue_id, revision, audio_ms
    """
)
"""In the order of ids, which are random: what is done so far is always a fair sample of the whole."""
_UNDER_WAY = text("SELECT count(*) FROM jobs WHERE run_id = :run_id AND state IN ('queued', 'running')")
_QUEUED = text("SELECT count(*) FROM jobs WHERE run_id = :run_id AND state = 'queued'")
_DROP_CANCELLED = text(
    """
    UPDATE jobs SET state = 'superseded', finished_at = statement_timestamp(), last_error = 'the run was cancelled'
    FROM runs
    WHERE runs.run_id = jobs.run_id AND runs.state = 'cancelled' AND jobs.state IN ('queued', 'dead')
      AND (CAST(:run_id AS uuid) IS NULL OR jobs.run_id = :run_id)
    """
)


async def feed_runs(db: Database, queue: Queue, settings: RunsSettings) -> None:
    """One step of every run that is open, oldest first. Raises Unavailable where the database is down."""
    async with db.begin() as tx:
        await drop_cancelled(tx)
        open_runs = select(_r.run_id).where(_r.state.in_(OPEN)).order_by(_r.created_at)
        waiting = (await tx.execute(open_runs)).scalars().all()
    for run_id in waiting:
        async with db.begin() as tx:
            await _step(tx, queue, settings, run_id)


async def drop_cancelled(tx: AsyncConnection, run_id: UUID | None = None) -> int:
    """Ends what waits of cancelled runs, also what came back to the queue after the cancelling. Returns how much."""
    return (await tx.execute(_DROP_CANCELLED, {"run_id": run_id})).rowcount


async def _step(tx: AsyncConnection, queue: Queue, settings: RunsSettings, run_id: UUID) -> None:
    held = select(_r.state).where(_r.run_id == run_id, _r.state.in_(OPEN)).with_for_update(skip_locked=True)
    state = await tx.scalar(held)
    if state is None:  # another supervisor is at it, or it was cancelled just now
        return
    if state == RunState.PLANNED:
        started = {"state": RunState.RUNNING.value, "started_at": func.coalesce(_r.started_at, func.now())}
        await tx.execute(update(t.runs).where(_r.run_id == run_id).values(started))
    if not await _live_waits(tx, settings.live_wait_s):
        await _top_up(tx, queue, run_id, settings.ahead)
    unfed = await tx.scalar(select(_s.dialogue_id).where(_s.run_id == run_id, _s.fed_at.is_(None)).limit(1))
    if unfed is None and not await tx.scalar(_UNDER_WAY, {"run_id": run_id}):
        done = {"state": RunState.DONE.value, "finished_at": func.now()}
        await tx.execute(update(t.runs).where(_r.run_id == run_id).values(done))
        log.info("run_done", extra={"run_id": str(run_id)})


async def _live_waits(tx: AsyncConnection, wait_s: float) -> bool:
    where = {"stages": STAGES, "live": int(JobClass.LIVE), "wait_s": wait_s}
    return bool(await tx.scalar(_LIVE_WAITS, where))


async def _top_up(tx: AsyncConnection, queue: Queue, run_id: UUID, ahead: int) -> None:
    room = ahead - (await tx.scalar(_QUEUED, {"run_id": run_id}) or 0)
    if room <= 0:
        return
    stage = await tx.scalar(select(_r.stage).where(_r.run_id == run_id)) or RunStage.ANALYSIS
    taken = (await tx.execute(_TAKE, {"run_id": run_id, "room": room})).all()
    jobs = [
        NewJob(
            stage,
            str(row.dialogue_id),
            row.revision,
            run_id=run_id,
            job_class=JobClass.REANALYSIS,
            fair_key=f"run:{run_id}",  # runs take turns with each other, not with the counters
            audio_ms=row.audio_ms,
        )
        for row in taken
    ]
    await queue.enqueue(tx, jobs)
    if jobs:
        log.info("run_fed", extra={"run_id": str(run_id), "stage": stage, "jobs": len(jobs)})
