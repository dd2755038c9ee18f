"""vad: one chunk of audio → when somebody speaks in it (`speech_segments`), and how much of it could be decoded."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from audio.cut import load_chunk
from audio.decode import RATE_HZ
from audio.store import AudioStore
from audio.vad import VoiceDetector
from cluster.stage import Stage, StageContext, SubjectKind
from configs.sections import VadSettings
from db import tables as t
from db.chunks import find_audio
from db.dialogues.stage_store import to_ms
from db.erasure.orders import erased_by, erasure_job
from db.queue import Job, NewJob
from domain.coverage import without
from domain.erasure import within_chunk
from domain.ids import ChunkId
from domain.speech import SpeechRules
from domain.timeline import Span

_CODEC_PADDING_S = 1.0
_SHORTFALL_MS = 2_000
"""A recorder's clock and its audio may differ by so much."""
_chunks = t.audio_chunks


@dataclass(frozen=True, slots=True)
class VadResult:
    """Decoded length and speech, ms from the first sample. `decoded_ms` None: the audio was erased before its turn."""

    decoded_ms: int | None
    speech: tuple[Span, ...] = ()


class Vad(Stage):
    name = "vad"
    subject = SubjectKind.CHUNK
    timeout_s = 120.0
    concurrency = 2
    """One decodes while the other writes; the decoder and Silero release the interpreter."""
    status_column = _chunks.c.status

    async def start(self, ctx: StageContext) -> None:
        await asyncio.to_thread(ctx.store.check)  # a node that cannot read leaves the chunks to those that can
        self._detector = await asyncio.to_thread(_build_detector, ctx.settings.vad)

    async def run(self, ctx: StageContext, job: Job) -> VadResult:
        """Raises Rejected where the file is missing, changed, not audio, or longer than a chunk may be."""
        async with ctx.db.begin() as tx:
            audio = await find_audio(tx, ChunkId(UUID(job.subject_id)))
        if audio is None or audio.stored_path is None:
            return VadResult(decoded_ms=None)
        max_s = ctx.settings.ingest.max_chunk_s + _CODEC_PADDING_S
        return await asyncio.to_thread(_listen, self._detector, ctx.store, audio.stored_path, audio.sha256, max_s)

    async def apply(self, tx: AsyncConnection, job: Job, result: VadResult) -> list[NewJob]:
        chunk_id = UUID(job.subject_id)
        columns = (_chunks.c.device_id, _chunks.c.point_id, _chunks.c.start_ts, _chunks.c.end_ts)
        kept = (_chunks.c.stored_path, _chunks.c.silenced)
        chunk = (await tx.execute(select(*columns, *kept).where(_chunks.c.chunk_id == chunk_id))).one_or_none()
        if chunk is None:
            return []
        await tx.execute(delete(t.speech_segments).where(t.speech_segments.c.chunk_id == chunk_id))
        if chunk.stored_path is None or result.decoded_ms is None:
            return [_dialogues_of(chunk.device_id)]
        overlooked = await _overlooked(tx, chunk, result.decoded_ms)
        erased = [span for _, span in overlooked]
        speech = tuple(part for span in result.speech for part in without([span], erased))
        await _write(tx, chunk_id, chunk, VadResult(result.decoded_ms, speech))
        return [_dialogues_of(chunk.device_id), *(erasure_job(erasure_id) for erasure_id, _ in overlooked)]

    async def on_dead(self, tx: AsyncConnection, job: Job) -> list[NewJob]:
        """A dead chunk counts as silence: the dialogues that waited for it need not wait any more."""
        query = select(_chunks.c.device_id).where(_chunks.c.chunk_id == UUID(job.subject_id))
        device_id = (await tx.execute(query)).scalar_one_or_none()
        return [] if device_id is None else [_dialogues_of(device_id)]


def _build_detector(settings: VadSettings) -> VoiceDetector:
    rules = SpeechRules(threshold=settings.silero_threshold, max_ms=round(settings.max_segment_s * 1000))
    return VoiceDetector(rules, mode=settings.mode, frame_ms=settings.frame_ms, confirm=settings.silero)


def _listen(detector: VoiceDetector, store: AudioStore, path: str, sha256: str, max_s: float) -> VadResult:
    samples = load_chunk(store, path, sha256, max_s=max_s)
    return VadResult(len(samples) * 1000 // RATE_HZ, tuple(detector.speech(samples)))


async def _write(tx: AsyncConnection, chunk_id: UUID, chunk: Any, result: VadResult) -> None:
    rows = [
        {
            "chunk_id": chunk_id,
            "idx": idx,
            "device_id": chunk.device_id,
            "offset_start_ms": span.start_ms,
            "offset_end_ms": span.end_ms,
            "start_ts": chunk.start_ts + timedelta(milliseconds=span.start_ms),
            "end_ts": chunk.start_ts + timedelta(milliseconds=span.end_ms),
        }
        for idx, span in enumerate(result.speech)
    ]
    if rows:
        await tx.execute(insert(t.speech_segments), rows)
    # settled_status: tells the dialogues that this chunk's speech is new, also when it was DONE before.
    settled: dict[str, Any] = {"decoded_ms": result.decoded_ms, "decoded_at": func.now(), "settled_status": None}
    settled["error"] = _shortfall(chunk, result.decoded_ms or 0)
    await tx.execute(update(_chunks).where(_chunks.c.chunk_id == chunk_id).values(settled))


def _shortfall(chunk: Any, decoded_ms: int) -> str | None:
    """Says of a file that breaks off how much of it could be read."""
    said_ms = (chunk.end_ts - chunk.start_ts) // timedelta(milliseconds=1)
    if decoded_ms >= said_ms - _SHORTFALL_MS:
        return None
    return f"only {decoded_ms / 1000:.1f} s of {said_ms / 1000:.1f} s could be read; the rest counts as silence"


async def _overlooked(tx: AsyncConnection, chunk: Any, decoded_ms: int) -> list[tuple[UUID, Span]]:
    """Erasures that this chunk should have been silenced for, and where in it, ms from the first sample: it is longer
    than its recorder said, so nobody knew before that it reaches so far."""
    silenced = [Span(*span) for span in chunk.silenced or ()]
    span = Span(to_ms(chunk.start_ts), to_ms(chunk.start_ts) + decoded_ms)
    reached = await erased_by(tx, chunk.point_id, chunk.device_id, span)
    return [
        (erasure_id, part) for erasure_id, erased in reached for part in without(within_chunk(span, [erased]), silenced)
    ]


def _dialogues_of(device_id: UUID) -> NewJob:
    return NewJob("dialogues", str(device_id), fair_key=str(device_id))
