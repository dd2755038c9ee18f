"""`GET /api/v1/places`: points, registers and devices, and how each does, on one page."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from db.dialogues.stage_store import database_now
from db.shops.places import page_of_points, places_of
from domain.access import Permission
from domain.chunks import YEARS
from serve_apps import auth
from serve_apps.api.shops.place_views import PlacesView, place_view
from serve_apps.application import DepsOf
from serve_apps.problems import Code, documented

router = APIRouter(
    prefix="/api/v1",
    tags=["points"],
    dependencies=[auth.require(Permission.READ)],
    responses=documented(*auth.CODES, Code.NOT_FOUND, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE),
)


@router.get("/places", operation_id="list_places")
async def list_places(
    deps: DepsOf,
    caller: auth.Caller,
    point: Annotated[list[UUID] | None, Query(max_length=500, description="default: all that you may see")] = None,
    day: Annotated[
        date | None,
        Query(
            ge=date(YEARS.start, 1, 2),
            le=date(YEARS.stop - 1, 12, 30),
            description="of each point, in its own zone; absent: its today",
        ),
    ] = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 25,
) -> PlacesView:
    """Points by name, each with its registers, devices, last heartbeats, and what became of one day."""
    async with deps.db.begin() as tx:
        now = await database_now(tx)
        points = await page_of_points(tx, caller.scope(point), after, limit)
        items = [place_view(await places_of(tx, one, day, now)) for one in points]
    return PlacesView(now=now, items=items, next=str(items[-1].point_id) if len(items) == limit else None)
