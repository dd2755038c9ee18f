"""The vad stage under a real worker: good chunks beside poisoned, erased and missing ones."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sounds import encode, endless_opus, tone
from sqlalchemy import Table, select, update

from audio.store import FileStore
from cluster.stage import StageContext
from cluster.stages.vad import Vad
from cluster.worker import Worker
from configs import settings
from db import tables as t
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import NewJob, Queue

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CHUNK = timedelta(seconds=60)


class Counter:
    """One device whose chunks are stored and listened to."""

    def __init__(self, db: Database, folder: Path) -> None:
        config = settings.load({"SALESCONTROL_HOME": str(folder)})
        self.config = config.model_copy(update={"jobs": config.jobs.model_copy(update={"poll_s": 0.05})})
        self.db, self.store = db, FileStore(folder / "audio")
        self.queue = Queue(db, self.config.jobs)
        self.device_id = uuid4()
        self.chunks = 0

    async def open(self) -> None:
        point_id, register_id = uuid4(), uuid4()
        place = {"point_id": point_id, "register_id": register_id}
        async with self.db.begin() as tx:
            await tx.execute(t.points.insert().values(point_id=point_id, name="shop"))
            await tx.execute(t.registers.insert().values(**place, name="till"))
            await tx.execute(t.devices.insert().values(**place, device_id=self.device_id, name="pi"))
        self.place = place

    async def receive(self, encoded: bytes | None, *, on_disk: bool = True) -> UUID:
        """Stores the next minute's chunk and its job; None: a chunk that was erased before its turn."""
        chunk_id, path = uuid4(), f"audio/chunk_{self.chunks}.ogg"
        start_ts = START + self.chunks * CHUNK
        self.chunks += 1
        if encoded is not None and on_disk:
            self.store.put(path, encoded)
        row = {
            **self.place,
            "chunk_id": chunk_id,
            "device_id": self.device_id,
            "start_ts": start_ts,
            "end_ts": start_ts + CHUNK,
            "codec": "opus",
            "sample_rate": 48_000,
            "channels": 1,
            "sha256": hashlib.sha256(encoded or b"").hexdigest(),
            "size_bytes": len(encoded or b""),
            "stored_path": None if encoded is None else path,
        }
        async with self.db.begin() as tx:
            await tx.execute(t.audio_chunks.insert().values(row))
            await self.queue.enqueue(tx, [NewJob("vad", str(chunk_id))])
        return chunk_id

    async def chunk(self, chunk_id: UUID) -> Any:
        return (await self.rows(t.audio_chunks, t.audio_chunks.c.chunk_id == chunk_id))[0]

    async def segments(self, chunk_id: UUID) -> list[Any]:
        return await self.rows(t.speech_segments, t.speech_segments.c.chunk_id == chunk_id)

    async def rows(self, table: Table, *where: Any) -> list[Any]:
        async with self.db.begin() as tx:
            return list((await tx.execute(select(table).where(*where))).all())

    async def change(self, chunk_id: UUID, **values: Any) -> None:
        async with self.db.begin() as tx:
            await tx.execute(update(t.audio_chunks).where(t.audio_chunks.c.chunk_id == chunk_id).values(values))

    async def listen(self) -> None:
        """Runs a worker until every chunk is finished."""

        async def is_done() -> bool:
            return not await self.rows(t.jobs, t.jobs.c.stage == "vad", t.jobs.c.state.in_(["queued", "running"]))

        await self.while_working(is_done)

    async def while_working(self, until: Callable[[], Awaitable[bool]]) -> None:
        renewer = LeaseRenewer(self.db.url, self.config.jobs)
        ctx = StageContext(self.db, self.store, self.config)
        worker = Worker("w", ctx, self.queue, renewer, {"vad": Vad()}, ["vad"])
        task = asyncio.create_task(worker.run())
        try:
            async with asyncio.timeout(60):
                while not await until():
                    await asyncio.sleep(0.05)
        finally:
            await worker.drain(5)
            await task


@pytest.fixture
async def counter(db: Database, tmp_path: Path) -> Counter:
    counter = Counter(db, tmp_path)
    await counter.open()
    return counter


@pytest.fixture
def minute(samples: Path) -> bytes:
    return (samples / "chunks" / "dev_ru_20260302T090000Z.ogg").read_bytes()


async def test_speech_is_written_in_the_chunks_time_and_the_device_is_told(counter: Counter, minute: bytes) -> None:
    await counter.receive(encode(tone(1.0)))
    chunk_id = await counter.receive(minute)
    await counter.listen()
    chunk, segments = await counter.chunk(chunk_id), await counter.segments(chunk_id)
    assert (chunk.status, chunk.decoded_ms, chunk.error) == ("DONE", 60_000, None)
    assert chunk.decoded_at is not None
    assert [s.idx for s in segments] == list(range(len(segments)))
    assert sum(s.offset_end_ms - s.offset_start_ms for s in segments) > 20_000
    for s in segments:
        assert s.start_ts == START + CHUNK + timedelta(milliseconds=s.offset_start_ms)
        assert s.end_ts == START + CHUNK + timedelta(milliseconds=s.offset_end_ms)
    (job,) = await counter.rows(t.jobs, t.jobs.c.stage == "dialogues")
    assert (job.subject_id, job.fair_key, job.state) == (str(counter.device_id), str(counter.device_id), "queued")


async def test_of_a_chunk_that_breaks_off_it_is_said_how_much_could_be_read(counter: Counter, minute: bytes) -> None:
    chunk_id = await counter.receive(minute[: len(minute) // 3])
    await counter.listen()
    chunk = await counter.chunk(chunk_id)
    assert chunk.status == "DONE"
    assert chunk.error == (f"only {chunk.decoded_ms / 1000:.1f} s of 60.0 s could be read; the rest counts as silence")
    assert 10_000 < chunk.decoded_ms < 30_000


async def test_poisoned_chunks_die_with_a_reason_and_their_neighbours_pass(counter: Counter, minute: bytes) -> None:
    poison = {
        await counter.receive(b"hello, this is a letter\n" * 100): "found text",
        await counter.receive(b""): "an empty file",
        await counter.receive(minute[:500]): "damaged Ogg",
        await counter.receive(endless_opus(3600)): "longer than 601 s",
        await counter.receive(minute, on_disk=False): "is not in the audio store",
    }
    good = {
        await counter.receive(minute): 60_000,
        await counter.receive(minute[: len(minute) // 2]): 30_000,
        await counter.receive(encode(tone(0.01))): 10,
        await counter.receive(encode(tone(2.0), container="mp3")): 2_000,
    }
    await counter.listen()
    for chunk_id, reason in poison.items():
        chunk = await counter.chunk(chunk_id)
        assert chunk.status == "ERROR"
        assert reason in chunk.error
        assert await counter.segments(chunk_id) == []
        (job,) = await counter.rows(t.jobs, t.jobs.c.subject_id == str(chunk_id))
        assert (job.state, job.attempts) == ("dead", 1)
        assert reason in job.last_error
    for chunk_id, decoded_ms in good.items():
        chunk = await counter.chunk(chunk_id)
        assert chunk.status == "DONE"
        assert chunk.decoded_ms == pytest.approx(decoded_ms, abs=1100)


async def test_a_dead_chunk_wakes_the_dialogues_that_waited_for_it(counter: Counter) -> None:
    await counter.receive(b"not audio")
    await counter.listen()
    (job,) = await counter.rows(t.jobs, t.jobs.c.stage == "dialogues")
    assert job.subject_id == str(counter.device_id)


async def test_an_erased_chunk_ends_quietly_without_speech(counter: Counter) -> None:
    chunk_id = await counter.receive(None)
    await counter.change(chunk_id, decoded_ms=60_000)
    await counter.listen()
    chunk = await counter.chunk(chunk_id)
    assert (chunk.status, chunk.decoded_ms) == ("DONE", 60_000), "its time still counts as covered"
    assert await counter.segments(chunk_id) == []


async def test_a_chunk_heard_again_replaces_its_speech_and_counts_as_changed(counter: Counter, minute: bytes) -> None:
    chunk_id = await counter.receive(minute)
    await counter.listen()
    before = await counter.segments(chunk_id)
    silence = encode(tone(1.0))
    counter.store.put((await counter.chunk(chunk_id)).stored_path, silence)
    await counter.change(chunk_id, settled_status="DONE", sha256=hashlib.sha256(silence).hexdigest())
    async with counter.db.begin() as tx:
        await counter.queue.enqueue(tx, [NewJob("vad", str(chunk_id))])
    await counter.listen()
    chunk = await counter.chunk(chunk_id)
    assert len(before) > 5
    assert await counter.segments(chunk_id) == []
    assert (chunk.status, chunk.settled_status) == ("DONE", None)
    assert chunk.decoded_ms == pytest.approx(1000, abs=20)


async def test_audio_that_was_erased_while_it_was_heard_leaves_no_speech(counter: Counter, minute: bytes) -> None:
    chunk_id = await counter.receive(minute)
    stage = Vad()
    ctx = StageContext(counter.db, counter.store, counter.config)
    await stage.start(ctx)
    (job,) = await counter.queue.claim("vad", 1, "w")
    result = await stage.run(ctx, job)
    assert len(result.speech) > 5
    await counter.change(chunk_id, stored_path=None, decoded_ms=None)
    async with counter.db.begin() as tx:
        await stage.apply(tx, job, result)
    assert await counter.segments(chunk_id) == []
    assert (await counter.chunk(chunk_id)).decoded_ms is None


async def test_a_store_that_goes_away_costs_no_attempt(counter: Counter, minute: bytes) -> None:
    first = await counter.receive(minute)
    later: list[UUID] = []

    async def is_given_back() -> bool:
        if not later and (await counter.chunk(first)).status == "DONE":
            counter.store.root.rename(counter.store.root.with_name("unmounted"))
            later.append(await counter.receive(minute, on_disk=False))
        return bool(later) and (await job_of(later[0])).last_error is not None

    async def job_of(chunk_id: UUID) -> Any:
        return (await counter.rows(t.jobs, t.jobs.c.subject_id == str(chunk_id)))[0]

    await counter.while_working(is_given_back)
    job = await job_of(later[0])
    assert (job.state, job.attempts) == ("queued", 0)
    assert "mounted" in job.last_error
    assert (await counter.chunk(later[0])).status == "QUEUED"


async def test_a_worker_that_cannot_read_the_store_claims_nothing(counter: Counter, minute: bytes) -> None:
    chunk_id = await counter.receive(minute)
    counter.store.root.rename(counter.store.root.with_name("unmounted"))
    looks = iter(range(10))

    async def is_enough() -> bool:
        (job,) = await counter.rows(t.jobs, t.jobs.c.subject_id == str(chunk_id))
        assert (job.state, job.attempts, job.last_error) == ("queued", 0, None)
        return next(looks, None) is None

    await counter.while_working(is_enough)
    counter.store.root.with_name("unmounted").rename(counter.store.root)
    await counter.listen()
    assert (await counter.chunk(chunk_id)).status == "DONE"
