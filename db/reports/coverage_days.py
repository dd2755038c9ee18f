"""The coverage of each point's day, reckoned once for all who read it; it rests on db/shops/coverage_report.py."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Interval, TextClause, bindparam, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.stage_store import database_now, to_ms
from db.engine import Database
from db.queue import NewJob, Queue
from db.reports.jobs import coverage_job, point_job
from db.shops.coverage_report import device_coverage, devices_of_point
from db.shops.points import Point, find_point
from domain.coverage import PATIENCE_MS, Totals, totals
from domain.ids import DeviceId, PointId
from domain.opening_hours import day_of, day_span, parse, windows_between
from domain.status import JobClass
from domain.timeline import Span

BATCH = 500
"""Jobs of one transaction."""
_TOTALS = ("scheduled_ms", "recorded_ms", "waiting_ms", "paused_ms", "lost_ms", "ahead_ms", "lost_by_reason")
_days = t.coverage_days.c

_DUE = text(
    """
    WITH here AS (
        SELECT point_id, CAST(now() AT TIME ZONE zone AS date) AS today,
               CAST(created_at AT TIME ZONE zone AS date) AS born
        FROM points
    )
    SELECT here.point_id, CAST(asked.day AS date) AS day
    FROM here CROSS JOIN LATERAL generate_series(greatest(born, today - 31), today, interval '1 day') AS asked (day)
    WHERE asked.day >= today - 1 OR NOT EXISTS (
        SELECT FROM coverage_days known WHERE known.point_id = here.point_id AND known.day = asked.day
    )
    ORDER BY here.point_id, day
    """
)
"""Today and yesterday change without anybody saying so: what nobody tells of is lost in the end."""

STALE_AFTER = timedelta(minutes=5)
_STALE = text(
    """
    SELECT here.point_id, here.today AS day
    FROM (SELECT point_id, CAST(now() AT TIME ZONE zone AS date) AS today FROM points) AS here
    LEFT JOIN coverage_days known ON known.point_id = here.point_id AND known.day = here.today
    WHERE known.reckoned_at IS NULL
       OR (known.reckoned_at < now() - :age AND known.ahead_ms + known.waiting_ms > 0)
    ORDER BY here.point_id
    """
).bindparams(bindparam("age", STALE_AFTER, type_=Interval))
"""While a point records, its chunks have the day reckoned all the time. Where nothing comes, its share sinks by the
minute, and that is the very point whose share somebody should see."""

_PENDING = text(
    """
    SELECT subject_id FROM jobs
    WHERE stage = 'coverage' AND state IN ('queued', 'running') AND starts_with(subject_id, :point)
    """
)


async def reckon(tx: AsyncConnection, point_id: PointId, day: date) -> Totals | None:
    """What became of the scheduled time of all devices of the point; None where there is no such point."""
    point = await find_point(tx, point_id)
    if point is None:
        return None
    zone, now_ms = ZoneInfo(point.zone), to_ms(await database_now(tx))
    span = day_span(day, zone)
    windows = windows_between(parse(point.opening_hours), span, zone)
    devices = [
        await device_coverage(tx, device, windows, span, now_ms) for device in await devices_of_point(tx, point_id)
    ]
    return totals(interval for device in devices for interval in device.intervals)


async def refresh_coverage(tx: AsyncConnection, point_id: PointId, day: date) -> None:
    """Reckons one day anew. The caller holds the lock of the point's row."""
    found = await reckon(tx, point_id, day)
    if found is None:
        return
    values = {name: getattr(found, name) for name in _TOTALS}
    statement = insert(t.coverage_days).values(point_id=point_id, day=day, **values)
    fresh = {name: statement.excluded[name] for name in (*values, "reckoned_at")}
    await tx.execute(statement.on_conflict_do_update(index_elements=["point_id", "day"], set_=fresh))


async def coverage_drifts(
    tx: AsyncConnection, point: Point, first: date, last: date
) -> list[tuple[date, Totals, Totals]]:
    """Days whose stored coverage is not what it is reckoned to be, with both. Days that still change are left out:
    those that were not long over when they were reckoned, or that a queued job is about."""
    zone = ZoneInfo(point.zone)
    columns = [_days[name] for name in _TOTALS]
    query = select(_days.day, _days.reckoned_at, *columns).where(
        _days.point_id == point.point_id, _days.day.between(first, last)
    )
    stored = (await tx.execute(query.order_by(_days.day))).all()
    pending = set((await tx.execute(_PENDING, {"point": f"{point.point_id}@"})).scalars())
    drifts = []
    for row in stored:
        is_over = day_span(row.day, zone).end_ms + PATIENCE_MS <= to_ms(row.reckoned_at)
        if not is_over or f"{point.point_id}@{row.day.isoformat()}" in pending:
            continue
        expected = await reckon(tx, point.point_id, row.day)
        said = Totals(**{name: getattr(row, name) for name in _TOTALS}, outside_ms=0)
        if expected is not None and said != replace(expected, outside_ms=0):
            drifts.append((row.day, said, expected))
    return drifts


async def coverage_jobs(tx: AsyncConnection, device_id: DeviceId, spans: Iterable[Span]) -> list[NewJob]:
    """Jobs for the days of a device's point in which something was received or told."""
    query = select(t.points.c.point_id, t.points.c.zone).join(t.devices, t.devices.c.point_id == t.points.c.point_id)
    row = (await tx.execute(query.where(t.devices.c.device_id == device_id))).one_or_none()
    if row is None:
        return []
    return [coverage_job(PointId(row.point_id), day) for day in sorted(_days_of(spans, ZoneInfo(row.zone)))]


async def jobs_of_changed_point(tx: AsyncConnection, point_id: PointId, changed: Collection[str]) -> list[NewJob]:
    """Jobs that another value of these columns makes necessary: with other hours or in another zone all days of the
    point were covered differently, in another zone its dialogues lie in other hours too."""
    if not {"zone", "opening_hours"}.intersection(changed):
        return []
    days = (await tx.execute(select(_days.day).where(_days.point_id == point_id).order_by(_days.day))).scalars()
    again = [coverage_job(point_id, day, JobClass.BACKFILL) for day in days]
    return [point_job(point_id), *again] if "zone" in changed else again


async def queue_due_coverage(db: Database, queue: Queue) -> int:
    """Queues the days that are to be reckoned though nothing came in; returns how many."""
    return await _queue(db, queue, _DUE)


async def queue_stale_coverage(db: Database, queue: Queue) -> int:
    """Queues the present day of points of which nothing was reckoned for STALE_AFTER; returns how many."""
    return await _queue(db, queue, _STALE)


async def _queue(db: Database, queue: Queue, which: TextClause) -> int:
    async with db.begin() as tx:
        due = [coverage_job(PointId(row.point_id), row.day) for row in await tx.execute(which)]
    for at in range(0, len(due), BATCH):
        async with db.begin() as tx:
            await queue.enqueue(tx, due[at : at + BATCH])
    return len(due)


def _days_of(spans: Iterable[Span], zone: ZoneInfo) -> set[date]:
    days: set[date] = set()
    for span in spans:
        day, last = day_of(span.start_ms, zone), day_of(max(span.start_ms, span.end_ms - 1), zone)
        while day <= last:
            days.add(day)
            day += timedelta(days=1)
    return days
