"""The chunks that hold the sound of a dialogue, and where in it somebody speaks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.stage_store import to_ms
from domain.clip import ClipChunk, ClipPlan, plan_clip
from domain.timeline import Span

LONGEST_CHUNK = timedelta(minutes=15)
"""Ingest takes 10 minutes at most; decoding may find somewhat more."""
_SPEECH = text(
    """
    SELECT start_ts, end_ts FROM dialogue_segments
    WHERE dialogue_id = :dialogue_id AND revision = :revision ORDER BY idx
    """
)
_CHUNKS = text(
    """
    WITH own AS (
        SELECT DISTINCT c.chunk_id, c.session_id
        FROM dialogue_segments s JOIN audio_chunks c USING (chunk_id)
        WHERE s.dialogue_id = :dialogue_id AND s.revision = :revision
    )
    SELECT c.stored_path, c.sha256, c.start_ts, c.decoded_ms
    FROM audio_chunks c
    WHERE c.device_id = :device_id AND c.start_ts > :earliest AND c.start_ts < :until
      AND c.stored_path IS NOT NULL AND c.decoded_ms > 0
      AND (c.chunk_id IN (SELECT chunk_id FROM own) OR c.session_id IN (SELECT session_id FROM own))
    """
)
"""Only of the recorder's runs that the dialogue is from: another run over the same time holds another dialogue."""


@dataclass(frozen=True, slots=True)
class DialogueAudio:
    """plan: without pieces where all audio is gone; speech: instants, ms since the epoch."""

    plan: ClipPlan
    speech: tuple[Span, ...]

    @property
    def speech_in_clip(self) -> list[Span]:
        """ms from the start of the clip."""
        spans = (Span(self.plan.clip_ms(s.start_ms), self.plan.clip_ms(s.end_ms)) for s in self.speech)
        return [span for span in spans if span.start_ms < span.end_ms]


async def read_audio(
    tx: AsyncConnection, dialogue_id: UUID, revision: int, device_id: UUID, start_ts: datetime, end_ts: datetime
) -> DialogueAudio:
    """Where the sound of one revision lies."""
    of_revision = {"dialogue_id": dialogue_id, "revision": revision}
    speech = [Span(to_ms(row.start_ts), to_ms(row.end_ts)) for row in await tx.execute(_SPEECH, of_revision)]
    near = {"device_id": device_id, "earliest": start_ts - LONGEST_CHUNK, "until": end_ts + timedelta(seconds=10)}
    rows = await tx.execute(_CHUNKS, {**of_revision, **near})
    chunks = [ClipChunk(row.stored_path, row.sha256, to_ms(row.start_ts), row.decoded_ms) for row in rows]
    return DialogueAudio(plan_clip(chunks, to_ms(start_ts), to_ms(end_ts)), tuple(speech))
