"""Numbers of the queue, of runs under way and of the database itself."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import metrics as m
from domain.metrics import Sample
from domain.status import JobClass

WAITING = text("""
    SELECT stage, class AS job_class, run_after <= statement_timestamp() AS is_ready, count(*) AS jobs,
           CAST(sum(audio_ms) AS float8) / 1000 AS audio_s,
           CAST(extract(epoch FROM statement_timestamp() - min(run_after)) AS float8) AS oldest_s
    FROM jobs WHERE state = 'queued' GROUP BY 1, 2, 3
""")
RUNNING = text("SELECT stage, class AS job_class, count(*) AS jobs FROM jobs WHERE state = 'running' GROUP BY 1, 2")
DEAD = text("SELECT stage, count(*) AS jobs FROM jobs WHERE state = 'dead' GROUP BY 1")
STAGES = text("""
    WITH RECURSIVE known AS (
        (SELECT stage FROM stage_turns ORDER BY stage LIMIT 1)
        UNION ALL
        SELECT (SELECT stage FROM stage_turns WHERE stage > known.stage ORDER BY stage LIMIT 1)
        FROM known WHERE known.stage IS NOT NULL
    )
    SELECT stage FROM known WHERE stage IS NOT NULL
""")
"""Stages that ever had a job, by one step down an index each: an empty queue is a zero, not a gap in the curve."""
PAUSES = text("""
    SELECT stage, CAST(extract(epoch FROM statement_timestamp() - since) AS float8) AS waited_s FROM stage_pauses
""")
RUNS = text("""
    SELECT name, planned,
           planned - (SELECT count(*) FROM run_subjects s WHERE s.run_id = r.run_id AND s.fed_at IS NULL) AS fed,
           (SELECT count(*) FROM stage_results s WHERE s.run_id = r.run_id AND s.stage = 'analysis') AS judged
    FROM runs r WHERE state = 'running'
""")
DATABASE = text("""
    SELECT pg_database_size(current_database()) AS bytes,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
           CAST(current_setting('max_connections') AS int) AS connections_max,
           (SELECT CAST(extract(epoch FROM statement_timestamp() - max(as_of)) AS float8) FROM backups) AS backup_age_s
""")


async def queue_samples(tx: AsyncConnection) -> list[Sample]:
    """What waits, runs and is dead, by stage and class."""
    found: list[Sample] = []
    stages = [row.stage for row in await tx.execute(STAGES)]
    live = JobClass.LIVE.name.lower()
    jobs: dict[tuple[str, str, str], float] = {(s, live, state): 0 for s in stages for state in ("queued", "running")}
    audio_s = {(stage, live): 0.0 for stage in stages}
    oldest_s = dict(audio_s)
    for row in await tx.execute(WAITING):
        key = row.stage, _class_of(row)
        jobs[(*key, "queued" if row.is_ready else "delayed")] = row.jobs
        if row.is_ready:
            audio_s[key], oldest_s[key] = row.audio_s, max(row.oldest_s, 0.0)
    for row in await tx.execute(RUNNING):
        jobs[row.stage, _class_of(row), "running"] = row.jobs
    found += [Sample(m.QUEUE_JOBS, value, key) for key, value in jobs.items()]
    found += [Sample(m.QUEUE_AUDIO, value, key) for key, value in audio_s.items()]
    found += [Sample(m.QUEUE_OLDEST, value, key) for key, value in oldest_s.items()]
    dead = dict.fromkeys(stages, 0) | {row.stage: row.jobs for row in await tx.execute(DEAD)}
    found += [Sample(m.DEAD_JOBS, count, (stage,)) for stage, count in dead.items()]
    return found + [Sample(m.PAUSED, row.waited_s, (row.stage,)) for row in await tx.execute(PAUSES)]


async def run_samples(tx: AsyncConnection) -> list[Sample]:
    """How far each run under way is."""
    rows = (await tx.execute(RUNS)).all()
    return [
        Sample(m.RUN_DIALOGUES, getattr(row, state), (row.name, state))
        for row in rows
        for state in ("planned", "fed", "judged")
    ]


async def database_samples(tx: AsyncConnection) -> list[Sample]:
    """Its size, its connections, and the age of its newest backup."""
    return list(_of_database((await tx.execute(DATABASE)).one()))


def _of_database(row: Any) -> Iterator[Sample]:
    yield Sample(m.DATABASE_BYTES, row.bytes)
    yield Sample(m.DATABASE_CONNECTIONS, row.connections)
    yield Sample(m.DATABASE_CONNECTIONS_MAX, row.connections_max)
    if row.backup_age_s is not None:
        yield Sample(m.BACKUP_AGE, row.backup_age_s)


def _class_of(row: Any) -> str:
    return JobClass(row.job_class).name.lower()
