"""Users and their points. Passwords come here as hashes only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from domain.access import Role
from domain.errors import Conflict

_u, _up, _k = t.users.c, t.user_points.c, t.user_tokens.c


@dataclass(frozen=True, slots=True)
class User:
    """`points`: those given by name; with `all_points`, or as an admin, all are seen. `language`: of the pages."""

    user_id: UUID
    login: str
    name: str
    role: Role
    all_points: bool
    points: tuple[UUID, ...]
    is_enabled: bool
    language: str | None
    has_password: bool
    last_seen_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewUser:
    login: str
    name: str
    role: Role
    all_points: bool = False
    points: tuple[UUID, ...] = ()
    language: str | None = None
    password_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """What a login is checked against. `password_hash` None: no password opens it."""

    user_id: UUID
    password_hash: str | None
    is_enabled: bool


class LastAdmin(Conflict):
    """Nobody would be left who may make an administrator."""


class UnknownPoint(Conflict):
    """A user cannot be given a point that is not there."""


async def add_user(tx: AsyncConnection, new: NewUser) -> UUID:
    """Raises Conflict where the login is taken, UnknownPoint."""
    user_id = uuid4()
    values = {
        "user_id": user_id,
        "login": new.login,
        "name": new.name,
        "role": new.role,
        "all_points": new.all_points,
        "language": new.language,
        "password_hash": new.password_hash,
    }
    statement = insert(t.users).values(values).on_conflict_do_nothing(index_elements=["login"])
    if (await tx.execute(statement.returning(_u.user_id))).first() is None:
        raise Conflict(f"The login {new.login} is taken; choose another one.")
    await _give_points(tx, user_id, new.points)
    return user_id


async def find_user(tx: AsyncConnection, user_id: UUID) -> User | None:
    row = (await tx.execute(_users().where(_u.user_id == user_id))).one_or_none()
    return None if row is None else _user(row)


async def list_users(tx: AsyncConnection, after: str | None = None, limit: int = 100) -> list[User]:
    """By login, beginning behind `after`, disabled ones included."""
    query = _users().order_by(_u.login).limit(limit)
    if after is not None:
        query = query.where(_u.login > after)
    return [_user(row) for row in await tx.execute(query)]


async def update_user(
    tx: AsyncConnection, user_id: UUID, changes: Mapping[str, Any], points: Collection[UUID] | None = None
) -> None:
    """Sets the given columns, and the points where they are given. The caller made sure that the user exists.

    Raises LastAdmin, UnknownPoint.
    """
    if changes.get("is_enabled") is False or changes.get("role", Role.ADMIN) != Role.ADMIN:
        await _keep_an_admin(tx, user_id)
    if changes:
        await tx.execute(update(t.users).where(_u.user_id == user_id).values(dict(changes)))
    if points is not None:
        await tx.execute(delete(t.user_points).where(_up.user_id == user_id))
        await _give_points(tx, user_id, points)


async def find_secret(connection: AsyncConnection, login: str) -> Secret | None:
    query = select(_u.user_id, _u.password_hash, _u.is_enabled).where(_u.login == login)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Secret(row.user_id, row.password_hash, row.is_enabled)


async def set_password(tx: AsyncConnection, user_id: UUID, password_hash: str) -> None:
    await tx.execute(update(t.users).where(_u.user_id == user_id).values(password_hash=password_hash))


async def _keep_an_admin(tx: AsyncConnection, but: UUID) -> None:
    """Locks all enabled administrators, in one order: of two who remove each other at once the second fails."""
    query = select(_u.user_id).where(_u.role == Role.ADMIN, _u.is_enabled).order_by(_u.user_id).with_for_update()
    admins = set((await tx.execute(query)).scalars())
    if admins == {but}:
        raise LastAdmin("This is the last administrator; make another user one first.")


async def _give_points(tx: AsyncConnection, user_id: UUID, points: Collection[UUID]) -> None:
    wanted = set(points)
    if not wanted:
        return
    known = set((await tx.execute(select(t.points.c.point_id).where(t.points.c.point_id.in_(wanted)))).scalars())
    if missing := sorted(wanted - known):
        raise UnknownPoint(f"There is no point {missing[0]}; list the points.")
    await tx.execute(insert(t.user_points), [{"user_id": user_id, "point_id": point} for point in sorted(wanted)])


def _users() -> Any:
    points = select(func.array_agg(_up.point_id)).where(_up.user_id == _u.user_id).scalar_subquery()
    seen = select(func.max(_k.last_used_at)).where(_k.user_id == _u.user_id).scalar_subquery()
    has_password = _u.password_hash.is_not(None).label("has_password")
    return select(t.users, points.label("points"), seen.label("last_seen_at"), has_password)


def _user(row: Row[Any]) -> User:
    plain = {name: row._mapping[name] for name in User.__dataclass_fields__}
    return User(**{**plain, "role": Role(row.role), "points": tuple(sorted(row.points or ()))})
