"""Points (shops) and their registers (counters)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from domain.errors import Conflict
from domain.ids import PointId, RegisterId
from domain.opening_hours import has_week


@dataclass(frozen=True, slots=True)
class Point:
    """`opening_hours` as the API takes them; `goal`: target upsell rate, 0 to 1; `catalogue` None: the default one;
    `audio_days`, `text_days`: how long audio and words are kept, None for ever."""

    point_id: PointId
    name: str
    country: str | None
    zone: str
    language: str
    opening_hours: Mapping[str, Any]
    goal: float | None
    catalogue: list[str] | None
    audio_days: int | None
    text_days: int | None
    shows_registers: bool
    created_at: datetime

    @property
    def has_opening_hours(self) -> bool:
        """False where nobody gave any weekday's hours, and the default counts."""
        return has_week(self.opening_hours)


@dataclass(frozen=True, slots=True)
class Register:
    register_id: RegisterId
    point_id: PointId
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewPoint:
    """A point to create. What is None takes the column's default, and is not compared with an existing point."""

    point_id: PointId
    name: str | None = None
    country: str | None = None
    zone: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class NewRegister:
    register_id: RegisterId
    point_id: PointId
    name: str | None = None


async def ensure_point(tx: AsyncConnection, new: NewPoint) -> bool:
    """Creates the point; False where it is there already. Raises Conflict where it is there with other content."""
    given = {"name": new.name, "country": new.country, "zone": new.zone, "language": new.language}
    values = {key: value for key, value in given.items() if value is not None}
    defaults = {"point_id": new.point_id, "name": f"point {str(new.point_id)[:8]}"}
    return await _ensure(tx, t.points, f"Point {new.point_id}", defaults, values)


async def ensure_register(tx: AsyncConnection, new: NewRegister) -> bool:
    """Creates the register; False where it is there already. Raises Conflict where it is there with other content."""
    values: dict[str, Any] = {"point_id": new.point_id}
    if new.name is not None:
        values["name"] = new.name
    defaults = {"register_id": new.register_id, "name": f"register {str(new.register_id)[:8]}"}
    return await _ensure(tx, t.registers, f"Register {new.register_id}", defaults, values)


async def _ensure(
    tx: AsyncConnection, table: Table, what: str, defaults: Mapping[str, Any], values: Mapping[str, Any]
) -> bool:
    """Inserts `values` over `defaults`, or compares `values` with the row that is there."""
    key = next(iter(table.primary_key))
    statement = insert(table).values({**defaults, **values}).on_conflict_do_nothing().returning(key)
    if (await tx.execute(statement)).first() is not None:
        return True
    row = (await tx.execute(select(table).where(key == defaults[key.name]))).one()
    other = [name for name, value in values.items() if getattr(row, name) != value]
    if other:
        raise Conflict(f"{what} exists with another {', '.join(other)}; change it with PATCH or use another id.")
    return False


async def find_point(tx: AsyncConnection, point_id: PointId) -> Point | None:
    row = (await tx.execute(select(t.points).where(t.points.c.point_id == point_id))).one_or_none()
    return None if row is None else _point(row)


async def list_points(
    tx: AsyncConnection, after: PointId | None = None, limit: int = 100, only: Collection[UUID] | None = None
) -> list[Point]:
    """In the order of their ids, beginning behind `after`. `only`: of these points; None: of all."""
    query = select(t.points).order_by(t.points.c.point_id).limit(limit)
    if only is not None:
        query = query.where(t.points.c.point_id.in_(only))
    if after is not None:
        query = query.where(t.points.c.point_id > after)
    return [_point(row) for row in await tx.execute(query)]


async def points_that_show_registers(tx: AsyncConnection) -> frozenset[UUID]:
    """Those whose owners let managers see figures by register."""
    shown = await tx.execute(select(t.points.c.point_id).where(t.points.c.shows_registers))
    return frozenset(shown.scalars())


async def update_point(tx: AsyncConnection, point_id: PointId, changes: Mapping[str, Any]) -> Point | None:
    """Sets the given columns; None where there is no such point. What is too old by a new rule of retention is dropped
    by the next sweep, not the next day's."""
    if changes.keys() & {"audio_days", "text_days"}:
        changes = {**changes, "retained_on": None}
    if changes:
        await tx.execute(update(t.points).where(t.points.c.point_id == point_id).values(dict(changes)))
    return await find_point(tx, point_id)


async def find_register(tx: AsyncConnection, register_id: RegisterId) -> Register | None:
    row = (await tx.execute(select(t.registers).where(t.registers.c.register_id == register_id))).one_or_none()
    return None if row is None else _register(row)


async def list_registers(
    tx: AsyncConnection, only: Collection[UUID] | None = None, after: RegisterId | None = None, limit: int = 100
) -> list[Register]:
    """In the order of their ids, beginning behind `after`. `only`: of these points; None: of all."""
    query = select(t.registers).order_by(t.registers.c.register_id).limit(limit)
    if only is not None:
        query = query.where(t.registers.c.point_id.in_(only))
    if after is not None:
        query = query.where(t.registers.c.register_id > after)
    return [_register(row) for row in await tx.execute(query)]


async def rename_register(tx: AsyncConnection, register_id: RegisterId, name: str) -> Register | None:
    """None where there is no such register."""
    await tx.execute(update(t.registers).where(t.registers.c.register_id == register_id).values(name=name))
    return await find_register(tx, register_id)


def _point(row: Row[Any]) -> Point:
    return Point(**{key: value for key, value in row._mapping.items() if key in Point.__dataclass_fields__})


def _register(row: Row[Any]) -> Register:
    return Register(row.register_id, row.point_id, row.name, row.created_at)
