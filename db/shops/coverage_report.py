"""What coverage is reckoned from: which devices were to record when, what they said, and what was received."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval as Duration
from sqlalchemy import Row, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.stage_store import to_instant, to_ms
from db.shops.coverage import told_coverage
from domain.coverage import BRIDGE_MS, Interval, Totals, account, scheduled, totals, union, without
from domain.ids import DeviceId, PointId, RegisterId
from domain.timeline import Span

LONGEST_CHUNK = timedelta(hours=1)
"""No chunk is longer, whatever `ingest.max_chunk_s` says now: how far back one may begin that reaches into a span."""

_DEVICES = """
    SELECT d.device_id, d.name, d.register_id, r.name AS register_name,
           greatest(d.created_at, (SELECT max(old.replaced_at) FROM devices old WHERE old.replaced_by = d.device_id))
               AS begins, d.replaced_at,
           ARRAY(SELECT s.start_ts FROM disabled_spans s WHERE s.device_id = d.device_id ORDER BY s.start_ts) AS offs,
           ARRAY(SELECT coalesce(s.end_ts, timestamptz '9999-12-31 00:00:00+00') FROM disabled_spans s
                 WHERE s.device_id = d.device_id ORDER BY s.start_ts) AS ons
    FROM devices d JOIN registers r USING (register_id)
"""
_OF_POINT = text(f"{_DEVICES} WHERE d.point_id = :point_id ORDER BY r.name, d.created_at, d.device_id")
_OF_DEVICE = text(f"{_DEVICES} WHERE d.device_id = :device_id")
_EVER_MS = 1 << 62
_RECEIVED = text(
    """
    SELECT lower(stretch) AS start_ts, upper(stretch) - :bridge AS end_ts
    FROM (
        SELECT unnest(range_agg(tstzrange(
            start_ts, :bridge + coalesce(start_ts + decoded_ms * interval '1 ms', end_ts)
        ))) AS stretch
        FROM audio_chunks
        WHERE device_id = :device_id AND start_ts > :earliest AND start_ts < :until
    ) AS stretches
    """
).bindparams(bindparam("bridge", timedelta(milliseconds=BRIDGE_MS), type_=Duration))
"""By the index over device, start and sha256. Chunks are joined here: a month of a device has 25,000."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A device at its register. `begins_ms`: when it took its place; `off`: when it was shut out or replaced."""

    device_id: DeviceId
    name: str
    register_id: RegisterId
    register_name: str
    begins_ms: int
    off: Sequence[Span]


@dataclass(frozen=True, slots=True)
class DeviceCoverage:
    """`intervals`: the fate of its scheduled time, ascending."""

    device: Watched
    intervals: list[Interval]
    totals: Totals


async def devices_of_point(tx: AsyncConnection, point_id: PointId) -> list[Watched]:
    """Every device that ever stood at the point, by register."""
    return [_watched(row) for row in await tx.execute(_OF_POINT, {"point_id": point_id})]


async def watched_device(tx: AsyncConnection, device_id: DeviceId) -> Watched | None:
    """One device; None where there is none with this id."""
    row = (await tx.execute(_OF_DEVICE, {"device_id": device_id})).one_or_none()
    return None if row is None else _watched(row)


async def device_coverage(
    tx: AsyncConnection, device: Watched, windows: Sequence[Span], span: Span, now_ms: int
) -> DeviceCoverage:
    """What became of the device's part of the schedule. `windows`: the point's opening times within `span`."""
    # Read in this order: what is said to be delivered was committed before it was said.
    told = await told_coverage(tx, device.device_id, span)
    received = await _received(tx, device.device_id, span)
    return await asyncio.to_thread(_reckon, device, windows, received, told, now_ms)


def _reckon(
    device: Watched, windows: Sequence[Span], received: Sequence[Span], told: Sequence[Interval], now_ms: int
) -> DeviceCoverage:
    """In a thread: a month of a broken microphone has thousands of intervals."""
    windows = scheduled(windows, device.begins_ms, device.off, received, told)
    intervals = account(windows, received, told, now_ms)
    outside_ms = sum(end - start for start, end in without(received, windows))
    return DeviceCoverage(device, intervals, totals(intervals, outside_ms))


async def _received(tx: AsyncConnection, device_id: DeviceId, span: Span) -> list[Span]:
    where = {
        "device_id": device_id,
        "earliest": to_instant(span.start_ms) - LONGEST_CHUNK,
        "until": to_instant(span.end_ms),
    }
    spans = [Span(to_ms(row.start_ts), to_ms(row.end_ts)) for row in await tx.execute(_RECEIVED, where)]
    return union(Span(max(s.start_ms, span.start_ms), min(s.end_ms, span.end_ms)) for s in spans)


def _watched(row: Row[Any]) -> Watched:
    off = [Span(to_ms(start), to_ms(end)) for start, end in zip(row.offs, row.ons, strict=True)]
    if row.replaced_at is not None:
        off.append(Span(to_ms(row.replaced_at), _EVER_MS))
    ids: tuple[UUID, UUID] = row.device_id, row.register_id
    return Watched(DeviceId(ids[0]), row.name, RegisterId(ids[1]), row.register_name, to_ms(row.begins), off)
