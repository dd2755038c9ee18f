"""`/api/v1/dialogues` and `/{id}`: current dialogues with their verdicts, in the form of the JSON export."""

import base64
import binascii
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.exports import Selection, current_dialogues
from db.dialogues.listing import find_page
from domain.access import Permission, Principal, Role
from domain.chunks import YEARS
from domain.dialogue_filter import Sort
from domain.export import ExportedDialogue
from serve_apps import auth
from serve_apps.api.dialogues.cursors import read_cursor, write_cursor
from serve_apps.api.dialogues.query import PageQuery
from serve_apps.api.dialogues.scope import allowed_filter
from serve_apps.api.schemas import Page
from serve_apps.application import DepsOf
from serve_apps.problems import Code, FieldError, Problem, documented, fields_problem

router = APIRouter(
    prefix="/api/v1/dialogues",
    tags=["dialogues"],
    dependencies=[auth.require(Permission.READ)],
    responses=documented(
        *auth.CODES, Code.NOT_FOUND, Code.REGISTERS_HIDDEN, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE
    ),
)
_FIRST = {
    "start_from",
    "start_to",
    "points",
    "devices",
    "statuses",
    "attempted",
    "min_quality",
    "sort",
    "after",
    "limit",
}
"""The parameters that the route has had from its beginning."""


class ExportedQuery(PageQuery):
    """The filters of the list. Oldest first, where nothing else is asked for."""

    sort: Sort = Sort.START
    min_quality: Annotated[int, Field(ge=0, le=3)] | None = None

    @property
    def is_of_the_present(self) -> bool:
        """Can be answered from the dialogues themselves. Everything else is read off their facts, which follow within
        seconds."""
        several = max(len(self.points), len(self.devices), len(self.statuses), len(self.attempted)) > 1
        days = any(isinstance(m, date) and not isinstance(m, datetime) for m in (self.start_from, self.start_to))
        return self.model_fields_set <= _FIRST and self.sort is Sort.START and not several and not days


@router.get("", operation_id="list_dialogues")
async def list_dialogues(
    query: Annotated[ExportedQuery, Query()], deps: DepsOf, caller: auth.Caller
) -> Page[ExportedDialogue]:
    """With text and verdict; `segments` (the words) are empty here, ask for the single dialogue. `attempted` and
    `min_quality` alone are of the machine's verdict; beside any other filter of the review that counts."""
    async with deps.db.snapshot() as tx:
        wanted = await allowed_filter(tx, query, caller)
        if query.is_of_the_present:
            return await _present(tx, query, caller)
        if query.min_quality is not None:
            scores = set(range(query.min_quality, 4)) & (set(wanted.quality) or set(range(4)))
            wanted = replace(wanted, quality=tuple(sorted(scores)))
        after = read_cursor(query.after, wanted, query.sort) if query.after else None
        found = await find_page(tx, wanted, query.sort, after, query.limit)
        of_page = Selection(dialogue_ids=found.dialogue_ids, hides_registers=caller.role is not Role.ADMIN)
        items = {UUID(item.dialogue_id): item async for item in current_dialogues(tx, of_page, segments=False)}
    following = write_cursor(found.next, wanted, query.sort) if found.next else None
    return Page(items=[items[i] for i in found.dialogue_ids if i in items], next=following)


@router.get("/{dialogue_id}", operation_id="get_dialogue")
async def get_dialogue(dialogue_id: UUID, deps: DepsOf, caller: auth.Caller) -> ExportedDialogue:
    """One dialogue with every word in absolute time."""
    of_one = Selection(dialogue_id=dialogue_id, only=caller.scope(), hides_registers=caller.role is not Role.ADMIN)
    async with deps.db.begin() as tx:
        async for dialogue in current_dialogues(tx, of_one, limit=1):
            return dialogue
    raise Problem(Code.NOT_FOUND, f"There is no current dialogue {dialogue_id}; check the id.")


async def _present(tx: AsyncConnection, query: ExportedQuery, caller: Principal) -> Page[ExportedDialogue]:
    selection = Selection(
        start_from=_instant(query.start_from),
        start_before=_instant(query.start_to),
        only=caller.scope(query.points),
        device_id=next(iter(query.devices), None),
        analysis_status=next(iter(query.statuses), None),
        attempted=next(iter(query.attempted), None),
        min_quality=query.min_quality,
        after=_position(query.after) if query.after else None,
        hides_registers=caller.role is not Role.ADMIN,
    )
    items = [dialogue async for dialogue in current_dialogues(tx, selection, query.limit, segments=False)]
    return Page(items=items, next=_cursor(items[-1]) if len(items) == query.limit else None)


def _instant(moment: date | datetime | None) -> datetime | None:
    return moment if isinstance(moment, datetime) else None


def _cursor(last: ExportedDialogue) -> str:
    return base64.urlsafe_b64encode(f"{last.start_ts.isoformat()}|{last.dialogue_id}".encode()).decode()


def _position(cursor: str) -> tuple[datetime, UUID]:
    try:
        start, _, dialogue_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        position = datetime.fromisoformat(start), UUID(dialogue_id)
        if position[0].tzinfo is None or position[0].year not in YEARS:
            raise ValueError("made by nobody here")
    except (binascii.Error, ValueError):
        error = FieldError(field="query.after", message="is not the `next` of a page; leave it out to begin anew")
        raise fields_problem([error], Code.FIELD_INVALID) from None
    return position
