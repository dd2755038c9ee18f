"""Runs over history, on a real database with real workers: planned, fed, judged beside what is current, ended."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from openai_server import always, error, honest, openai_server
from run_bench import AS_THEN, DAY, RULES_2, RunBench
from worker_bench import Bench

from cluster.cli.times import parse_end, parse_start
from cluster.reanalysis.choice import Wish
from cluster.stages.analysis import Analysis
from cluster.stages.asr import Asr
from configs import settings
from configs.settings import JobSettings
from db import tables as t
from db.engine import Database
from db.queue import NewJob
from db.retries import Retries
from db.runs.plan import write
from domain.asr import Outcome, TranscribeItem
from domain.errors import ConfigError, Conflict
from domain.runs import RunStage, RunState
from domain.status import AsrPass, JobClass
from domain.transcript import Transcript, Utterance

KILLED = Path(__file__).with_name("run_killed.py")


@pytest.fixture
async def scene(db: Database, job_settings: JobSettings, tmp_path: Path) -> Any:
    bench = Bench(db, job_settings, tmp_path)
    then = settings.load({"SALESCONTROL_HOME": str(tmp_path), **AS_THEN})
    bench.config = bench.config.model_copy(update={"analysis": then.analysis})
    bench.ctx = type(bench.ctx)(db, bench.ctx.store, bench.config)
    scene = RunBench(bench)
    yield scene
    await scene.stop()


def between(start: str, end: str) -> dict[str, datetime | None]:
    """As somebody types it."""
    return {"start_from": parse_start(start), "start_before": parse_end(end)}


class TestPlan:
    async def test_it_counts_the_closed_dialogues_of_the_points_days_and_says_what_is_left_out(
        self, scene: RunBench
    ) -> None:
        await scene.history(8, judge=False)
        still_open, unheard, old = scene.dialogues[:3]
        await scene.execute("UPDATE dialogues SET state = 'open' WHERE dialogue_id = :id", id=still_open)
        await scene.execute("DELETE FROM dialogue_transcripts WHERE dialogue_id = :id", id=unheard)
        await scene.execute("UPDATE dialogue_transcripts SET dropped_at = now() WHERE dialogue_id = :id", id=old)
        plan = await scene.plan()
        assert (plan.dialogues, plan.audio_ms) == (5, 5 * 20_000)
        assert plan.left_out == {"still open": 1, "not transcribed": 1, "words deleted by age": 1}
        heard_again = await scene.plan(Wish(RunStage.ASR))
        assert (heard_again.dialogues, heard_again.left_out) == (7, {"still open": 1})
        await scene.execute("UPDATE audio_chunks SET stored_path = NULL WHERE start_ts = :at", at=DAY)
        assert await scene.count(t.run_subjects, t.run_subjects.c.run_id == plan.run_id) == 5

    async def test_days_are_those_of_each_point(self, scene: RunBench) -> None:
        """The kiosk's clock is two hours ahead of the bakery's: an hour's dialogues of local time are not the same."""
        await scene.history(8, judge=False)
        assert (await scene.plan(**between("2026-03-02T09:00", "2026-03-02T10:00"))).dialogues == 6
        later = between("2026-03-02T11:00", "2026-03-02T12:00")
        assert (await scene.plan(**later)).dialogues == 2
        kiosk = str(scene.places[1]["point_id"])
        assert (await scene.plan(**later, points=["Kiosk", kiosk])).dialogues == 2
        assert (await scene.plan(**between("2026-03-02", "2026-03-02"))).dialogues == 8
        assert (await scene.plan(**between("2026-03-02T08:00Z", "2026-03-02T08:03Z"))).dialogues == 3

    @pytest.mark.parametrize(
        ("asked", "reason"),
        [
            ({"points": ["Bakkery"]}, r"no point 'Bakkery'; there are: 'Bakery', 'Kiosk'"),
            ({"start_from": parse_start("2027-01-01")}, "no dialogue to judge again: there is none"),
            (
                {"start_from": parse_start("2026-03-03"), "start_before": parse_end("2026-03-02")},
                "--from is not before --to",
            ),
            ({"name": "taken"}, "a run called 'taken' already"),
            ({"name": "two words"}, "--name: letters"),
        ],
    )
    async def test_what_is_wrong_is_said_before_anything_is_written(
        self, scene: RunBench, asked: dict[str, Any], reason: str
    ) -> None:
        await scene.history(2, judge=False)
        await scene.plan(name="taken")
        with pytest.raises(ConfigError, match=reason):
            await scene.plan(**asked)
        assert await scene.count(t.runs) == 1

    async def test_a_sample_is_drawn_by_the_runs_own_lot_and_gives_each_point_its_share(self, scene: RunBench) -> None:
        await scene.history(40, judge=False)
        plans = [await scene.plan(sample=8) for _ in range(2)]
        drawn: list[set[UUID]] = []
        for plan in plans:
            assert plan.dialogues == 8
            async with scene.db.begin() as tx:
                rows = (await tx.execute(t.run_subjects.select().where(t.run_subjects.c.run_id == plan.run_id))).all()
                drawn.append({row.dialogue_id for row in rows})
                of_kiosk = drawn[-1] & set(scene.dialogues[3::4])
            assert (len(drawn[-1]), len(of_kiosk)) == (8, 2)
        assert drawn[0] != drawn[1]
        await scene.execute("DELETE FROM run_subjects WHERE run_id = :run", run=plans[0].run_id)
        await scene.execute("DELETE FROM runs WHERE run_id = :run", run=plans[0].run_id)
        async with scene.db.begin() as tx:
            await write(tx, plans[0], "somebody")
            rows = (await tx.execute(t.run_subjects.select().where(t.run_subjects.c.run_id == plans[0].run_id))).all()
        assert {row.dialogue_id for row in rows} == drawn[0]

    async def test_the_estimate_goes_by_what_was_measured_here(self, scene: RunBench) -> None:
        await scene.history(8)
        by_rules = (await scene.plan()).estimate
        assert by_rules is not None
        assert by_rules.cost_usd == 0
        assert "an assumed 20.0 verdicts a second" in by_rules.time_from
        payload = '{"provenance": {"model": "big", "tokens_in": 2000, "tokens_out": 100}}'
        await scene.execute(
            "INSERT INTO stage_results (stage, subject_id, subject_rev, job_id, payload)"
            f" VALUES ('analysis', 'x', 1, 1, '{payload}')".replace(":", r"\:")
        )
        with openai_server() as server:
            self._ask(scene, server.url)
            wish = Wish(RunStage.ANALYSIS, model="big", price_in_usd=1.0, price_out_usd=10.0)
            estimate = (await scene.plan(wish)).estimate
        assert estimate is not None
        assert estimate.cost_usd == pytest.approx(8 * (2000 * 1.0 + 100 * 10.0) / 1e6)
        assert "tokens of 1 dialogues judged by big" in estimate.cost_from

    @staticmethod
    def _ask(scene: RunBench, url: str) -> None:
        scene.bench.config = with_model(scene, url)


def with_model(scene: RunBench, url: str) -> Any:
    env = {**AS_THEN, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "k", "SALESCONTROL_ANALYSIS__ENGINE": "rules"}
    return scene.bench.config.model_copy(update={"analysis": settings.load(env).analysis})


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
        assert (progress.judged, progress.ended, progress.is_drained) == (32, 32, True)

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
            scene.bench.config = with_model(scene, server.url)
            scene.bench.ctx = type(scene.bench.ctx)(scene.db, scene.bench.ctx.store, scene.bench.config)
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
            scene.bench.config = with_model(scene, server.url)
            scene.bench.ctx = type(scene.bench.ctx)(scene.db, scene.bench.ctx.store, scene.bench.config)
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


def test_the_wish_of_these_tests_is_another_version_of_the_rules() -> None:
    assert RULES_2.model != settings.load(AS_THEN).analysis.rules
