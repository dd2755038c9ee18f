"""Coverage: what became of every second in which a point was to be recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.stage_store import database_now, to_instant, to_ms
from db.shops import coverage_report as store
from db.shops.points import Point
from domain.access import Permission, Principal
from domain.chunks import YEARS
from domain.coverage import totals
from domain.ids import DeviceId, PointId
from domain.ledger import DAY_MS
from domain.opening_hours import day_of, day_span, parse, windows_between
from domain.timeline import Span
from serve_apps import auth
from serve_apps.api.known import known_device, known_point
from serve_apps.api.schemas import Instant
from serve_apps.api.shops.coverage_views import (
    DeviceCoverageView,
    DeviceRowView,
    IntervalView,
    PointCoverageView,
    SpanView,
    TotalsView,
)
from serve_apps.application import DepsOf
from serve_apps.problems import Code, FieldError, Problem, documented, fields_problem

MAX_DAYS = 31

router = APIRouter(
    prefix="/api/v1/admin",
    tags=["coverage"],
    dependencies=[auth.require(Permission.READ)],
    responses=documented(*auth.CODES, Code.NOT_FOUND, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE),
)


@dataclass(frozen=True, slots=True)
class Period:
    """What was asked for: a day of the point, a span, or, with neither, today."""

    day: date | None
    span: Span | None


def _period(
    day: Annotated[
        date | None,
        Query(
            ge=date(YEARS.start, 1, 2),
            le=date(YEARS.stop - 1, 12, 30),
            description="a day of the point, in its own zone; absent, with `from` and `to` absent too: today",
        ),
    ] = None,
    start: Annotated[Instant | None, Query(alias="from", description="instead of a day; together with `to`")] = None,
    end: Annotated[Instant | None, Query(alias="to", description=f"at most {MAX_DAYS} days after `from`")] = None,
) -> Period:
    if start is None and end is None:
        return Period(day, None)
    if start is None or end is None:
        name, other = ("query.from", "to") if start is None else ("query.to", "from")
        raise _wrong(name, f"is missing beside {other}; send both, or a day")
    if day is not None:
        raise _wrong("query.day", "stands beside from and to; send either")
    span = Span(to_ms(start), to_ms(end))
    if not 0 < span.end_ms - span.start_ms <= MAX_DAYS * DAY_MS:
        raise _wrong("query.to", f"must be later than from, by {MAX_DAYS} days at most")
    return Period(None, span)


PeriodOf = Annotated[Period, Depends(_period)]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A point's opening times in the period."""

    point: Point
    day: date | None
    span: Span
    windows: Sequence[Span]
    now_ms: int


@router.get("/devices/{device_id}/coverage", operation_id="get_device_coverage")
async def get_device_coverage(
    device_id: UUID, period: PeriodOf, deps: DepsOf, caller: auth.Caller
) -> DeviceCoverageView:
    """One device's part of its point's schedule, and what became of it."""
    async with deps.db.begin() as tx:
        device = await known_device(tx, caller, device_id)
        watched = await store.watched_device(tx, DeviceId(device_id))
        assert watched is not None
        schedule = await _schedule(tx, caller, device.point_id, period)
        found = await store.device_coverage(tx, watched, schedule.windows, schedule.span, schedule.now_ms)
    return DeviceCoverageView(**_frame(schedule), **_row(found))


@router.get("/points/{point_id}/coverage", operation_id="get_point_coverage")
async def get_point_coverage(point_id: UUID, period: PeriodOf, deps: DepsOf, caller: auth.Caller) -> PointCoverageView:
    """The point's schedule and what became of it on each device that was to record or did, and on all together."""
    async with deps.db.begin() as tx:
        schedule = await _schedule(tx, caller, PointId(point_id), period)
        devices = await store.devices_of_point(tx, PointId(point_id))
        found = [
            await store.device_coverage(tx, device, schedule.windows, schedule.span, schedule.now_ms)
            for device in devices
        ]
    present = [one for one in found if one.totals.scheduled_ms or one.totals.outside_ms]
    together = totals((i for one in present for i in one.intervals), sum(one.totals.outside_ms for one in present))
    rows = [DeviceRowView(**_row(one)) for one in present]
    return PointCoverageView(**_frame(schedule), totals=TotalsView.model_validate(together), devices=rows)


async def _schedule(tx: AsyncConnection, caller: Principal, point_id: PointId, period: Period) -> Schedule:
    point = await known_point(tx, caller, point_id)
    now_ms, zone = to_ms(await database_now(tx)), ZoneInfo(point.zone)
    day = period.day or (day_of(now_ms, zone) if period.span is None else None)
    span = day_span(day, zone) if day else period.span
    assert span is not None
    return Schedule(point, day, span, windows_between(parse(point.opening_hours), span, zone), now_ms)


def _frame(schedule: Schedule) -> dict[str, object]:
    return {
        "point_id": schedule.point.point_id,
        "point_name": schedule.point.name,
        "zone": schedule.point.zone,
        "day": schedule.day,
        "start": to_instant(schedule.span.start_ms),
        "end": to_instant(schedule.span.end_ms),
        "now": to_instant(schedule.now_ms),
        "windows": [SpanView(start=to_instant(w.start_ms), end=to_instant(w.end_ms)) for w in schedule.windows],
    }


def _row(found: store.DeviceCoverage) -> dict[str, object]:
    device = found.device
    return {
        "device_id": device.device_id,
        "name": device.name,
        "register_id": device.register_id,
        "register_name": device.register_name,
        "totals": TotalsView.model_validate(found.totals),
        "intervals": [
            IntervalView(start=to_instant(i.start_ms), end=to_instant(i.end_ms), fate=i.fate, reason=i.reason)
            for i in found.intervals
        ],
    }


def _wrong(field: str, message: str) -> Problem:
    return fields_problem([FieldError(field=field, message=message)], Code.FIELD_INVALID)
