"""`/api/v1/runs`: re-analyses, what they say otherwise, and what becomes of it."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from db.accounts.audit import audit
from db.runs.change import cancel_run
from db.runs.promote import promote
from db.runs.read import Run, find_run, newest_runs
from db.runs.rollback import rollback
from domain.access import Permission
from domain.errors import Conflict
from domain.runs import RunState
from serve_apps import auth
from serve_apps.api.runs.schemas import CancelledView, DiffView, PromotionView, RollbackView, RunsView, RunView
from serve_apps.api.runs.views import view_diff, view_run
from serve_apps.application import Deps, DepsOf
from serve_apps.problems import Code, Problem, documented

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 15.0
"""What takes longer is answered 202 by then, and goes on: a promotion of 10,000 dialogues takes about that."""
T = TypeVar("T")

router = APIRouter(
    prefix="/api/v1/runs",
    tags=["runs"],
    dependencies=[auth.require(Permission.RUNS)],
    responses=documented(*auth.CODES, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE),
)
ONE = documented(Code.NOT_FOUND)
MOVED = {202: {"model": RunView, "description": "it goes on and ends by itself"}, **documented(Code.NOT_FOUND)}


@router.get("", operation_id="list_runs")
async def list_runs(deps: DepsOf, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> RunsView:
    """The newest first."""
    async with deps.db.begin() as tx:
        return RunsView(items=[await view_run(tx, run, is_listed=True) for run in await newest_runs(tx, limit)])


@router.get("/{run_id}", operation_id="get_run", responses=ONE)
async def get_run(run_id: UUID, deps: DepsOf) -> RunView:
    """One run with its progress."""
    async with deps.db.begin() as tx:
        return await view_run(tx, await _known(tx, run_id))


@router.get("/{run_id}/diff", operation_id="get_run_diff", responses=ONE)
async def get_run_diff(run_id: UUID, deps: DepsOf) -> DiffView:
    """What it says otherwise than what is current, whom the reviewers bear out, what the figures would be, what both
    cost, and which dialogues to hear first."""
    async with deps.db.snapshot() as tx:
        return await view_diff(tx, await _known(tx, run_id))


@router.post("/{run_id}/promote", operation_id="promote_run", responses={**MOVED, **documented(Code.RUN_STATE)})
async def promote_run(
    run_id: UUID, request: Request, response: Response, deps: DepsOf, caller: auth.Caller
) -> PromotionView | RunView:
    """Makes its results the current ones: every figure moves at one instant, reviews stay. What changed since the run
    judged it is left alone, and judged once more."""
    done = await _within(request, promote(deps.db, run_id, caller))
    return PromotionView.model_validate(done) if done else await _goes_on(deps, run_id, response)


@router.post("/{run_id}/rollback", operation_id="roll_run_back", responses={**MOVED, **documented(Code.RUN_STATE)})
async def roll_run_back(
    run_id: UUID, request: Request, response: Response, deps: DepsOf, caller: auth.Caller
) -> RollbackView | RunView:
    """Puts back exactly what its promotion replaced. What changed after that is left as it is."""
    done = await _within(request, rollback(deps.db, run_id, caller))
    return RollbackView.model_validate(done) if done else await _goes_on(deps, run_id, response)


@router.post("/{run_id}/cancel", operation_id="cancel_run", responses={**ONE, **documented(Code.RUN_STATE)})
async def cancel(run_id: UUID, deps: DepsOf, caller: auth.Caller) -> CancelledView:
    """Begins nothing more of it. What it has judged stays beside what is current."""
    async with deps.db.begin() as tx:
        run = await _known(tx, run_id)
        with _state_allows():
            dropped = await cancel_run(tx, run.run_id)
        await audit(tx, caller, "run.cancel", f"run/{run.run_id}", {"name": run.name, "dropped": dropped})
    return CancelledView(run_id=run.run_id, name=run.name, state=RunState.CANCELLED, dropped=dropped)


async def _known(tx: AsyncConnection, run_id: UUID) -> Run:
    return await find_run(tx, str(run_id))


async def _within(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """What it came to; None where that takes too long to wait for. It is one transaction: done as a whole, or not."""
    at_work: set[asyncio.Task[T]] = request.app.state.moving_runs
    task = asyncio.create_task(work)
    at_work.add(task)
    task.add_done_callback(at_work.discard)
    try:
        with _state_allows():
            return await asyncio.wait_for(asyncio.shield(task), ANSWER_WITHIN_S)
    except TimeoutError:
        task.add_done_callback(_tell)
        return None


@contextmanager
def _state_allows() -> Iterator[None]:
    try:
        yield
    except Conflict as error:
        raise Problem(Code.RUN_STATE, str(error)) from None


def _tell(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("run_not_moved", extra={"reason": repr(task.exception())})


async def _goes_on(deps: Deps, run_id: UUID, response: Response) -> RunView:
    response.status_code = 202
    return await get_run(run_id, deps)
