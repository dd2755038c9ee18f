"""Rows of `audio_chunks` as ingest writes and reads them, and the tombstones of erased time."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.stage_store import to_ms
from db.engine import DriverConnection
from db.queue import NewJob, lock_key
from domain.ids import ChunkId, DeviceId, PointId, RegisterId, SessionId
from domain.status import ChunkStatus, JobClass
from domain.timeline import Span

_chunks = t.audio_chunks


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A chunk as it was uploaded. Times are aware; `sha256` is lower-case hex of the stored file.

    Where it reached into erased time: `received_sha256` of the file as it came, `silenced` the erased parts of the
    stored one, ms from the first sample.
    """

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
    received_sha256: str | None = None
    silenced: tuple[Span, ...] = ()

    @property
    def first_sha256(self) -> str:
        """Of the file as it came: what a receipt names, and a repeated upload is known by."""
        return self.received_sha256 or self.sha256

    @property
    def span(self) -> Span:
        """As the recorder said."""
        return Span(to_ms(self.start_ts), to_ms(self.end_ts))

    @property
    def duration_ms(self) -> int:
        return round((self.end_ts - self.start_ts).total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class ReceivedChunk:
    """What a receipt needs to know of a stored chunk. `sha256`: of the file as it came; `stored_path` None: erased or
    discarded."""

    chunk_id: ChunkId
    sha256: str
    stored_path: str | None


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """Where a chunk's file lies."""

    stored_path: str | None
    sha256: str
    size_bytes: int
    codec: str


_INSERT = """
    WITH chunk AS (
        INSERT INTO audio_chunks (chunk_id, device_id, point_id, register_id, session_id, seq, start_ts, end_ts, codec,
                                  sample_rate, channels, sha256, size_bytes, stored_path, received_sha256, silenced)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ON CONFLICT DO NOTHING
        RETURNING chunk_id
    ),
    job AS (
        INSERT INTO jobs (stage, subject_id, lock_key, class, fair_key, audio_ms)
        SELECT $17, $18, $19, $20, $21, $22 FROM chunk
        RETURNING stage
    )
    SELECT pg_notify('salescontrol.jobs', stage) FROM job
"""
"""Row, job and hint in one round trip. A chunk that nobody knows yet has no queued twin to be joined with."""
_ERASED = """
    SELECT start_ts, end_ts FROM tombstones
    WHERE point_id = $1 AND (device_id IS NULL OR device_id = $2) AND start_ts < $4 AND end_ts > $3
"""
_WITHDRAW = text("DELETE FROM jobs WHERE stage = 'vad' AND subject_id = :subject_id AND state = 'queued'")


async def insert_chunk(driver: DriverConnection, chunk: NewChunk, job: NewJob) -> bool:
    """Writes the row and queues its job, unless its identity is taken: False then. Waits for a concurrent upload of the
    same identity. `job`: one of this chunk, ready at once."""
    silenced = json.dumps([list(span) for span in chunk.silenced]) if chunk.silenced else None
    row = (getattr(chunk, name) for name in NewChunk.__dataclass_fields__ if name != "silenced")
    urgency = int(job.job_class or JobClass.LIVE)
    queued = (job.stage, job.subject_id, lock_key(job), urgency, job.fair_key, job.audio_ms)
    return await driver.fetchrow(_INSERT, *row, silenced, *queued) is not None


async def find_same(tx: AsyncConnection, chunk: NewChunk) -> ReceivedChunk | None:
    """The chunk that holds this one's identity: the same number of the same run, else the same start without a run;
    or, from before a recorder was upgraded, the same start and bytes. None where that row has gone since."""
    c = _chunks.c
    if chunk.session_id is not None:
        identity = and_(c.session_id == chunk.session_id, c.seq == chunk.seq)
    else:
        identity = and_(c.session_id.is_(None), c.start_ts == chunk.start_ts)
    first_sha256 = func.coalesce(c.received_sha256, c.sha256)
    same_bytes = and_(c.start_ts == chunk.start_ts, first_sha256 == chunk.first_sha256)
    query = (
        select(c.chunk_id, first_sha256.label("sha256"), c.stored_path)
        .where(c.device_id == chunk.device_id, or_(identity, same_bytes))
        .order_by(identity.desc())
        .limit(1)
    )
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else ReceivedChunk(ChunkId(row.chunk_id), row.sha256, row.stored_path)


async def erased_time(driver: DriverConnection, chunk: NewChunk) -> list[Span]:
    """Erased stretches of time that the chunk reaches into.

    Call it after `insert_chunk` in the same transaction: the insert takes a key-share lock on the device's row, so an
    erasure that locks that row before it writes its tombstone is either seen here or sees our row.
    """
    rows = await driver.fetch(_ERASED, chunk.point_id, chunk.device_id, chunk.start_ts, chunk.end_ts)
    return [Span(to_ms(row["start_ts"]), to_ms(row["end_ts"])) for row in rows]


async def discard_audio(tx: AsyncConnection, chunk: NewChunk, now: datetime) -> None:
    """Turns a row just inserted into that of erased audio: no file, no job, and its time counts as covered silence."""
    await tx.execute(
        update(_chunks)
        .where(_chunks.c.chunk_id == chunk.chunk_id)
        .values(stored_path=None, silenced=None, status=ChunkStatus.DONE, decoded_ms=chunk.duration_ms, decoded_at=now)
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
