"""Pages of the list of dialogues: by key, never by offset, and with bounded work whatever the filters leave.

By time a page is gathered in windows that grow: the first is some minutes, so that a filter or a word which most
dialogues pass is answered from the newest of them; a rare one is looked for in ever longer stretches, in which its own
index finds it. Where `patience_s` is over before the page is full, it stays short, and its `next` goes on from there.
By another key than time, all that passes the filters is sorted: narrow the period.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Double, FromClause, Row, Select, cast, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.conditions import bounds, conditions, period, scope
from db.dialogues.search import says
from domain.dialogue_filter import DialogueFilter, Sort

FIRST_WINDOW = timedelta(hours=3)
FIRST_SAID_WINDOW = timedelta(minutes=15)
"""For a search: to look into a dialogue's words costs more than to look at its fact."""
OF_ONE_POINT = 16
"""So much longer are the first windows of a single point: a chain's fill in minutes, a shop's in hours."""
GROWTH = 4
LONGEST_WINDOW = timedelta(days=64)
PATIENCE_S = 1.0
_NO_ID = UUID(int=0)
_f, _s = t.dialogue_facts.c, t.dialogue_search.c


@dataclass(frozen=True, slots=True)
class Position:
    """Of the last dialogue of a page. value: what it is sorted by; None by time."""

    start_ts: datetime
    dialogue_id: UUID
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """dialogue_ids in order; next: where the page after this one begins, None: there is none."""

    dialogue_ids: tuple[UUID, ...]
    next: Position | None


async def find_page(
    tx: AsyncConnection,
    wanted: DialogueFilter,
    sort: Sort,
    after: Position | None,
    limit: int,
    patience_s: float = PATIENCE_S,
) -> Found:
    """At most `limit` dialogues behind `after`."""
    if wanted.points == ():
        return Found((), None)
    if sort.is_by_time:
        return await _by_time(tx, wanted, sort, after, limit, patience_s)
    query = _matching(wanted, sort, after, *bounds(wanted))
    return _found((await tx.execute(query.limit(limit + 1))).all(), limit)


async def _by_time(
    tx: AsyncConnection, wanted: DialogueFilter, sort: Sort, after: Position | None, limit: int, patience_s: float
) -> Found:
    first, last = await _extent(tx, wanted)
    if first is None or last is None:
        return Found((), None)
    give_up_at, is_down = monotonic() + patience_s, sort.is_descending
    if after is not None:
        first, last = (first, min(last, after.start_ts)) if is_down else (max(first, after.start_ts), last)
    rows: list[Row[Any]] = []
    width, end = _first_window(wanted), last + timedelta(microseconds=1)
    while first < end:
        since, until = (max(first, end - width), end) if is_down else (first, min(end, first + width))
        window = _matching(wanted, sort, after, since, until).limit(limit + 1 - len(rows))
        rows += (await tx.execute(window)).all()
        first, end = (first, since) if is_down else (until, end)
        if len(rows) > limit:
            break
        if first < end and monotonic() > give_up_at:
            return Found(tuple(row.dialogue_id for row in rows), Position(end if is_down else first, _NO_ID))
        width = min(width * GROWTH, LONGEST_WINDOW)
    return _found(rows, limit)


def _first_window(wanted: DialogueFilter) -> timedelta:
    first = FIRST_SAID_WINDOW if wanted.terms else FIRST_WINDOW
    return first * OF_ONE_POINT if wanted.points and len(wanted.points) == 1 else first


async def _extent(tx: AsyncConnection, wanted: DialogueFilter) -> tuple[datetime | None, datetime | None]:
    """The first and the last start that there may be."""
    since, until = bounds(wanted)
    row = (await tx.execute(select(func.min(_f.start_ts), func.max(_f.start_ts)))).one()
    if row[0] is None:
        return None, None
    first = row[0] if since is None else max(row[0], since.astimezone(UTC))
    last = row[1] if until is None else min(row[1], until.astimezone(UTC))
    return first, last


def _matching(
    wanted: DialogueFilter, sort: Sort, after: Position | None, since: datetime | None, until: datetime | None
) -> Select[Any]:
    """Keys of what passes the filters, starts in [since, until) and stands behind `after`; in order."""
    said = _said(wanted, since, until) if wanted.terms else None
    if said is None:
        source: FromClause = t.dialogue_facts
        where = scope(wanted, _f.point_id)
    else:
        source, where = said.join(t.dialogue_facts, _f.dialogue_id == said.c.dialogue_id), []
    where += _between(_f.start_ts, since, until)
    value = literal(None, Double) if sort.is_by_time else _value(sort)
    key = [_f.start_ts, _f.dialogue_id] if sort.is_by_time else [value, _f.start_ts, _f.dialogue_id]
    if after is not None:
        given = _start(after) if sort.is_by_time else (after.value, *_start(after))
        where.append(_behind(key, given, sort))
    query = select(_f.dialogue_id, _f.start_ts, value.label("value")).select_from(source)
    query = query.where(*where, *period(wanted), *conditions(wanted).values())
    return query.order_by(*(column.desc() if sort.is_descending else column.asc() for column in key))


def _said(wanted: DialogueFilter, since: datetime | None, until: datetime | None) -> CTE:
    """Where it was said. By itself: with the page's limit in sight the planner would read dialogue after dialogue by
    time even for a word that hardly any of them has."""
    found = select(_s.dialogue_id).where(says(wanted.terms), *scope(wanted, _s.point_id))
    found = found.where(*_between(_s.start_ts, since, until))
    return found.cte("said").prefix_with("MATERIALIZED")


def _between(
    start_ts: ColumnElement[datetime], since: datetime | None, until: datetime | None
) -> list[ColumnElement[bool]]:
    lower = [] if since is None else [start_ts >= since]
    return lower if until is None else [*lower, start_ts < until]


def _start(position: Position) -> tuple[datetime, UUID]:
    return position.start_ts, position.dialogue_id


def _behind(columns: Sequence[ColumnElement[Any]], values: Sequence[Any], sort: Sort) -> ColumnElement[bool]:
    given = tuple_(*(literal(value, column.type) for column, value in zip(columns, values, strict=True)))
    return tuple_(*columns) < given if sort.is_descending else tuple_(*columns) > given


def _value(sort: Sort) -> ColumnElement[Any]:
    """What has no value comes last, whichever way it goes. As a double: a cursor's number comes back exactly."""
    length_s = func.extract("epoch", _f.end_ts - _f.start_ts)
    column = {"confidence": _f.confidence, "quality": _f.quality_score, "length": length_s}[sort.key]
    return func.coalesce(cast(column, Double), literal(-1.0 if sort.is_descending else 1e9, Double))


def _found(rows: Sequence[Row[Any]], limit: int) -> Found:
    page = rows[:limit]
    more = Position(page[-1].start_ts, page[-1].dialogue_id, page[-1].value) if len(rows) > limit else None
    return Found(tuple(row.dialogue_id for row in page), more)
