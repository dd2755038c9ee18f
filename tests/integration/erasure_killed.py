"""Carries out an erasure in a process of its own that kills itself at a step: `erasure_killed.py URL STORE ID STEP`."""

import asyncio
import os
import signal
import sys
from uuid import UUID

from audio.store import FileStore
from configs import settings
from db.engine import Database
from db.erasure.carry_out import Eraser
from db.erasure.steps import Step
from db.queue import Queue


async def main(url: str, store: str, erasure_id: str, step: str) -> None:
    def reached(at: Step) -> None:
        if at == step:
            os.kill(os.getpid(), signal.SIGKILL)

    db = Database(url)
    eraser = Eraser(db, FileStore(store), Queue(db, settings.load({}).jobs), 601.0, reached)
    await eraser.carry_out(UUID(erasure_id))


asyncio.run(main(*sys.argv[1:]))
