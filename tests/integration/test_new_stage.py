"""A stage is one file: dropped into the package, it runs, retries, dies and shows, with no other edit."""

import asyncio
import json
from pathlib import Path
from uuid import UUID, uuid4

from dropped_stage import SENTIMENT, WORK, plant, run
from sqlalchemy import select

from db import tables as t
from db.engine import Database
from db.queue import NewJob, Queue


async def test_a_dropped_in_stage_runs_retries_dies_and_shows_in_status(
    db: Database, database_url: str, queue: Queue, tmp_path: Path
) -> None:
    assert len(SENTIMENT.strip().splitlines()) <= 40
    tree, env = plant(tmp_path, database_url)
    calm, shy, rude = uuid4(), uuid4(), uuid4()
    async with db.begin() as tx:
        jobs = [NewJob("sentiment", str(chunk), audio_ms=kind) for kind, chunk in enumerate((calm, shy, rude))]
        await queue.enqueue(tx, jobs)
    await asyncio.to_thread(run, tree, env, WORK, "w")

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
