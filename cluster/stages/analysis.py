"""analysis: one transcript → was something extra offered, how well, and did the customer take it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cluster.engines.base import Engine
from cluster.engines.choice import build_engine
from cluster.reanalysis.engines import RunEngines
from cluster.stage import Stage, StageContext, SubjectKind
from configs import meters
from db import tables as t
from db.current_results import put_verdicts
from db.queue import Backlog, Job, NewJob
from db.runs.read import own_transcript
from domain import metrics as m
from domain.errors import Rejected, Unavailable
from domain.grounding import ground
from domain.prefilter import PrefilterRules, skip_reason
from domain.transcript import Transcript, Utterance
from domain.verdict import DEFAULT_CATALOGUE, AnalysisResult

_dialogues, _transcripts = t.dialogues, t.dialogue_transcripts
AHEAD = 4
"""One job claimed ahead for so many in flight."""
REVISED = "revised"
"""The transcript is of another revision than the job; such a result is kept as superseded."""
_UTTERANCES = TypeAdapter(tuple[Utterance, ...])


@dataclass(frozen=True, slots=True)
class _Input:
    transcript: Transcript
    revision: int
    sha256: str
    catalogue: Sequence[str]


class Analysis(Stage):
    name = "analysis"
    subject = SubjectKind.DIALOGUE
    after = ("asr",)
    timeout_s: ClassVar[float] = 300.0
    """A few requests of `analysis.timeout_s` each: formats, a longer answer, a repair."""
    status_column = _dialogues.c.analysis_status

    _engine: Engine | None = None
    _concurrency: int = 1

    async def start(self, ctx: StageContext) -> None:
        """Raises ConfigError where the settings name an engine or prompt that there is not."""
        settings = ctx.settings.analysis
        self._engine = build_engine(settings)
        self._of_runs = RunEngines(settings)
        self._concurrency = settings.concurrency
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._prefilter = PrefilterRules(settings.min_words, round(settings.min_duration_s * 1000))

    async def stop(self) -> None:
        if self._engine is not None:
            await self._engine.close()
            await self._of_runs.close()

    def window(self, backlog: Backlog) -> int:
        """As many as the settings allow to ask at once, and some that are claimed and ready when one is answered: else
        every slot would stand empty while its last verdict is committed and the next job is claimed."""
        return self._concurrency + -(-self._concurrency // AHEAD)

    async def run(self, ctx: StageContext, job: Job) -> AnalysisResult:
        """Raises Rejected where there is no transcript any more, and what the engine raises."""
        if self._engine is None:
            raise Unavailable("the analysis engine has not started")
        async with ctx.db.begin() as tx:
            given = await _read(tx, job)
            engine = self._engine if job.run_id is None else await self._of_runs.of(tx, job.run_id)
        if given.revision != job.subject_rev:  # it would be judged for nothing: `is_current` will not have it
            return AnalysisResult(given.sha256, skip_reason=REVISED)
        reason = skip_reason(given.transcript, self._prefilter)
        if reason is not None:
            return AnalysisResult(given.sha256, skip_reason=reason)
        async with self._slots:
            raw, provenance = await engine.analyse(given.transcript, given.catalogue)
        return AnalysisResult(
            given.sha256, verdict=ground(raw, given.transcript, given.catalogue), provenance=provenance
        )

    async def is_current(self, tx: AsyncConnection, job: Job, result: AnalysisResult) -> bool:
        """The dialogue's revision is the job's, and its transcript is the one that was judged; a run that listened goes
        by its own."""
        if not await super().is_current(tx, job, result):
            return False
        if (own := await _own_transcript(tx, job)) is not None:
            return own.sha256 == result.transcript_sha256
        query = select(_transcripts.c.revision, _transcripts.c.transcript_sha256)
        row = (await tx.execute(query.where(_transcripts.c.dialogue_id == UUID(job.subject_id)))).one_or_none()
        return row is not None and (row.revision, row.transcript_sha256) == (job.subject_rev, result.transcript_sha256)

    def measure(self, result: AnalysisResult) -> None:
        """What was said, and what it cost."""
        if result.verdict is None or result.provenance is None:
            meters.count(m.SKIPPED, reason=result.skip_reason or "")
            return
        model = result.provenance.model
        meters.count(m.VERDICTS, model=model, kind=result.verdict.kind, attempted=result.verdict.attempted)
        meters.count(m.TOKENS, result.provenance.tokens_in, model=model, direction="in")
        meters.count(m.TOKENS, result.provenance.tokens_out, model=model, direction="out")
        meters.count(m.COST, result.provenance.cost_usd, model=model)

    async def apply(self, tx: AsyncConnection, job: Job, result: AnalysisResult) -> list[NewJob]:
        """Replaces the dialogue's current verdict; a skipped dialogue has none, and says why."""
        await put_verdicts(tx, [(UUID(job.subject_id), job.subject_rev, result)])
        return []


async def _read(tx: AsyncConnection, job: Job) -> _Input:
    query = (
        select(
            _transcripts.c.language,
            _transcripts.c.revision,
            _transcripts.c.segments_json,
            _transcripts.c.transcript_sha256,
            _transcripts.c.dropped_at,
            t.points.c.catalogue,
        )
        .select_from(_dialogues)
        .outerjoin(_transcripts, _transcripts.c.dialogue_id == _dialogues.c.dialogue_id)
        .outerjoin(t.points, t.points.c.point_id == _dialogues.c.point_id)
        .where(_dialogues.c.dialogue_id == UUID(job.subject_id))
    )
    row = (await tx.execute(query)).one_or_none()
    catalogue = tuple((row and row.catalogue) or DEFAULT_CATALOGUE)
    if (own := await _own_transcript(tx, job)) is not None:
        return _Input(own, job.subject_rev, own.sha256, catalogue)
    if row is None or row.revision is None:
        raise Rejected("the dialogue has no transcript")
    if row.dropped_at is not None:
        raise Rejected("the dialogue's words were deleted by age; its verdict stays")
    transcript = Transcript(row.language, _UTTERANCES.validate_python(row.segments_json))
    return _Input(transcript, row.revision, row.transcript_sha256, catalogue)


async def _own_transcript(tx: AsyncConnection, job: Job) -> Transcript | None:
    """What the job's run heard of its subject; None where it goes by the current transcript, as live work does."""
    return None if job.run_id is None else await own_transcript(tx, job.run_id, job.subject_id, job.subject_rev)
