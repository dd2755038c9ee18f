"""Faults that need no cluster to be made. After each, what was delivered before and meanwhile must have come out as if
nothing had happened: every row once, the same words, the same verdicts."""

import asyncio
import os
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import select

from db import tables as t
from tests.integration.faults.line import QUICK, Line, Recorder
from tests.integration.faults.outages import DatabaseAway, DiskFull, ModelAway, Outage, StoreAway
from tests.integration.faults.outcome import Outcome
from tests.integration.faults.place import Findings, Place
from tests.integration.recorder import disks

ROOT = Path(__file__).resolve().parents[3]
LASTS_S = 1.5
FELT_S = 60.0
WORKER = """
import asyncio, sys
from audio.open import open_store
from cluster.stage import StageContext
from cluster.stages import discover
from cluster.worker import Worker
from configs import settings
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import Queue

config = settings.load()
db = Database(config.database.url.get_secret_value())
ctx, queue = StageContext(db, open_store(config), config), Queue(db, config.jobs)
renewer = LeaseRenewer(db.url, config.jobs)
asyncio.run(Worker("skewed", ctx, queue, renewer, discover(), sys.argv[1].split(",")).run())
"""

Cell = Callable[[Place], Awaitable[Findings]]


def cells() -> dict[str, Cell]:
    """By name: the fault."""
    return {
        "PostgreSQL away": away(DatabaseAway),
        "the object store away": away(StoreAway),
        "the language model away": away(ModelAway),
        "the disk full": away(DiskFull),
        "a poisoned file in a packed window": poisoned,
        "a worker's clock an hour ahead": skewed(3_600_000),
        "a worker's clock an hour behind": skewed(-3_600_000),
    }


def unavailable() -> dict[str, str]:
    """Cells that this machine cannot play, with what is missing."""
    return {"the disk full": what} if (what := disks.no_mounts()) else {}


def away(kind: type[Outage]) -> Cell:
    """One recorder has just delivered when it begins, the other delivers while it lasts."""

    async def cell(place: Place) -> Findings:
        truth = await place.undisturbed()
        with kind(place) as outage:
            async with place.line(**outage.env) as line:
                before, meanwhile = await line.recorder(), await line.recorder()
                await line.deliver(before)
                await asyncio.to_thread(outage.begin)
                delivering = asyncio.create_task(line.deliver(meanwhile))
                try:
                    await asyncio.sleep(LASTS_S)
                    await _until(lambda: outage.is_felt(meanwhile))
                    found = Findings(int(meanwhile.has_receipt), meanwhile.refused.copy())
                finally:
                    await asyncio.to_thread(outage.end)
                await _recover(line, [before, meanwhile], [truth, truth], found, delivering)
                found.problems += _refusals(found, meanwhile, outage.takes_uploads)
        return found

    return cell


def _refusals(found: Findings, recorder: Recorder, takes_uploads: bool) -> list[str]:
    """What a recorder cannot live with: it sends again after a 503, and not before it is told to."""
    if takes_uploads:
        return [] if found.accepted and not found.refused else ["an upload was turned away, though nothing it needs is"]
    if found.accepted or found.refused.keys() - {"503"}:
        return [f"{found.accepted} uploads were accepted, {dict(found.refused)} refused"]
    return ["a refusal does not say when to come again"] if None in recorder.retry_after else []


async def poisoned(place: Place) -> Findings:
    """Three dialogues wait for one packed batch; one's file is broken on the disk. The two others are as if they had
    been packed without it, it itself is dead with a reason."""
    async with place.line(SALESCONTROL_ASR__FAST__PACK="true") as line:
        truth = await line.settle(await _packed(line, 2))
        three = await _packed(line, 3, spoil_last=True)
        found = Findings(accepted=len(three))
        begun = time.monotonic()
        *neighbours, dead = await line.settle(three)
        found.recovery_s = time.monotonic() - begun
    for one in neighbours:  # whose words came first in the batch is chance
        found.problems += min((one.differences(due) for due in truth), key=len)
    (dialogue,) = dead.dialogues
    if (dialogue["asr_status"], dialogue["analysis_status"], dead.rows["dead jobs"]) != ("ERROR", "SKIPPED", 1):
        found.problems.append(f"the poisoned one: {dialogue['asr_status']}, {dead.rows}")
    return found


async def _packed(line: Line, count: int, spoil_last: bool = False) -> list[Recorder]:
    """Recorders whose dialogues are asked of the model at once."""
    line.whisper.gate.clear()
    recorders = [await line.recorder() for _ in range(count)]
    for recorder in recorders:
        await line.deliver(recorder)
    await _until(lambda: line.whisper.at_gate == count)
    if spoil_last:
        await _spoil(line, recorders[-1])
    line.whisper.gate.set()
    return recorders


async def _spoil(line: Line, recorder: Recorder) -> None:
    async with line.database.begin() as tx:
        query = select(t.audio_chunks.c.stored_path).where(t.audio_chunks.c.device_id == recorder.device.device_id)
        path = line.shop.store_root / (await tx.execute(query)).scalar_one()
    path.write_bytes(path.read_bytes()[:-1000] + os.urandom(1000))


def skewed(by_ms: int) -> Cell:
    """A node with a wrong clock does everything but the listening; leases and times are the database's."""

    async def cell(place: Place) -> Findings:
        truth = await place.undisturbed()
        found = Findings()
        async with place.line(["asr"]) as line, _skewed_worker(place, by_ms, "vad", "dialogues", "analysis"):
            recorders = [await line.recorder() for _ in range(2)]
            for recorder in recorders:
                await line.deliver(recorder)
            found.accepted = len(recorders)
            await _recover(line, recorders, [truth, truth], found)
            async with line.database.begin() as tx:
                keys = [str(recorder.device.device_id) for recorder in recorders]
                attempts = select(t.jobs.c.stage, t.jobs.c.attempts, t.jobs.c.worker).where(t.jobs.c.fair_key.in_(keys))
                jobs = (await tx.execute(attempts)).all()
        found.problems += [f"{job.stage} took {job.attempts} attempts" for job in jobs if job.attempts > 1]
        if {job.worker for job in jobs if job.stage in ("vad", "dialogues", "analysis")} != {"skewed"}:
            found.problems.append("the worker with the wrong clock did not do its part")
        return found

    return cell


@asynccontextmanager
async def _skewed_worker(place: Place, by_ms: int, *hosted: str) -> AsyncIterator[None]:
    library, step = place.home / "stepping_clock.so", place.home / f"step{by_ms}"
    code = ROOT / "tests" / "e2e" / "recorder" / "stepping_clock.c"
    await asyncio.to_thread(subprocess.run, ["cc", "-shared", "-fPIC", "-O2", "-o", library, code], check=True)
    step.write_bytes(struct.pack("q", by_ms))
    preload = {"LD_PRELOAD": str(library), "CLOCK_STEP_FILE": str(step), "PYTHONPATH": str(ROOT)}
    env = {**os.environ, **QUICK, **place.env, **preload}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, ",".join(hosted), env=env)
    try:
        yield
        assert process.returncode is None, "the worker with the wrong clock has ended"
    finally:
        process.kill()
        await process.wait()


async def _recover(
    line: Line, recorders: Sequence[Recorder], due: Sequence[Outcome], found: Findings, *under_way: asyncio.Task[None]
) -> None:
    """Waits until all is judged, and compares."""
    begun = time.monotonic()
    await asyncio.gather(*under_way)
    outcomes = await line.settle(recorders)
    found.recovery_s = time.monotonic() - begun
    for outcome, truth in zip(outcomes, due, strict=True):
        found.problems += outcome.differences(truth)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(FELT_S):
        while not true():
            await asyncio.sleep(0.05)
