"""What a line of the list shows of a dialogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.search import meanings
from domain.search_hits import Snippet, find_hits, snippet
from domain.search_query import Term
from domain.status import Attempted, Kind, Place, Reaction, StageStatus


@dataclass(frozen=True, slots=True)
class DialogueLine:
    """kind to customer_reaction: of the review that counts, else of the machine. Instants have the offset of `zone`.

    shows_registers: the point's own setting; whoever may not see registers is not to see `register_name` and
    `register_id`.
    """

    dialogue_id: UUID
    point_id: UUID
    point: str
    zone: str
    shows_registers: bool
    register_id: UUID
    register_name: str
    device_id: UUID
    start_ts: datetime
    end_ts: datetime
    revision: int
    place: Place
    status: StageStatus
    kind: Kind | None
    attempted: Attempted | None
    quality_score: int | None
    categories: tuple[str, ...]
    customer_reaction: Reaction | None
    confidence: float | None
    language: str | None
    engine: str | None
    reviewer: str | None
    reviewed_at: datetime | None
    is_stale: bool
    first_quote: str | None
    summary: str | None
    text: str | None
    snippet: Snippet | None = None

    @property
    def duration_s(self) -> float:
        return (self.end_ts - self.start_ts).total_seconds()


_f, _d, _an, _tr = t.dialogue_facts.c, t.dialogues.c, t.dialogue_upsell_analysis.c, t.dialogue_transcripts.c
_SOURCE = (
    t.dialogue_facts.join(t.dialogues, _d.dialogue_id == _f.dialogue_id)
    .join(t.points, t.points.c.point_id == _f.point_id)
    .join(t.registers, t.registers.c.register_id == _f.register_id)
    .outerjoin(
        t.dialogue_transcripts,
        and_(_tr.dialogue_id == _f.dialogue_id, _tr.revision == _f.revision, _f.place != Place.SUPERSEDED),
    )
    .outerjoin(
        t.dialogue_upsell_analysis,
        and_(
            _an.dialogue_id == _f.dialogue_id,
            _an.revision == _f.revision,
            _an.transcript_sha256 == _tr.transcript_sha256,
            _d.analysis_status == StageStatus.DONE,
        ),
    )
)
"""A transcript of an older revision and a verdict on another text are history, not the current result."""
_LINES: Select[Any] = select(
    *(_f.dialogue_id, _f.point_id, _f.register_id, _f.device_id, _f.start_ts, _f.end_ts, _f.revision, _f.place),
    *(_f.kind, _f.attempted, _f.quality_score, _f.categories, _f.customer_reaction, _f.confidence, _f.language),
    *(_f.engine, _f.reviewer, _f.reviewed_at, _f.is_stale, _d.analysis_status.label("status")),
    *(t.points.c.name.label("point"), t.points.c.zone, t.points.c.shows_registers),
    t.registers.c.name.label("register_name"),
    *(_an.evidence_quotes[0]["quote"].astext.label("first_quote"), _an.summary, _tr.text),
).select_from(_SOURCE)


async def read_lines(
    tx: AsyncConnection, dialogue_ids: Sequence[UUID], terms: Sequence[Term] = ()
) -> list[DialogueLine]:
    """In the order of the ids; those that are gone meanwhile are left out. `terms`: what was searched for."""
    rows: Sequence[Row[Any]] = (await tx.execute(_LINES.where(_f.dialogue_id.in_(dialogue_ids)))).all()
    snippets = await _snippets(tx, rows, terms) if terms else {}
    lines = {row.dialogue_id: _line(row, snippets.get(row.dialogue_id)) for row in rows}
    return [lines[dialogue_id] for dialogue_id in dialogue_ids if dialogue_id in lines]


async def _snippets(tx: AsyncConnection, rows: Sequence[Row[Any]], terms: Sequence[Term]) -> dict[UUID, Snippet]:
    texts: dict[str, list[str]] = {}
    said = [row for row in rows if row.text]
    for row in said:
        texts.setdefault(row.language, []).append(row.text)
    meant = await meanings(tx, terms, texts)
    return {row.dialogue_id: snippet(row.text, find_hits(row.text, terms, meant[row.language])) for row in said}


def _line(row: Row[Any], found: Snippet | None) -> DialogueLine:
    zone = ZoneInfo(row.zone)
    values = dict(row._mapping)
    values |= {"start_ts": row.start_ts.astimezone(zone), "end_ts": row.end_ts.astimezone(zone)}
    values |= {"categories": tuple(row.categories), "snippet": found}
    if row.reviewed_at is not None:
        values["reviewed_at"] = row.reviewed_at.astimezone(zone)
    return DialogueLine(**values)
