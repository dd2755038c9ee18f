"""The queue of dialogues that wait for a review, and who has which of them open."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response

from db.reviewing import review_queue as store
from domain.access import Permission, Principal, sees_registers
from domain.errors import Conflict, NotFound
from domain.review_queue import Reason, is_blind, ordered
from domain.verdict import DEFAULT_CATALOGUE
from serve_apps import auth
from serve_apps.api.reviewing.schemas import HoldView, MachineOpinion, QueueView, WaitingView
from serve_apps.application import DepsOf
from serve_apps.problems import Code, documented

router = APIRouter(
    prefix="/api/v1/reviews/queue",
    tags=["reviews"],
    dependencies=[auth.require(Permission.REVIEW)],
    responses=documented(*auth.CODES, Code.NOT_FOUND, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE),
)
WHY = {
    Reason.RANDOM: "It is one of the random share, by which the machine is measured.",
    Reason.SECOND: "A colleague has judged it; a second opinion shows how far people agree.",
    Reason.REVIEWERS_DISAGREE: "Two reviewers say different things about it; settle it.",
    Reason.ENGINES_DISAGREE: "Two engines say different things about it.",
    Reason.UNCERTAIN: "The machine could not decide.",
    Reason.LOW_CONFIDENCE: "The machine is unsure of its answer.",
    Reason.MANUAL: "You chose it.",
}


@router.get("", operation_id="list_review_queue")
async def list_review_queue(
    deps: DepsOf,
    caller: auth.Caller,
    point: Annotated[list[UUID], Query(description="these points; none: all of the caller's")] = [],  # noqa: B006
    reason: Annotated[list[Reason], Query(description="these reasons only")] = [],  # noqa: B006
    exclude: Annotated[list[UUID], Query(max_length=200, description="dialogues to pass over")] = [],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> QueueView:
    """What teaches most first, with every third of the random share. Left out is what a colleague has open (hold it
    before you judge it), and, where a second person must judge, what the caller judged already."""
    points = caller.scope(point)
    async with deps.db.begin() as tx:
        candidates = await store.find_candidates(tx, caller.actor, points, reason, exclude)
        items = await store.read_items(tx, ordered(candidates)[:limit])
        waiting = await store.count_waiting(tx, points)
    views = [_view(item, caller) for item in items]
    return QueueView(items=views, waiting=waiting, total=sum(waiting.values()))


@router.get("/{dialogue_id}", operation_id="get_review_item")
async def get_review_item(dialogue_id: UUID, deps: DepsOf, caller: auth.Caller) -> WaitingView:
    """Any dialogue as an item, for a review by choice. Its reason is `manual` even where it waits in the queue: who
    picks a dialogue may have seen what the machine said, and such a review is of no random share."""
    async with deps.db.begin() as tx:
        item = await store.read_item(tx, dialogue_id)
    if item is None or not caller.sees(item.point_id):
        raise NotFound(f"There is no dialogue {dialogue_id}; check the id.")
    return _view(item, caller)


@router.put("/{dialogue_id}/hold", operation_id="hold_review_item", responses=documented(Code.CONFLICT))
async def hold_review_item(dialogue_id: UUID, deps: DepsOf, caller: auth.Caller) -> HoldView:
    """Keeps a dialogue from colleagues for five minutes; again: five more. It ends with the review. A colleague may
    still review it by its id: the last word counts, and nothing is lost."""
    async with deps.db.begin() as tx:
        _check_waits(await store.point_of_waiting(tx, dialogue_id), dialogue_id, caller)
        until = await store.hold(tx, dialogue_id, caller.actor)
    if until is None:
        raise Conflict("A colleague has this dialogue open; take the next one.")
    return HoldView(dialogue_id=dialogue_id, held_until=until)


@router.delete("/{dialogue_id}/hold", operation_id="release_review_item", status_code=204)
async def release_review_item(dialogue_id: UUID, deps: DepsOf, caller: auth.Caller) -> Response:
    """Gives the dialogue back to the colleagues; what the caller does not hold stays as it is."""
    async with deps.db.begin() as tx:
        _check_waits(await store.point_of_waiting(tx, dialogue_id), dialogue_id, caller)
        await store.release(tx, dialogue_id, caller.actor)
    return Response(status_code=204)


def _check_waits(point_id: UUID | None, dialogue_id: UUID, caller: Principal) -> None:
    if point_id is None or not caller.sees(point_id):
        raise NotFound(f"Dialogue {dialogue_id} does not wait for a review; ask for the queue again.")


def _view(item: store.Waiting, caller: Principal) -> WaitingView:
    zone, blind = ZoneInfo(item.zone), is_blind(item.reason)
    return WaitingView(
        dialogue_id=item.dialogue_id,
        point_id=item.point_id,
        point=item.point,
        register_name=item.register if sees_registers(caller, item.shows_registers) else None,
        start_ts=item.start_ts.astimezone(zone),
        end_ts=item.end_ts.astimezone(zone),
        duration_s=(item.end_ts - item.start_ts).total_seconds(),
        revision=item.revision,
        language=item.language,
        catalogue=_categories(item.catalogue),
        reason=item.reason,
        why=WHY[item.reason],
        is_blind=blind,
        machine=None if blind or item.machine is None else MachineOpinion.model_validate(item.machine),
    )


def _categories(catalogue: Sequence[str] | None) -> list[str]:
    return list(catalogue or DEFAULT_CATALOGUE)
