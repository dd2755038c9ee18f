"""`/api/v1/dialogues/rows` and `/facets`: the list, and what it can be filtered by."""

from typing import Annotated

from fastapi import APIRouter, Query

from db.dialogues.facets import count_facets
from db.dialogues.listing import find_page
from db.dialogues.rows import read_lines
from domain.access import Permission
from serve_apps import auth
from serve_apps.api.dialogues.cursors import read_cursor, write_cursor
from serve_apps.api.dialogues.query import DialogueQuery, PageQuery
from serve_apps.api.dialogues.schemas import DialogueRow, FacetsView
from serve_apps.api.dialogues.scope import allowed_filter
from serve_apps.api.dialogues.views import facets_of, row_of
from serve_apps.api.schemas import Page
from serve_apps.application import DepsOf
from serve_apps.problems import Code, documented

router = APIRouter(
    prefix="/api/v1/dialogues",
    tags=["dialogues"],
    dependencies=[auth.require(Permission.READ)],
    responses=documented(
        *auth.CODES, Code.NOT_FOUND, Code.FIELD_INVALID, Code.REGISTERS_HIDDEN, Code.DATABASE_UNAVAILABLE
    ),
)


@router.get("/rows", operation_id="list_dialogue_rows")
async def list_dialogue_rows(
    query: Annotated[PageQuery, Query()], deps: DepsOf, caller: auth.Caller
) -> Page[DialogueRow]:
    """The dialogues that pass every filter, a page at a time. A page may hold fewer than `limit`, even none, where a
    rare filter was looked for long enough: go on as long as `next` is not null."""
    async with deps.db.snapshot() as tx:
        wanted = await allowed_filter(tx, query, caller)
        after = read_cursor(query.after, wanted, query.sort) if query.after else None
        found = await find_page(tx, wanted, query.sort, after, query.limit)
        lines = await read_lines(tx, found.dialogue_ids, wanted.terms)
    following = write_cursor(found.next, wanted, query.sort) if found.next else None
    return Page(items=[row_of(line, caller) for line in lines], next=following)


@router.get("/facets", operation_id="count_dialogue_facets")
async def count_dialogue_facets(
    query: Annotated[DialogueQuery, Query()], deps: DepsOf, caller: auth.Caller
) -> FacetsView:
    """What the list can be filtered by. Each filter's options count the dialogues that pass all the other filters."""
    async with deps.db.snapshot() as tx:
        wanted = await allowed_filter(tx, query, caller)
        return facets_of(await count_facets(tx, wanted), caller)
