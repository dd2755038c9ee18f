"""Reading side: how the system itself is doing. What is asked often reads indexes and the last hours only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from domain.status import JobState

ERROR_CHARS = 2_000
MODELS_OVER = "7 days"


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that nobody will try again by itself."""

    job_id: int
    stage: str
    subject_id: str
    attempts: int
    last_error: str | None
    finished_at: datetime | None
    enqueued_at: datetime


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A job whose last attempt failed and that waits for the next."""

    job_id: int
    stage: str
    subject_id: str
    attempts: int
    last_error: str
    run_after: datetime


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model that spoke within `MODELS_OVER`. what: asr or analysis."""

    what: str
    model: str
    dialogues: int
    last_at: datetime


_FAILED_ATTEMPTS = text("""
    SELECT job_id, stage, subject_id, attempts, left(last_error, :chars) AS last_error, run_after FROM jobs
    WHERE last_error IS NOT NULL AND state IN ('queued', 'running') AND attempts > 0
    ORDER BY run_after DESC
    LIMIT :limit
""")
_MODELS = text(f"""
    SELECT 'asr' AS what, asr_model AS model, count(*) AS dialogues, max(changed_at) AS last_at FROM dialogues
    WHERE start_ts > now() - interval '{MODELS_OVER}' AND asr_model IS NOT NULL AND state <> 'superseded'
    GROUP BY asr_model
    UNION ALL
    SELECT 'analysis', analysis_model || ', ' || prompt_version, count(*), max(a.created_at)
    FROM dialogue_upsell_analysis a JOIN dialogues d USING (dialogue_id)
    WHERE d.start_ts > now() - interval '{MODELS_OVER}' AND d.state <> 'superseded'
    GROUP BY 2
    ORDER BY what, dialogues DESC
""")


async def dead_jobs(tx: AsyncConnection, stage: str | None, before: int | None, limit: int) -> list[DeadJob]:
    """The newest first; `before`: only those with a lower number."""
    c = t.jobs.c
    error = func.left(c.last_error, ERROR_CHARS).label("last_error")
    query = select(c.job_id, c.stage, c.subject_id, c.attempts, error, c.finished_at, c.enqueued_at)
    query = query.where(c.state == JobState.DEAD.value).order_by(c.job_id.desc()).limit(limit)
    if stage is not None:
        query = query.where(c.stage == stage)
    if before is not None:
        query = query.where(c.job_id < before)
    return [DeadJob(**row._mapping) for row in await tx.execute(query)]


async def failed_attempts(tx: AsyncConnection, limit: int) -> list[FailedAttempt]:
    """What failed and will be tried again, the latest first."""
    rows = await tx.execute(_FAILED_ATTEMPTS, {"limit": limit, "chars": ERROR_CHARS})
    return [FailedAttempt(**row._mapping) for row in rows]


async def models_in_use(tx: AsyncConnection) -> Sequence[ModelUse]:
    """Which models transcribed and judged the last days' dialogues."""
    return [ModelUse(**row._mapping) for row in await tx.execute(_MODELS)]


async def database_facts(tx: AsyncConnection) -> tuple[str, int]:
    """PostgreSQL's version, and the size of the database in bytes."""
    row = (
        await tx.execute(text("SELECT current_setting('server_version'), pg_database_size(current_database())"))
    ).one()
    return str(row[0]).split()[0], int(row[1])
