"""Brings facts, search rows and roll-ups up to date together.

Locks, in this order: dialogues by id, points by id, facts by id, then the chain's rows by key; jobs come after all of
them. docs/decisions/roll-ups.md says why that is enough.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import DateTime, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues import stage_sql
from db.reports.fact_rows import write_facts
from db.reports.hours import Hour, hours_of
from db.reports.rollups import lock_points, rebuild_hours, rebuild_point
from db.reports.search_rows import write_search
from db.reviewing.review_reasons import refresh_queue
from domain.ids import DialogueId, PointId

BATCH = 2_000
"""Dialogues of one statement."""
HOUR = timedelta(hours=1)

_OF_HOUR = text(
    """
    SELECT dialogue_id FROM dialogue_facts WHERE point_id = :point_id AND hour_ts = :hour_ts
    UNION
    SELECT dialogue_id FROM dialogues WHERE point_id = :point_id AND start_ts >= :hour_ts AND start_ts < :until
    """
).bindparams(
    bindparam("point_id", type_=Uuid),
    bindparam("hour_ts", type_=DateTime(timezone=True)),
    bindparam("until", type_=DateTime(timezone=True)),
)
_SPAN = (
    bindparam("point_id", type_=Uuid),
    bindparam("since", type_=DateTime(timezone=True)),
    bindparam("until", type_=DateTime(timezone=True)),
)
_OF_SPAN = text(
    """
    SELECT dialogue_id FROM dialogue_facts WHERE point_id = :point_id AND start_ts >= :since AND start_ts < :until
    UNION
    SELECT dialogue_id FROM dialogues WHERE point_id = :point_id AND start_ts >= :since AND start_ts < :until
    """
).bindparams(*_SPAN)
_HOURS_OF_SPAN = text(
    "SELECT hour_ts FROM report_hours WHERE point_id = :point_id AND hour_ts >= :since AND hour_ts < :until"
).bindparams(*_SPAN)
_DAYS_OF_SPAN = text(
    """
    SELECT day FROM report_days JOIN points USING (point_id)
    WHERE point_id = :point_id AND day >= CAST(CAST(:since AS timestamptz) AT TIME ZONE zone AS date)
      AND day <= CAST(CAST(:until AS timestamptz) AT TIME ZONE zone AS date)
    """
).bindparams(*_SPAN)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))


async def refresh_facts(tx: AsyncConnection, dialogue_ids: Iterable[DialogueId]) -> None:
    """Brings all that reports say of these dialogues up to date, at once: for what a person did and wants to see done.

    Call it once in a transaction, with all dialogues, after what was written about them and before jobs are queued.
    """
    ids = sorted(set(dialogue_ids))
    await tx.execute(stage_sql.LOCK, {"dialogue_ids": ids})
    hours = set(await hours_of(tx, ids))
    await lock_points(tx, {hour.point_id for hour in hours})
    await refresh_hours(tx, hours | await _write(tx, ids))


async def refresh_hours(tx: AsyncConnection, hours: Iterable[Hour]) -> None:
    """Counts these hours anew from their facts: after dialogues of theirs were deleted (`hours_of`, asked before)."""
    wanted = set(hours)
    await lock_points(tx, {hour.point_id for hour in wanted})
    await rebuild_hours(tx, wanted)


async def refresh_hour(tx: AsyncConnection, hour: Hour) -> list[Hour]:
    """Brings one hour of a point up to date from the dialogues that are or were in it. The caller holds the lock of
    the point's row, and no other point's. Returns hours of other points that have to be looked at after that."""
    given = {"point_id": hour.point_id, "hour_ts": hour.hour_ts, "until": hour.hour_ts + HOUR}
    ids = sorted((await tx.execute(_OF_HOUR, given)).scalars())
    return await _refresh(tx, hour.point_id, ids, {hour})


async def refresh_point(
    tx: AsyncConnection, point_id: PointId, since: datetime = EVER[0], until: datetime = EVER[1]
) -> list[Hour]:
    """The same for all that a point has between two instants: its zone changed, or its reports are made anew."""
    given = {"point_id": point_id, "since": since, "until": until}
    ids = sorted((await tx.execute(_OF_SPAN, given)).scalars())
    hours = {Hour(point_id, hour_ts.astimezone(UTC)) for hour_ts in (await tx.execute(_HOURS_OF_SPAN, given)).scalars()}
    return await _refresh(tx, point_id, ids, hours, (await tx.execute(_DAYS_OF_SPAN, given)).scalars().all())


async def _refresh(
    tx: AsyncConnection, point_id: PointId, ids: Sequence[DialogueId], hours: set[Hour], days: Sequence[date] = ()
) -> list[Hour]:
    """`hours` and `days` are counted anew in any case."""
    touched = hours | await _write(tx, ids, point_id)
    await rebuild_point(tx, point_id, {hour.hour_ts for hour in touched if hour.point_id == point_id}, days)
    return sorted(hour for hour in touched if hour.point_id != point_id)


async def _write(tx: AsyncConnection, ids: Sequence[DialogueId], point_id: PointId | None = None) -> set[Hour]:
    touched: set[Hour] = set()
    for batch in _batches(ids):
        touched |= await write_facts(tx, batch, point_id)
        await write_search(tx, batch)
        await refresh_queue(tx, batch)
    return touched


def _batches(ids: Sequence[DialogueId]) -> Iterable[Sequence[DialogueId]]:
    return (ids[at : at + BATCH] for at in range(0, len(ids), BATCH))
