"""Devices and their tokens. A token is known by its SHA-256 only."""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.engine import driver_of
from db.shops.points import NewPoint, NewRegister, ensure_point, ensure_register
from domain.errors import Conflict
from domain.ids import DeviceId, PointId, RegisterId

LIVE_TOKENS = 2
"""So many tokens of a device work at once: the old one until the new one has arrived at the counter."""
SEEN_EVERY = timedelta(seconds=60)
"""`last_seen_at` is written at most this often, so that uploads do not queue on the device's row."""


@dataclass(frozen=True, slots=True)
class Device:
    device_id: DeviceId
    point_id: PointId
    register_id: RegisterId
    name: str
    is_enabled: bool
    replaced_by: DeviceId | None
    replaced_at: datetime | None
    last_seen_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """`fingerprint`: the first 12 hex digits of the SHA-256, enough to name a token without telling it."""

    fingerprint: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device to register. `token` None: it gets none now. `replaces`: the device whose place it takes."""

    device_id: DeviceId
    point: NewPoint
    register: NewRegister
    name: str | None = None
    token: str | None = None
    replaces: DeviceId | None = None


_TOKEN_HOLDER = """
    SELECT devices.*, token_sha256, now() AS now
    FROM device_tokens JOIN devices USING (device_id)
    WHERE token_sha256 = $1 AND revoked_at IS NULL
"""
_DISABLED = text(
    """
    INSERT INTO disabled_spans (device_id, start_ts)
    SELECT device_id, now() FROM devices
    WHERE device_id = :device_id AND NOT EXISTS (
        SELECT FROM disabled_spans s WHERE s.device_id = devices.device_id AND s.end_ts IS NULL
    )
    ON CONFLICT DO NOTHING
    """
)
_ENABLED = text("UPDATE disabled_spans SET end_ts = now() WHERE device_id = :device_id AND end_ts IS NULL")
"""Nothing is expected of a device while it is shut out: that time counts in no coverage."""


def token_sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def find_token_holder(connection: AsyncConnection, token: str) -> Device | None:
    """The device of a live token, disabled and replaced ones included. Notes that it was seen. `connection`: one of
    `Database.alone`."""
    digest = token_sha256(token)
    row = await (await driver_of(connection)).fetchrow(_TOKEN_HOLDER, digest)
    if row is None or not hmac.compare_digest(row["token_sha256"], digest):
        return None
    if row["last_seen_at"] is None or row["now"] - row["last_seen_at"] > SEEN_EVERY:
        free = select(t.devices.c.device_id).where(t.devices.c.device_id == row["device_id"])
        free = free.with_for_update(skip_locked=True, key_share=True)
        seen = update(t.devices).where(t.devices.c.device_id.in_(free.scalar_subquery()))
        await connection.execute(seen.values(last_seen_at=func.now()))
    return _device(row)


async def register_device(tx: AsyncConnection, new: NewDevice) -> bool:
    """Creates the device with its point and register where they are missing; False where all was there already.

    Raises Conflict where something of it exists with other content.
    """
    await ensure_point(tx, new.point)
    await ensure_register(tx, new.register)
    statement = insert(t.devices).values(
        device_id=new.device_id,
        point_id=new.point.point_id,
        register_id=new.register.register_id,
        name=new.name or f"device {str(new.device_id)[:8]}",
    )
    statement = statement.on_conflict_do_nothing(index_elements=["device_id"])
    created = (await tx.execute(statement.returning(t.devices.c.device_id))).first() is not None
    if created:
        if new.token is not None:
            await _insert_token(tx, new.device_id, new.token)
    else:
        await _check_same(tx, new)
    if new.replaces is not None:
        await _replace(tx, new, new.replaces)
    return created


async def _check_same(tx: AsyncConnection, new: NewDevice) -> None:
    device = await find_device(tx, new.device_id)
    if device is None:
        raise Conflict(f"Device {new.device_id} has just been removed; send the request again.")
    if (device.point_id, device.register_id) != (new.point.point_id, new.register.register_id):
        place = f"register {device.register_id} of point {device.point_id}"
        raise Conflict(f"Device {new.device_id} belongs to {place}; use those ids.")
    if new.name is not None and new.name != device.name:
        raise Conflict(f"Device {new.device_id} has another name; change it with PATCH.")
    if new.token is not None:
        query = select(t.device_tokens.c.device_id).where(
            t.device_tokens.c.token_sha256 == token_sha256(new.token),
            t.device_tokens.c.device_id == new.device_id,
            t.device_tokens.c.revoked_at.is_(None),
        )
        if (await tx.execute(query)).first() is None:
            raise Conflict(f"Device {new.device_id} exists with another token; add this one by POST to its /tokens.")


async def _replace(tx: AsyncConnection, new: NewDevice, old_id: DeviceId) -> None:
    query = select(t.devices).where(t.devices.c.device_id == old_id).with_for_update(key_share=True)
    old = (await tx.execute(query)).one_or_none()
    if old is None or old_id == new.device_id:
        raise Conflict(f"There is no other device {old_id} to replace.")
    if old.register_id != new.register.register_id:
        raise Conflict(f"Device {old_id} serves register {old.register_id}; a replacement takes over its register.")
    if old.replaced_by is None:
        values = {"replaced_by": new.device_id, "replaced_at": func.now()}
        await tx.execute(update(t.devices).where(t.devices.c.device_id == old_id).values(values))
    elif old.replaced_by != new.device_id:
        raise Conflict(f"Device {old_id} was already replaced by {old.replaced_by}.")


async def find_device(tx: AsyncConnection, device_id: DeviceId) -> Device | None:
    row = (await tx.execute(select(t.devices).where(t.devices.c.device_id == device_id))).one_or_none()
    return None if row is None else _device(dict(row._mapping))


async def list_devices(
    tx: AsyncConnection, after: DeviceId | None = None, limit: int = 100, only: Collection[UUID] | None = None
) -> list[Device]:
    """In the order of their ids, beginning behind `after`. `only`: of these points; None: of all."""
    query = select(t.devices).order_by(t.devices.c.device_id).limit(limit)
    if only is not None:
        query = query.where(t.devices.c.point_id.in_(only))
    if after is not None:
        query = query.where(t.devices.c.device_id > after)
    return [_device(dict(row._mapping)) for row in await tx.execute(query)]


async def update_device(
    tx: AsyncConnection, device_id: DeviceId, name: str | None = None, is_enabled: bool | None = None
) -> Device | None:
    """Changes what is given; None where there is no such device."""
    given = {"name": name, "is_enabled": is_enabled}
    values = {key: value for key, value in given.items() if value is not None}
    if values:
        await tx.execute(update(t.devices).where(t.devices.c.device_id == device_id).values(values))
    if is_enabled is not None:
        await tx.execute(_ENABLED if is_enabled else _DISABLED, {"device_id": device_id})
    return await find_device(tx, device_id)


async def add_token(tx: AsyncConnection, device_id: DeviceId, token: str) -> None:
    """Adds a live token and revokes all but the newest LIVE_TOKENS. The caller made sure that the device exists.

    Raises Conflict where the token is known already.
    """
    lock = select(t.devices.c.device_id).where(t.devices.c.device_id == device_id).with_for_update(key_share=True)
    await tx.execute(lock)
    await _insert_token(tx, device_id, token)
    tokens = t.device_tokens
    newest = (
        select(tokens.c.token_sha256)
        .where(tokens.c.device_id == device_id, tokens.c.revoked_at.is_(None))
        .order_by(tokens.c.created_at.desc())
        .limit(LIVE_TOKENS)
    )
    await tx.execute(
        update(tokens)
        .where(
            tokens.c.device_id == device_id,
            tokens.c.revoked_at.is_(None),
            tokens.c.token_sha256.not_in(newest.scalar_subquery()),
        )
        .values(revoked_at=func.now())
    )


async def revoke_token(tx: AsyncConnection, device_id: DeviceId, fingerprint: str) -> bool:
    """Ends a token at once. False where the device has no such token; revoking twice is no error."""
    tokens = t.device_tokens
    ours = (tokens.c.device_id == device_id, func.left(tokens.c.token_sha256, 12) == fingerprint)
    statement = update(tokens).where(*ours).values(revoked_at=func.coalesce(tokens.c.revoked_at, func.now()))
    return (await tx.execute(statement.returning(tokens.c.token_sha256))).first() is not None


async def list_tokens(tx: AsyncConnection, device_id: DeviceId) -> Sequence[Token]:
    """Newest first, revoked ones included."""
    tokens = t.device_tokens
    query = select(tokens).where(tokens.c.device_id == device_id).order_by(tokens.c.created_at.desc())
    return [Token(row.token_sha256[:12], row.created_at, row.revoked_at) for row in await tx.execute(query)]


async def _insert_token(tx: AsyncConnection, device_id: DeviceId, token: str) -> None:
    statement = insert(t.device_tokens).values(
        token_sha256=token_sha256(token), device_id=device_id, created_at=func.clock_timestamp()
    )
    statement = statement.on_conflict_do_nothing()
    if (await tx.execute(statement.returning(t.device_tokens.c.device_id))).first() is None:
        raise Conflict("This token is already in use or was revoked; choose a fresh random one.")


def _device(row: Mapping[str, Any]) -> Device:
    return Device(**{name: row[name] for name in Device.__dataclass_fields__})
