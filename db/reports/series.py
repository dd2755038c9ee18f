"""A period cut into days, hours, cells of the heat map and categories.

Where all points are meant it is read from the chain's own roll-ups: 90 days of 200 points are 1,300 rows there, and
250,000 in those by point.
"""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from db.reports.counted import COUNTERS, SUMS, counts_of, given, scoped
from domain.change import Period
from domain.figures import Counts

_OF_CHAIN = f"SELECT day, hour, {', '.join(COUNTERS)} FROM chain_hours WHERE day BETWEEN :first AND :last"
_OF_POINTS = (
    f"SELECT day, hour, {SUMS} FROM report_hours WHERE day BETWEEN :first AND :last {{of_points}} GROUP BY 1, 2"
)
_BY_HOUR = f"""
    SELECT day, weekday, hour, GROUPING(day) = 0 AS is_day, GROUPING(weekday) = 0 AS is_cell, {SUMS}
    FROM (
        SELECT *, CAST(extract(isodow FROM day) AS int) - 1 AS weekday FROM ({{source}}) AS by_hour
    ) AS hours
    GROUP BY GROUPING SETS ((day), (hour), (weekday, hour))
    ORDER BY day, weekday, hour
"""
_BY_CATEGORY = """
    SELECT category, sum(offered) AS offered, sum(accepted) AS accepted, sum(rejected) AS rejected
    FROM {table} WHERE day BETWEEN :first AND :last {{of_points}} GROUP BY 1 HAVING sum(offered) > 0
    ORDER BY 2 DESC, 1
"""
_HOURS = scoped(_BY_HOUR.format(source=_OF_POINTS), of_all=_BY_HOUR.format(source=_OF_CHAIN))
_CATEGORIES = scoped(
    _BY_CATEGORY.format(table="report_day_categories"),
    of_all=_BY_CATEGORY.format(table="chain_day_categories").format(of_points=""),
)
_COVERAGE = scoped(
    """
    SELECT day, CAST(sum(recorded_ms) AS bigint) AS recorded_ms,
           CAST(sum(scheduled_ms) - sum(ahead_ms) AS bigint) AS past_ms
    FROM coverage_days WHERE day BETWEEN :first AND :last {of_points} GROUP BY 1
    """
)


@dataclass(frozen=True, slots=True)
class Cell:
    """An hour of a weekday; `weekday` 0 is Monday."""

    weekday: int
    hour: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class Category:
    """`offered`: attempts that offered it; accepted and rejected: of these."""

    category: str
    offered: int
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Series:
    """Only what has something in it. `coverage`: share by day. `categories`: the most offered first."""

    days: dict[date, Counts] = field(default_factory=dict)
    hours: dict[int, Counts] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    categories: list[Category] = field(default_factory=list)
    coverage: dict[date, float] = field(default_factory=dict)


async def series(tx: AsyncConnection, period: Period, points: list[UUID] | None) -> Series:
    """Of these points together; None: of all."""
    found, values = Series(), given(period, points)
    for row in await tx.execute(_HOURS.of(points), values):
        if row.is_day:
            found.days[row.day] = counts_of(row, 5)
        elif row.is_cell:
            found.cells.append(Cell(row.weekday, row.hour, counts_of(row, 5)))
        else:
            found.hours[row.hour] = counts_of(row, 5)
    for row in await tx.execute(_CATEGORIES.of(points), values):
        found.categories.append(Category(row.category, int(row.offered), int(row.accepted), int(row.rejected)))
    for row in await tx.execute(_COVERAGE.of(points), values):
        if row.past_ms:
            found.coverage[row.day] = row.recorded_ms / row.past_ms
    return found
