"""Reading side of the job queue, for people."""

from typing import Any

from sqlalchemy import select

from db import tables as t
from db.engine import Database
from domain.status import JobState

_COLUMNS = [column for column in t.jobs.c if column.name != "lease_token"]


async def list_jobs(db: Database, stage: str | None, state: JobState | None, limit: int) -> list[dict[str, Any]]:
    """Jobs, newest first; column name → value."""
    query = select(*_COLUMNS).order_by(t.jobs.c.job_id.desc()).limit(limit)
    if stage is not None:
        query = query.where(t.jobs.c.stage == stage)
    if state is not None:
        query = query.where(t.jobs.c.state == state.value)
    async with db.begin() as tx:
        return [_plain(row) for row in (await tx.execute(query)).mappings()]


async def one_job(db: Database, job_id: int) -> dict[str, Any] | None:
    """One job by its number, or None."""
    async with db.begin() as tx:
        row = (await tx.execute(select(*_COLUMNS).where(t.jobs.c.job_id == job_id))).mappings().one_or_none()
    return None if row is None else _plain(row)


def _plain(row: Any) -> dict[str, Any]:
    return {column.name: row[column] for column in _COLUMNS}
