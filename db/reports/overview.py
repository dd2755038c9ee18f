"""A period and the one before it, point by point, from the roll-ups by day: no dialogue is read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Row, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.reports.counted import COUNTERS, SUMS, counts_of, given, scoped
from domain.change import Period
from domain.coverage import Totals
from domain.figures import Counts
from domain.report import Side

DEFAULT_ZONE = "Europe/Belgrade"
_SPANS = ("scheduled_ms", "recorded_ms", "waiting_ms", "paused_ms", "lost_ms", "ahead_ms")
_TIME = ", ".join(f"CAST(sum({name}) AS bigint) AS {name}" for name in _SPANS)
_BEFORE = (bindparam("before_first", type_=Date), bindparam("before_last", type_=Date))
_NOW = "day BETWEEN :first AND :last {of_points}"
_EARLIER = "day BETWEEN :before_first AND :before_last {of_points}"
_NAMED = ", ".join(f"coalesce({name}, 0) AS {name}" for name in (*COUNTERS, *_SPANS))

_POINTS = scoped(
    f"""
    SELECT point_id, name, zone, goal, {_NAMED}, refreshed_at, reckoned_at,
           coalesce(dialogues_before, 0) AS dialogues_before, coalesce(yes_before, 0) AS yes_before,
           coalesce(no_before, 0) AS no_before
    FROM points
    LEFT JOIN (
        SELECT point_id, {SUMS}, max(refreshed_at) AS refreshed_at FROM report_days WHERE {_NOW} GROUP BY 1
    ) AS counted USING (point_id)
    LEFT JOIN (
        SELECT point_id, {_TIME}, max(reckoned_at) AS reckoned_at FROM coverage_days WHERE {_NOW} GROUP BY 1
    ) AS recorded USING (point_id)
    LEFT JOIN (
        SELECT point_id, sum(dialogues) AS dialogues_before, sum(yes) AS yes_before, sum(no) AS no_before
        FROM report_days WHERE {_EARLIER} GROUP BY 1
    ) AS earlier USING (point_id)
    WHERE true {{of_points}}
    ORDER BY name, point_id
    """,
    *_BEFORE,
)
_ENGINES = scoped(
    f"SELECT point_id, engine, sum(dialogues) AS n FROM report_day_engines WHERE {_NOW} GROUP BY 1, 2",
)
_BY_ALL = f"""
    SELECT * FROM
        (SELECT {SUMS} FROM {{table}} WHERE {_EARLIER}) AS counted,
        (SELECT {_TIME} FROM coverage_days WHERE {_EARLIER}) AS recorded,
        (SELECT jsonb_object_agg(engine, n) AS engines FROM (
            SELECT engine, sum(dialogues) AS n FROM report_day_engines WHERE {_EARLIER} GROUP BY 1
        ) AS by_engine) AS judged
"""
_TOTAL_BEFORE = scoped(
    _BY_ALL.replace("{table}", "report_days"),
    *_BEFORE,
    of_all=_BY_ALL.replace("{table}", "chain_hours").replace("{of_points}", ""),
    types={"engines": JSONB},
)
_LOST = scoped(
    f"""
    SELECT lost.key AS reason, CAST(sum(CAST(lost.value AS bigint)) AS bigint) AS lost_ms
    FROM coverage_days, jsonb_each_text(lost_by_reason) AS lost WHERE {_NOW} GROUP BY 1
    """
)


@dataclass(frozen=True, slots=True)
class PointPeriod:
    """One point: `now` is all of it, `before` what the league table compares with. `goal`: target rate."""

    point_id: UUID
    name: str
    zone: str
    goal: float | None
    now: Side
    before: Counts


@dataclass(frozen=True, slots=True)
class Overview:
    """`points` by name, their coverage without reasons; `lost`: the reasons, of all points together. `before`: of all
    of them. `updated_at`: when the newest roll-up of the period was made."""

    points: Sequence[PointPeriod]
    before: Side
    lost: Mapping[str, int]
    updated_at: datetime | None


async def latest_day(tx: AsyncConnection, points: list[UUID] | None) -> date:
    """Today, where it began first; without any point that of the default zone."""
    p = t.points.c
    local = func.max(cast(func.timezone(p.zone, func.now()), Date))
    query = select(func.coalesce(local, cast(func.timezone(DEFAULT_ZONE, func.now()), Date)))
    if points is not None:
        query = query.where(p.point_id.in_(points))
    day: date = (await tx.execute(query)).scalar_one()
    return day


async def last_day_before(tx: AsyncConnection, day: date, points: list[UUID] | None) -> date | None:
    """The latest earlier day with a dialogue at these points; None: of all."""
    d = t.report_days.c
    query = select(d.day).where(d.day < day, d.dialogues > 0).order_by(d.day.desc()).limit(1)
    if points is not None:
        query = query.where(d.point_id.in_(points))
    return (await tx.execute(query)).scalar_one_or_none()


async def overview(tx: AsyncConnection, period: Period, points: list[UUID] | None) -> Overview:
    """Of these points; None: of all."""
    earlier = {"before_first": period.before.first, "before_last": period.before.last}
    both, now = given(period, points, **earlier), given(period, points)
    rows = (await tx.execute(_POINTS.of(points), both)).all()
    known = {row.point_id: _point(row) for row in rows}
    for row in (await tx.execute(_ENGINES.of(points), now)).all():
        known[row.point_id].now.engines[row.engine] = row.n
    before = (await tx.execute(_TOTAL_BEFORE.of(points), both)).one()
    lost = {row.reason: row.lost_ms for row in await tx.execute(_LOST.of(points), now)}
    stamps = [stamp for row in rows for stamp in (row.refreshed_at, row.reckoned_at) if stamp is not None]
    return Overview(list(known.values()), _side(before, 0, Counter(before.engines)), lost, max(stamps, default=None))


def _point(row: Row[Any]) -> PointPeriod:
    before = Counts(dialogues=row.dialogues_before, yes=row.yes_before, no=row.no_before)
    return PointPeriod(row.point_id, row.name, row.zone, row.goal, _side(row, 4, Counter()), before)


def _side(row: Row[Any], at: int, engines: Counter[str]) -> Side:
    """From a row in which SUMS begin at this column, and those of the coverage follow; null where there is nothing."""
    counts_end = at + len(COUNTERS)
    scheduled, recorded, waiting, paused, lost, ahead = (ms or 0 for ms in row[counts_end : counts_end + len(_SPANS)])
    return Side(counts_of(row, at), engines, Totals(scheduled, recorded, waiting, paused, lost, ahead, 0, {}))
