"""Makes the reports anew from the rows, point by point and a month at a time, while all else goes on."""

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.stage_store import to_instant
from db.engine import Database
from db.queue import Queue
from db.reports.chain_rows import rebuild_chain
from db.reports.coverage_days import refresh_coverage
from db.reports.facts import refresh_point
from db.reports.jobs import hour_job
from db.reports.rollups import lock_points
from db.shops.points import Point
from domain.opening_hours import day_span

DAYS_AT_ONCE = 31
"""Of one point in one transaction: some 10,000 dialogues of a busy one."""

_PERIOD = text(
    """
    SELECT least((SELECT min(day) FROM report_days), CAST((SELECT min(start_ts) FROM dialogues) AS date) - 1) AS first,
           greatest((SELECT max(day) FROM report_days), CAST((SELECT max(start_ts) FROM dialogues) AS date) + 1) AS last
    """
)


async def known_period(tx: AsyncConnection) -> tuple[date, date] | None:
    """All days of which there are dialogues or reports, in any zone; None where there are none."""
    row = (await tx.execute(_PERIOD)).one()
    return None if row.first is None else (row.first, row.last)


def parts(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The period in pieces, each with its first and last day."""
    while first <= last:
        end = min(last, first + timedelta(days=DAYS_AT_ONCE - 1))
        yield first, end
        first = end + timedelta(days=1)


async def rebuild_days(db: Database, queue: Queue, point: Point, first: date, last: date) -> None:
    """Facts, roll-ups and coverage of a point's days, both included. At most DAYS_AT_ONCE, in one transaction."""
    zone = ZoneInfo(point.zone)
    since, until = to_instant(day_span(first, zone).start_ms), to_instant(day_span(last, zone).end_ms)
    async with db.begin() as tx:
        await lock_points(tx, [point.point_id])
        elsewhere = await refresh_point(tx, point.point_id, since, until)
        for n in range((last - first).days + 1):
            await refresh_coverage(tx, point.point_id, first + timedelta(days=n))
        await queue.enqueue(tx, [hour_job(hour) for hour in elsewhere])


async def rebuild_together(db: Database) -> None:
    """What all points together are counted by."""
    async with db.begin() as tx:
        await rebuild_chain(tx)
