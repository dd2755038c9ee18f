"""What devices say of themselves between uploads: the last heartbeat of every ten minutes, and where their ledger is.

All of it is written under the lock of the device's row, which is taken first.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, null, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.stage_store import to_instant, to_ms
from domain.ids import DeviceId
from domain.ledger import Known

SLOT = text("interval '10 minutes'")
"""Of a slot only the last heartbeat is kept: a fleet's week must not outgrow its audio's rows."""
KEPT = timedelta(days=7)

_beats = t.device_heartbeats
_LAST = text(
    """
    SELECT last.* FROM unnest(CAST(:device_ids AS uuid[])) AS wanted (device_id) CROSS JOIN LATERAL (
        SELECT device_id, received_at, sent_at, clock_error_ms, version, health
        FROM device_heartbeats beat WHERE beat.device_id = wanted.device_id ORDER BY slot DESC LIMIT 1
    ) AS last
    """
).columns(health=_beats.c.health.type)
"""One step down the index for each device, however long its history is."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a device when its heartbeat comes. `now` by the database's clock."""

    now: datetime
    created_ms: int
    delivered_until: datetime | None
    ledger: Known | None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """As it was received. `health`: the recorder's own document; `clock_error_ms`: positive where its clock is fast."""

    received_at: datetime
    sent_at: datetime | None
    clock_error_ms: int | None
    version: str | None
    health: Mapping[str, Any] | None


async def lock_standing(tx: AsyncConnection, device_id: DeviceId) -> Standing:
    """Locks the device's row and notes that it was seen."""
    d = t.devices.c
    seen = update(t.devices).where(d.device_id == device_id).values(last_seen_at=func.now())
    columns = (
        func.now().label("now"),
        d.created_at,
        d.delivered_until,
        d.ledger_id,
        d.ledger_revision,
        d.covered_until,
    )
    row = (await tx.execute(seen.returning(*columns))).one()
    is_known = row.ledger_id is not None
    ledger = Known(row.ledger_id, row.ledger_revision, to_ms(row.covered_until)) if is_known else None
    return Standing(row.now, to_ms(row.created_at), row.delivered_until, ledger)


async def remember_ledger(tx: AsyncConnection, device_id: DeviceId, known: Known) -> None:
    """Notes how far the device's ledger was received."""
    values = {
        "ledger_id": known.ledger_id,
        "ledger_revision": known.revision,
        "covered_until": to_instant(known.until_ms),
    }
    await tx.execute(update(t.devices).where(t.devices.c.device_id == device_id).values(values))


async def keep_heartbeat(tx: AsyncConnection, device_id: DeviceId, beat: Heartbeat) -> None:
    """Stores it as the last one of its ten minutes."""
    slot = func.date_bin(SLOT, beat.received_at, text("timestamptz '2000-01-01 00:00:00+00'"))
    said = {**asdict(beat), "health": null() if beat.health is None else beat.health}
    statement = insert(_beats).values(device_id=device_id, slot=slot, **said)
    newest = {name: statement.excluded[name] for name in said}
    await tx.execute(statement.on_conflict_do_update(index_elements=["device_id", "slot"], set_=newest))


async def last_heartbeats(tx: AsyncConnection, device_ids: Collection[DeviceId]) -> dict[DeviceId, Heartbeat]:
    """The newest of each device that ever sent one."""
    rows = await tx.execute(_LAST, {"device_ids": list(device_ids)})
    return {
        DeviceId(row.device_id): Heartbeat(row.received_at, row.sent_at, row.clock_error_ms, row.version, row.health)
        for row in rows
    }


async def purge_heartbeats(tx: AsyncConnection) -> int:
    """Deletes those older than a week, but never a device's newest; returns how many."""
    newer = _beats.alias()
    has_newer = select(newer.c.slot).where(newer.c.device_id == _beats.c.device_id, newer.c.slot > _beats.c.slot)
    old = delete(_beats).where(_beats.c.slot < func.now() - KEPT, has_newer.exists())
    return (await tx.execute(old)).rowcount
