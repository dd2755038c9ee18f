"""Runs over history, on a real database with real workers: planned, fed, judged beside what is current, ended."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from openai_server import always, error, honest, openai_server
from run_bench import RunBench

from cluster.reanalysis.choice import Wish
from cluster.stages.analysis import Analysis
from cluster.stages.asr import Asr
from configs.sections import JobSettings
from db import tables as t
from db.engine import Database
from db.queue import NewJob
from db.retries import Retries
from domain.asr import Outcome, TranscribeItem
from domain.errors import Conflict
from domain.runs import RunStage, RunState
from domain.status import AsrPass, JobClass
from domain.transcript import Transcript, Utterance

KILLED = Path(__file__).with_name("run_killed.py")


@pytest.fixture
async def scene(db: Database, job_settings: JobSettings, tmp_path: Path) -> AsyncIterator[RunBench]:
    scene = RunBench.of(db, job_settings, tmp_path)
    yield scene
    await scene.stop()


class TestFeeding:
    async def test_a_run_is_topped_up_and_never_given_twice(self, scene: RunBench) -> None:
        await scene.history(12, judge=False)
        plan = await scene.plan()
        await asyncio.gather(*(scene.feed(ahead=5) for _ in range(4)))
        assert (await scene.jobs(plan), (await scene.progress(plan)).fed) == ({"queued": 5}, 5)
        held = await scene.queue.claim("analysis", 3, "w")
        assert {job.job_class for job in held} == {JobClass.REANALYSIS}
        await scene.feed(ahead=5)
        assert (await scene.jobs(plan), (await scene.progress(plan)).fed) == ({"queued": 5, "running": 3}, 8)
        run = await scene.run(plan.name)
        assert (run.state, run.started_at is not None) == (RunState.RUNNING, True)

    async def test_nothing_is_added_while_the_shops_own_work_waits(self, scene: RunBench) -> None:
        await scene.history(4, judge=False)
        plan = await scene.plan()
        async with scene.db.begin() as tx:
            await scene.queue.enqueue(tx, [NewJob("asr", str(scene.dialogues[0]), 1)])
        await scene.execute("UPDATE jobs SET run_after = now() - interval '31 seconds'")
        await scene.feed()
        assert await scene.jobs(plan) == {}
        await scene.queue.claim("asr", 1, "w")
        await scene.feed()
        assert await scene.jobs(plan) == {"queued": 4}

    async def test_the_shops_next_job_finds_room_though_a_run_could_fill_every_slot(self, scene: RunBench) -> None:
        await scene.history(12, judge=False)
        plan = await scene.plan()
        await scene.feed()
        stage, begun = Held(), []
        stage.on_run = lambda job: begun.append(job.run_id)
        scene.work(stage)
        async with asyncio.timeout(10):
            while len(begun) < 5:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert begun == [plan.run_id] * 5
        async with scene.db.begin() as tx:
            await scene.queue.enqueue(tx, [NewJob("analysis", str(scene.dialogues[0]), 1)])
        async with asyncio.timeout(5):
            while None not in begun:
                await asyncio.sleep(0.02)
        stage.release.set()


class Held(Analysis):
    """Judges nothing before it is let go."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.on_run: Any = None

    async def run(self, ctx: Any, job: Any) -> Any:
        self.on_run(job)
        await self.release.wait()
        return await super().run(ctx, job)


class TestJudging:
    async def test_a_shadow_stands_beside_what_is_current_and_changes_nothing(self, scene: RunBench) -> None:
        await scene.history(32)
        before = await scene.verdicts()
        assert {row.analysis_model for row in before.values()} == {"rules-1"}
        plan = await scene.plan()
        scene.work()
        await scene.keep(plan.name, RunState.DONE)
        found = await scene.found(plan)
        assert set(found) == set(scene.dialogues)
        assert {len(results) for results in found.values()} == {1}
        verdicts = {one: results[0]["verdict"] for one, results in found.items()}
        assert {results[0]["provenance"]["model"] for results in found.values()} == {"rules-2"}
        offers = sum(row.attempted == "yes" for row in before.values())
        assert sum(verdict["attempted"] == "yes" for verdict in verdicts.values()) > offers
        assert await scene.verdicts() == before
        progress = await scene.progress(plan)
        assert (progress.judged, progress.ended, progress.queued, progress.running) == (32, 32, 0, 0)

    async def test_one_that_is_no_shadow_is_promoted_at_its_end(
        self, scene: RunBench, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")  # as in production: what is logged must be loggable
        await scene.history(6)
        plan = await scene.plan(is_shadow=False)
        scene.work()
        run = await scene.keep(plan.name, RunState.PROMOTED)
        assert run.error is None
        assert {row.analysis_model for row in (await scene.verdicts()).values()} == {"rules-2"}

    async def test_a_dialogue_that_changed_since_is_counted_apart(self, scene: RunBench) -> None:
        await scene.history(3)
        plan = await scene.plan()
        await scene.revise(scene.dialogues[0])
        scene.work()
        await scene.keep(plan.name, RunState.DONE)
        progress = await scene.progress(plan)
        assert (progress.judged, progress.stale, progress.dead) == (2, 1, 0)

    async def test_a_run_that_hears_anew_judges_its_own_words(self, scene: RunBench) -> None:
        """Whisper's place is taken: what it is asked, and that its answer stays within the run, is what counts here."""
        await scene.history(4)
        before = await scene.verdicts()
        asked: list[TranscribeItem] = []
        asr = Asr()
        asr._whisper = Answering(asked)  # type: ignore[assignment]
        plan = await scene.plan(Wish(RunStage.ASR, beam=9))
        scene.work(asr, Analysis())
        await scene.keep(plan.name, RunState.DONE)
        wanted = {item.wanted for item in asked}
        (one,) = wanted
        assert one is not None
        assert (one.asr_pass, one.model, one.decoding.beam_size, one.decoding.pack) == ("accurate", "base", 9, False)
        found = await scene.found(plan)
        sha256 = Answering.said.sha256
        assert {results[0]["transcript_sha256"] for results in found.values()} == {sha256}
        assert {results[0]["verdict"]["attempted"] for results in found.values()} == {"yes"}
        assert {results[0]["provenance"]["model"] for results in found.values()} == {"rules-1"}
        progress = await scene.progress(plan)
        assert (progress.heard, progress.judged) == (4, 4)
        assert await scene.verdicts() == before
        assert await scene.count(t.dialogue_transcripts, t.dialogue_transcripts.c.transcript_sha256 == sha256) == 0


class Answering:
    """Hears the same in everything."""

    said = Transcript("en", tuple(Utterance(4000 * n, 4000 * n + 3000, text) for n, text in enumerate((
        "Hi, what can I get you?", "A latte, please.", "Shall I add a croissant for you?", "Yes, please.",
    ))))  # fmt: skip
    replicas = 1

    def __init__(self, asked: list[TranscribeItem]) -> None:
        self.asked = asked

    async def transcribe(self, item: TranscribeItem) -> Outcome:
        self.asked.append(item)
        return Outcome(self.said, AsrPass.ACCURATE, "base@1, int8", (), -0.2, 0.0)


class TestEnds:
    async def test_a_worker_killed_in_the_middle_leaves_each_dialogue_judged_once(
        self, scene: RunBench, database_url: str, tmp_path: Path
    ) -> None:
        await scene.history(12)
        plan = await scene.plan()
        await scene.feed()
        pauses = tmp_path / "pauses"
        pauses.mkdir()
        (pauses / "analysis.before_commit").touch()
        lease = {"SALESCONTROL_JOBS__LEASE_S": "1", "SALESCONTROL_JOBS__RENEW_S": "0.2"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(KILLED), database_url, str(tmp_path)),
            cwd=KILLED.parents[2],
            env={**os.environ, "PYTHONPATH": ".", "SALESCONTROL_PAUSE_DIR": str(pauses), **lease},
        )
        async with asyncio.timeout(60):
            while not (pauses / "analysis.before_commit.stopped").exists():
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        assert (await scene.jobs(plan))["running"] > 0
        scene.work()
        await scene.keep(plan.name, RunState.DONE)
        assert [len(results) for results in (await scene.found(plan)).values()] == [1] * 12

    async def test_a_cancelled_run_is_over_at_once_and_what_runs_of_it_is_harmless(self, scene: RunBench) -> None:
        await scene.history(8)
        before = await scene.verdicts()
        plan = await scene.plan()
        await scene.feed(ahead=6)
        stage, begun = Held(), []
        stage.on_run = begun.append
        scene.work(stage)
        async with asyncio.timeout(10):
            while len(begun) < 5:
                await asyncio.sleep(0.02)
        assert await scene.cancel(plan) == 1
        assert (await scene.run(plan.name)).state is RunState.CANCELLED
        assert await scene.jobs(plan) == {"running": 5, "superseded": 1}
        with pytest.raises(Conflict, match="is cancelled"):
            await scene.cancel(plan)
        stage.release.set()
        await scene.until_idle()
        await scene.feed()
        assert await scene.jobs(plan) == {"done": 5, "superseded": 1}
        assert (await scene.progress(plan)).fed == 6
        assert await scene.verdicts() == before

    async def test_what_comes_back_to_the_queue_of_a_cancelled_run_is_dropped(self, scene: RunBench) -> None:
        await scene.history(1)
        plan = await scene.plan()
        await scene.feed()
        (job,) = await scene.queue.claim("analysis", 1, "w")
        await scene.cancel(plan)
        async with scene.db.begin() as tx:
            await scene.queue.fail(tx, job, "it broke", retry=True)
        assert await scene.jobs(plan) == {"queued": 1}
        await scene.feed()
        assert await scene.jobs(plan) == {"superseded": 1}

    async def test_what_died_is_retried_and_the_run_is_done_again_after_it(self, scene: RunBench) -> None:
        await scene.history(3)
        refused = [scene.dialogues[1]]
        with openai_server() as server:
            server.behave = Refusing(refused)
            scene.ask_model(server.url)
            await mark(scene, refused)
            plan = await scene.plan(Wish(RunStage.ANALYSIS, model="other"))
            scene.work()
            await scene.keep(plan.name, RunState.DONE)
            progress = await scene.progress(plan)
            assert (progress.judged, progress.dead, progress.ended) == (2, 1, 3)
            refused.clear()
            assert await Retries(scene.queue).run(run_id=plan.run_id) == 1
            assert (await scene.run(plan.name)).state is RunState.RUNNING
            await scene.keep(plan.name, RunState.DONE)
        progress = await scene.progress(plan)
        assert (progress.judged, progress.dead) == (3, 0)
        models = {results[0]["provenance"]["model"] for results in (await scene.found(plan)).values()}
        assert models == {"other"}

    async def test_a_model_that_is_away_holds_up_its_run_and_nobody_else(self, scene: RunBench) -> None:
        await scene.history(3)
        with openai_server() as server:
            server.behave = always(error(404, "no such model"))
            scene.ask_model(server.url)
            plan = await scene.plan(Wish(RunStage.ANALYSIS, model="gone"))
            await scene.feed()
            scene.work()
            j = t.jobs.c
            async with asyncio.timeout(20):
                while await scene.count(t.jobs, j.run_id == plan.run_id, j.last_error.contains("no such model")) < 3:
                    await asyncio.sleep(0.05)
            assert await scene.count(t.stage_pauses) == 0
            await scene.judge_live(scene.dialogues[:1])
        assert (await scene.run(plan.name)).state is RunState.RUNNING


class Refusing:
    """A model that refuses dialogues that begin with a mark."""

    def __init__(self, refused: Sequence[UUID]) -> None:
        self.refused = refused

    def __call__(self, request: Any) -> Any:
        if self.refused and "unmentionable" in request["messages"][1]["content"]:
            return error(400, "no", code="content_filter")
        return honest(request)


async def mark(scene: RunBench, dialogues: Sequence[UUID]) -> None:
    """Something in these is what the model refuses."""
    await scene.execute(
        "UPDATE dialogue_transcripts SET segments_json = jsonb_set(segments_json, '{0,text}', '\" unmentionable\"')"
        " WHERE dialogue_id = ANY (:ids)",
        ids=list(dialogues),
    )
