"""One day of the points: their figures, what they recorded, and which devices are silent."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Date, DateTime, TextClause, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.stage_store import to_instant, to_ms
from db.reports.counted import COUNTERS, counts_of
from domain.coverage import PATIENCE_MS, Totals
from domain.opening_hours import day_of, day_span, parse, windows
from domain.report import Side
from domain.silence import Heard, Silence, silence
from domain.status import CoverageFate
from domain.timeline import Span

_OF_DAYS = "FROM unnest(CAST(:points AS uuid[]), CAST(:days AS date[])) AS asked (point_id, day)"
"""Each point with its own day: where zones differ, today is not the same everywhere."""


def _asked(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("points", type_=ARRAY(Uuid)), bindparam("days", type_=ARRAY(Date)))


_COUNTS = _asked(
    f"SELECT point_id, refreshed_at, {', '.join(COUNTERS)} {_OF_DAYS} JOIN report_days USING (point_id, day)"
)
_ENGINES = _asked(f"SELECT point_id, engine, dialogues {_OF_DAYS} JOIN report_day_engines USING (point_id, day)")
_COVERAGE = _asked(
    f"""
    SELECT point_id, reckoned_at, scheduled_ms, recorded_ms, waiting_ms, paused_ms, lost_ms, ahead_ms, lost_by_reason
    {_OF_DAYS} JOIN coverage_days USING (point_id, day)
    """
).columns(lost_by_reason=t.coverage_days.c.lost_by_reason.type)
_WAITING = text(
    """
    SELECT count(*)
    FROM unnest(CAST(:points AS uuid[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
        AS asked (point_id, start_ts, end_ts)
    JOIN review_queue q ON q.point_id = asked.point_id
        AND q.start_ts >= asked.start_ts AND q.start_ts < asked.end_ts
    """
).bindparams(
    bindparam("points", type_=ARRAY(Uuid)),
    bindparam("starts", type_=ARRAY(DateTime(timezone=True))),
    bindparam("ends", type_=ARRAY(DateTime(timezone=True))),
)
_DEVICES = text(
    """
    SELECT d.device_id, d.name, d.point_id, r.name AS register_name, d.created_at AS placed_at, d.last_seen_at,
           last_chunk.received_at AS last_chunk_at, told.fate, told.reason
    FROM devices d
    JOIN registers r USING (register_id)
    LEFT JOIN LATERAL (
        SELECT c.received_at FROM audio_chunks c WHERE c.device_id = d.device_id ORDER BY c.received_at DESC LIMIT 1
    ) AS last_chunk ON true
    LEFT JOIN LATERAL (
        SELECT c.fate, c.reason FROM coverage c WHERE c.device_id = d.device_id ORDER BY c.start_ts DESC LIMIT 1
    ) AS told ON true
    WHERE d.is_enabled AND d.replaced_at IS NULL AND d.point_id = ANY (:points)
      AND (last_chunk.received_at IS NULL OR last_chunk.received_at < :heard)
    ORDER BY r.name, d.name, d.device_id
    """
).bindparams(bindparam("points", type_=ARRAY(Uuid)), bindparam("heard", type_=DateTime(timezone=True)))
"""Those of which nothing was heard lately. Two steps down an index for each device, however long its history is."""

_WORDS = {fate: fate.value for fate in (CoverageFate.PAUSED, CoverageFate.WAITING)}
"""Of other fates only the reason tells something, and only lost time has one."""


@dataclass(frozen=True, slots=True)
class SilentDevice:
    """`told`: what its recorder said last: paused, waiting to be sent, or why nothing was recorded."""

    device_id: UUID
    name: str
    register_name: str
    silence: Silence
    told: str | None
    last_chunk_at: datetime | None
    last_seen_at: datetime | None


@dataclass(slots=True)
class PointDay:
    """`day`: of the point. `is_open`: now."""

    point_id: UUID
    name: str
    zone: str
    goal: float | None
    shows_registers: bool
    day: date
    span: Span
    is_open: bool
    side: Side = field(default_factory=Side)
    silent: list[SilentDevice] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Today:
    """`points` by name. `updated_at`: when the newest roll-up was made."""

    points: Sequence[PointDay]
    reviews_waiting: int
    updated_at: datetime | None


async def today(tx: AsyncConnection, day: date | None, points: list[UUID] | None, now: datetime) -> Today:
    """That day of these points; None: the day that each of them has now, and all of them. Only of the present day are
    devices silent."""
    now_ms = to_ms(now)
    rows = await _points(tx, points)
    open_times: dict[UUID, list[Span]] = {}
    found: dict[UUID, PointDay] = {}
    alike: dict[tuple[str, str], tuple[list[Span], Span]] = {}  # most points share zone and hours
    for row in rows:
        zone = ZoneInfo(row.zone)
        present = day_of(now_ms, zone)
        shown, hours = day or present, (row.zone, json.dumps(row.opening_hours))
        if hours not in alike:
            alike[hours] = windows(parse(row.opening_hours), present, zone), day_span(shown, zone)
        of_today, span = alike[hours]
        if shown == present:
            open_times[row.point_id] = of_today
        found[row.point_id] = PointDay(
            point_id=row.point_id,
            name=row.name,
            zone=row.zone,
            goal=row.goal,
            shows_registers=row.shows_registers,
            day=shown,
            span=span,
            is_open=any(w.start_ms <= now_ms < w.end_ms for w in of_today),
        )
    stamps = await _fill(tx, found)
    for point_id, device in await silent_devices(tx, open_times, now_ms):
        found[point_id].silent.append(device)
    return Today(list(found.values()), await _waiting(tx, found), max(stamps, default=None))


async def _points(tx: AsyncConnection, points: list[UUID] | None) -> Sequence[Any]:
    p = t.points.c
    query = select(p.point_id, p.name, p.zone, p.goal, p.opening_hours, p.shows_registers).order_by(p.name, p.point_id)
    if points is not None:
        query = query.where(p.point_id.in_(points))
    return (await tx.execute(query)).all()


async def _fill(tx: AsyncConnection, found: Mapping[UUID, PointDay]) -> list[datetime]:
    """Puts figures and coverage into the points; when the roll-ups were made."""
    asked = {"points": list(found), "days": [point.day for point in found.values()]}
    stamps: list[datetime] = []
    for row in (await tx.execute(_COUNTS, asked)).all():
        found[row.point_id].side.counts = counts_of(row, 2)
        stamps.append(row.refreshed_at)
    for row in await tx.execute(_ENGINES, asked):
        found[row.point_id].side.engines[row.engine] = row.dialogues
    for row in (await tx.execute(_COVERAGE, asked)).all():
        found[row.point_id].side.coverage = Totals(
            scheduled_ms=row.scheduled_ms,
            recorded_ms=row.recorded_ms,
            waiting_ms=row.waiting_ms,
            paused_ms=row.paused_ms,
            lost_ms=row.lost_ms,
            ahead_ms=row.ahead_ms,
            outside_ms=0,
            lost_by_reason=dict(sorted(row.lost_by_reason.items(), key=lambda reason: -reason[1])),
        )
        stamps.append(row.reckoned_at)
    return stamps


async def silent_devices(
    tx: AsyncConnection, open_times: Mapping[UUID, Sequence[Span]], now_ms: int
) -> list[tuple[UUID, SilentDevice]]:
    """(point, device) of the points in `open_times`, which holds the opening times of their present day."""
    found = []
    asked = {"points": list(open_times), "heard": to_instant(now_ms - PATIENCE_MS)}
    for row in await tx.execute(_DEVICES, asked):
        heard = Heard(to_ms(row.placed_at), _ms(row.last_chunk_at), _ms(row.last_seen_at))
        state = silence(open_times[row.point_id], heard, now_ms)
        if state is not None:
            device = SilentDevice(
                device_id=row.device_id,
                name=row.name,
                register_name=row.register_name,
                silence=state,
                told=_WORDS.get(row.fate, row.reason),
                last_chunk_at=row.last_chunk_at,
                last_seen_at=row.last_seen_at,
            )
            found.append((row.point_id, device))
    return found


async def _waiting(tx: AsyncConnection, found: Mapping[UUID, PointDay]) -> int:
    spans = [point.span for point in found.values()]
    asked = {
        "points": list(found),
        "starts": [to_instant(span.start_ms) for span in spans],
        "ends": [to_instant(span.end_ms) for span in spans],
    }
    count: int = (await tx.execute(_WAITING, asked)).scalar_one()
    return count


def _ms(instant: datetime | None) -> int | None:
    return None if instant is None else to_ms(instant)
