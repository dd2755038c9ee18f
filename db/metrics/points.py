"""Numbers of the points: open or not, how much of today is recorded, which devices are silent or have a wrong clock."""

import json
from collections import Counter
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Date, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.reports.today import silent_devices
from domain import metrics as m
from domain.metrics import Sample
from domain.opening_hours import day_of, parse, windows
from domain.timeline import Span

CLOCK_MS = 5_000
"""A recorder's clock is set by NTP, and its word takes a second or two to come: more is worth a look."""
COVERAGE = text("""
    SELECT point_id, CAST(recorded_ms AS float8) / (scheduled_ms - ahead_ms) AS share
    FROM unnest(CAST(:points AS uuid[]), CAST(:days AS date[])) AS asked (point_id, day)
    JOIN coverage_days USING (point_id, day)
    WHERE scheduled_ms > ahead_ms
""").bindparams(bindparam("points", type_=ARRAY(Uuid)), bindparam("days", type_=ARRAY(Date)))
CLOCKS = text("""
    SELECT d.device_id, d.point_id, last.clock_error_ms
    FROM devices d CROSS JOIN LATERAL (
        SELECT clock_error_ms FROM device_heartbeats h
        WHERE h.device_id = d.device_id AND h.slot > statement_timestamp() - interval '1 hour'
        ORDER BY h.slot DESC LIMIT 1
    ) AS last
    WHERE d.is_enabled AND abs(last.clock_error_ms) >= :limit_ms
""")


async def point_samples(tx: AsyncConnection, now_ms: int) -> list[Sample]:
    """Of every point. `now_ms`: ms since the epoch."""
    p = t.points.c
    points = (await tx.execute(select(p.point_id, p.name, p.zone, p.opening_hours).order_by(p.point_id))).all()
    names = {row.point_id: row.name for row in points}
    open_times: dict[UUID, list[Span]] = {}
    days: dict[UUID, date] = {}
    alike: dict[tuple[str, str], tuple[date, list[Span]]] = {}  # most points share zone and hours
    for row in points:
        hours = row.zone, json.dumps(row.opening_hours)
        if hours not in alike:
            zone = ZoneInfo(row.zone)
            today = day_of(now_ms, zone)
            alike[hours] = today, windows(parse(row.opening_hours), today, zone)
        days[row.point_id], open_times[row.point_id] = alike[hours]
    silent = Counter(point_id for point_id, _ in await silent_devices(tx, open_times, now_ms))
    found: list[Sample] = []
    for point_id, name in names.items():
        is_open = any(w.start_ms <= now_ms < w.end_ms for w in open_times[point_id])
        found.append(Sample(m.POINT_OPEN, is_open, (str(point_id), name)))
        found.append(Sample(m.POINT_SILENT, silent[point_id], (str(point_id), name)))
    for row in await tx.execute(COVERAGE, {"points": list(days), "days": list(days.values())}):
        found.append(Sample(m.POINT_COVERAGE, row.share, (str(row.point_id), names[row.point_id])))
    for row in await tx.execute(CLOCKS, {"limit_ms": CLOCK_MS}):
        found.append(Sample(m.DEVICE_CLOCK, row.clock_error_ms / 1000, (str(row.device_id), names[row.point_id])))
    return found
