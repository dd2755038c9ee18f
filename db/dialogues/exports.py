"""Reading side: current dialogues as the JSON export has them, streamed in order of time."""

from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, and_, cast, func, literal, null, select, tuple_
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from domain.export import ExportedAnalysis, ExportedDialogue, ExportedQuote, ExportedSegment, ExportedWord
from domain.status import Attempted, DialogueState, StageStatus

BATCH = 200
"""Rows held at once: a dialogue with its words is some 50 KB."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dialogues. An instant without a zone is local time of each dialogue's point.

    start_from <= start < start_before; point: name or id; analysis_status: of the current revision; attempted and
    min_quality: of its verdict; after: start and id of the last dialogue of the page before; only: of these points;
    hides_registers: leave out register and device at points that do not show figures by register.
    """

    start_from: datetime | None = None
    start_before: datetime | None = None
    point: str | None = None
    device_id: UUID | None = None
    analysis_status: StageStatus | None = None
    dialogue_id: UUID | None = None
    attempted: Attempted | None = None
    min_quality: int | None = None
    after: tuple[datetime, UUID] | None = None
    only: Collection[UUID] | None = None
    dialogue_ids: Collection[UUID] | None = None
    hides_registers: bool = False


_d, _tr, _an = t.dialogues.c, t.dialogue_transcripts.c, t.dialogue_upsell_analysis.c
_COLUMNS = (
    *(_d.dialogue_id, _d.device_id, _d.start_ts, _d.end_ts, _d.revision),
    *(t.points.c.name.label("point"), t.points.c.shows_registers, t.registers.c.name.label("register")),
    *(_d.asr_status, _d.asr_pass, _d.asr_model, _d.analysis_status),
    *(func.coalesce(_tr.language, _d.language).label("language"), _tr.text),
    *(_an.kind, _an.attempted, _an.quality_score, _an.categories, _an.closing_question, _an.customer_reaction),
    *(_an.evidence_quotes, _an.summary, _an.confidence, _an.analysis_model, _an.prompt_version),
)
_SOURCE = (
    t.dialogues.join(t.points, t.points.c.point_id == _d.point_id)
    .join(t.registers, t.registers.c.register_id == _d.register_id)
    .outerjoin(t.dialogue_transcripts, and_(_tr.dialogue_id == _d.dialogue_id, _tr.revision == _d.revision))
    .outerjoin(
        t.dialogue_upsell_analysis,
        and_(
            _an.dialogue_id == _d.dialogue_id,
            _an.revision == _d.revision,
            _an.transcript_sha256 == _tr.transcript_sha256,
        ),
    )
)
"""A transcript of an older revision and a verdict on another text are history, not the current result."""


async def current_dialogues(
    tx: AsyncConnection, selection: Selection, limit: int | None = None, *, segments: bool = True
) -> AsyncGenerator[ExportedDialogue]:
    """Every current dialogue of `selection`, by start, then id; the superseded are out. Memory: BATCH rows.

    `limit`: at most so many; `segments` False leaves the words in the database.
    """
    segments_json = _tr.segments_json if segments else null().label("segments_json")
    query = (
        select(*_COLUMNS, segments_json)
        .select_from(_SOURCE)
        .where(_d.state != DialogueState.SUPERSEDED, *_conditions(selection))
        .order_by(_d.start_ts, _d.dialogue_id)
        .limit(limit)
        .execution_options(yield_per=BATCH)
    )
    async with tx.stream(query) as rows:
        async for row in rows.mappings():
            yield _dialogue(row, with_register=row["shows_registers"] or not selection.hides_registers)


def _conditions(selection: Selection) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if selection.start_from:
        conditions.append(_d.start_ts >= _instant(selection.start_from))
    if selection.start_before:
        conditions.append(_d.start_ts < _instant(selection.start_before))
    if selection.point:
        same_id = cast(t.points.c.point_id, t.points.c.name.type) == selection.point.lower()
        conditions.append(same_id | (t.points.c.name == selection.point))
    if selection.only is not None:
        conditions.append(_d.point_id.in_(selection.only))
    if selection.device_id:
        conditions.append(_d.device_id == selection.device_id)
    if selection.analysis_status:
        conditions.append(_d.analysis_status == selection.analysis_status)
    if selection.dialogue_id:
        conditions.append(_d.dialogue_id == selection.dialogue_id)
    if selection.dialogue_ids is not None:
        conditions.append(_d.dialogue_id.in_(selection.dialogue_ids))
    if selection.attempted:
        conditions.append(_an.attempted == selection.attempted)
    if selection.min_quality is not None:
        conditions.append(_an.quality_score >= selection.min_quality)
    if selection.after:
        conditions.append(tuple_(_d.start_ts, _d.dialogue_id) > tuple_(*map(literal, selection.after)))
    return conditions


def _instant(moment: datetime) -> ColumnElement[Any]:
    if moment.tzinfo:
        return literal(moment)
    return func.timezone(t.points.c.zone, literal(moment, DateTime(timezone=False)))


def _dialogue(row: RowMapping, *, with_register: bool) -> ExportedDialogue:
    return ExportedDialogue(
        dialogue_id=str(row["dialogue_id"]),
        point=row["point"],
        register_name=row["register"] if with_register else None,
        device_id=str(row["device_id"]) if with_register else None,
        start_ts=row["start_ts"],
        end_ts=row["end_ts"],
        revision=row["revision"],
        language=row["language"],
        asr_status=row["asr_status"],
        asr_pass=row["asr_pass"],
        asr_model=row["asr_model"],
        text=row["text"] or "",
        segments=[_segment(utterance) for utterance in row["segments_json"] or ()],
        analysis_status=row["analysis_status"],
        analysis=_analysis(row) if row["analysis_status"] == StageStatus.DONE and row["kind"] else None,
    )


def _segment(utterance: Mapping[str, Any]) -> ExportedSegment:
    words = [
        ExportedWord(
            start_ts=_moment(word["start_ms"]),
            end_ts=_moment(word["end_ms"]),
            word=word["word"],
            probability=word["probability"],
        )
        for word in utterance["words"]
    ]
    start, end = _moment(utterance["start_ms"]), _moment(utterance["end_ms"])
    return ExportedSegment(start_ts=start, end_ts=end, text=utterance["text"], words=words)


def _analysis(row: RowMapping) -> ExportedAnalysis:
    return ExportedAnalysis(
        kind=row["kind"],
        attempted=row["attempted"],
        quality_score=row["quality_score"],
        categories=row["categories"],
        closing_question=row["closing_question"],
        customer_reaction=row["customer_reaction"],
        evidence=[_quote(evidence) for evidence in row["evidence_quotes"]],
        summary=row["summary"],
        confidence=row["confidence"],
        model=row["analysis_model"],
        prompt_version=row["prompt_version"],
    )


def _quote(evidence: Mapping[str, Any]) -> ExportedQuote:
    start, end = _moment(evidence["start_ms"]), _moment(evidence["end_ms"])
    return ExportedQuote(quote=evidence["quote"], start_ts=start, end_ts=end)


def _moment(ms: int) -> datetime:
    """Exact: float seconds would round a millisecond away."""
    seconds, rest = divmod(ms, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


async def zones_of_points(tx: AsyncConnection) -> dict[str, str]:
    """Point name → its time zone."""
    rows = await tx.execute(select(t.points.c.name, t.points.c.zone))
    return {row.name: row.zone for row in rows}
