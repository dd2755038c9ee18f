"""Tokens of users: a session after a login, or one of a machine. A token is known by its SHA-256 only."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.engine import driver_of
from domain.access import Role

USED_EVERY = timedelta(seconds=60)
"""`last_used_at` is written at most this often."""
KEPT = timedelta(days=90)
"""Tokens that ended are listed so long; where a session was opened from is known so long, too."""


class TokenKind(StrEnum):
    SESSION = "session"
    MACHINE = "machine"


PREFIXES = {TokenKind.SESSION: "scs_", TokenKind.MACHINE: "scm_"}
"""So that a token found in a log or a repository is known for what it is."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a token belongs to. `points` None: all. `is_over`: it was revoked, or has expired, or lay idle too long, or
    its user is disabled."""

    user_id: UUID
    login: str
    role: Role
    points: frozenset[UUID] | None
    token_id: UUID
    kind: TokenKind
    expires_at: datetime | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class UserToken:
    """A token without the token. `client`: the address that a session was opened from."""

    token_id: UUID
    kind: TokenKind
    name: str
    client: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


_HOLDER = """
    SELECT k.*, u.login, u.role, u.all_points, now() AS now,
        k.revoked_at IS NOT NULL OR NOT u.is_enabled OR coalesce(k.expires_at <= now(), false)
        OR (k.kind = 'session' AND coalesce(k.last_used_at, k.created_at) <= now() - $2::interval) AS is_over,
        ARRAY(SELECT point_id FROM user_points p WHERE p.user_id = u.user_id) AS points
    FROM user_tokens k JOIN users u USING (user_id)
    WHERE k.{key} = $1
"""
_USED = "UPDATE user_tokens SET last_used_at = now() WHERE token_sha256 = $1"
_k = t.user_tokens.c


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def find_holder(connection: AsyncConnection, token: str, idle: timedelta) -> Holder | None:
    """Whose token this is, ended ones included; None where nobody's. Notes that a live one was used. `idle`: a session
    ends after so long without a request. `connection`: one of `Database.alone`."""
    digest = _sha256(token)
    driver = await driver_of(connection)
    row = await driver.fetchrow(_HOLDER.format(key="token_sha256"), digest, idle)
    if row is None or not hmac.compare_digest(row["token_sha256"], digest):
        return None
    if not row["is_over"] and (row["last_used_at"] is None or row["now"] - row["last_used_at"] > USED_EVERY):
        await driver.execute(_USED, digest)
    return _holder(row)


async def find_holder_by_id(connection: AsyncConnection, token_id: UUID, idle: timedelta) -> Holder | None:
    """As `find_holder`, for whoever holds no token but an address that was signed for its holder. It is not used by
    that. `connection`: one of `Database.alone`."""
    driver = await driver_of(connection)
    row = await driver.fetchrow(_HOLDER.format(key="token_id"), token_id, idle)
    return None if row is None else _holder(row)


def _holder(row: Mapping[str, Any]) -> Holder:
    role = Role(row["role"])
    return Holder(
        user_id=row["user_id"],
        login=row["login"],
        role=role,
        points=None if row["all_points"] or role is Role.ADMIN else frozenset(row["points"]),
        token_id=row["token_id"],
        kind=TokenKind(row["kind"]),
        expires_at=row["expires_at"],
        is_over=row["is_over"],
    )


async def open_session(tx: AsyncConnection, user_id: UUID, valid: timedelta, client: str | None = None) -> str:
    """A new session's token, told this once. It ends after `valid` however much it is used."""
    return await _add(tx, user_id, TokenKind.SESSION, valid=valid, client=client)


async def add_machine_token(tx: AsyncConnection, user_id: UUID, name: str, valid: timedelta | None) -> str:
    """A new token for a program, told this once; `valid` None: until it is revoked."""
    return await _add(tx, user_id, TokenKind.MACHINE, valid=valid, name=name)


async def _add(
    tx: AsyncConnection,
    user_id: UUID,
    kind: TokenKind,
    *,
    valid: timedelta | None,
    name: str = "",
    client: str | None = None,
) -> str:
    token = PREFIXES[kind] + secrets.token_urlsafe(32)
    values = {
        "token_sha256": _sha256(token),
        "token_id": uuid4(),
        "user_id": user_id,
        "kind": kind,
        "name": name,
        "client": client,
        "expires_at": None if valid is None else func.now() + valid,
    }
    await tx.execute(insert(t.user_tokens).values(values))
    return token


async def find_token(tx: AsyncConnection, token: str) -> UserToken | None:
    row = (await tx.execute(select(t.user_tokens).where(_k.token_sha256 == _sha256(token)))).one_or_none()
    return None if row is None else _token(row)


async def list_tokens(tx: AsyncConnection, user_id: UUID, kind: TokenKind) -> list[UserToken]:
    """Newest first, those that ended included."""
    query = select(t.user_tokens).where(_k.user_id == user_id, _k.kind == kind).order_by(_k.created_at.desc())
    return [_token(row) for row in await tx.execute(query)]


async def revoke(tx: AsyncConnection, user_id: UUID, token_id: UUID, kind: TokenKind) -> bool:
    """Ends a token at once; revoking twice is no error. False where the user has no such token of this kind."""
    statement = update(t.user_tokens).where(_k.user_id == user_id, _k.token_id == token_id, _k.kind == kind)
    ended = statement.values(revoked_at=func.coalesce(_k.revoked_at, func.now())).returning(_k.token_id)
    return (await tx.execute(ended)).first() is not None


async def revoke_all(tx: AsyncConnection, user_id: UUID, kind: TokenKind | None = None) -> int:
    """Ends every live token of the user, or those of one kind; returns how many."""
    of_kind = [] if kind is None else [_k.kind == kind]
    statement = update(t.user_tokens).where(_k.user_id == user_id, _k.revoked_at.is_(None), *of_kind)
    return (await tx.execute(statement.values(revoked_at=func.now()))).rowcount


async def is_known_client(tx: AsyncConnection, login: str, client: str) -> bool:
    """Whether the user has opened a session from this address of late."""
    query = select(_k.token_id).join(t.users, t.users.c.user_id == _k.user_id)
    query = query.where(t.users.c.login == login, _k.client == client, _k.created_at > func.now() - KEPT)
    return (await tx.execute(query.limit(1))).first() is not None


async def purge_tokens(tx: AsyncConnection) -> int:
    """Deletes tokens that ended long ago; returns how many."""
    long_ago = func.now() - KEPT
    return (
        await tx.execute(delete(t.user_tokens).where(or_(_k.revoked_at < long_ago, _k.expires_at < long_ago)))
    ).rowcount


def _token(row: Row[tuple[object, ...]]) -> UserToken:
    return UserToken(**{name: row._mapping[name] for name in UserToken.__dataclass_fields__})
