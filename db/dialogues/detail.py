"""What is stored about one current dialogue: its text, its verdict, where they come from, and what stands beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.rows import DialogueLine
from domain.status import Attempted, DialogueState, Kind, Place, Reaction, StageStatus
from domain.transcript import Transcript, Utterance
from domain.verdict import DEFAULT_CATALOGUE, Evidence, Provenance, Verdict

NEAR = timedelta(days=3)
"""A neighbour further away is none."""
_d, _f = t.dialogues.c, t.dialogue_facts.c
_tr, _an = t.dialogue_transcripts.c, t.dialogue_upsell_analysis.c
_UTTERANCES = TypeAdapter(tuple[Utterance, ...])
_EVIDENCE = TypeAdapter(tuple[Evidence, ...])


@dataclass(frozen=True, slots=True)
class Heard:
    """The current transcript."""

    transcript: Transcript
    sha256: str
    avg_logprob: float | None
    no_speech_prob: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """The machine's current verdict on that transcript."""

    verdict: Verdict
    provenance: Provenance
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """A dialogue's own row, with its current results. `words_dropped_at`: when its words went by age; then `heard` is
    None."""

    state: DialogueState
    alias_of: UUID | None
    created_at: datetime
    changed_at: datetime
    asr_status: StageStatus
    asr_pass: str | None
    asr_model: str | None
    asr_reasons: tuple[str, ...]
    skip_reason: str | None
    error: str | None
    catalogue: tuple[str, ...]
    heard: Heard | None
    judged: Judged | None
    words_dropped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    dialogue_id: UUID
    start_ts: datetime
    end_ts: datetime
    place: Place


def _stored() -> Select[Any]:
    of_revision = and_(_tr.dialogue_id == _d.dialogue_id, _tr.revision == _d.revision)
    of_text = and_(
        _an.dialogue_id == _d.dialogue_id,
        _an.revision == _d.revision,
        _an.transcript_sha256 == _tr.transcript_sha256,
        _d.analysis_status == StageStatus.DONE,
    )
    source = (
        t.dialogues.join(t.points, t.points.c.point_id == _d.point_id)
        .outerjoin(t.dialogue_transcripts, of_revision)
        .outerjoin(t.dialogue_upsell_analysis, of_text)
    )
    columns = (
        *(_d.state, _d.alias_of, _d.created_at, _d.changed_at, _d.asr_status, _d.asr_pass, _d.asr_model),
        *(_d.asr_reasons, _d.skip_reason, _d.error, t.points.c.catalogue),
        *(_tr.language, _tr.segments_json, _tr.transcript_sha256, _tr.avg_logprob, _tr.no_speech_prob, _tr.dropped_at),
        *(_an.kind, _an.attempted, _an.quality_score, _an.categories, _an.closing_question, _an.customer_reaction),
        *(_an.evidence_quotes, _an.summary, _an.confidence, _an.analysis_model, _an.prompt_version),
        *(_an.prompt_sha256, _an.parameters, _an.tokens_in, _an.tokens_out, _an.cost_usd),
        _an.created_at.label("judged_at"),
    )
    return select(*columns).select_from(source).where(_d.dialogue_id == bindparam("wanted"))


_STORED = _stored()
"""Made once: to put it together takes longer than to run it."""


async def read_stored(tx: AsyncConnection, dialogue_id: UUID) -> Stored:
    """The dialogue is there: `read_line` has found it in the same transaction."""
    row = (await tx.execute(_STORED, {"wanted": dialogue_id})).one()
    return Stored(
        state=DialogueState(row.state),
        alias_of=row.alias_of,
        created_at=row.created_at,
        changed_at=row.changed_at,
        asr_status=StageStatus(row.asr_status),
        asr_pass=row.asr_pass,
        asr_model=row.asr_model,
        asr_reasons=tuple(row.asr_reasons or ()),
        skip_reason=row.skip_reason,
        error=row.error,
        catalogue=tuple(row.catalogue or DEFAULT_CATALOGUE),
        heard=_heard(row),
        judged=_judged(row),
        words_dropped_at=row.dropped_at,
    )


async def neighbours(tx: AsyncConnection, line: DialogueLine) -> tuple[Neighbour | None, Neighbour | None]:
    """The dialogues before and after at the same register."""
    own = {"point": line.point_id, "register": line.register_id, "start": line.start_ts, "own": line.dialogue_id}
    before = (await tx.execute(_BEFORE, {**own, "bound": line.start_ts - NEAR})).one_or_none()
    after = (await tx.execute(_AFTER, {**own, "bound": line.start_ts + NEAR})).one_or_none()
    return _neighbour(before), _neighbour(after)


def _nearest(side: ColumnElement[bool], *order: Any) -> Select[Any]:
    query = select(_f.dialogue_id, _f.start_ts, _f.end_ts, _f.place).where(
        _f.point_id == bindparam("point"), _f.register_id == bindparam("register"), _f.place != Place.SUPERSEDED, side
    )
    return query.order_by(*order).limit(1)


_KEY = tuple_(_f.start_ts, _f.dialogue_id)
_OWN = tuple_(bindparam("start", type_=_f.start_ts.type), bindparam("own", type_=_f.dialogue_id.type))
_BEFORE = _nearest(and_(_f.start_ts > bindparam("bound"), _KEY < _OWN), _f.start_ts.desc(), _f.dialogue_id.desc())
_AFTER = _nearest(and_(_f.start_ts < bindparam("bound"), _KEY > _OWN), _f.start_ts.asc(), _f.dialogue_id.asc())


def _neighbour(row: Row[Any] | None) -> Neighbour | None:
    return None if row is None else Neighbour(row.dialogue_id, row.start_ts, row.end_ts, Place(row.place))


def _heard(row: Row[Any]) -> Heard | None:
    if row.transcript_sha256 is None or row.dropped_at is not None:
        return None
    transcript = Transcript(row.language, _UTTERANCES.validate_python(row.segments_json))
    return Heard(transcript, row.transcript_sha256, row.avg_logprob, row.no_speech_prob)


def _judged(row: Row[Any]) -> Judged | None:
    if row.kind is None:
        return None
    provenance = Provenance(
        model=row.analysis_model,
        prompt_version=row.prompt_version,
        prompt_sha256=row.prompt_sha256,
        transcript_sha256=row.transcript_sha256,
        parameters=dict(row.parameters),
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        cost_usd=row.cost_usd,
    )
    return Judged(_verdict(row), provenance, row.judged_at)


def _verdict(row: Row[Any]) -> Verdict:
    return Verdict(
        kind=Kind(row.kind),
        attempted=Attempted(row.attempted),
        quality_score=row.quality_score,
        categories=tuple(row.categories),
        closing_question=row.closing_question,
        customer_reaction=Reaction(row.customer_reaction),
        evidence=_EVIDENCE.validate_python(row.evidence_quotes),
        summary=row.summary,
        confidence=row.confidence,
    )
