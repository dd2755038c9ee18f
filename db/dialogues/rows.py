"""What a line of the list shows of a dialogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, FromClause, Row, Select, and_, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.search import meanings
from db.reports.fact_rows import FACTS_NOW
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


_d, _an, _tr = t.dialogues.c, t.dialogue_upsell_analysis.c, t.dialogue_transcripts.c
_OF_FACTS = ("dialogue_id", "point_id", "register_id", "device_id", "start_ts", "end_ts", "revision", "place", "kind")
_OF_OPINION = ("attempted", "quality_score", "categories", "customer_reaction", "confidence", "language", "engine")
_OF_REVIEW = ("reviewer", "reviewed_at", "is_stale")


def _lines(facts: FromClause, text: ColumnElement[Any] = _tr.text) -> Select[Any]:
    """Lines of `facts`: the table, or what it should be. A transcript of an older revision and a verdict on another
    text are history, not the current result."""
    f = facts.c
    transcript = and_(_tr.dialogue_id == f.dialogue_id, _tr.revision == f.revision, f.place != Place.SUPERSEDED)
    verdict = and_(
        _an.dialogue_id == f.dialogue_id,
        _an.revision == f.revision,
        _an.transcript_sha256 == _tr.transcript_sha256,
        _d.analysis_status == StageStatus.DONE,
    )
    source = (
        facts.join(t.dialogues, _d.dialogue_id == f.dialogue_id)
        .join(t.points, t.points.c.point_id == f.point_id)
        .join(t.registers, t.registers.c.register_id == f.register_id)
        .outerjoin(t.dialogue_transcripts, transcript)
        .outerjoin(t.dialogue_upsell_analysis, verdict)
    )
    return select(
        *(f[name] for name in (*_OF_FACTS, *_OF_OPINION, *_OF_REVIEW)),
        *(t.points.c.name.label("point"), t.points.c.zone, t.points.c.shows_registers),
        *(t.registers.c.name.label("register_name"), _d.analysis_status.label("status")),
        *(_an.evidence_quotes[0]["quote"].astext.label("first_quote"), _an.summary, text.label("text")),
    ).select_from(source)


_WRITTEN = _lines(t.dialogue_facts)
_WITHOUT_TEXT = _lines(t.dialogue_facts, null())
_NOW = _lines(FACTS_NOW.columns(*t.dialogue_facts.columns).subquery("facts_now"))


async def read_lines(
    tx: AsyncConnection, dialogue_ids: Sequence[UUID], terms: Sequence[Term] = (), *, text: bool = False
) -> list[DialogueLine]:
    """In the order of the ids; those that are gone meanwhile are left out. `terms`: what was searched for; `text`: read
    what was said, too."""
    of_page = (_WRITTEN if text or terms else _WITHOUT_TEXT).where(t.dialogue_facts.c.dialogue_id.in_(dialogue_ids))
    rows: Sequence[Row[Any]] = (await tx.execute(of_page)).all()
    snippets = await _snippets(tx, rows, terms) if terms else {}
    lines = {row.dialogue_id: _line(row, snippets.get(row.dialogue_id)) for row in rows}
    return [lines[dialogue_id] for dialogue_id in dialogue_ids if dialogue_id in lines]


async def read_line(tx: AsyncConnection, dialogue_id: UUID) -> DialogueLine | None:
    """One dialogue as it stands this moment, the superseded too; its fact may not be written yet."""
    row = (await tx.execute(_NOW, {"dialogue_ids": [dialogue_id]})).one_or_none()
    return None if row is None else _line(row, None)


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
