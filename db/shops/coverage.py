"""The recorders' accounts of their time, and what else coverage is reckoned from."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.stage_store import to_instant, to_ms
from domain.coverage import Interval, replaced
from domain.ids import DeviceId
from domain.status import CoverageFate
from domain.timeline import Span

_told = t.coverage.c


async def replace_coverage(tx: AsyncConnection, device_id: DeviceId, span: Span, told: Sequence[Interval]) -> None:
    """Replaces what the device said of `span`. The caller holds the lock of the device's row."""
    touching = delete(t.coverage).where(_touching(device_id, span)).returning(t.coverage)
    known = sorted(_interval(row) for row in await tx.execute(touching))
    rows = [
        {
            "device_id": device_id,
            "start_ts": to_instant(i.start_ms),
            "end_ts": to_instant(i.end_ms),
            "fate": i.fate,
            "reason": i.reason,
        }
        for i in replaced(known, span, told)
    ]
    if rows:
        await tx.execute(insert(t.coverage), rows)


async def told_coverage(tx: AsyncConnection, device_id: DeviceId, span: Span) -> list[Interval]:
    """What the device said of `span`, ascending; the outermost may reach beyond it."""
    query = select(t.coverage).where(_touching(device_id, span)).order_by(_told.start_ts)
    return [_interval(row) for row in await tx.execute(query)]


def _touching(device_id: DeviceId, span: Span) -> ColumnElement[bool]:
    """Rows never overlap, so only the last one that begins before the span can reach into it."""
    start, end = to_instant(span.start_ms), to_instant(span.end_ms)
    before = select(func.max(_told.start_ts)).where(_told.device_id == device_id, _told.start_ts < start)
    first = func.coalesce(before.scalar_subquery(), start)
    return and_(_told.device_id == device_id, _told.start_ts >= first, _told.start_ts <= end, _told.end_ts >= start)


def _interval(row: Row[tuple[object, ...]]) -> Interval:
    return Interval(to_ms(row.start_ts), to_ms(row.end_ts), CoverageFate(row.fate), row.reason)
