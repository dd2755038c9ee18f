"""Enrolment codes: each makes one device, once, at the point and register that it was made for. A code is known by its
SHA-256 only."""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.shops.devices import NewDevice, find_device, register_device, token_sha256
from db.shops.points import NewPoint, NewRegister, ensure_point, ensure_register
from domain.enrolment import next_tills
from domain.errors import Conflict
from domain.ids import DeviceId, PointId, RegisterId

KEPT = timedelta(days=90)
"""Codes are listed so long after their end."""

_codes = t.enrolment_codes
_is_live = (_codes.c.used_at.is_(None), _codes.c.revoked_at.is_(None), _codes.c.expires_at > func.now())


@dataclass(frozen=True, slots=True)
class NewCodes:
    """Codes to make, in canonical form. `register_names` None: the next tills. `replaces`: one code, for the register
    of the device whose place the new one takes."""

    codes: Sequence[str]
    point: NewPoint
    register_names: Sequence[str] | None
    replaces: DeviceId | None
    valid: timedelta


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """A code without the code. `device_id`: what it made."""

    enrolment_id: UUID
    point_id: PointId
    register_id: RegisterId
    register_name: str
    replaces: DeviceId | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    device_id: DeviceId | None
    is_live: bool


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a recorder needs to know of its place. `opening_hours` as stored."""

    point_id: PointId
    register_id: RegisterId
    device_id: DeviceId
    point_name: str
    register_name: str
    zone: str
    language: str
    opening_hours: Mapping[str, Any]


class Refusal(Enum):
    """`UNKNOWN`: no such code, or it was revoked or has expired; who asks is not told which."""

    UNKNOWN = "unknown"
    USED = "used"


def code_sha256(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


async def make_codes(tx: AsyncConnection, new: NewCodes) -> list[EnrolmentCode]:
    """Makes the codes, with their point and registers where they are missing, in the order of `new.codes`.

    Raises Conflict where the point exists with other content, or the device cannot be replaced.
    """
    await ensure_point(tx, new.point)
    point_id = new.point.point_id
    # Codes for one point are made one after the other: two of them must not take the same till.
    await tx.execute(select(t.points.c.point_id).where(t.points.c.point_id == point_id).with_for_update(key_share=True))
    registers = await _registers(tx, new)
    ids = [uuid4() for _ in new.codes]
    rows = [
        {
            "enrolment_id": enrolment_id,
            "code_sha256": code_sha256(code),
            "point_id": point_id,
            "register_id": register_id,
            "replaces": new.replaces,
            "expires_at": func.now() + new.valid,
        }
        for enrolment_id, code, register_id in zip(ids, new.codes, registers, strict=True)
    ]
    await tx.execute(insert(_codes).values(rows))
    made = {code.enrolment_id: code for code in await _read(tx, _codes.c.enrolment_id.in_(ids))}
    return [made[enrolment_id] for enrolment_id in ids]


async def list_codes(
    tx: AsyncConnection, only: Collection[UUID] | None = None, after: UUID | None = None, limit: int = 100
) -> list[EnrolmentCode]:
    """In the order of their ids, beginning behind `after`. `only`: of these points; None: of all."""
    of_point = [] if only is None else [_codes.c.point_id.in_(only)]
    behind = [] if after is None else [_codes.c.enrolment_id > after]
    return await _read(tx, *of_point, *behind, limit=limit)


async def find_code(tx: AsyncConnection, enrolment_id: UUID) -> EnrolmentCode | None:
    found = await _read(tx, _codes.c.enrolment_id == enrolment_id)
    return found[0] if found else None


async def revoke_code(tx: AsyncConnection, enrolment_id: UUID) -> bool:
    """Ends a code at once; revoking twice is no error. False where there is no such code. Raises Conflict where it was
    used."""
    where = _codes.c.enrolment_id == enrolment_id
    row = (await tx.execute(select(_codes.c.device_id).where(where).with_for_update())).one_or_none()
    if row is not None and row.device_id is not None:
        raise Conflict(f"The code was used by device {row.device_id}; disable that device instead.")
    values = {"revoked_at": func.coalesce(_codes.c.revoked_at, func.now())}
    await tx.execute(update(_codes).where(where).values(values))
    return row is not None


async def enrol(tx: AsyncConnection, code: str, token: str, name: str | None) -> Enrolled | Refusal:
    """Makes the code's device with this token. The same code with the same token again gives the same answer, since the
    first one may have been lost on its way.

    Raises Conflict where the token is another device's, or the device to be replaced was replaced by another.
    """
    query = select(_codes, or_(_codes.c.expires_at <= func.now(), _codes.c.revoked_at.is_not(None)).label("is_over"))
    row = (await tx.execute(query.where(_codes.c.code_sha256 == code_sha256(code)).with_for_update())).one_or_none()
    if row is None:
        return Refusal.UNKNOWN
    if row.used_at is not None:
        is_same = hmac.compare_digest(row.token_sha256, token_sha256(token))
        return await _place(tx, DeviceId(row.device_id)) if is_same else Refusal.USED
    if row.is_over:
        return Refusal.UNKNOWN
    device_id = DeviceId(uuid4())
    point_id, register_id = PointId(row.point_id), RegisterId(row.register_id)
    new = NewDevice(
        device_id,
        NewPoint(point_id),
        NewRegister(register_id, point_id),
        name=name or await _register_name(tx, register_id),
        token=token,
        replaces=None if row.replaces is None else DeviceId(row.replaces),
    )
    await register_device(tx, new)
    values = {"used_at": func.now(), "device_id": device_id, "token_sha256": token_sha256(token)}
    await tx.execute(update(_codes).where(_codes.c.enrolment_id == row.enrolment_id).values(values))
    return await _place(tx, device_id)


async def purge_codes(tx: AsyncConnection) -> int:
    """Deletes codes that ended long ago; returns how many."""
    return (await tx.execute(delete(_codes).where(_codes.c.expires_at < func.now() - KEPT))).rowcount


async def _registers(tx: AsyncConnection, new: NewCodes) -> list[RegisterId]:
    point_id = new.point.point_id
    if new.replaces is not None:
        old = await find_device(tx, new.replaces)
        if old is None or old.point_id != point_id:
            raise Conflict(f"Point {point_id} has no device {new.replaces} to replace; list its devices.")
        if old.replaced_by is not None:
            raise Conflict(f"Device {new.replaces} was already replaced by {old.replaced_by}; replace that one.")
        return [old.register_id]
    r = t.registers.c
    known = {row.name: row.register_id for row in await tx.execute(select(t.registers).where(r.point_id == point_id))}
    names = new.register_names or next_tills(await _taken(tx, point_id), len(new.codes))
    for name in names:
        if name not in known:
            known[name] = uuid4()
            await ensure_register(tx, NewRegister(RegisterId(known[name]), point_id, name))
    return [RegisterId(known[name]) for name in names]


async def _taken(tx: AsyncConnection, point_id: PointId) -> list[str]:
    """Names of registers where a device stands or is about to."""
    r, d = t.registers.c, t.devices.c
    has_device = exists().where(d.register_id == r.register_id)
    has_code = exists().where(_codes.c.register_id == r.register_id, *_is_live)
    query = select(r.name).where(r.point_id == point_id, or_(has_device, has_code))
    return list((await tx.execute(query)).scalars())


async def _register_name(tx: AsyncConnection, register_id: RegisterId) -> str:
    query = select(t.registers.c.name).where(t.registers.c.register_id == register_id)
    return str((await tx.execute(query)).scalar_one())


async def _place(tx: AsyncConnection, device_id: DeviceId) -> Enrolled:
    d, p, r = t.devices.c, t.points.c, t.registers.c
    query = (
        select(
            d.device_id,
            p.point_id,
            r.register_id,
            p.name,
            r.name.label("register"),
            p.zone,
            p.language,
            p.opening_hours,
        )
        .join_from(t.devices, t.points, d.point_id == p.point_id)
        .join(t.registers, d.register_id == r.register_id)
        .where(d.device_id == device_id)
    )
    row = (await tx.execute(query)).one()
    ids = PointId(row.point_id), RegisterId(row.register_id), DeviceId(row.device_id)
    return Enrolled(*ids, row.name, row.register, row.zone, row.language, row.opening_hours)


async def _read(tx: AsyncConnection, *where: Any, limit: int | None = None) -> list[EnrolmentCode]:
    r = t.registers.c
    live = _is_live[0] & _is_live[1] & _is_live[2]
    query = select(_codes, r.name.label("register_name"), live.label("is_live"))
    query = query.join(t.registers, r.register_id == _codes.c.register_id).where(*where)
    rows = await tx.execute(query.order_by(_codes.c.enrolment_id).limit(limit))
    return [_code(row) for row in rows]


def _code(row: Row[Any]) -> EnrolmentCode:
    return EnrolmentCode(**{name: row._mapping[name] for name in EnrolmentCode.__dataclass_fields__})
