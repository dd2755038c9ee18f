"""The audio of erased time: files that lie inside go, those that reach in are silenced, speech in it is no more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Row, delete, func, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from audio.decode import OPUS_RATE_HZ
from audio.silence import SilentFile, store_silenced
from audio.store import AudioStore
from db import tables as t
from db.dialogues.stage_store import to_instant, to_ms
from domain.coverage import union, without
from domain.erasure import Reach, reach, what_stays, within_chunk
from domain.errors import Rejected
from domain.ids import ChunkId, DeviceId
from domain.status import ChunkStatus
from domain.timeline import Segment, Span

LONGEST_CHUNK = timedelta(hours=1)
"""No chunk is longer, whatever `ingest.max_chunk_s` says now."""

_TOUCHING = """
    SELECT chunk_id, start_ts, end_ts, decoded_ms, status, stored_path, silenced FROM audio_chunks
    WHERE device_id = :device_id AND start_ts > :earliest AND start_ts < :until
      AND (decoded_ms IS NULL OR greatest(end_ts, start_ts + decoded_ms * interval '1 millisecond') > :since)
    ORDER BY chunk_id
"""
_READ = text(_TOUCHING)
_HOLD = text(f"{_TOUCHING} FOR NO KEY UPDATE")
_DROP = text(
    """
    UPDATE audio_chunks
    SET stored_path = NULL, silenced = NULL, status = 'DONE', error = NULL, settled_status = NULL,
        decoded_at = coalesce(decoded_at, now()),
        decoded_ms = coalesce(decoded_ms, extract(epoch FROM end_ts - start_ts) * 1000)
    WHERE chunk_id = ANY (:chunk_ids)
    """
)
"""As if it had come late: no file, and its time counts as covered silence."""
_SPEECH = text(
    """
    SELECT chunk_id, device_id, offset_start_ms, offset_end_ms, start_ts, end_ts FROM speech_segments
    WHERE chunk_id = ANY (:chunk_ids) ORDER BY chunk_id, idx
    """
)
_AS_ENCODED = {"codec": "opus", "sample_rate": OPUS_RATE_HZ, "channels": 1}
_c = t.audio_chunks.c


@dataclass(frozen=True, slots=True)
class Chunk:
    """`span` reaches as far as it was said or decoded to; `silenced`: erased parts of its file, ms from the first
    sample; `stored_path` None: it has no file."""

    chunk_id: ChunkId
    span: Span
    is_decoded: bool
    status: ChunkStatus
    stored_path: str | None
    silenced: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one chunk's file. `file` None: it goes. `silenced`: what of the new file is erased."""

    chunk: Chunk
    file: SilentFile | None = None
    silenced: tuple[Span, ...] = ()

    @property
    def is_unheard(self) -> bool:
        """Its speech has not been found yet, or is being looked for in the old file."""
        return self.chunk.status in (ChunkStatus.QUEUED, ChunkStatus.PROCESSING)


async def chunks_touching(tx: AsyncConnection, device_id: DeviceId, span: Span, *, hold: bool = False) -> list[Chunk]:
    """Chunks that reach into the time, and undecoded ones before it, whose length is not known. `hold`: locks them."""
    where = {
        "device_id": device_id,
        "since": to_instant(span.start_ms),
        "until": to_instant(span.end_ms),
        "earliest": to_instant(span.start_ms) - LONGEST_CHUNK,
    }
    return [_chunk(row) for row in await tx.execute(_HOLD if hold else _READ, where)]


def plan(chunks: Iterable[Chunk], erased: Span, max_s: float) -> tuple[list[Chunk], list[tuple[Chunk, list[Span]]]]:
    """Chunks whose file goes, and those that are to be silent in some parts of it. Pure. Chunks without a file, and
    those that are silent already, are in neither."""
    whole, partly = [], []
    for chunk in chunks:
        if chunk.stored_path is None:
            continue
        start_ms = chunk.span.start_ms
        longest = chunk.span if chunk.is_decoded else Span(start_ms, start_ms + round(max_s * 1000))
        known = [Span(start_ms + s.start_ms, start_ms + s.end_ms) for s in chunk.silenced]
        if reach(chunk.span, [erased, *known]) is Reach.WHOLLY:
            whole.append(chunk)
        elif more := without(within_chunk(longest, [erased]), chunk.silenced):
            partly.append((chunk, union([*chunk.silenced, *more])))
    return whole, partly


def silence(store: AudioStore, chunk: Chunk, spans: Sequence[Span], max_s: float) -> Change | None:
    """A new file for the chunk. Blocking. One that cannot be decoded goes as a whole: nobody knows what is where in it.
    None for one that turns out to end before the erased time."""
    assert chunk.stored_path is not None
    try:
        file = store_silenced(store, chunk.stored_path, spans, max_s=max_s)
    except Rejected:
        return Change(chunk)
    inside = tuple(Span(s.start_ms, min(s.end_ms, file.length_ms)) for s in spans if s.start_ms < file.length_ms)
    if inside != chunk.silenced:
        return Change(chunk, file, inside)
    store.delete(file.path)
    return None


async def write_changes(tx: AsyncConnection, changes: Sequence[Change]) -> None:
    """Names the new files instead of the old ones. The chunks are held."""
    await tx.execute(_DROP, {"chunk_ids": [change.chunk.chunk_id for change in changes if change.file is None]})
    for change in changes:
        if change.file is None:
            continue
        values = {
            "stored_path": change.file.path,
            "received_sha256": func.coalesce(_c.received_sha256, _c.sha256),
            "sha256": change.file.sha256,
            "size_bytes": change.file.size_bytes,
            "silenced": [list(span) for span in change.silenced],
            **_AS_ENCODED,
        }
        if change.is_unheard:
            values["status"] = ChunkStatus.QUEUED
        await tx.execute(update(t.audio_chunks).where(_c.chunk_id == change.chunk.chunk_id).values(values))


async def cut_speech(tx: AsyncConnection, chunks: Iterable[Chunk], erased: Span) -> None:
    """Takes speech out of the erased time; the dialogues hear of the chunks that had any."""
    rows = await tx.execute(_SPEECH, {"chunk_ids": [chunk.chunk_id for chunk in chunks]})
    speech = [(row.device_id, _segment(row)) for row in rows]
    for chunk_id, of_chunk in groupby(speech, key=lambda found: found[1].chunk_id):
        found = list(of_chunk)
        stays = what_stays([segment for _, segment in found], [erased])
        if stays != [segment for _, segment in found]:
            await _replace_speech(tx, chunk_id, found[0][0], stays)


async def _replace_speech(tx: AsyncConnection, chunk_id: ChunkId, device_id: DeviceId, stays: list[Segment]) -> None:
    await tx.execute(delete(t.speech_segments).where(t.speech_segments.c.chunk_id == chunk_id))
    rows = [
        {
            "chunk_id": chunk_id,
            "idx": idx,
            "device_id": device_id,
            "offset_start_ms": segment.offset_start_ms,
            "offset_end_ms": segment.offset_end_ms,
            "start_ts": to_instant(segment.start_ms),
            "end_ts": to_instant(segment.end_ms),
        }
        for idx, segment in enumerate(stays)
    ]
    if rows:
        await tx.execute(insert(t.speech_segments), rows)
    await tx.execute(update(t.audio_chunks).where(_c.chunk_id == chunk_id).values(settled_status=None))


def _segment(row: Row[Any]) -> Segment:
    ends = to_ms(row.start_ts), to_ms(row.end_ts)
    return Segment(ChunkId(row.chunk_id), row.offset_start_ms, row.offset_end_ms, *ends)


def _chunk(row: Row[Any]) -> Chunk:
    start_ms, said_ms = to_ms(row.start_ts), to_ms(row.end_ts)
    return Chunk(
        ChunkId(row.chunk_id),
        Span(start_ms, max(said_ms, start_ms + (row.decoded_ms or 0))),
        row.decoded_ms is not None,
        ChunkStatus(row.status),
        row.stored_path,
        tuple(Span(*span) for span in row.silenced or ()),
    )
