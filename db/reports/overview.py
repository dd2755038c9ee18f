"""A period and the one before it, point by point, from the roll-ups by day: no dialogue is read."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.reports.counted import SUMS, both, counts_of, given, of_points
from domain.change import Period
from domain.coverage import Totals
from domain.figures import Counts

_DAYS = f"""
    SELECT point_id, day >= :split AS is_now, {SUMS}, max(refreshed_at) AS refreshed_at
    FROM report_days WHERE day BETWEEN :first AND :last {{of_points}} GROUP BY 1, 2
"""
_ENGINES = """
    SELECT point_id, day >= :split AS is_now, engine, sum(dialogues) AS n
    FROM report_day_engines WHERE day BETWEEN :first AND :last {of_points} GROUP BY 1, 2, 3
"""
_COVERAGE = """
    SELECT point_id, day >= :split AS is_now, CAST(sum(scheduled_ms) AS bigint) AS scheduled_ms,
           CAST(sum(recorded_ms) AS bigint) AS recorded_ms, CAST(sum(waiting_ms) AS bigint) AS waiting_ms,
           CAST(sum(paused_ms) AS bigint) AS paused_ms, CAST(sum(lost_ms) AS bigint) AS lost_ms,
           CAST(sum(ahead_ms) AS bigint) AS ahead_ms, max(reckoned_at) AS reckoned_at
    FROM coverage_days WHERE day BETWEEN :first AND :last {of_points} GROUP BY 1, 2
"""
_LOST = """
    SELECT day >= :split AS is_now, lost.key AS reason, sum(CAST(lost.value AS bigint)) AS lost_ms
    FROM coverage_days, jsonb_each_text(lost_by_reason) AS lost
    WHERE day BETWEEN :first AND :last AND lost_ms > 0 {of_points} GROUP BY 1, 2
"""
NOTHING_SCHEDULED = Totals(0, 0, 0, 0, 0, 0, 0, {})


@dataclass(frozen=True, slots=True)
class ReportPoint:
    """A point as reports name it. `goal`: target rate."""

    point_id: UUID
    name: str
    zone: str
    goal: float | None


@dataclass(slots=True)
class Half:
    """One point, or all of them, in one of the two periods. `engines`: dialogues in the rates, by whose opinion it is.
    `coverage` is without reasons where it is of one point."""

    counts: Counts = field(default_factory=Counts)
    engines: Counter[str] = field(default_factory=Counter)
    coverage: Totals = NOTHING_SCHEDULED


@dataclass(frozen=True, slots=True)
class Overview:
    """`now` and `before` by point; a point of which nothing is known is in neither. `lost`: by reason, of all points.
    `updated_at`: when the newest of these roll-ups was made."""

    points: list[ReportPoint]
    now: Mapping[UUID, Half]
    before: Mapping[UUID, Half]
    lost: Mapping[str, int]
    lost_before: Mapping[str, int]
    updated_at: datetime | None


async def report_points(tx: AsyncConnection, points: list[UUID] | None) -> list[ReportPoint]:
    """By name."""
    p = t.points.c
    query = select(p.point_id, p.name, p.zone, p.goal).order_by(p.name, p.point_id)
    if points is not None:
        query = query.where(p.point_id.in_(points))
    return [ReportPoint(*row) for row in await tx.execute(query)]


async def overview(tx: AsyncConnection, period: Period, points: list[UUID] | None) -> Overview:
    """Of these points; None: of all. Each roll-up is read once for both periods."""
    values = given(both(period), points, split=period.first)
    now: dict[UUID, Half] = {}
    before: dict[UUID, Half] = {}
    stamps: list[datetime] = []

    def half(point_id: UUID, is_now: bool) -> Half:
        return (now if is_now else before).setdefault(point_id, Half())

    for row in await tx.execute(of_points(_DAYS, points), values):
        half(row.point_id, row.is_now).counts = counts_of(row)
        stamps.append(row.refreshed_at)
    for row in await tx.execute(of_points(_ENGINES, points), values):
        half(row.point_id, row.is_now).engines[row.engine] = row.n
    for row in await tx.execute(of_points(_COVERAGE, points), values):
        half(row.point_id, row.is_now).coverage = Totals(
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
    lost: dict[bool, dict[str, int]] = {True: {}, False: {}}
    for row in await tx.execute(of_points(_LOST, points), values):
        lost[row.is_now][row.reason] = int(row.lost_ms)
    known = await report_points(tx, points)
    return Overview(known, now, before, lost[True], lost[False], max(stamps, default=None))
