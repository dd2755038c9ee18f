"""A stage is one file: dropped into the package, it runs, retries, dies and shows, with no other edit."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select

from db import tables as t
from db.engine import Database
from db.queue import NewJob, Queue

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "audio", "db", "cluster", "configs")

SENTIMENT = '''
"""sentiment: how polite a dialogue was. Dropped in by a test."""

from dataclasses import dataclass

from cluster.stage import Stage, SubjectKind
from domain.errors import Rejected, Transient


@dataclass(frozen=True)
class Politeness:
    score: int


class Sentiment(Stage):
    name = "sentiment"
    after = ("vad",)
    subject = SubjectKind.CHUNK
    timeout_s = 5

    async def run(self, ctx, job):
        if job.audio_ms == 1 and job.attempts == 1:
            raise Transient("once more, please")
        if job.audio_ms == 2:
            raise Rejected("rude beyond words")
        return Politeness(score=len(job.subject_id))
'''

WORK = """
import asyncio, sys
from audio.store import FileStore
from cluster.stage import StageContext
from cluster.stages import discover
from cluster.worker import Worker
from configs import settings
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import Queue

async def main():
    config = settings.load()
    db = Database(config.database.url.get_secret_value())
    queue = Queue(db, config.jobs)
    worker = Worker("w", StageContext(db, FileStore(config.home / "audio"), config), queue,
                    LeaseRenewer(db.url, config.jobs), discover(), ["sentiment"])
    running = asyncio.create_task(worker.run())
    while (b := await queue.backlog("sentiment")).queued + b.running + b.delayed:
        await asyncio.sleep(0.1)
    await worker.drain(2)
    await running
    await db.dispose()

asyncio.run(asyncio.wait_for(main(), 60))
"""


def run(tree: Path, env: dict[str, str], code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_dropped_in_stage_runs_retries_dies_and_shows_in_status(
    db: Database, database_url: str, queue: Queue, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    assert len(SENTIMENT.strip().splitlines()) <= 40
    (tree / "cluster" / "stages" / "sentiment.py").write_text(SENTIMENT)
    env = {**os.environ, "PYTHONPATH": str(tree), "DATABASE_URL": database_url, "SALESCONTROL_HOME": str(tmp_path)}
    env["SALESCONTROL_JOBS__BACKOFF_S"] = "0.01"

    calm, shy, rude = uuid4(), uuid4(), uuid4()
    async with db.begin() as tx:
        jobs = [NewJob("sentiment", str(chunk), audio_ms=kind) for kind, chunk in enumerate((calm, shy, rude))]
        await queue.enqueue(tx, jobs)
    await asyncio.to_thread(run, tree, env, WORK)

    ended = await _ended(db)
    assert {chunk: (state, attempts) for chunk, (state, attempts, _) in ended.items()} == {
        calm: ("done", 1),
        shy: ("done", 2),
        rude: ("dead", 1),
    }
    assert ended[rude][2] == "Rejected: rude beyond words"
    async with db.begin() as tx:
        kept = (await tx.execute(select(t.stage_results.c.payload).where(t.stage_results.c.stage == "sentiment"))).all()
    assert [row.payload for row in kept] == [{"score": 36}, {"score": 36}]
    status = await asyncio.to_thread(run, tree, env, "from cluster.cli import main; main()", "status", "--json")
    shown = {stage["stage"]: stage for stage in json.loads(status)["stages"]}
    assert (shown["sentiment"]["done_1h"], shown["sentiment"]["dead"]) == (2, 1)


async def _ended(db: Database) -> dict[UUID, tuple[str, int, str | None]]:
    async with db.begin() as tx:
        rows = (await tx.execute(select(t.jobs).where(t.jobs.c.stage == "sentiment"))).all()
    return {UUID(row.subject_id): (row.state, row.attempts, row.last_error) for row in rows}
