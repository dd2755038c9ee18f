"""A period and the one before it, point by point, from the roll-ups by day: no dialogue is read."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, bindparam, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.reports.counted import SUMS, both, counts_of, given, scoped
from domain.change import Period
from domain.coverage import Totals
from domain.report import Side

_SPLIT = bindparam("split", type_=Date)
_DAYS = scoped(
    f"""
    SELECT point_id, day >= :split AS is_now, {SUMS}, max(refreshed_at) AS refreshed_at
    FROM report_days WHERE day BETWEEN :first AND :last {{of_points}} GROUP BY 1, 2
""",
    _SPLIT,
)
_ENGINES = scoped(
    """
    SELECT point_id, day >= :split AS is_now, engine, sum(dialogues) AS n
    FROM report_day_engines WHERE day BETWEEN :first AND :last {of_points} GROUP BY 1, 2, 3
""",
    _SPLIT,
)
_COVERAGE = scoped(
    """
    SELECT point_id, day >= :split AS is_now, CAST(sum(scheduled_ms) AS bigint) AS scheduled_ms,
           CAST(sum(recorded_ms) AS bigint) AS recorded_ms, CAST(sum(waiting_ms) AS bigint) AS waiting_ms,
           CAST(sum(paused_ms) AS bigint) AS paused_ms, CAST(sum(lost_ms) AS bigint) AS lost_ms,
           CAST(sum(ahead_ms) AS bigint) AS ahead_ms, max(reckoned_at) AS reckoned_at
    FROM coverage_days WHERE day BETWEEN :first AND :last {of_points} GROUP BY 1, 2
""",
    _SPLIT,
)
_LOST = scoped(
    """
    SELECT lost.key AS reason, CAST(sum(CAST(lost.value AS bigint)) AS bigint) AS lost_ms
    FROM coverage_days, jsonb_each_text(lost_by_reason) AS lost
    WHERE day BETWEEN :first AND :last {of_points} GROUP BY 1
"""
)
DEFAULT_ZONE = "Europe/Belgrade"


@dataclass(frozen=True, slots=True)
class ReportPoint:
    """A point as reports name it. `goal`: target rate."""

    point_id: UUID
    name: str
    zone: str
    goal: float | None


@dataclass(frozen=True, slots=True)
class Overview:
    """`now` and `before` by point; a point of which nothing is known is in neither. `lost`: now, by reason, of all
    points together; the sides' own coverage is without reasons. `updated_at`: when the newest roll-up was made."""

    points: list[ReportPoint]
    now: Mapping[UUID, Side]
    before: Mapping[UUID, Side]
    lost: Mapping[str, int]
    updated_at: datetime | None


async def report_points(tx: AsyncConnection, points: list[UUID] | None) -> list[ReportPoint]:
    """By name."""
    p = t.points.c
    query = select(p.point_id, p.name, p.zone, p.goal).order_by(p.name, p.point_id)
    if points is not None:
        query = query.where(p.point_id.in_(points))
    return [ReportPoint(*row) for row in await tx.execute(query)]


async def latest_day(tx: AsyncConnection, points: list[UUID] | None) -> date:
    """Today, where it began first; without any point that of the default zone."""
    p = t.points.c
    local = func.max(cast(func.timezone(p.zone, func.now()), Date))
    query = select(func.coalesce(local, cast(func.timezone(DEFAULT_ZONE, func.now()), Date)))
    if points is not None:
        query = query.where(p.point_id.in_(points))
    day: date = (await tx.execute(query)).scalar_one()
    return day


async def overview(tx: AsyncConnection, period: Period, points: list[UUID] | None) -> Overview:
    """Of these points; None: of all. Each roll-up is read once for both periods."""
    values = given(both(period), points, split=period.first)
    now: defaultdict[UUID, Side] = defaultdict(Side)
    before: defaultdict[UUID, Side] = defaultdict(Side)
    stamps: list[datetime] = []

    def side(point_id: UUID, is_now: bool) -> Side:
        return now[point_id] if is_now else before[point_id]

    for row in (await tx.execute(_DAYS.of(points), values)).all():
        side(row.point_id, row.is_now).counts = counts_of(row, 2)
        stamps.append(row.refreshed_at)
    for row in (await tx.execute(_ENGINES.of(points), values)).all():
        side(row.point_id, row.is_now).engines[row.engine] = row.n
    for row in (await tx.execute(_COVERAGE.of(points), values)).all():
        side(row.point_id, row.is_now).coverage = Totals(
            scheduled_ms=row.scheduled_ms,
            recorded_ms=row.recorded_ms,
            waiting_ms=row.waiting_ms,
            paused_ms=row.paused_ms,
            lost_ms=row.lost_ms,
            ahead_ms=row.ahead_ms,
            outside_ms=0,
            lost_by_reason={},
        )
        stamps.append(row.reckoned_at)
    reasons = await tx.execute(_LOST.of(points), given(period, points))
    lost = {row.reason: row.lost_ms for row in reasons}
    known = await report_points(tx, points)
    return Overview(known, now, before, lost, max(stamps, default=None))
