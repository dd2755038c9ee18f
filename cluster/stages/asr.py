"""asr: the speech of one closed dialogue → its transcript, by the Serve application `whisper`."""

from dataclasses import replace
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cluster.stage import Stage, StageContext, SubjectKind
from cluster.whisper import Whisper
from configs import meters
from db import tables as t
from db.current_results import put_transcripts
from db.dialogues.stage_store import to_ms
from db.queue import Backlog, Job, NewJob
from db.runs.read import read_settings
from domain import metrics as m
from domain.asr import Decoding, Failure, FailureKind, Outcome, SpeechRef, TranscribeItem, Wanted, window_size
from domain.errors import Rejected, StageError, Transient, Unavailable
from domain.runs import RunSettings
from domain.status import StageStatus

_dialogues, _segments, _chunks = t.dialogues, t.dialogue_segments, t.audio_chunks


class Asr(Stage):
    """Holds no model: it keeps two batches or so in flight for each replica, and Serve's replicas batch."""

    name = "asr"
    after = ("dialogues",)
    subject = SubjectKind.DIALOGUE
    timeout_s: ClassVar[float] = 300.0
    is_window_shared = True
    status_column = _dialogues.c.asr_status

    _per_replica: int = 1

    def __init__(self) -> None:
        self._whisper = Whisper()

    async def start(self, ctx: StageContext) -> None:
        self._per_replica = ctx.settings.asr.max_window

    def window(self, backlog: Backlog) -> int:
        """Grows with the replicas; these follow the backlog by themselves."""
        return window_size(self._whisper.replicas, self._per_replica)

    async def run(self, ctx: StageContext, job: Job) -> Outcome:
        """Raises Rejected for audio that is gone or broken, Unavailable while Whisper is not there."""
        async with ctx.db.begin() as tx:
            item = await read_item(tx, job, ctx.settings.asr.language)
            if job.run_id is not None:
                item = replace(item, wanted=_wanted(await read_settings(tx, job.run_id)))
        answer = await self._whisper.transcribe(item)
        if isinstance(answer, Failure):
            raise error_of(answer)
        return answer

    def measure(self, result: Outcome) -> None:
        """How sure the model was, and what spoke against its words: what can be known of the error rate without the
        truth."""
        meters.count(m.TRANSCRIPTS, asr_pass=result.asr_pass, model=result.model)
        meters.count(m.SURPRISAL, -result.avg_logprob)
        is_silenced = not result.transcript.utterances  # then the last reason says why: domain/hallucination.py
        for reason in result.reasons[: -1 if is_silenced else None]:
            meters.count(m.TRANSCRIPT_REASONS, reason=reason)
        for reason in result.reasons[-1:] if is_silenced else ():
            meters.count(m.SILENCED, reason=reason)

    async def apply(self, tx: AsyncConnection, job: Job, result: Outcome) -> list[NewJob]:
        """Replaces the dialogue's current transcript; where nothing was said it has no utterances."""
        await put_transcripts(tx, [(UUID(job.subject_id), job.subject_rev, result)])
        return []

    async def on_dead(self, tx: AsyncConnection, job: Job) -> list[NewJob]:
        """Without a transcript there is nothing to judge: the verdict does not stay to be waited for."""
        skipped = {"analysis_status": StageStatus.SKIPPED.value, "skip_reason": "no transcript"}
        await tx.execute(update(_dialogues).where(_dialogues.c.dialogue_id == UUID(job.subject_id)).values(skipped))
        return []


async def read_item(tx: AsyncConnection, job: Job, default_language: str) -> TranscribeItem:
    """The speech of the job's revision, by reference. Raises Rejected where there is none, or its audio was erased."""
    query = (
        select(
            _segments.c.offset_start_ms,
            _segments.c.offset_end_ms,
            _segments.c.start_ts,
            _chunks.c.stored_path,
            _chunks.c.sha256,
            t.points.c.language,
        )
        .join(_chunks, _chunks.c.chunk_id == _segments.c.chunk_id)
        .outerjoin(t.points, t.points.c.point_id == _chunks.c.point_id)
        .where(_segments.c.dialogue_id == UUID(job.subject_id), _segments.c.revision == job.subject_rev)
        .order_by(_segments.c.idx)
    )
    rows = (await tx.execute(query)).all()
    if not rows:
        raise Rejected(f"revision {job.subject_rev} of the dialogue has no speech")
    if any(row.stored_path is None for row in rows):
        raise Rejected("the dialogue's audio was erased")
    speech = tuple(
        SpeechRef(row.stored_path, row.sha256, row.offset_start_ms, row.offset_end_ms, to_ms(row.start_ts))
        for row in rows
    )
    # Whoever failed before may be what breaks batches, or kills replicas.
    is_suspect = job.lease_expired_before or job.attempts > 1
    return TranscribeItem(job.subject_id, rows[0].language or default_language, speech, alone=is_suspect)


def _wanted(settings: RunSettings) -> Wanted | None:
    """What a run asks Whisper for; None: what the pipeline does."""
    listening = settings.listening
    if listening is None:
        return None
    decoding = Decoding(listening.beam_size, listening.pack)
    return Wanted(listening.asr_pass, listening.model, listening.compute_type, decoding)


def error_of(failure: Failure) -> StageError:
    """The error that a failure stands for."""
    match failure.kind:
        case FailureKind.REJECTED:
            return Rejected(failure.message)
        case FailureKind.UNAVAILABLE:
            return Unavailable(failure.message, failure.retry_after_s)
        case FailureKind.TRANSIENT:
            return Transient(failure.message)
