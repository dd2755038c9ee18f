"""An erasure that is killed ends all the same, and a job that holds a copy of what is erased cannot write it back."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from erasure_scene import Scene, Talk, at, scene_at, until_done, working
from shop import Shop
from sqlalchemy import text, update

from cluster.stage import Stage, StageContext
from cluster.stages.analysis import Analysis
from cluster.stages.asr import Asr, read_item
from cluster.stages.dialogues import DialoguesStage
from cluster.stages.erasure import ErasureStage
from cluster.stages.vad import Vad
from db import tables as t
from db.dialogues.stage_store import to_ms
from db.erasure.orders import ErasureKind, Target, place_order
from db.erasure.steps import Step
from db.queue import Job, NewJob, Queue
from db.sweep import sweep_orphans
from domain.asr import Outcome
from domain.ids import DeviceId, PointId
from domain.status import AsrPass
from domain.timeline import Span
from domain.transcript import Transcript, Utterance, Word

KILLED = Path(__file__).with_name("erasure_killed.py")


@pytest.fixture
async def scene(shop: Shop, samples: Path) -> Scene:
    return await scene_at(shop, samples)


async def ordered(scene: Scene, start_s: float, end_s: float) -> UUID:
    """An order that nobody has begun to carry out."""
    device = scene.shop.device
    span = Span(to_ms(at(start_s)), to_ms(at(end_s)))
    target = Target(ErasureKind.INTERVAL, PointId(device.point_id), DeviceId(device.device_id), span)
    queue = Queue(scene.db, scene.shop.deps.settings.jobs)
    async with scene.db.begin() as tx:
        erasure_id = await place_order(tx, queue, target, "somebody")
        await tx.execute(update(t.jobs).values(run_after=at(0)))  # or the job would wait a minute
    return erasure_id


async def killed_at(scene: Scene, erasure_id: UUID, step: Step) -> None:
    """Somebody carries it out up to this step."""
    url, store = scene.db.url.render_as_string(hide_password=False), scene.shop.store_root
    command = (sys.executable, str(KILLED), url, str(store), str(erasure_id), step)
    process = await asyncio.create_subprocess_exec(*command, cwd=KILLED.parents[2], env={"PYTHONPATH": "."})
    assert await process.wait() == -signal.SIGKILL


async def test_an_erasure_that_is_killed_at_every_step_one_after_the_other_is_ended_by_its_job(scene: Scene) -> None:
    erasure_id = await ordered(scene, 15, 120)
    store, before = scene.shop.store_root, scene.shop.files()
    for step in (Step.SILENCED, Step.WRITTEN):
        await killed_at(scene, erasure_id, step)
        assert all([await scene.mentions(talk.words) for talk in (scene.first, scene.middle)]), step
        assert {*before} < {*scene.shop.files()}, "silent files that no row names: the sweep takes them"
    for step in (Step.COMMITTED, Step.FILE_DELETED, Step.FILES_DELETED):
        await killed_at(scene, erasure_id, step)
        assert [await scene.mentions(talk.words) for talk in (scene.first, scene.middle)] == [[], []], step
        assert await scene.is_silent(15, 120)
    assert len(await scene.rows("doomed_files")) == 2, "their files are gone, the notes are not"
    assert [erasure["finished_at"] for erasure in await scene.rows("erasures")] == [None]

    async with working(scene, ErasureStage(), DialoguesStage()):
        await until_done(scene, "erasure", "dialogues")
    (erasure,) = await scene.rows("erasures")
    assert erasure["finished_at"] is not None
    counts = {name: erasure["counts"][name] for name in ("chunks_deleted", "chunks_silenced", "transcripts")}
    assert counts == {"chunks_deleted": 1, "chunks_silenced": 1, "transcripts": 2}
    assert await scene.rows("doomed_files") == []
    assert not {*before[:2]} & {*scene.shop.files()}
    assert min(await scene.heard(5, 15), await scene.heard(*scene.last.span)) > 0.05
    assert [(await scene.row(talk)).state for talk in scene.talks] == ["closed", "superseded", "closed"]
    much_later = datetime.now(UTC) + timedelta(days=2)
    assert await sweep_orphans(scene.db, scene.shop.deps.store, timedelta(hours=24), much_later) == 2
    named = {chunk["stored_path"] for chunk in await scene.rows("audio_chunks")} - {None}
    assert {str(path.relative_to(store)) for path in scene.shop.files()} == named


class Gate:
    """Holds a stage's work once it has its result, until it is opened."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    def before(self, stage: type[Stage]) -> Stage:
        gate, run = self, stage.run

        async def held(self: Stage, ctx: StageContext, job: Job) -> Any:
            result = await run(self, ctx, job)
            gate.reached.set()
            await gate.opened.wait()
            return result

        return type(stage.__name__, (stage,), {"run": held})()


def said(talk: Talk) -> Outcome:
    start_ms = to_ms(at(talk.span[0]))
    word = Word(start_ms, start_ms + 900, f" {talk.words}", 0.9)
    return Outcome(
        Transcript("en", (Utterance(start_ms, start_ms + 900, talk.words, (word,)),)),
        AsrPass.FAST,
        "base",
        (),
        -0.2,
        0.1,
    )


def hearing(talk: Talk) -> type[Asr]:
    """asr with Whisper replaced by what was said."""

    class Hearing(Asr):
        async def run(self, ctx: StageContext, job: Job) -> Outcome:
            async with ctx.db.begin() as tx:
                item = await read_item(tx, job, "en")
            for ref in item.speech:
                await asyncio.to_thread(ctx.store.read, ref.stored_path)
            return said(talk)

    return Hearing


@asynccontextmanager
async def in_the_middle_of(scene: Scene, stage: type[Stage], talk: Talk) -> AsyncIterator[Gate]:
    """A worker has the result of the stage in its hands while the block runs, and commits it after that."""
    gate = Gate()
    queue = Queue(scene.db, scene.shop.deps.settings.jobs)
    async with scene.db.begin() as tx:
        await queue.enqueue(tx, [NewJob(stage.name, str(talk.dialogue_id), talk.revision)])
    async with working(scene, gate.before(stage)):
        await asyncio.wait_for(gate.reached.wait(), 10)
        yield gate
        gate.opened.set()
        await until_done(scene, stage.name)


@pytest.mark.parametrize("name", ["asr", "analysis"])
async def test_a_worker_in_the_middle_of_a_dialogue_cannot_write_it_back(scene: Scene, name: str) -> None:
    stage = hearing(scene.middle) if name == "asr" else Analysis
    async with in_the_middle_of(scene, stage, scene.middle):
        answer = await scene.erase(kind="dialogue", dialogue_id=str(scene.middle.dialogue_id))
        assert answer.status_code == 201
    assert await scene.mentions(scene.middle.words) == []
    jobs = [job for job in await scene.rows("jobs") if job["stage"] == name]
    assert [job["state"] for job in jobs] == ["superseded"]


async def test_a_neighbour_that_listens_to_a_rewritten_file_begins_anew_and_keeps_its_words(scene: Scene) -> None:
    async with in_the_middle_of(scene, hearing(scene.first), scene.first):
        await scene.erase(kind="dialogue", dialogue_id=str(scene.middle.dialogue_id))
    states = sorted(job["state"] for job in await scene.rows("jobs") if job["stage"] == "asr")
    assert states == ["done", "superseded"]
    assert (await scene.row(scene.first)).asr_status == "DONE"
    assert "dialogue_transcripts" in await scene.mentions(scene.first.words)


async def test_a_chunk_that_is_being_heard_is_heard_again_in_its_silent_file(scene: Scene) -> None:
    async with scene.db.begin() as tx:
        await tx.execute(t.dialogue_segments.delete())
        await tx.execute(t.speech_segments.delete())
        await tx.execute(t.dialogues.delete())
        chunk = t.audio_chunks.c.chunk_id == scene.chunk_ids[0]
        await tx.execute(update(t.audio_chunks).where(chunk).values(status="QUEUED", decoded_ms=None))
        await tx.execute(t.jobs.delete())
    gate = Gate()
    queue = Queue(scene.db, scene.shop.deps.settings.jobs)
    async with scene.db.begin() as tx:
        await queue.enqueue(tx, [NewJob("vad", str(scene.chunk_ids[0]))])
    async with working(scene, gate.before(Vad)):
        await asyncio.wait_for(gate.reached.wait(), 10)
        assert (await scene.interval(20, 40)).json()["counts"]["chunks_silenced"] == 1
        gate.opened.set()
        await until_done(scene, "vad")
    spoken = [(row["offset_start_ms"], row["offset_end_ms"]) for row in await scene.rows("speech_segments")]
    assert spoken
    assert not [span for span in spoken if span[1] > 20_100 and span[0] < 39_900]
    (first,) = [row for row in await scene.rows("audio_chunks") if row["chunk_id"] == scene.chunk_ids[0]]
    assert (first["status"], first["decoded_ms"]) == ("DONE", 60_000)


async def test_a_job_that_ends_meanwhile_and_the_erasure_do_not_wait_for_each_other(scene: Scene) -> None:
    """Its second update of the dialogue asks for the device's row too: the foreign key."""
    dialogue = t.dialogues.c.dialogue_id == scene.middle.dialogue_id
    async with scene.db.begin() as tx:
        await tx.execute(update(t.dialogues).where(dialogue).values(asr_status="DONE"))
        erasing = asyncio.create_task(
            scene.erase(kind="dialogue", dialogue_id=str(scene.middle.dialogue_id)), name="erasing"
        )
        async with scene.db.begin() as other:
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            async with asyncio.timeout(20):
                while not (await other.execute(waiting)).scalar_one():
                    await asyncio.sleep(0.02)
        await tx.execute(update(t.dialogues).where(dialogue).values(language="en"))
    assert (await erasing).status_code == 201
