"""An imported day beside the working vad and dialogues stages: it closes at once, and files join into dialogues."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shop import running, settings_for_tests
from sqlalchemy import select, text

from audio.store import FileStore
from cluster.cli.import_ import ImportOptions, import_paths
from cluster.stage import StageContext
from cluster.stages.dialogues import DialoguesStage
from cluster.stages.vad import Vad
from cluster.truth import read_truth
from cluster.worker import Worker
from db import tables as t
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import Queue
from domain.evaluation import Predicted, evaluate
from domain.timeline import Rules
from serve_apps.application import Deps

WITHIN_S = 120


@asynccontextmanager
async def working(deps: Deps) -> AsyncIterator[None]:
    """A worker with the stages that turn chunks into dialogues."""
    stages = {"vad": Vad(), "dialogues": DialoguesStage()}
    renewer = LeaseRenewer(deps.db.url, deps.settings.jobs)
    context = StageContext(deps.db, deps.store, deps.settings)
    worker = Worker("w", context, Queue(deps.db, deps.settings.jobs), renewer, stages, list(stages))
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await worker.drain(10)
        await task


async def current(db: Database) -> list[tuple[str, int, int, int]]:
    """(state, revision, start and end in ms) of every dialogue that counts, by start."""
    d = t.dialogues.c
    query = select(d.state, d.revision, d.start_ts, d.end_ts).where(d.state != "superseded").order_by(d.start_ts)
    async with db.begin() as tx:
        rows = (await tx.execute(query)).all()
    return [(r.state, r.revision, *(round(1000 * ts.timestamp()) for ts in (r.start_ts, r.end_ts))) for r in rows]


async def settled(db: Database) -> None:
    busy = text(
        "SELECT EXISTS (SELECT FROM audio_chunks WHERE status IN ('QUEUED', 'PROCESSING') OR is_unsettled)"
        " OR EXISTS (SELECT FROM dialogues WHERE state = 'open')"
    )
    while True:
        async with db.begin() as tx:
            if not (await tx.execute(busy)).scalar_one():
                return
        await asyncio.sleep(0.1)


async def test_files_of_a_day_join_into_its_dialogues_which_close_without_waiting_for_stragglers(
    db: Database, tmp_path: Path, samples: Path
) -> None:
    deps = Deps(db, FileStore(tmp_path / "store"), settings_for_tests(SALESCONTROL_JOBS__POLL_S="0.1"))
    assert deps.settings.dialogues.lateness_s == 600
    truth = [span for span in read_truth(samples / "ground_truth.json").spans(Rules()) if span.language == "en"]
    async with running(deps, samples) as shop, working(deps):
        options = ImportOptions(server=str(shop.client.base_url), glob="dev_en_*")
        await asyncio.to_thread(import_paths, deps.settings, [samples / "chunks"], options)
        async with asyncio.timeout(WITHIN_S):
            await settled(db)
    found = await current(db)
    assert {(state, revision) for state, revision, *_ in found} == {("closed", 1)}
    result = evaluate(truth, [Predicted(start_ms, end_ms) for *_, start_ms, end_ms in found])
    assert result.dialogues.f1 == 1
    assert result.boundary_error_ms is not None
    assert result.boundary_error_ms <= 700
