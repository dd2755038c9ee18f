"""The log of what administrators changed: who, what, when; never contents, never a secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from domain.access import Principal

_a = t.audit_log.c


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `action`: what was done, as `point.update`; `subject`: to what, as `point/<uuid>`."""

    audit_id: int
    at: datetime
    actor: str
    actor_id: UUID | None
    action: str
    subject: str
    details: Mapping[str, Any]
    request_id: str | None


async def audit(
    tx: AsyncConnection, caller: Principal, action: str, subject: str, details: Mapping[str, Any] | None = None
) -> None:
    """Notes a change in the transaction that makes it, so that neither is ever there without the other.

    `action`: `<thing>.<verb>`, as `device.register`; `subject`: `<thing>/<id>`; `details`: ids, changed fields, counts,
    settings, as JSON has them; never a token, a code, a password, or a word that somebody said.
    """
    values = {
        "actor": caller.actor,
        "actor_id": caller.user_id,
        "action": action,
        "subject": subject,
        "details": dict(details or {}),
        "request_id": caller.request_id or None,
    }
    await tx.execute(insert(t.audit_log).values(values))


async def list_entries(
    tx: AsyncConnection,
    *,
    subject: str | None = None,
    actor: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Newest first, of one subject or one actor or all, beginning behind the entry `before`."""
    query = select(t.audit_log).order_by(_a.audit_id.desc()).limit(limit)
    if subject is not None:
        query = query.where(_a.subject == subject)
    if actor is not None:
        query = query.where(_a.actor == actor)
    if before is not None:
        query = query.where(_a.audit_id < before)
    rows = await tx.execute(query)
    return [Entry(**{name: row._mapping[name] for name in Entry.__dataclass_fields__}) for row in rows]
