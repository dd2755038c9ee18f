"""The dev day through ingest, vad and dialogues, in many orders: the dialogues depend on the set of chunks only."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

from shop import Device, Shop, running, settings_for_tests
from sqlalchemy import exists, select

from audio.store import FileStore
from cluster.stage import StageContext
from cluster.stages.dialogues import DialoguesStage
from cluster.stages.vad import Vad, VadResult
from cluster.worker import Worker
from db import tables as t
from db.engine import Database
from db.job import Job
from db.leases import LeaseRenewer
from db.queue import Queue
from serve_apps.application import Deps

DAY_START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SHUFFLES = 20
STRAGGLERS = 4
LOST = 10
"""The number of the chunk that never comes, in half of the shuffles: a dialogue runs into it."""

Found = frozenset[tuple[str, str, tuple[tuple[int, int, int], ...]]]


class RememberingVad(Vad):
    """Listens to the same bytes once: the detector has no memory between chunks."""

    def __init__(self) -> None:
        self._heard: dict[str, VadResult] = {}

    async def run(self, ctx: StageContext, job: Job) -> VadResult:
        c = t.audio_chunks.c
        async with ctx.db.begin() as tx:
            sha256 = (await tx.execute(select(c.sha256).where(c.chunk_id == UUID(job.subject_id)))).scalar_one()
        if sha256 not in self._heard:
            self._heard[sha256] = await super().run(ctx, job)
        return self._heard[sha256]


@asynccontextmanager
async def working(deps: Deps) -> AsyncIterator[None]:
    """One worker for vad and dialogues; ends with the block."""
    stages = {"vad": RememberingVad(), "dialogues": DialoguesStage()}
    renewer = LeaseRenewer(deps.db.url, deps.settings.jobs)
    queue = Queue(deps.db, deps.settings.jobs)
    worker = Worker("w", StageContext(deps.db, deps.store, deps.settings), queue, renewer, stages, list(stages))
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await worker.drain(10)
        await running


async def all_done(db: Database) -> None:
    j = t.jobs.c
    waiting = select(exists().where(j.stage.in_(["vad", "dialogues"]), j.state.in_(["queued", "running"])))
    while True:
        async with db.begin() as tx:
            if not (await tx.execute(waiting)).scalar_one():
                return
        await asyncio.sleep(0.05)


async def dialogues(db: Database, device: Device) -> Found:
    """Start, end and pieces (number of the chunk, offsets) of every current dialogue, all of which are closed."""
    d, s, c = t.dialogues.c, t.dialogue_segments.c, t.audio_chunks.c
    columns = (d.dialogue_id, d.state, d.start_ts, d.end_ts, c.seq, s.offset_start_ms, s.offset_end_ms)
    query = (
        select(*columns)
        .join(t.dialogue_segments, (s.dialogue_id == d.dialogue_id) & (s.revision == d.revision))
        .join(t.audio_chunks, c.chunk_id == s.chunk_id)
        .where(d.device_id == device.device_id, d.state != "superseded")
        .order_by(s.idx)
    )
    heads: dict[UUID, tuple[str, str]] = {}
    pieces: dict[UUID, list[tuple[int, int, int]]] = {}
    async with db.begin() as tx:
        for row in await tx.execute(query):
            assert row.state == "closed"
            heads[row.dialogue_id] = (row.start_ts.isoformat(), row.end_ts.isoformat())
            pieces.setdefault(row.dialogue_id, []).append((row.seq, row.offset_start_ms, row.offset_end_ms))
    return frozenset((*heads[key], tuple(pieces[key])) for key in heads)


async def upload(shop: Shop, device: Device, run: UUID, chunks: Sequence[tuple[int, Path]]) -> None:
    for seq, path in chunks:
        start = DAY_START + timedelta(minutes=seq)
        times = {"start_ts": start.isoformat(), "end_ts": (start + timedelta(minutes=1)).isoformat()}
        response = await shop.upload(path.read_bytes(), device, session_id=run, seq=seq, **times)
        response.raise_for_status()


async def shuffled(shop: Shop, chunks: Sequence[tuple[int, Path]], random: Random) -> Found:
    """A new device delivers the chunks in some order, some twice, and some after everything else has closed."""
    device, run = Device(), uuid4()
    (await shop.register(device)).raise_for_status()
    order = random.sample(chunks, len(chunks))
    soon, late = order[:-STRAGGLERS], order[-STRAGGLERS:]
    soon = random.sample([*soon, *random.choices(soon, k=5)], len(soon) + 5)
    await upload(shop, device, run, soon)
    await all_done(shop.deps.db)
    await upload(shop, device, run, [*late, *random.choices(order, k=3)])
    await all_done(shop.deps.db)
    return await dialogues(shop.deps.db, device)


async def test_twenty_shuffles_with_doubles_stragglers_and_a_missing_chunk_give_the_same_dialogues(
    db: Database, tmp_path: Path, samples: Path
) -> None:
    at_once = {"SALESCONTROL_DIALOGUES__LATENESS_S": "0", "SALESCONTROL_DIALOGUES__REVISE_WAIT_S": "0"}
    deps = Deps(db, FileStore(tmp_path / "store"), settings_for_tests(**at_once, SALESCONTROL_JOBS__POLL_S="0.1"))
    day = list(enumerate(sorted((samples / "chunks").glob("*.ogg"), key=lambda path: path.name.split("_")[-1])))
    with_hole = [chunk for chunk in day if chunk[0] != LOST]
    async with running(deps, samples) as shop, working(deps):
        found = [await shuffled(shop, day if number % 2 else with_hole, Random(number)) for number in range(SHUFFLES)]
    whole, holed = set(found[1::2]), set(found[::2])
    assert len(whole) == len(holed) == 1
    assert whole != holed
    assert len(next(iter(whole))) == 12
