"""What a list of dialogues can be filtered by, with how many there are of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, literal, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.conditions import bounds, conditions, hour, period, scope, weekday
from db.dialogues.search import says
from domain.dialogue_filter import DialogueFilter, Reviewed

MOST_COUNTED = 10_000
"""Dialogues of the period that are looked at, the newest: a count is for choosing, the reports have the figures."""
_f, _d, _s = t.dialogue_facts.c, t.dialogues.c, t.dialogue_search.c
_REVIEWED = case(
    (_f.review_id.is_(None), Reviewed.NONE.value),
    (_f.is_stale, Reviewed.STALE.value),
    else_=Reviewed.REVIEWED.value,
)
_FACETS: Mapping[str, ColumnElement[Any]] = {
    "point": _f.point_id,
    "register": _f.register_id,
    "place": _f.place,
    "kind": _f.kind,
    "attempted": _f.attempted,
    "quality": _f.quality_score,
    "category": _f.categories,
    "reaction": _f.customer_reaction,
    "reviewed": _REVIEWED,
    "reviewer": _f.reviewer,
    "language": _f.language,
    "engine": _f.engine,
    "status": _d.analysis_status,
    "weekday": weekday(),
    "hour": hour(t.points.c.zone),
}


@dataclass(frozen=True, slots=True)
class Option:
    """label: a name, where the value is an id. shows_registers: of a register's point, True for all else."""

    value: str
    label: str | None
    n: int
    shows_registers: bool = True


@dataclass(frozen=True, slots=True)
class Facets:
    """counted: how many dialogues were looked at; is_complete: all of the period."""

    counted: int
    is_complete: bool
    options: Mapping[str, Sequence[Option]]


async def count_facets(tx: AsyncConnection, wanted: DialogueFilter, most: int = MOST_COUNTED) -> Facets:
    """By each filter the dialogues that pass all the others: what choosing one more value would show."""
    if wanted.points == ():
        return Facets(0, True, dict.fromkeys(_FACETS, ()))
    filters = conditions(wanted)
    passes = {name: func.coalesce(condition, False).label(f"passes_{name}") for name, condition in filters.items()}
    values = (column.label(name) for name, column in _FACETS.items())
    base = _newest(select(*values, *passes.values()), wanted, most).cte("newest")
    counts = [_count(base, name, [other for other in filters if other != name]) for name in _FACETS]
    looked_at = select(literal("").label("facet"), literal(None, Text).label("value"), func.count().label("n"))
    rows = (await tx.execute(union_all(looked_at.select_from(base), *counts))).all()
    [looked] = [row.n for row in rows if row.facet == ""]
    names = await _names(tx)
    options: dict[str, list[Option]] = {name: [] for name in _FACETS}
    for row in sorted(rows, key=lambda row: (-row.n, row.value or "")):
        if row.facet and row.value is not None:
            label, shows_registers = names.get((row.facet, row.value), (None, True))
            options[row.facet].append(Option(row.value, label, row.n, shows_registers))
    return Facets(looked, looked < most, options)


async def _names(tx: AsyncConnection) -> dict[tuple[str, str], tuple[str, bool]]:
    points = await tx.execute(select(t.points.c.point_id, t.points.c.name))
    named = {("point", str(row.point_id)): (row.name, True) for row in points}
    registers = select(t.registers.c.register_id, t.registers.c.name, t.points.c.shows_registers)
    registers = registers.join(t.points, t.points.c.point_id == t.registers.c.point_id)
    for row in await tx.execute(registers):
        named["register", str(row.register_id)] = (row.name, row.shows_registers)
    return named


def _newest(columns: Select[Any], wanted: DialogueFilter, limit: int) -> Select[Any]:
    facts = t.dialogue_facts
    source = t.dialogue_search.join(facts, _f.dialogue_id == _s.dialogue_id) if wanted.terms else facts
    start_ts = _s.start_ts if wanted.terms else _f.start_ts
    first, last = bounds(wanted)
    source = source.join(t.dialogues, _d.dialogue_id == _f.dialogue_id)
    query = columns.select_from(source.join(t.points, t.points.c.point_id == _f.point_id))
    query = query.where(*period(wanted), *scope(wanted, _s.point_id if wanted.terms else _f.point_id))
    if first is not None:
        query = query.where(start_ts >= first)
    if last is not None:
        query = query.where(start_ts < last)
    if wanted.terms:
        query = query.where(says(wanted.terms))
    return query.order_by(start_ts.desc()).limit(limit)


def _count(base: Any, name: str, others: Sequence[str]) -> Select[str, str, int]:
    value = base.c[name]
    passing = and_(true(), *(base.c[f"passes_{other}"] for other in others))
    if name == "category":
        value = func.unnest(value, type_=Text)
    spelled = cast(value, Text).label("value")
    query = select(literal(name).label("facet"), spelled, func.count().label("n"))
    return query.select_from(base).where(passing).group_by(spelled)
