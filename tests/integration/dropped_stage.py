"""A copy of the source tree with one more stage in it, and a worker process that hosts just that stage."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
from cluster.steps import from_environment
from cluster.worker import Worker
from configs import logs, settings
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import Queue

async def main():
    config = settings.load()
    logs.setup(config.log.level)
    db = Database(config.database.url.get_secret_value())
    queue = Queue(db, config.jobs)
    worker = Worker(sys.argv[1], StageContext(db, FileStore(config.home / "audio"), config), queue,
                    LeaseRenewer(db.url, config.jobs), discover(), ["sentiment"], from_environment())
    running = asyncio.create_task(worker.run())
    while (b := await queue.backlog("sentiment")).queued + b.running + b.delayed:
        await asyncio.sleep(0.1)
    await worker.drain(2)
    await running
    await db.dispose()

asyncio.run(asyncio.wait_for(main(), 60))
"""


def start(tree: Path, env: dict[str, str], code: str, *arguments: str) -> "subprocess.Popen[str]":
    """The code in a process of its own; its standard error is piped."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=tree, env=env, stderr=subprocess.PIPE, text=True
    )


def run(tree: Path, env: dict[str, str], code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def plant(folder: Path, database_url: str) -> tuple[Path, dict[str, str]]:
    """The tree with the stage in it, and the environment in which its code is found before ours."""
    tree = folder / "tree"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "cluster" / "stages" / "sentiment.py").write_text(SENTIMENT)
    env = {**os.environ, "PYTHONPATH": str(tree), "DATABASE_URL": database_url, "SALESCONTROL_HOME": str(folder)}
    env["SALESCONTROL_JOBS__BACKOFF_S"] = "0.01"
    return tree, env
