"""Writes that may be sent twice: a key, what was asked under it, and the first answer, kept for a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t

KEPT_H = 24
STALE_S = 60
"""Whoever worked on a request for longer than this is dead: the same key starts it anew."""

_k = t.idempotency_keys.c
_CLAIM = text(
    f"""
    INSERT INTO idempotency_keys AS k (actor, key, request_sha256) VALUES (:actor, :key, :request_sha256)
    ON CONFLICT (actor, key) DO UPDATE
    SET request_sha256 = excluded.request_sha256, created_at = now(), status = NULL, headers = NULL, body = NULL
    WHERE k.created_at < now() - interval '{KEPT_H} hours'
        OR k.status IS NULL AND k.created_at < now() - interval '{STALE_S} seconds'
    RETURNING created_at
    """
)
_FIND = text("SELECT request_sha256, status, headers, body FROM idempotency_keys WHERE actor = :actor AND key = :key")
_PURGE = text(f"DELETE FROM idempotency_keys WHERE created_at < now() - interval '{KEPT_H} hours'")


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry a request out, and to keep its answer."""

    actor: str
    key: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` None: it held a secret, or was too long, and was not kept."""

    status: int
    headers: Mapping[str, str]
    body: str | None


class Refusal(Enum):
    """`OTHER`: the key stands for another request; `BUSY`: the same one is being worked on."""

    OTHER = "other"
    BUSY = "busy"


async def claim(connection: AsyncConnection, actor: str, key: str, request_sha256: str) -> Claim | Answer | Refusal:
    """The right to carry the request out, or the answer that it had before. `connection`: one of `Database.alone`."""
    given = {"actor": actor, "key": key, "request_sha256": request_sha256}
    claimed_at = (await connection.execute(_CLAIM, given)).scalar_one_or_none()
    if claimed_at is not None:
        return Claim(actor, key, claimed_at)
    found = (await connection.execute(_FIND, {"actor": actor, "key": key})).one_or_none()
    if found is None:  # released between the two statements
        return Refusal.BUSY
    if found.request_sha256 != request_sha256:
        return Refusal.OTHER
    return Refusal.BUSY if found.status is None else Answer(found.status, found.headers, found.body)


async def keep(connection: AsyncConnection, claim: Claim, answer: Answer) -> None:
    """Keeps the answer of a request that was carried out; nothing where another took the claim over."""
    values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    await connection.execute(update(t.idempotency_keys).where(*_mine(claim)).values(values))


async def release(connection: AsyncConnection, claim: Claim) -> None:
    """The request failed and changed nothing: the same key may try again."""
    await connection.execute(t.idempotency_keys.delete().where(*_mine(claim)))


async def purge_keys(tx: AsyncConnection) -> int:
    """Deletes what was kept for long enough; returns how many."""
    return (await tx.execute(_PURGE)).rowcount


def _mine(claim: Claim) -> tuple[Any, ...]:
    same_key = (_k.actor == claim.actor, _k.key == claim.key)
    return *same_key, _k.created_at == claim.claimed_at, _k.status.is_(None)
