"""Guards on the hot statements: they find their rows through an index, however long the history is."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import TextClause, text

from configs.sections import JobSettings
from db import queue_sql as sql
from db.engine import Database
from db.queue import NewJob, Queue

FINISHED = 40_000
HISTORY = text("""
    INSERT INTO jobs (stage, subject_id, lock_key, fair_key, state, finished_at, audio_ms)
    SELECT (ARRAY['vad', 'asr'])[1 + n % 2], 's' || n, 's' || n, 'device ' || n % 50, 'done',
           now() - n * interval '10 seconds', 60000
    FROM generate_series(1, :finished) AS n
""")
ONE = {"job_id": 1, "lease_token": UUID(int=1), "stage": "vad", "error": "it broke"}
MANY = {"job_ids": [1, 2], "tokens": [UUID(int=1), UUID(int=2)], "lease_s": 120.0, "worker": "worker"}
TWIN = {"stage": "vad", "subject_id": "s1", "run_id": None}
HOT: dict[str, tuple[TextClause, dict[str, Any]]] = {
    "ready": (sql.READY, {"stage": "vad", "slots": 8, "skipped": []}),
    "expired": (sql.EXPIRED, {"stage": "vad", "slots": 8, "skipped": []}),
    "lease": (sql.LEASE, MANY),
    "bury expired": (sql.BURY_EXPIRED, {"job_ids": [1, 2]}),
    "complete": (sql.COMPLETE, {**ONE, "state": "done"}),
    "bury": (sql.BURY, ONE),
    "hold": (sql.HOLD, ONE),
    "twin": (sql.QUEUED_TWIN, TWIN),
    "return": (sql.RETURN_TO_QUEUE, {**ONE, "attempts": 1, "delay_s": 1.0}),
    "supersede": (sql.SUPERSEDE, ONE),
    "dead": (sql.HOLD_DEAD, {"stage": "vad", "job_ids": None, "batch": 500}),
    "backlog": (sql.BACKLOG, {"stage": "vad"}),
}


@pytest.fixture
async def queue_with_history(db: Database, queue: Queue) -> Queue:
    async with db.begin() as tx:
        await tx.execute(HISTORY, {"finished": FINISHED})
        await queue.enqueue(tx, [NewJob("vad", f"new {n}", fair_key=f"device {n % 20}") for n in range(200)])
    await queue.claim("vad", 10, "worker")
    async with db.begin() as tx:
        await tx.execute(text("ANALYZE jobs"))
    return queue


def scans(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(node, relation) of every step that reads a table."""
    if "Relation Name" in plan:
        yield plan["Node Type"], plan["Relation Name"]
    for child in plan.get("Plans", ()):
        yield from scans(child)


@pytest.mark.parametrize("name", HOT)
async def test_no_hot_statement_reads_the_whole_table(queue_with_history: Queue, name: str) -> None:
    statement, parameters = HOT[name]
    async with queue_with_history.db.begin() as tx:
        explained = await tx.scalar(text(f"EXPLAIN (FORMAT JSON) {statement.text}"), parameters)
    plan = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    read = [node for node, relation in scans(plan) if relation == "jobs"]
    assert read
    assert [node for node in read if node == "Seq Scan"] == []


async def test_a_working_queue_never_reads_the_whole_table(database_url: str, job_settings: JobSettings) -> None:
    """As executed, on one connection that has worked since the table was empty: the server may keep plans from then."""
    db = Database(database_url, pool_size=1)
    queue = Queue(db, job_settings)
    async with db.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("VACUUM (ANALYZE) jobs"))
    await work(queue)
    async with db.begin() as tx:
        await tx.execute(HISTORY, {"finished": FINISHED})
    before = await whole_table_reads(db)
    await work(queue)
    after = await whole_table_reads(db)
    await db.dispose()
    assert after == before


async def work(queue: Queue) -> None:
    async with queue.db.begin() as tx:
        await queue.enqueue(tx, [NewJob("vad", f"new {n}", fair_key=f"device {n % 20}") for n in range(60)])
    while jobs := await queue.claim("vad", 4, "worker"):
        for job in jobs:
            async with queue.db.begin() as tx:
                await queue.enqueue(tx, [NewJob("asr", job.subject_id)], following=job)
                await queue.complete(tx, job)
        await queue.backlog("vad")


async def whole_table_reads(db: Database) -> int:
    async with db.begin() as tx:
        await tx.execute(text("SELECT pg_stat_force_next_flush()"))
    async with db.begin() as tx:
        return await tx.scalar(text("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'jobs'"))
