"""Erasure over HTTP: what a person said is gone from every table and file, and what others said is still there."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from erasure_scene import Scene, at, scene_at, until_done, working
from shop import Shop, running, settings_for_tests

from audio.store import FileStore
from cluster.stage import StageContext
from cluster.stages.dialogues import DialoguesStage
from cluster.stages.erasure import ErasureStage
from cluster.stages.vad import Vad
from db import tables as t
from db.engine import Database
from serve_apps.application import Deps


@pytest.fixture
async def shop(db: Database, tmp_path: Path, samples: Path) -> AsyncIterator[Shop]:
    deps = Deps(db, FileStore(tmp_path / "store"), settings_for_tests(SALESCONTROL_HOME=str(tmp_path)))
    async with running(deps, samples) as shop:
        yield shop


@pytest.fixture
async def scene(shop: Shop, samples: Path) -> Scene:
    return await scene_at(shop, samples)


async def sort_out(scene: Scene) -> None:
    """Has the dialogues stage look at what changed."""
    async with working(scene, DialoguesStage()):
        await until_done(scene, "dialogues")


async def test_a_dialogue_goes_from_everywhere_and_its_neighbours_keep_theirs(scene: Scene) -> None:
    piece = scene.shop.audio[100_000:100_064]
    everywhere = await scene.mentions(scene.middle.words)
    assert {"dialogue_transcripts", "stage_results", "reviews", "jobs", "idempotency_keys", "dialogues"} <= {
        *everywhere
    }
    assert {"dialogue_search", "run_replaced"} <= {*everywhere}
    others = {talk.name: await scene.mentions(talk.words) for talk in (scene.first, scene.last)}
    tried = await scene.erase(kind="dialogue", dialogue_id=str(scene.middle.dialogue_id), dry_run=True)
    assert tried.status_code == 200, tried.text
    assert await scene.mentions(scene.middle.words) == everywhere

    answer = await scene.erase(kind="dialogue", dialogue_id=str(scene.middle.dialogue_id))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["counts"] == tried.json()["counts"]
    assert told["counts"] == {
        "chunks_deleted": 0, "chunks_silenced": 2, "dialogues_erased": 1, "dialogues_cut": 0, "transcripts": 1,
        "results": 6, "reviews": 1,
    }  # fmt: skip
    assert told["finished_at"] is not None
    assert await scene.mentions(scene.middle.words) == []
    assert await scene.is_silent(44.5, 80.5)
    assert scene.holds(piece) == []
    assert len(scene.shop.files()) == 4
    for talk in (scene.first, scene.last):
        assert await scene.mentions(talk.words) == others[talk.name]
        assert await scene.heard(*talk.span) > 0.05
    assert (await scene.row(scene.middle)).state == "superseded"


async def test_an_interval_cuts_the_dialogue_that_it_reaches_into_and_what_is_left_is_judged_anew(scene: Scene) -> None:
    answer = await scene.interval(15, 50)
    assert answer.json()["counts"] == {
        "chunks_deleted": 0, "chunks_silenced": 1, "dialogues_erased": 0, "dialogues_cut": 2, "transcripts": 2,
        "results": 12, "reviews": 0,
    }  # fmt: skip
    assert [await scene.mentions(talk.words) for talk in (scene.first, scene.middle)] == [[], []]
    assert await scene.is_silent(15, 50)
    assert min(await scene.heard(5, 15), await scene.heard(50, 60), await scene.heard(130, 150)) > 0.05
    assert [review["note"] for review in await scene.rows("reviews")].count("") == 2
    first, middle = await scene.row(scene.first), await scene.row(scene.middle)
    assert (first.revision, first.start_ts, first.end_ts) == (3, at(5), at(15))
    assert (middle.revision, middle.start_ts, middle.end_ts) == (3, at(50), at(80))

    await sort_out(scene)
    first, middle, last = [await scene.row(talk) for talk in scene.talks]
    assert [(row.state, row.revision) for row in (first, middle, last)] == [("closed", 3), ("closed", 3), ("closed", 2)]
    waiting = {job["subject_id"] for job in await scene.rows("jobs") if job["stage"] == "asr"}
    assert waiting == {str(scene.first.dialogue_id), str(scene.middle.dialogue_id)}
    places = {row["dialogue_id"]: row["place"] for row in await scene.rows("dialogue_facts")}
    assert [places[talk.dialogue_id] for talk in scene.talks] == ["yes", "yes", "yes"], "their reviews still count"


async def test_what_lies_inside_goes_with_its_files_and_what_an_old_revision_said_goes_too(scene: Scene) -> None:
    async with scene.db.begin() as tx:  # the last one reached into the second minute before
        segments = t.dialogue_segments
        old = {"dialogue_id": scene.last.dialogue_id, "revision": 1, "idx": 7, "chunk_id": scene.chunk_ids[1]}
        where = {"offset_start_ms": 30_000, "offset_end_ms": 40_000, "start_ts": at(90), "end_ts": at(100)}
        await tx.execute(segments.insert().values(**old, **where))
    answer = await scene.interval(0, 120)
    assert answer.json()["counts"]["chunks_deleted"] == 2
    assert answer.json()["counts"]["dialogues_erased"] == 2
    assert len(scene.shop.files()) == 2
    assert [await scene.mentions(talk.words) for talk in (scene.first, scene.middle)] == [[], []]
    kept = {(row["stage"], row["subject_rev"]) for row in await scene.rows("stage_results")}
    assert kept == {("asr", 2), ("analysis", 2), ("sentiment", 2)}, "of the last one's present revision only"
    assert {row["dialogue_id"] for row in await scene.rows("reviews")} == {scene.last.dialogue_id}
    gone = [chunk for chunk in await scene.rows("audio_chunks") if chunk["stored_path"] is None]
    assert [(chunk["status"], chunk["decoded_ms"]) for chunk in gone] == [("DONE", 60_000)] * 2
    await sort_out(scene)
    assert [(await scene.row(talk)).state for talk in scene.talks] == ["superseded", "superseded", "closed"]
    days = await scene.rows("report_days")
    assert [(day["dialogues"], day["yes"], day["superseded"]) for day in days] == [(1, 1, 2)]


async def test_repeating_an_erasure_changes_nothing(scene: Scene) -> None:
    await scene.interval(15, 50)
    files = {path: path.stat().st_mtime_ns for path in scene.shop.files()}
    again = await scene.interval(20, 45)
    assert set(again.json()["counts"].values()) == {0}
    assert {path: path.stat().st_mtime_ns for path in scene.shop.files()} == files


async def test_late_audio_that_lies_inside_is_discarded_and_what_reaches_in_is_silenced(shop: Shop) -> None:
    scene = Scene(shop, [])
    assert (await scene.interval(30, 120)).json()["counts"]["chunks_silenced"] == 0
    minutes = [{"start_ts": at(s).isoformat(), "end_ts": at(s + 60).isoformat()} for s in (0, 60)]
    reaching, inside = [await shop.upload(**times) for times in minutes]
    assert (inside.json()["queued"], inside.json()["stored_path"]) == (False, None)
    receipt = reaching.json()
    assert (receipt["queued"], receipt["sha256"]) == (True, sha256(shop.audio).hexdigest())
    assert await scene.is_silent(31, 60)
    assert await scene.heard(0, 29) > 0.05
    (kept,) = shop.files()
    assert str(kept).endswith(receipt["stored_path"])
    again = (await shop.upload(**minutes[0])).json()
    assert (again["duplicate"], again["sha256"]) == (True, receipt["sha256"])
    assert shop.files() == [kept]
    other = await shop.upload(shop.audio[:-2000], **minutes[0])
    assert (other.status_code, other.json()["code"]) == (409, "chunk_conflict")


async def test_a_chunk_longer_than_its_recorder_said_is_silenced_once_that_is_known(shop: Shop, tmp_path: Path) -> None:
    scene = Scene(shop, [])
    await scene.interval(40, 60)
    answer = await shop.upload(start_ts=at(0).isoformat(), end_ts=at(30).isoformat())
    assert answer.json()["queued"] is True
    assert await scene.heard(40, 60) > 0.05
    vad, erasure = Vad(), ErasureStage()
    ctx = StageContext(shop.deps.db, shop.deps.store, shop.deps.settings)
    await vad.start(ctx)
    async with working(scene, vad, erasure):
        await until_done(scene, "vad", "erasure")
    assert await scene.is_silent(40, 60)
    assert all(row["end_ts"] <= at(40) for row in await scene.rows("speech_segments"))
    assert await scene.rows("speech_segments")
