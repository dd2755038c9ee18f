"""Reading side: what stands where, how it does, and what became of one day. For the page of points and devices."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Uuid, bindparam, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.stage_store import to_ms
from db.shops.coverage_report import DeviceCoverage, device_coverage, devices_of_point
from db.shops.devices import Device
from db.shops.enrolment import EnrolmentCode, list_codes
from db.shops.heartbeats import Heartbeat, last_heartbeats
from db.shops.points import Point, Register
from domain.ids import DeviceId, PointId, RegisterId
from domain.opening_hours import day_of, day_span, parse, windows_between
from domain.silence import Heard, Silence, silence
from domain.timeline import Span

_p, _r, _d = t.points.c, t.registers.c, t.devices.c
_NAMED = func.lower(_p.name)
_LAST_CHUNKS = text(
    """
    SELECT wanted.device_id, last.received_at
    FROM unnest(:device_ids) AS wanted (device_id) CROSS JOIN LATERAL (
        SELECT received_at FROM audio_chunks c WHERE c.device_id = wanted.device_id ORDER BY received_at DESC LIMIT 1
    ) AS last
    """
).bindparams(bindparam("device_ids", type_=ARRAY(Uuid)))
"""One step down the index for each device."""


@dataclass(frozen=True, slots=True)
class PlacedDevice:
    """A device where it stands. `coverage` None: it was not to record on that day and did not."""

    device: Device
    heartbeat: Heartbeat | None
    last_chunk_at: datetime | None
    silence: Silence | None
    coverage: DeviceCoverage | None


@dataclass(frozen=True, slots=True)
class PointPlaces:
    """A point with its registers by name, each with its devices. `day`: of the point; `span`: its hours; `windows`: the
    opening times in it; `codes`: enrolment codes that still work."""

    point: Point
    day: date
    span: Span
    windows: Sequence[Span]
    registers: Sequence[tuple[Register, Sequence[PlacedDevice]]]
    codes: Sequence[EnrolmentCode]


async def page_of_points(
    tx: AsyncConnection, points: Sequence[UUID] | None, after: UUID | None, limit: int
) -> list[Point]:
    """By name, of these points (None: all), beginning behind the point `after`."""
    query = select(t.points).order_by(_NAMED, _p.point_id).limit(limit)
    if points is not None:
        query = query.where(_p.point_id.in_(points))
    if after is not None:
        row = (await tx.execute(select(_NAMED, _p.point_id).where(_p.point_id == after))).one_or_none()
        query = query.where(tuple_(_NAMED, _p.point_id) > tuple_(*row)) if row else query.where(_p.point_id > after)
    names = Point.__dataclass_fields__
    return [Point(**{name: row._mapping[name] for name in names}) for row in await tx.execute(query)]


async def places_of(tx: AsyncConnection, point: Point, day: date | None, now: datetime) -> PointPlaces:
    """`day` None: the point's today."""
    zone, now_ms = ZoneInfo(point.zone), to_ms(now)
    today = day_of(now_ms, zone)
    span = day_span(day or today, zone)
    windows = windows_between(parse(point.opening_hours), span, zone)
    open_now = windows_between(parse(point.opening_hours), day_span(today, zone), zone)
    devices = await _devices(tx, point.point_id)
    ids = [device.device_id for device in devices]
    beats, last_chunks = await last_heartbeats(tx, ids), await _last_chunks(tx, ids)
    watched = {w.device_id: w for w in await devices_of_point(tx, point.point_id)}
    placed = defaultdict(list)
    for device in devices:
        coverage = await device_coverage(tx, watched[device.device_id], windows, span, now_ms)
        seen = coverage.totals.scheduled_ms or coverage.totals.outside_ms
        last_chunk = last_chunks.get(device.device_id)
        placed[device.register_id].append(
            PlacedDevice(
                device,
                beats.get(device.device_id),
                last_chunk,
                _silence(device, open_now, last_chunk, now_ms),
                coverage if seen else None,
            )
        )
    registers = [(register, placed[register.register_id]) for register in await _registers(tx, point.point_id)]
    codes = [code for code in await list_codes(tx, [point.point_id], limit=1000) if code.is_live]
    return PointPlaces(point, day or today, span, windows, registers, codes)


def _silence(device: Device, open_now: Sequence[Span], last_chunk: datetime | None, now_ms: int) -> Silence | None:
    if not device.is_enabled or device.replaced_at is not None:
        return None
    audio_ms = None if last_chunk is None else to_ms(last_chunk)
    seen_ms = None if device.last_seen_at is None else to_ms(device.last_seen_at)
    return silence(open_now, Heard(to_ms(device.created_at), audio_ms, seen_ms), now_ms)


async def _registers(tx: AsyncConnection, point_id: PointId) -> list[Register]:
    query = select(t.registers).where(_r.point_id == point_id).order_by(func.lower(_r.name), _r.register_id)
    return [Register(RegisterId(r.register_id), point_id, r.name, r.created_at) for r in await tx.execute(query)]


async def _devices(tx: AsyncConnection, point_id: PointId) -> list[Device]:
    """Those that still stand first, then the replaced, newest first."""
    query = select(t.devices).where(_d.point_id == point_id)
    query = query.order_by(_d.replaced_at.desc().nulls_first(), _d.created_at.desc(), _d.device_id)
    names = Device.__dataclass_fields__
    return [Device(**{name: row._mapping[name] for name in names}) for row in await tx.execute(query)]


async def _last_chunks(tx: AsyncConnection, device_ids: Sequence[DeviceId]) -> dict[DeviceId, datetime]:
    rows = await tx.execute(_LAST_CHUNKS, {"device_ids": list(device_ids)})
    return {DeviceId(row.device_id): row.received_at for row in rows}
