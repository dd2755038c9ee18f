"""`/api/v1/audit`: who changed what."""

from typing import Annotated

from fastapi import APIRouter, Query

from db.accounts.audit import list_entries
from domain.access import Permission
from serve_apps import auth
from serve_apps.api.accounts.schemas import EntryView, Readable
from serve_apps.api.schemas import Page
from serve_apps.application import DepsOf
from serve_apps.problems import Code, documented

router = APIRouter(prefix="/api/v1/audit", tags=["users"], dependencies=[auth.require(Permission.USERS)])


@router.get(
    "",
    operation_id="list_audit",
    responses=documented(*auth.CODES, Code.BAD_REQUEST, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE),
)
async def list_audit(
    deps: DepsOf,
    subject: Annotated[str | None, Readable, Query(max_length=200, description="as `point/<id>`")] = None,
    actor: Annotated[str | None, Readable, Query(max_length=200, description="a login, or ADMIN_TOKEN")] = None,
    after: Annotated[int | None, Query(ge=0, lt=2**63, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[EntryView]:
    """Newest first: administrative changes, each written in the transaction that made it."""
    async with deps.db.begin() as tx:
        entries = await list_entries(tx, subject=subject, actor=actor, before=after, limit=limit)
    items = [EntryView.model_validate(entry) for entry in entries]
    return Page(items=items, next=str(items[-1].audit_id) if len(items) == limit else None)
