"""Roll-ups of facts: by hour, and by day with categories and engines. Counted as in domain/figures.py.

Whoever rebuilds holds the lock of the point's row, so that one rebuild sees all that the one before wrote.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ARRAY, Date, DateTime, TextClause, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.reports.chain_rows import Change, add_change
from db.reports.hours import Hour
from domain.figures import RATED, SPECIFIC_QUALITY
from domain.ids import PointId
from domain.status import Place

_ATTEMPT = f"place = '{Place.YES}'"
_RATED = ", ".join(f"'{place}'" for place in sorted(RATED))
_COUNTED = {
    "dialogues": f"place <> '{Place.SUPERSEDED}'",
    **{place.value: f"place = '{place.value}'" for place in Place},
    "reviewed": f"place <> '{Place.SUPERSEDED}' AND review_id IS NOT NULL",
    "specific": f"{_ATTEMPT} AND quality_score >= {SPECIFIC_QUALITY}",
    "accepted": f"{_ATTEMPT} AND customer_reaction = 'accepted'",
    "rejected": f"{_ATTEMPT} AND customer_reaction = 'rejected'",
    **{f"quality_{quality}": f"{_ATTEMPT} AND quality_score = {quality}" for quality in range(4)},
}
COUNTERS = tuple(_COUNTED)
_NAMES = ", ".join(COUNTERS)
COUNTS = ", ".join(f"count(*) FILTER (WHERE {condition}) AS {name}" for name, condition in _COUNTED.items())


def _statement(sql: str) -> TextClause:
    """About one point: `:point_id` with its `:hours` or `:days`."""
    types: dict[str, Any] = {"point_id": Uuid, "hours": ARRAY(DateTime(timezone=True)), "days": ARRAY(Date)}
    return text(sql).bindparams(*(bindparam(name, type_=of) for name, of in types.items() if f":{name}" in sql))


def _put(table: str, key: str, columns: str) -> str:
    """How a row that is there already is brought up to date, and left alone where it is."""
    fresh = ", ".join(f"EXCLUDED.{name.strip()}" for name in columns.split(","))
    old = ", ".join(f"old.{name.strip()}" for name in columns.split(","))
    return f"ON CONFLICT ({key}) DO UPDATE SET ({columns}) = ROW({fresh}) WHERE ({old}) IS DISTINCT FROM ({fresh})"


_DROP_HOURS = _statement(
    """
    DELETE FROM report_hours h
    WHERE point_id = :point_id AND hour_ts = ANY (:hours) AND NOT EXISTS (
        SELECT FROM dialogue_facts f WHERE f.point_id = h.point_id AND f.hour_ts = h.hour_ts
    )
    """
)
_HOURS = _statement(
    f"SELECT day, hour, {_NAMES} FROM report_hours WHERE point_id = :point_id AND hour_ts = ANY (:hours)"
)
_CATEGORIES = _statement(
    """
    SELECT day, category, offered, accepted, rejected FROM report_day_categories
    WHERE point_id = :point_id AND day = ANY (:days)
    """
)
_PUT_HOURS = _statement(
    f"""
    INSERT INTO report_hours AS old (point_id, hour_ts, day, hour, {_NAMES})
    SELECT f.point_id, f.hour_ts, min(f.day), min(extract(hour FROM f.start_ts AT TIME ZONE p.zone)), {COUNTS}
    FROM dialogue_facts f JOIN points p USING (point_id)
    WHERE f.point_id = :point_id AND f.hour_ts = ANY (:hours)
    GROUP BY f.point_id, f.hour_ts
    {_put("report_hours", "point_id, hour_ts", f"day, hour, {_NAMES}")}
    """
)
_OF_DAYS = """
    FROM report_hours h JOIN dialogue_facts f USING (point_id, hour_ts)
    WHERE h.point_id = :point_id AND h.day = ANY (:days)
"""
"""By the hours, which have indexes both ways: no statement reads more of the facts than these days'."""


def _of_days(columns: str) -> str:
    """Facts of the days, without the hours' own counters beside them."""
    return f"SELECT {columns} FROM (SELECT f.*, h.day AS of_day {_OF_DAYS}) AS facts"


_DROP_DAYS = [
    _statement(
        """
        DELETE FROM report_days d WHERE point_id = :point_id AND day = ANY (:days) AND NOT EXISTS (
            SELECT FROM report_hours h WHERE h.point_id = d.point_id AND h.day = d.day
        )
        """
    ),
    _statement("DELETE FROM report_day_categories WHERE point_id = :point_id AND day = ANY (:days)"),
    _statement("DELETE FROM report_day_engines WHERE point_id = :point_id AND day = ANY (:days)"),
]
_PUT_DAYS = [
    _statement(
        f"""
        INSERT INTO report_days AS old (point_id, day, {_NAMES}, cost_usd)
        {_of_days(f"point_id, of_day, {COUNTS}, sum(cost_usd)")} GROUP BY point_id, of_day
        ON CONFLICT (point_id, day) DO UPDATE SET
            ({_NAMES}, cost_usd, refreshed_at)
            = ROW({", ".join(f"EXCLUDED.{name}" for name in COUNTERS)}, EXCLUDED.cost_usd, now())
        """
    ),
    _statement(
        f"""
        INSERT INTO report_day_categories (point_id, day, category, offered, accepted, rejected)
        SELECT point_id, of_day, category, count(*), count(*) FILTER (WHERE customer_reaction = 'accepted'),
               count(*) FILTER (WHERE customer_reaction = 'rejected')
        FROM (SELECT f.*, h.day AS of_day {_OF_DAYS} AND {_ATTEMPT}) AS facts, unnest(categories) AS category
        GROUP BY point_id, of_day, category
        """
    ),
    _statement(
        f"""
        INSERT INTO report_day_engines (point_id, day, engine, dialogues)
        {_of_days("point_id, of_day, engine, count(*)")}
        WHERE place IN ({_RATED}) AND review_id IS NULL AND engine IS NOT NULL GROUP BY point_id, of_day, engine
        """
    ),
]
_LOCK = text("SELECT FROM points WHERE point_id = ANY (:point_ids) ORDER BY point_id FOR NO KEY UPDATE").bindparams(
    bindparam("point_ids", type_=ARRAY(Uuid))
)


async def lock_points(tx: AsyncConnection, point_ids: Collection[PointId]) -> None:
    """Keeps everybody else from rebuilding roll-ups of these points, until the transaction ends. All at once, and
    after the locks of dialogues: docs/decisions/roll-ups.md."""
    await tx.execute(_LOCK, {"point_ids": sorted(point_ids)})


async def rebuild_hours(tx: AsyncConnection, hours: Collection[Hour]) -> None:
    """Counts these hours of locked points anew, with the days that they are or were in, and with the whole chain."""
    change = Change()
    for point_id, of_point in groupby(sorted(hours), key=attrgetter("point_id")):
        await _rebuild(tx, point_id, [hour.hour_ts for hour in of_point], (), change)
    await add_change(tx, change)


async def rebuild_point(
    tx: AsyncConnection, point_id: PointId, hours: Collection[datetime], days: Collection[date]
) -> None:
    """The same of one point; with `days` that are counted anew whatever hours are known of them."""
    change = Change()
    await _rebuild(tx, point_id, sorted(hours), days, change)
    await add_change(tx, change)


async def _rebuild(
    tx: AsyncConnection, point_id: PointId, hours: Sequence[datetime], days: Iterable[date], change: Change
) -> None:
    given: dict[str, Any] = {"point_id": point_id, "hours": hours}
    before = (await tx.execute(_HOURS, given)).mappings().all()
    await tx.execute(_DROP_HOURS, given)
    await tx.execute(_PUT_HOURS, given)
    after = (await tx.execute(_HOURS, given)).mappings().all()
    given = {"point_id": point_id, "days": sorted({*days, *(row["day"] for row in (*before, *after))})}
    categories_before = (await tx.execute(_CATEGORIES, given)).mappings().all()
    for statement in (*_DROP_DAYS, *_PUT_DAYS):
        await tx.execute(statement, given)
    categories_after = (await tx.execute(_CATEGORIES, given)).mappings().all()
    change.note_hours(before, after)
    change.note_categories(categories_before, categories_after)
