"""Two real worker processes: the one that was stopped beyond its lease must not commit when it goes on."""

import asyncio
import os
import signal
from pathlib import Path
from uuid import uuid4

from dropped_stage import WORK, plant, run, start
from sqlalchemy import select

from db import tables as t
from db.engine import Database
from db.queue import NewJob, Queue


async def test_a_worker_stopped_beyond_its_lease_is_refused_and_the_others_result_stands(
    db: Database, database_url: str, queue: Queue, tmp_path: Path
) -> None:
    tree, env = plant(tmp_path, database_url)
    env |= {"SALESCONTROL_JOBS__LEASE_S": "2", "SALESCONTROL_JOBS__RENEW_S": "0.5", "SALESCONTROL_LOG__LEVEL": "INFO"}
    pauses = tmp_path / "pauses"
    pauses.mkdir()
    (pauses / "sentiment.before_commit").touch()
    async with db.begin() as tx:
        await queue.enqueue(tx, [NewJob("sentiment", str(uuid4()))])

    stopped = start(tree, {**env, "SALESCONTROL_PAUSE_DIR": str(pauses)}, WORK, "stopped")
    try:
        async with asyncio.timeout(30):
            while not (pauses / "sentiment.before_commit.stopped").exists():
                await asyncio.sleep(0.05)
        await asyncio.to_thread(run, tree, env, WORK, "other")
    finally:
        os.kill(stopped.pid, signal.SIGCONT)
    _, log = await asyncio.to_thread(stopped.communicate, timeout=60)

    async with db.begin() as tx:
        (job,) = (await tx.execute(select(t.jobs))).all()
        results = (await tx.execute(select(t.stage_results))).all()
    assert (job.state, job.worker, job.attempts, len(results)) == ("done", "other", 2, 1)
    assert "completed too late" in log or "lease_lost" in log
