"""`/api/v1/reports`: the figures of a day and of a period, from roll-ups."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.stage_store import database_now
from db.reports.listening import to_listen
from db.reports.overview import last_day_before, latest_day, overview
from db.reports.series import series
from db.reports.today import today
from domain.access import Permission
from domain.change import Period
from domain.chunks import YEARS
from serve_apps import auth
from serve_apps.api.reports.schemas import OverviewView, TodayView
from serve_apps.api.reports.today_views import today_view
from serve_apps.api.reports.views import overview_view
from serve_apps.application import DepsOf
from serve_apps.conditional import UNCHANGED, IfNoneMatch, conditional
from serve_apps.problems import Code, FieldError, Problem, documented, fields_problem

MAX_DAYS = 400
"""A year beside the year before, and some."""
WEEK = timedelta(days=7)

router = APIRouter(
    prefix="/api/v1/reports",
    tags=["reports"],
    dependencies=[auth.require(Permission.READ)],
    responses={**documented(*auth.CODES, Code.NOT_FOUND, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE), **UNCHANGED},
)

Day = Annotated[date, Field(ge=date(YEARS.start + 1, 3, 1), le=date(YEARS.stop - 1, 12, 30))]
"""Bounded so that the period before lies in our calendar too."""
Points = Annotated[list[UUID] | None, Field(max_length=1000, description="repeat it for several; absent: all of yours")]


class DayQuery(BaseModel):
    """Which day of which points. An unknown parameter is a mistake: a `point` misspelt would be all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: Day | None = Field(None, description="absent: today, which each point has by its own zone")
    point: Points = None


class PeriodQuery(BaseModel):
    """Which days of which points."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: Day | None = Field(None, alias="from", description="first day; absent: the six days before `to`")
    last: Day | None = Field(None, alias="to", description="last day, included; absent: today")
    point: Points = None


@router.get("/today", operation_id="get_today", response_model=TodayView)
async def get_today(
    deps: DepsOf,
    caller: auth.Caller,
    query: Annotated[DayQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """How a day is, how far it can be believed, and what should be done about it."""
    day, points = query.day, caller.scope(query.point)
    async with deps.db.snapshot() as tx:
        read = await today(tx, day, points, await database_now(tx))
        days = {one.day for one in read.points}
        good, missed = await to_listen(tx, days, points)
        shown = day or max(days, default=None) or await latest_day(tx, points)
        is_empty = not any(one.side.figures.dialogues for one in read.points)
        last_day = await last_day_before(tx, shown, points) if is_empty else None
    return conditional(today_view(shown, read, good, missed, caller, last_day), if_none_match)


@router.get("/overview", operation_id="get_overview", response_model=OverviewView)
async def get_overview(
    deps: DepsOf,
    caller: auth.Caller,
    query: Annotated[PeriodQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A period of some points or all, beside the period of the same length before it. Days are each point's own."""
    points = caller.scope(query.point)
    async with deps.db.snapshot() as tx:
        period = await _period(tx, query.first, query.last, points)
        read, cut = await overview(tx, period, points), await series(tx, period, points)
    return conditional(overview_view(period, read, cut), if_none_match)


async def _period(tx: AsyncConnection, first: date | None, last: date | None, points: list[UUID] | None) -> Period:
    last = last or (await latest_day(tx, points))
    first = first or last - WEEK + timedelta(days=1)
    if first > last:
        raise _wrong("query.to", "is before from; give the days in order")
    if (last - first).days >= MAX_DAYS:
        raise _wrong("query.from", f"is more than {MAX_DAYS} days before to; ask for a shorter period")
    return Period(first, last)


def _wrong(field: str, message: str) -> Problem:
    return fields_problem([FieldError(field=field, message=message)], Code.FIELD_INVALID)
