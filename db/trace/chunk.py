"""A chunk's own steps: recorded, received, listened to, erased; then the dialogues that hold speech of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.stage_store import database_now
from db.trace.dialogue import dialogue_way
from db.trace.queue import jobs_about
from domain.status import ChunkStatus
from domain.trace import JobSeen, Step, Way, waits_for_job

CHUNK = text("""
    SELECT c.*, p.name AS point, r.name AS register, d.name AS device
    FROM audio_chunks c
    LEFT JOIN points p ON p.point_id = c.point_id
    LEFT JOIN registers r ON r.register_id = c.register_id
    LEFT JOIN devices d ON d.device_id = c.device_id
    WHERE c.chunk_id = :chunk_id
""")
HEARD = text("""
    SELECT job_id, created_at, payload, is_superseded FROM stage_results
    WHERE stage = 'vad' AND subject_id = CAST(CAST(:chunk_id AS uuid) AS text) ORDER BY result_id
""")
DIALOGUES = text("""
    SELECT DISTINCT s.dialogue_id, d.start_ts
    FROM dialogue_segments s JOIN dialogues d USING (dialogue_id)
    WHERE s.chunk_id = :chunk_id ORDER BY d.start_ts, s.dialogue_id
""")
ERASED = text("""
    SELECT at, finished_at, kind, requested_by FROM erasures
    WHERE point_id = :point_id AND (device_id IS NULL OR device_id = :device_id)
      AND start_ts < :end_ts AND end_ts > :start_ts
    ORDER BY at
""")


async def chunk_way(tx: AsyncConnection, chunk_id: UUID) -> Way:
    """Of a chunk that exists."""
    asked = {"chunk_id": chunk_id}
    chunk = (await tx.execute(CHUNK, asked)).one()
    device = str(chunk.device_id)
    jobs = await jobs_about(tx, ("vad", "dialogues"), (str(chunk_id), device))
    steps = [*_received(chunk), *_heard((await tx.execute(HEARD, asked)).all(), jobs)]
    place = {name: getattr(chunk, name) for name in ("point_id", "device_id", "start_ts", "end_ts")}
    steps += [erased(row) for row in await tx.execute(ERASED, place)]
    parts = [await dialogue_way(tx, row.dialogue_id) for row in (await tx.execute(DIALOGUES, asked)).all()]
    waits_for = _waits_for(chunk, jobs, await database_now(tx))
    return Way("chunk", str(chunk_id), sorted(steps, key=lambda step: step.at), waits_for, parts)


def erased(row: Any) -> Step:
    """An order to erase."""
    return Step(row.at, "erasure", {"kind": row.kind, "by": row.requested_by, "finished_at": row.finished_at})


def job_facts(job_id: int, jobs: Sequence[JobSeen]) -> dict[str, Any]:
    """What the queue still knows of the job that a result is from."""
    job = next((j for j in jobs if j.job_id == job_id), None)
    if job is None:
        return {"job_id": job_id}
    return {"job_id": job_id, "attempts": job.attempts, "worker": job.worker, "last_error": job.last_error}


def _received(chunk: Any) -> Iterator[Step]:
    length_s = (chunk.end_ts - chunk.start_ts).total_seconds()
    where = {"point": chunk.point, "register": chunk.register, "device": chunk.device, "device_id": chunk.device_id}
    run = {"session_id": chunk.session_id, "seq": chunk.seq}
    yield Step(chunk.start_ts, "recorded", {"length_s": length_s, "codec": chunk.codec, **where, **run})
    sha256 = chunk.received_sha256 or chunk.sha256
    late_s = (chunk.received_at - chunk.end_ts).total_seconds()
    file = {"size_bytes": chunk.size_bytes, "sha256": sha256, "stored_path": chunk.stored_path}
    yield Step(chunk.received_at, "received", {"after_its_end_s": late_s, **file})


def _heard(rows: Sequence[Any], jobs: Sequence[JobSeen]) -> Iterator[Step]:
    for row in rows:
        speech = row.payload.get("speech") or ()
        speech_ms = sum(end_ms - start_ms for start_ms, end_ms in speech)
        heard = {"decoded_s": (row.payload.get("decoded_ms") or 0) / 1000, "speech_s": speech_ms / 1000}
        yield Step(row.created_at, "vad", {**heard, "segments": len(speech), **job_facts(row.job_id, jobs)})


def _waits_for(chunk: Any, jobs: Sequence[JobSeen], now: datetime) -> str | None:
    if chunk.status in (ChunkStatus.QUEUED, ChunkStatus.PROCESSING):
        return waits_for_job(jobs, "vad", now)
    if chunk.is_unsettled:
        return waits_for_job(jobs, "dialogues", now)
    return waits_for_job(jobs, "vad", now) if chunk.status == ChunkStatus.ERROR else None
