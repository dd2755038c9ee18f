"""`/api/v1/dialogues`: current dialogues with their verdicts, in the form of the JSON export."""

import base64
import binascii
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from db.exports import Selection, current_dialogues
from domain.access import Permission
from domain.chunks import YEARS
from domain.export import ExportedDialogue
from domain.status import Attempted, StageStatus
from serve_apps import auth
from serve_apps.api.schemas import Instant, Page
from serve_apps.application import DepsOf
from serve_apps.problems import Code, FieldError, Problem, documented, fields_problem

router = APIRouter(
    prefix="/api/v1/dialogues",
    tags=["dialogues"],
    dependencies=[auth.require(Permission.READ)],
    responses=documented(*auth.CODES, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE),
)


@router.get("", operation_id="list_dialogues", responses=documented(Code.NOT_FOUND))
async def list_dialogues(
    deps: DepsOf,
    caller: auth.Caller,
    start_from: Annotated[Instant | None, Query(alias="from", description="earliest start")] = None,
    start_before: Annotated[Instant | None, Query(alias="to", description="starts before this")] = None,
    point: Annotated[UUID | None, Query()] = None,
    device: Annotated[UUID | None, Query()] = None,
    status: Annotated[StageStatus | None, Query(description="analysis_status")] = None,
    attempted: Annotated[Attempted | None, Query()] = None,
    min_quality: Annotated[int | None, Query(ge=0, le=3)] = None,
    after: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[ExportedDialogue]:
    """By start, with text and verdict; `segments` (the words) are empty here, ask for the single dialogue."""
    selection = Selection(
        start_from=start_from,
        start_before=start_before,
        only=caller.scope([point] if point else None),
        device_id=device,
        analysis_status=status,
        attempted=attempted,
        min_quality=min_quality,
        after=_position(after) if after else None,
    )
    async with deps.db.begin() as tx:
        items = [dialogue async for dialogue in current_dialogues(tx, selection, limit, segments=False)]
    return Page(items=items, next=_cursor(items[-1]) if len(items) == limit else None)


@router.get("/{dialogue_id}", operation_id="get_dialogue", responses=documented(Code.NOT_FOUND))
async def get_dialogue(dialogue_id: UUID, deps: DepsOf, caller: auth.Caller) -> ExportedDialogue:
    """One dialogue with every word in absolute time."""
    async with deps.db.begin() as tx:
        async for dialogue in current_dialogues(tx, Selection(dialogue_id=dialogue_id, only=caller.scope()), limit=1):
            return dialogue
    raise Problem(Code.NOT_FOUND, f"There is no current dialogue {dialogue_id}; check the id.")


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
