"""A day's two dialogues to listen to: few of its surest are read, by indexes that hold just these."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Date, Interval, Row, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from domain.figures import SPECIFIC_QUALITY
from domain.listening import ENOUGH_TALK_MS, Candidate, pick
from domain.status import Attempted, Kind, Reaction

SUREST = 30
"""Of each sort: `domain.listening.pick` chooses among them."""

_COLUMNS = """
    f.dialogue_id, f.register_id, f.kind, f.attempted, f.quality_score, f.customer_reaction, f.confidence, f.review_id,
    f.end_ts - f.start_ts AS length
"""
_SORTS = (
    f"f.place = 'yes' AND f.quality_score >= {SPECIFIC_QUALITY}",
    "f.place = 'no' AND f.end_ts - f.start_ts >= :enough",
)
_CANDIDATES = " UNION ".join(
    f"""
    (SELECT {_COLUMNS} FROM dialogue_facts f
     WHERE f.day = :day AND f.confidence IS NOT NULL AND {sort} {{of_points}}
     ORDER BY f.confidence DESC LIMIT {SUREST})
    UNION
    (SELECT {_COLUMNS} FROM dialogue_facts f
     WHERE f.day = :day AND f.review_id IS NOT NULL AND {sort} {{of_points}}
     ORDER BY f.confidence DESC NULLS LAST LIMIT {SUREST})
    """
    for sort in _SORTS
)
"""Reviewed ones apart: they are certain however unsure the machine was."""
_CARDS = (
    text(
        """
        SELECT f.dialogue_id, f.point_id, p.name AS point, p.zone, p.shows_registers, r.name AS register_name,
               f.start_ts, f.end_ts, f.kind, f.attempted, f.quality_score, f.categories, f.customer_reaction,
               f.confidence, f.review_id, an.evidence_quotes, coalesce(an.summary, '') AS summary
        FROM dialogue_facts f
        JOIN points p USING (point_id)
        JOIN registers r USING (register_id)
        LEFT JOIN dialogue_upsell_analysis an ON an.dialogue_id = f.dialogue_id AND an.revision = f.revision
        WHERE f.dialogue_id = ANY (:dialogue_ids)
        """
    )
    .bindparams(bindparam("dialogue_ids", type_=ARRAY(Uuid)))
    .columns(evidence_quotes=t.dialogue_upsell_analysis.c.evidence_quotes.type)
)


@dataclass(frozen=True, slots=True)
class Card:
    """One dialogue as an example. `quote`: its first evidence, verbatim; the machine's `summary` may be empty."""

    dialogue_id: UUID
    point_id: UUID
    point: str
    zone: str
    shows_registers: bool
    register_name: str
    start_ts: datetime
    end_ts: datetime
    kind: Kind
    attempted: Attempted
    quality_score: int
    categories: Sequence[str]
    reaction: Reaction
    confidence: float | None
    is_reviewed: bool
    quote: str | None
    summary: str


async def to_listen(
    tx: AsyncConnection, days: Iterable[date], points: list[UUID] | None
) -> tuple[Card | None, Card | None]:
    """The good and the missed one of these days, of these points or of all (`domain/listening.py`)."""
    candidates: list[Candidate] = []
    for day in sorted(set(days)):
        candidates += await _candidates(tx, day, points)
    picks = pick(candidates)
    wanted = [one.dialogue_id for one in (picks.good, picks.missed) if one is not None]
    rows = await tx.execute(_CARDS, {"dialogue_ids": wanted}) if wanted else ()
    cards = {row.dialogue_id: _card(row) for row in rows}
    good, missed = (None if one is None else cards.get(one.dialogue_id) for one in (picks.good, picks.missed))
    return good, missed


async def _candidates(tx: AsyncConnection, day: date, points: list[UUID] | None) -> list[Candidate]:
    of_points = "" if points is None else "AND f.point_id = ANY (:points)"
    statement = text(_CANDIDATES.format(of_points=of_points)).bindparams(
        bindparam("day", type_=Date), bindparam("enough", type_=Interval)
    )
    values: dict[str, Any] = {"day": day, "enough": timedelta(milliseconds=ENOUGH_TALK_MS)}
    if points is not None:
        statement = statement.bindparams(bindparam("points", type_=ARRAY(Uuid)))
        values["points"] = points
    return [_candidate(row) for row in await tx.execute(statement, values)]


def _candidate(row: Row[Any]) -> Candidate:
    return Candidate(
        dialogue_id=row.dialogue_id,
        register_id=row.register_id,
        kind=Kind(row.kind),
        attempted=Attempted(row.attempted),
        quality_score=row.quality_score,
        reaction=Reaction(row.customer_reaction),
        confidence=row.confidence or 0.0,
        is_reviewed=row.review_id is not None,
        length_ms=row.length // timedelta(milliseconds=1),
    )


def _card(row: Row[Any]) -> Card:
    quotes = row.evidence_quotes or []
    return Card(
        dialogue_id=row.dialogue_id,
        point_id=row.point_id,
        point=row.point,
        zone=row.zone,
        shows_registers=row.shows_registers,
        register_name=row.register_name,
        start_ts=row.start_ts,
        end_ts=row.end_ts,
        kind=Kind(row.kind),
        attempted=Attempted(row.attempted),
        quality_score=row.quality_score,
        categories=row.categories,
        reaction=Reaction(row.customer_reaction),
        confidence=row.confidence,
        is_reviewed=row.review_id is not None,
        quote=quotes[0]["quote"] if quotes else None,
        summary=row.summary,
    )
