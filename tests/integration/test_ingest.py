"""An upload that is taken: what is stored, what is promised, and what a repeat gets."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from shop import ADMIN, Device, Shop
from sqlalchemy import insert, select, text, update

from db import tables as t
from domain.status import JobClass


async def rows(shop: Shop, table: str) -> list[Any]:
    async with shop.deps.db.begin() as tx:
        return list((await tx.execute(text(f"SELECT * FROM {table}"))).mappings())


async def test_an_original_recorder_with_its_eight_fields_is_served(shop: Shop) -> None:
    answer = await shop.upload()
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"status", "chunk_id", "stored_path", "queued", "sha256", "duplicate"}
    assert (body["status"], body["queued"], body["duplicate"]) == ("ok", True, False)
    assert body["sha256"] == sha256(shop.audio).hexdigest()
    expected = f"audio/{shop.device.point_id}/{shop.device.register_id}/2026-03-02/09/chunk_20260302T090000Z_"
    assert body["stored_path"] == f"{expected}{body['chunk_id']}.ogg"
    assert (shop.store_root / body["stored_path"]).read_bytes() == shop.audio


async def test_row_and_vad_job_are_there_when_the_answer_is(shop: Shop) -> None:
    run = uuid4()
    body = (await shop.upload(session_id=run, seq=7, sha256=sha256(shop.audio).hexdigest().upper())).json()
    [chunk] = await rows(shop, "audio_chunks")
    assert str(chunk["chunk_id"]) == body["chunk_id"]
    assert (chunk["session_id"], chunk["seq"], chunk["status"]) == (run, 7, "QUEUED")
    assert (chunk["size_bytes"], chunk["sha256"]) == (len(shop.audio), body["sha256"])
    [job] = await rows(shop, "jobs")
    assert (job["stage"], job["subject_id"], job["state"]) == ("vad", body["chunk_id"], "queued")
    assert (job["fair_key"], job["audio_ms"]) == (str(shop.device.device_id), 60_000)


async def test_fresh_audio_is_live_and_old_audio_is_backfill(shop: Shop) -> None:
    now = datetime.now(UTC)
    await shop.upload(start_ts=now - timedelta(minutes=2), end_ts=now - timedelta(minutes=1))
    await shop.upload(start_ts=now - timedelta(hours=3), end_ts=now - timedelta(hours=2, minutes=59))
    assert [job["class"] for job in await rows(shop, "jobs")] == [JobClass.LIVE, JobClass.BACKFILL]


async def test_times_are_kept_as_the_same_instant_in_utc(shop: Shop) -> None:
    body = (await shop.upload(start_ts="2026-03-02T01:30:00+02:00", end_ts="2026-03-02T01:31:00+02:00")).json()
    assert "/2026-03-01/23/chunk_20260301T233000Z_" in body["stored_path"]


async def test_the_same_chunk_again_gets_the_first_receipt(shop: Shop) -> None:
    for identity in ({}, {"session_id": uuid4(), "seq": 0, "start_ts": "2026-03-02T08:59:59Z"}):
        first = (await shop.upload(**identity)).json()
        again = await shop.upload(**identity)
        assert again.status_code == 200
        assert again.json() == {**first, "duplicate": True}
    assert len(await rows(shop, "audio_chunks")) == len(await rows(shop, "jobs")) == len(shop.files()) == 2


async def test_other_bytes_under_one_identity_are_refused_and_not_stored(shop: Shop, other_audio: bytes) -> None:
    run = uuid4()
    for identity in ({}, {"session_id": run, "seq": 0, "start_ts": "2026-03-02T08:59:59Z"}):
        assert (await shop.upload(**identity)).status_code == 200
        refused = await shop.upload(other_audio, **identity)
        assert (refused.status_code, refused.json()["code"]) == (409, "chunk_conflict")
    assert len(await rows(shop, "audio_chunks")) == len(await rows(shop, "jobs")) == len(shop.files()) == 2


async def test_a_recorder_upgraded_after_a_lost_answer_is_recognised_by_start_and_bytes(shop: Shop) -> None:
    first = (await shop.upload()).json()
    again = (await shop.upload(session_id=uuid4(), seq=0)).json()
    assert again == {**first, "duplicate": True}


async def test_two_runs_and_two_devices_may_use_the_same_number_and_start(shop: Shop, other_audio: bytes) -> None:
    second = Device(point_id=shop.device.point_id)
    assert (await shop.register(second)).status_code == 201
    assert (await shop.upload(session_id=uuid4(), seq=0)).status_code == 200
    assert (await shop.upload(other_audio, session_id=uuid4(), seq=0)).status_code == 200
    assert (await shop.upload(device=second, session_id=uuid4(), seq=0)).status_code == 200
    assert len(await rows(shop, "audio_chunks")) == 3


async def test_audio_in_erased_time_is_acknowledged_and_discarded(shop: Shop) -> None:
    erased = {
        "tombstone_id": uuid4(),
        "point_id": shop.device.point_id,
        "start_ts": datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        "end_ts": datetime(2026, 3, 2, 9, 5, tzinfo=UTC),
    }
    async with shop.deps.db.begin() as tx:
        await tx.execute(insert(t.tombstones).values(erased))
    answer = await shop.upload()
    assert answer.status_code == 200
    assert (answer.json()["queued"], answer.json()["stored_path"]) == (False, None)
    [chunk] = await rows(shop, "audio_chunks")
    assert (chunk["stored_path"], chunk["status"], chunk["decoded_ms"]) == (None, "DONE", 60_000)
    assert [job["stage"] for job in await rows(shop, "jobs")] == ["dialogues"]
    assert shop.files() == []
    again = (await shop.upload()).json()
    assert (again["duplicate"], again["queued"], again["stored_path"]) == (True, False, None)
    later = {"start_ts": "2026-03-02T09:05:00Z", "end_ts": "2026-03-02T09:06:00Z"}
    assert (await shop.upload(**later)).json()["queued"] is True


async def test_a_replaced_device_may_deliver_what_it_recorded_before(shop: Shop) -> None:
    successor = Device(point_id=shop.device.point_id, register_id=shop.device.register_id)
    answer = await shop.register(successor, replaces=str(shop.device.device_id))
    assert answer.status_code == 201
    assert (await shop.upload()).status_code == 200
    now = datetime.now(UTC)
    after = {"start_ts": now + timedelta(seconds=5), "end_ts": now + timedelta(seconds=65)}
    refused = await shop.upload(**after)
    assert (refused.status_code, refused.json()["code"]) == (403, "recorded_after_replacement")
    assert (await shop.upload(device=successor, **after)).status_code == 200
    async with shop.deps.db.begin() as tx:
        long_ago = update(t.devices).where(t.devices.c.device_id == shop.device.device_id)
        await tx.execute(long_ago.values(replaced_at=now - timedelta(days=14, minutes=1)))
    too_late = await shop.upload(start_ts="2026-03-02T10:00:00Z", end_ts="2026-03-02T10:01:00Z")
    assert (too_late.status_code, too_late.json()["code"]) == (401, "device_replaced")


async def test_a_device_is_seen_when_it_uploads(shop: Shop) -> None:
    await shop.upload()
    device = (await shop.client.get(f"/api/v1/admin/devices/{shop.device.device_id}", headers=ADMIN)).json()
    assert datetime.now(UTC) - datetime.fromisoformat(device["last_seen_at"]) < timedelta(minutes=1)


async def test_unknown_fields_of_a_newer_recorder_are_ignored(shop: Shop) -> None:
    assert (await shop.upload(firmware="2.0")).status_code == 200


async def test_every_sample_chunk_is_taken_as_what_it_is(shop: Shop, samples: Any) -> None:
    for i, path in enumerate(sorted((samples / "chunks").glob("*.ogg"))[:3]):
        start = datetime(2026, 3, 2, 9, i, tzinfo=UTC)
        times = {"start_ts": start, "end_ts": start + timedelta(minutes=1)}
        answer = await shop.upload(path.read_bytes(), **times, codec="audio/ogg")
        assert answer.status_code == 200, answer.text
    async with shop.deps.db.begin() as tx:
        ids = (await tx.execute(select(t.audio_chunks.c.chunk_id))).scalars().all()
    assert len(set(ids)) == 3
    assert all(isinstance(i, UUID) for i in ids)
