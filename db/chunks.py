"""Rows of `audio_chunks` as ingest writes and reads them, and the tombstones of erased time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.engine import DriverConnection
from db.queue import NewJob, lock_key
from domain.ids import ChunkId, DeviceId, PointId, RegisterId, SessionId
from domain.status import ChunkStatus, JobClass

_chunks = t.audio_chunks


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A chunk as it was uploaded. Times are aware; `sha256` is lower-case hex of the file."""

    chunk_id: ChunkId
    device_id: DeviceId
    point_id: PointId
    register_id: RegisterId
    session_id: SessionId | None
    seq: int | None
    start_ts: datetime
    end_ts: datetime
    codec: str
    sample_rate: int
    channels: int
    sha256: str
    size_bytes: int
    stored_path: str

    @property
    def duration_ms(self) -> int:
        return round((self.end_ts - self.start_ts).total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class ReceivedChunk:
    """What a receipt needs to know of a stored chunk. `stored_path` None: erased or discarded."""

    chunk_id: ChunkId
    sha256: str
    stored_path: str | None


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """Where a chunk's file lies. `size_bytes` and `sha256` as they were received."""

    stored_path: str | None
    sha256: str
    size_bytes: int
    codec: str


_INSERT = """
    WITH chunk AS (
        INSERT INTO audio_chunks (chunk_id, device_id, point_id, register_id, session_id, seq, start_ts, end_ts, codec,
                                  sample_rate, channels, sha256, size_bytes, stored_path)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT DO NOTHING
        RETURNING chunk_id
    ),
    job AS (
        INSERT INTO jobs (stage, subject_id, lock_key, class, fair_key, audio_ms)
        SELECT $15, $16, $17, $18, $19, $20 FROM chunk
        RETURNING stage
    )
    SELECT pg_notify('salescontrol.jobs', stage) FROM job
"""
"""Row, job and hint in one round trip. A chunk that nobody knows yet has no queued twin to be joined with."""
_IS_ERASED = """
    SELECT EXISTS (
        SELECT FROM tombstones
        WHERE point_id = $1 AND (device_id IS NULL OR device_id = $2) AND start_ts < $4 AND end_ts > $3
    )
"""
_WITHDRAW = text("DELETE FROM jobs WHERE stage = 'vad' AND subject_id = :subject_id AND state = 'queued'")


async def insert_chunk(driver: DriverConnection, chunk: NewChunk, job: NewJob) -> bool:
    """Writes the row and queues its job, unless its identity is taken: False then. Waits for a concurrent upload of the
    same identity. `job`: one of this chunk, ready at once."""
    row = (getattr(chunk, name) for name in NewChunk.__dataclass_fields__)
    urgency = int(job.job_class or JobClass.LIVE)
    queued = (job.stage, job.subject_id, lock_key(job), urgency, job.fair_key, job.audio_ms)
    return await driver.fetchrow(_INSERT, *row, *queued) is not None


async def find_same(tx: AsyncConnection, chunk: NewChunk) -> ReceivedChunk | None:
    """The chunk that holds this one's identity: the same number of the same run, else the same start without a run;
    or, from before a recorder was upgraded, the same start and bytes. None where that row has gone since."""
    c = _chunks.c
    if chunk.session_id is not None:
        identity = and_(c.session_id == chunk.session_id, c.seq == chunk.seq)
    else:
        identity = and_(c.session_id.is_(None), c.start_ts == chunk.start_ts)
    same_bytes = and_(c.start_ts == chunk.start_ts, c.sha256 == chunk.sha256)
    query = (
        select(c.chunk_id, c.sha256, c.stored_path)
        .where(c.device_id == chunk.device_id, or_(identity, same_bytes))
        .order_by(identity.desc())
        .limit(1)
    )
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else ReceivedChunk(ChunkId(row.chunk_id), row.sha256, row.stored_path)


async def is_erased(driver: DriverConnection, chunk: NewChunk) -> bool:
    """Does the chunk reach into time that was erased?

    Call it after `insert_chunk` in the same transaction: the insert takes a key-share lock on the device's row, so an
    erasure that locks that row before it writes its tombstone is either seen here or sees our row.
    """
    span = (chunk.start_ts, chunk.end_ts)
    return bool(await driver.fetchval(_IS_ERASED, chunk.point_id, chunk.device_id, *span))


async def discard_audio(tx: AsyncConnection, chunk: NewChunk, now: datetime) -> None:
    """Turns a row just inserted into that of erased audio: no file, no job, and its time counts as covered silence."""
    await tx.execute(
        update(_chunks)
        .where(_chunks.c.chunk_id == chunk.chunk_id)
        .values(stored_path=None, status=ChunkStatus.DONE, decoded_ms=chunk.duration_ms, decoded_at=now)
    )
    await tx.execute(_WITHDRAW, {"subject_id": str(chunk.chunk_id)})


async def find_audio(tx: AsyncConnection, chunk_id: ChunkId) -> StoredAudio | None:
    """Where the chunk's file lies; None for an unknown chunk."""
    c = _chunks.c
    query = select(c.stored_path, c.sha256, c.size_bytes, c.codec).where(c.chunk_id == chunk_id)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else StoredAudio(row.stored_path, row.sha256, row.size_bytes, row.codec)


async def paths_of(tx: AsyncConnection, chunk_ids: Collection[ChunkId]) -> set[str]:
    """The files that the rows of these chunks name."""
    query = select(_chunks.c.stored_path).where(_chunks.c.chunk_id.in_(chunk_ids), _chunks.c.stored_path.is_not(None))
    return set((await tx.execute(query)).scalars())


async def has_any(tx: AsyncConnection) -> bool:
    """Does the database know any chunk at all?"""
    return bool((await tx.execute(select(exists().select_from(_chunks)))).scalar_one())
