"""A shop whose audio lies in a bucket: receipts, listening, clips, erasure, retention, sweep; also while S3 is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from buckets import Bucket, S3Server
from erasure_scene import START, Scene, at, scene_at, until_done, working
from shop import ADMIN, INTERNAL, Shop, running, settings_for_tests

from audio.decode import decode
from cluster.stages.vad import Vad
from db.engine import Database
from db.erasure.doomed import delete_doomed
from db.erasure.retention import apply_retention
from db.queue import Queue
from db.sweep import sweep_orphans
from domain.errors import Unavailable
from serve_apps.application import Deps
from serve_apps.ingest.receiver import Receiver

DAY = timedelta(hours=24)


@pytest.fixture
async def shop(db: Database, bucket: Bucket, tmp_path: Path, samples: Path) -> AsyncIterator[Shop]:
    settings = settings_for_tests(SALESCONTROL_HOME=str(tmp_path), SALESCONTROL_JOBS__PAUSE_MAX_S="0.2")
    async with running(Deps(db, bucket.store(), settings), samples) as shop:
        yield shop


@pytest.fixture
async def scene(shop: Shop, samples: Path) -> Scene:
    return await scene_at(shop, samples)


async def named(scene: Scene) -> set[str]:
    """What the rows name, as the bucket's keys."""
    return {f"shop/{row['stored_path']}" for row in await scene.rows("audio_chunks") if row["stored_path"]}


async def test_what_was_uploaded_can_be_fetched_heard_and_played(scene: Scene, bucket: Bucket) -> None:
    shop = scene.shop
    assert len(await named(scene)) == 4
    assert bucket.keys() == await named(scene)
    url = f"/api/v1/internal/chunks/{scene.chunk_ids[0]}/file"
    part = await shop.client.get(url, headers={**INTERNAL, "Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, shop.audio[1000:2000])
    clip = (await shop.client.get(f"/api/v1/dialogues/{scene.first.dialogue_id}/clip", headers=ADMIN)).json()
    sound = await shop.client.get(clip["url"])
    assert abs(len(decode(BytesIO(sound.content), max_s=60)) / 16 - clip["duration_ms"]) < 20
    receipt = await shop.upload(start_ts=at(600).isoformat(), end_ts=at(660).isoformat())
    async with working(scene, Vad()):
        await until_done(scene, "vad")
    heard = [row for row in await scene.rows("speech_segments") if str(row["chunk_id"]) == receipt.json()["chunk_id"]]
    assert len(heard) > 5


async def test_an_erased_dialogue_is_in_no_object_any_more(scene: Scene, bucket: Bucket) -> None:
    before = await named(scene)
    answer = await scene.erase(kind="dialogue", dialogue_id=str(scene.middle.dialogue_id))
    assert (answer.status_code, answer.json()["counts"]["chunks_silenced"]) == (201, 2), answer.text
    assert await scene.is_silent(44.5, 80.5)
    assert await scene.heard(*scene.first.span) > 0.05
    assert len(before - bucket.keys()) == 2, "the two files that held it are gone"
    assert bucket.keys() == await named(scene)


async def test_audio_that_is_not_kept_any_longer_leaves_the_bucket(scene: Scene, bucket: Bucket) -> None:
    path = f"/api/v1/admin/points/{scene.shop.device.point_id}"
    (await scene.shop.client.patch(path, headers=ADMIN, json={"audio_days": 30})).raise_for_status()
    queue = Queue(scene.db, scene.shop.deps.settings.jobs)
    await apply_retention(scene.db, queue, START + timedelta(days=31))
    assert await delete_doomed(scene.db, scene.shop.deps.store) == 4
    assert bucket.keys() == set()


async def test_a_crash_between_put_and_row_leaves_an_orphan_that_the_sweep_takes_after_a_day(
    shop: Shop, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = f"shop/{(await shop.upload()).json()['stored_path']}"
    bucket.store().put("audio/notes.txt", b"not ours")

    async def die(*_: object) -> None:
        raise Unavailable("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(Receiver, "_record", die)
        assert (await shop.upload(session_id=uuid4(), seq=0)).status_code == 503
    assert len(bucket.keys()) == 3
    sweep = (shop.deps.db, shop.deps.store, DAY)
    assert await sweep_orphans(*sweep, datetime.now(UTC) + timedelta(hours=23)) == 0
    assert await sweep_orphans(*sweep, datetime.now(UTC) + timedelta(hours=25)) == 1
    assert bucket.keys() == {kept, "shop/audio/notes.txt"}


async def test_while_s3_is_away_nothing_is_acknowledged_and_nothing_lost(
    shop: Shop, bucket: Bucket, s3_server: S3Server
) -> None:
    scene = Scene(shop, [UUID((await shop.upload()).json()["chunk_id"])])
    later = {"start_ts": at(60).isoformat(), "end_ts": at(120).isoformat()}
    async with AsyncExitStack() as stack:
        with s3_server.away():
            refused = await shop.upload(**later)
            assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
            assert refused.headers["retry-after"] == "30"
            ready = await shop.client.get("/readyz")
            assert (ready.status_code, ready.json()["checks"]["storage"]) == (503, "cannot be reached")
            worker = await stack.enter_async_context(working(scene, Vad()))
            while worker.snapshot()[0].last_error is None:
                await asyncio.sleep(0.05)
            (chunk,) = await scene.rows("audio_chunks")
            assert chunk["status"] == "QUEUED"
        assert (await shop.upload(**later)).status_code == 200
        assert (await shop.client.get("/readyz")).status_code == 200
        async with asyncio.timeout(60):
            while any(row["status"] != "DONE" for row in await scene.rows("audio_chunks")):
                await asyncio.sleep(0.1)
    assert [job["attempts"] for job in await scene.rows("jobs") if job["stage"] == "vad"] == [1, 1]
    assert bucket.keys() == await named(scene)
