"""Retention: audio and words go by age, figures stay, and what is kept for ever is."""

from datetime import timedelta
from pathlib import Path

import pytest
from erasure_scene import START, Scene, scene_at
from shop import ADMIN, Shop
from sqlalchemy import update

from db import tables as t
from db.erasure.doomed import delete_doomed
from db.erasure.retention import apply_retention
from db.queue import NewJob, Queue
from db.reports.facts import refresh_facts
from domain.ids import DialogueId


@pytest.fixture
async def scene(shop: Shop, samples: Path) -> Scene:
    return await scene_at(shop, samples)


async def keeping(scene: Scene, **days: int | None) -> None:
    path = f"/api/v1/admin/points/{scene.shop.device.point_id}"
    (await scene.shop.client.patch(path, headers=ADMIN, json=days)).raise_for_status()


async def sweep(scene: Scene, days_later: float) -> dict[str, int]:
    queue = Queue(scene.db, scene.shop.deps.settings.jobs)
    went = await apply_retention(scene.db, queue, START + timedelta(days=days_later))
    await delete_doomed(scene.db, scene.shop.deps.store)
    return dict(went)


async def test_audio_goes_after_its_days_of_the_point_and_what_was_heard_stays(scene: Scene) -> None:
    await keeping(scene, audio_days=30)
    assert await sweep(scene, 29.9) == {}
    assert await sweep(scene, 31) == {"chunks_deleted": 4}
    assert scene.shop.files() == []
    assert await scene.heard(0, 240) == 0.0
    assert "dialogue_transcripts" in await scene.mentions(scene.first.words)
    assert len(await scene.rows("speech_segments")) == 5
    assert [row["status"] for row in await scene.rows("audio_chunks")] == ["DONE"] * 4
    (kept,) = await scene.rows("erasures")
    assert (kept["kind"], kept["counts"]) == ("retention", {"chunks_deleted": 4})


async def test_words_go_from_everywhere_and_verdicts_and_figures_stay(scene: Scene) -> None:
    await keeping(scene, text_days=7)
    facts, days = await scene.rows("dialogue_facts"), await scene.rows("report_days")
    assert await sweep(scene, 9) == {"transcripts": 3}
    assert [await scene.mentions(talk.words) for talk in scene.talks] == [["idempotency_keys"]] * 3, "for a day only"
    ids = [DialogueId(talk.dialogue_id) for talk in scene.talks]
    async with scene.db.begin() as tx:
        await refresh_facts(tx, ids)
    assert await scene.rows("dialogue_facts") == facts
    assert [{**day, "refreshed_at": None} for day in await scene.rows("report_days")] == [
        {**day, "refreshed_at": None} for day in days
    ]
    verdicts = [row["payload"] for row in await scene.rows("stage_results")]
    assert [verdict["verdict"]["attempted"] for verdict in verdicts] == ["yes"] * 6
    assert len(scene.shop.files()) == 4
    detail = await scene.shop.client.get(f"/api/v1/dialogues/{scene.first.dialogue_id}/detail", headers=ADMIN)
    assert detail.json()["words_dropped_at"] is not None
    assert detail.json()["can_rerun"] == []
    assert await sweep(scene, 10) == {}


async def test_a_rule_is_looked_at_once_a_day_and_at_once_when_it_changes(scene: Scene) -> None:
    await keeping(scene, audio_days=100)
    assert await sweep(scene, 50) == {}
    async with scene.db.begin() as tx:
        await tx.execute(update(t.points).values(audio_days=10))
    assert await sweep(scene, 50.1) == {}
    await keeping(scene, audio_days=20)
    assert await sweep(scene, 50.1) == {"chunks_deleted": 4}


async def test_without_a_rule_nothing_goes(scene: Scene) -> None:
    assert await sweep(scene, 10_000) == {}
    assert len(scene.shop.files()) == 4


async def test_audio_that_nobody_came_to_hear_counts_as_silence(scene: Scene) -> None:
    await keeping(scene, audio_days=1)
    async with scene.db.begin() as tx:
        chunk = t.audio_chunks.c.chunk_id == scene.chunk_ids[3]
        await tx.execute(update(t.audio_chunks).where(chunk).values(status="QUEUED", decoded_ms=None))
        await Queue(scene.db, scene.shop.deps.settings.jobs).enqueue(tx, [_vad(scene)])
    assert await sweep(scene, 3) == {"chunks_deleted": 4}
    chunks = {row["chunk_id"]: row for row in await scene.rows("audio_chunks")}
    assert (chunks[scene.chunk_ids[3]]["status"], chunks[scene.chunk_ids[3]]["decoded_ms"]) == ("DONE", 60_000)
    jobs = {(job["stage"], job["state"]) for job in await scene.rows("jobs") if job["stage"] in ("vad", "dialogues")}
    assert jobs == {("vad", "superseded"), ("dialogues", "queued")}


def _vad(scene: Scene) -> NewJob:
    return NewJob("vad", str(scene.chunk_ids[3]))
