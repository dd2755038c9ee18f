"""A history of labelled dialogues that were misheard, judged by the rules of then, and workers that judge it again."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from rules_dialogues import Rendering, labelled, rendered
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from worker_bench import Bench

from cluster.reanalysis.choice import Wish
from cluster.reanalysis.keeper import RunKeeper
from cluster.reanalysis.planning import Asked, make_plan, write_plan
from cluster.stage import Stage, StageContext
from cluster.stages.analysis import Analysis
from configs import settings
from configs.sections import JobSettings
from db import tables as t
from db.engine import Database
from db.queue import NewJob
from db.runs.change import cancel_run
from db.runs.feed import feed_runs
from db.runs.read import Run, find_run, progress_of_run
from domain.runs import RunPlan, RunProgress, RunStage, RunState
from domain.transcript import Transcript

DAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
AS_THEN = {"SALESCONTROL_ANALYSIS__RULES": "rules-1"}
RULES_2 = Wish(RunStage.ANALYSIS, model="rules-2")


class RunBench:
    """Two shops, one in the zone of Belgrade, one in Moscow's."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.db, self.queue = bench.db, bench.queue
        self.places: list[dict[str, UUID]] = []
        self.dialogues: list[UUID] = []

    @classmethod
    def of(cls, db: Database, jobs: JobSettings, folder: Path) -> "RunBench":
        """Its workers and plans go by the settings of then."""
        bench = Bench(db, jobs, folder)
        scene = cls(bench)
        scene.configure(SALESCONTROL_HOME=str(folder))
        return scene

    def configure(self, **env: str) -> None:
        """How it judges from now on, in the words of the environment."""
        analysis = settings.load({**AS_THEN, **env}).analysis
        self.bench.config = self.bench.config.model_copy(update={"analysis": analysis})
        self.bench.ctx = StageContext(self.db, self.bench.ctx.store, self.bench.config)

    def ask_model(self, url: str) -> None:
        """A language model is there to be asked; live work is judged by the rules all the same."""
        self.configure(OPENAI_BASE_URL=url, OPENAI_API_KEY="k", SALESCONTROL_ANALYSIS__ENGINE="rules")

    async def history(self, count: int, *, judge: bool = True) -> None:
        """So many dialogues of one day, a quarter of them in the second shop, each with its transcript and verdict."""
        for name, zone in (("Bakery", "Europe/Belgrade"), ("Kiosk", "Europe/Moscow")):
            await self._shop(name, zone)
        cases = [case for language in ("en", "ru") for case in labelled("held_out", language)]
        async with self.db.begin() as tx:
            for n in range(count):
                said = rendered(cases[n % len(cases)], Rendering.NOISY, take=n)
                place = self.places[n % 4 == 3]
                self.dialogues.append(await _dialogue(tx, place, DAY + timedelta(minutes=n), said))
        if judge:
            await self.judge_live(self.dialogues)

    async def judge_live(self, dialogues: Sequence[UUID]) -> None:
        """By a worker of the pipeline, as the settings say, and within the time that a test has."""
        async with self.db.begin() as tx:
            await self.queue.enqueue(tx, [NewJob("analysis", str(one), subject_rev=1) for one in dialogues])
        self.work()
        j = t.jobs.c
        async with asyncio.timeout(30):
            while await self.count(t.jobs, j.stage == "analysis", j.run_id.is_(None), j.state != "done"):
                await asyncio.sleep(0.05)
        await self.stop()

    def work(self, *stages: Stage) -> None:
        self.bench.work(*(stages or (Analysis(),)))

    async def stop(self) -> None:
        await self.bench.close()
        self.bench.running.clear()

    async def until_idle(self, timeout_s: float = 60) -> None:
        """No job of asr or analysis waits or runs."""
        async with asyncio.timeout(timeout_s):
            while await self.count(t.jobs, t.jobs.c.state.in_(["queued", "running"]), t.jobs.c.stage != "report"):
                await asyncio.sleep(0.05)

    async def plan(self, wish: Wish = RULES_2, **asked: Any) -> RunPlan:
        """Planned and written."""
        given: dict[str, Any] = {"start_from": None, "start_before": None, "points": (), "sample": None}
        given |= {"is_shadow": True, "name": None} | asked
        plan = await make_plan(self.db, self.bench.config, Asked(wish, **given))
        await write_plan(self.db, plan, "somebody")
        return plan

    async def feed(self, **changes: Any) -> None:
        """One step of the supervisor's."""
        await feed_runs(self.db, self.queue, self.bench.config.runs.model_copy(update=changes))

    async def keep(self, name: str, *states: RunState, timeout_s: float = 60) -> Run:
        """Steps of the supervisor's until the run is in one of these states."""
        keeper = RunKeeper(self.db, self.bench.config)
        async with asyncio.timeout(timeout_s):
            while (run := await self.run(name)).state not in states:
                await keeper.look()
                await asyncio.sleep(0.05)
        return run

    async def run(self, name: str) -> Run:
        async with self.db.begin() as tx:
            return await find_run(tx, name)

    async def progress(self, plan: RunPlan) -> RunProgress:
        async with self.db.begin() as tx:
            return await progress_of_run(tx, plan.run_id)

    async def cancel(self, plan: RunPlan) -> int:
        async with self.db.begin() as tx:
            return await cancel_run(tx, plan.run_id)

    async def verdicts(self) -> dict[UUID, Any]:
        """The current ones, whole."""
        async with self.db.begin() as tx:
            rows = (await tx.execute(select(t.dialogue_upsell_analysis))).all()
        return {row.dialogue_id: row for row in rows}

    async def found(self, plan: RunPlan, stage: str = "analysis") -> dict[UUID, list[dict[str, Any]]]:
        """What the run wrote, by dialogue; superseded results are left out."""
        r = t.stage_results.c
        query = select(r.subject_id, r.payload).where(r.run_id == plan.run_id, r.stage == stage, ~r.is_superseded)
        found: dict[UUID, list[dict[str, Any]]] = {}
        async with self.db.begin() as tx:
            for row in await tx.execute(query.order_by(r.result_id)):
                found.setdefault(UUID(row.subject_id), []).append(row.payload)
        return found

    async def jobs(self, plan: RunPlan) -> dict[str, int]:
        """How many jobs of the run are in each state."""
        j = t.jobs.c
        async with self.db.begin() as tx:
            query = select(j.state, func.count()).where(j.run_id == plan.run_id).group_by(j.state)
            return {row[0]: row[1] for row in await tx.execute(query)}

    async def count(self, table: Any, *where: Any) -> int:
        async with self.db.begin() as tx:
            return int(await tx.scalar(select(func.count()).select_from(table).where(*where)) or 0)

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.db.begin() as tx:
            await tx.execute(text(statement), values)

    async def revise(self, dialogue: UUID) -> None:
        """Late audio made another revision of it."""
        async with self.db.begin() as tx:
            d = t.dialogues.c
            await tx.execute(update(t.dialogues).where(d.dialogue_id == dialogue).values(revision=d.revision + 1))

    async def _shop(self, name: str, zone: str) -> None:
        place = {"point_id": uuid4(), "register_id": uuid4(), "device_id": uuid4()}
        async with self.db.begin() as tx:
            await tx.execute(insert(t.points).values(point_id=place["point_id"], name=name, zone=zone))
            register = {"register_id": place["register_id"], "point_id": place["point_id"], "name": "till"}
            await tx.execute(insert(t.registers).values(register))
            await tx.execute(insert(t.devices).values(**place, name="pi"))
        self.places.append(place)


async def _dialogue(tx: AsyncConnection, place: dict[str, UUID], start: datetime, said: Transcript) -> UUID:
    """Closed and transcribed; 20 s of speech in one chunk."""
    dialogue_id, chunk_id = uuid4(), uuid4()
    times = {"start_ts": start, "end_ts": start + timedelta(seconds=30)}
    sound = {"codec": "opus", "sample_rate": 48_000, "channels": 1, "sha256": "0" * 64, "size_bytes": 1}
    chunk = {"chunk_id": chunk_id, "stored_path": "a", **sound}
    closed = {"dialogue_id": dialogue_id, "state": "closed", "asr_status": "DONE", "language": said.language}
    piece = {"chunk_id": chunk_id, "offset_start_ms": 0, "offset_end_ms": 20_000, "idx": 0, "revision": 1}
    words = {"text": said.text, "segments_json": [asdict(u) for u in said.utterances], "revision": 1}
    await tx.execute(insert(t.audio_chunks).values(chunk | place | times))
    await tx.execute(insert(t.dialogues).values(closed | place | times))
    await tx.execute(insert(t.dialogue_segments).values(piece | times | {"dialogue_id": dialogue_id}))
    whose = {"dialogue_id": dialogue_id, "language": said.language, "transcript_sha256": said.sha256}
    await tx.execute(insert(t.dialogue_transcripts).values(whose | words))
    return dialogue_id
