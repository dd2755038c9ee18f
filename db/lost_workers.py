"""Jobs of workers that are gone go back to the queue at once, not when their leases end."""

from collections.abc import Collection

from sqlalchemy import text

from db import queue_sql as sql
from db.engine import Database

_HOLDERS = text("SELECT DISTINCT worker FROM jobs WHERE state = 'running' AND worker IS NOT NULL")

_END_LEASES = text("""
    WITH held AS (
        SELECT job_id FROM jobs WHERE state = 'running' AND worker = ANY(CAST(:workers AS text[]))
          AND lease_until >= statement_timestamp()
        FOR UPDATE SKIP LOCKED
    )
    UPDATE jobs SET lease_token = gen_random_uuid(), lease_until = statement_timestamp() - interval '1 ms'
    FROM held WHERE jobs.job_id = held.job_id
    RETURNING jobs.stage
""")
"""A new token: should the worker live after all, what it renews or completes is not its own any more.
SKIP LOCKED: a locked row is being completed this moment."""


async def holders(db: Database) -> set[str]:
    """Names of the workers that hold jobs."""
    async with db.begin() as tx:
        return set((await tx.execute(_HOLDERS)).scalars())


async def end_leases(db: Database, workers: Collection[str]) -> int:
    """Ends every lease of these workers behind the fence, and wakes whoever may go on. Returns how many.

    The attempt counts: a job that kills its workers must not do so for ever.
    """
    if not workers:
        return 0
    async with db.begin() as tx:
        stages = list((await tx.execute(_END_LEASES, {"workers": sorted(workers)})).scalars())
        await tx.execute(sql.NOTIFY, {"stages": sorted(set(stages))})
    return len(stages)
