"""A worker with the analysis stage in a process of its own, to be killed: `run_killed.py URL HOME`."""

import asyncio
import sys
from pathlib import Path

from audio.store import FileStore
from cluster import steps
from cluster.stage import StageContext
from cluster.stages.analysis import Analysis
from cluster.worker import Worker
from configs import settings
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import Queue


async def main(url: str, home: str) -> None:
    config, db = settings.load(), Database(url)
    ctx = StageContext(db, FileStore(Path(home) / "audio"), config)
    queue, renewer = Queue(db, config.jobs), LeaseRenewer(db.url, config.jobs)
    stages = {"analysis": Analysis()}
    await Worker("doomed", ctx, queue, renewer, stages, ["analysis"], steps.from_environment()).run()


asyncio.run(main(*sys.argv[1:]))
