"""`/api/v1/erasures`: what a person said goes from everywhere, and the act is kept without its content."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from db.accounts.audit import audit
from db.dialogues.stage_store import to_instant, to_ms
from db.erasure import orders as store
from db.erasure.carry_out import Eraser
from db.erasure.orders import Erasure, ErasureKind, Target
from db.queue import Queue
from domain.access import Permission, Principal
from domain.errors import NotFound, Unavailable
from domain.ids import DeviceId, DialogueId, PointId
from domain.timeline import Span
from serve_apps import auth
from serve_apps.api.erasures.schemas import ErasedCounts, ErasureBody, ErasureView
from serve_apps.api.known import known_device, known_point
from serve_apps.api.schemas import Page
from serve_apps.application import Deps, DepsOf
from serve_apps.problems import Code, FieldError, documented, fields_problem

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 25.0
"""A long one is answered 202 by then, and goes on."""
_CODEC_PADDING_S = 1.0

router = APIRouter(
    prefix="/api/v1/erasures",
    tags=["erasures"],
    dependencies=[auth.require(Permission.ERASE)],
    responses=documented(*auth.CODES, Code.BAD_REQUEST, Code.NOT_FOUND, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE),
)


@router.post(
    "",
    operation_id="erase",
    status_code=201,
    responses={
        200: {"model": ErasureView, "description": "a dry run: what would go"},
        202: {"model": ErasureView, "description": "ordered; it goes on and ends by itself"},
        **documented(Code.TOO_LARGE, Code.FIELD_MISSING),
    },
)
async def erase(
    body: ErasureBody, request: Request, response: Response, deps: DepsOf, caller: auth.Caller
) -> ErasureView:
    """Erases a dialogue or a stretch of time from audio, transcripts, quotes, search, history, reviews' notes and
    figures, for good. Audio of this time that a recorder delivers later is discarded, or silenced where it reaches in.
    """
    eraser = _eraser(deps)
    async with deps.db.begin() as tx:
        target = await _target(tx, caller, body)
        if not body.dry_run:
            erasure_id = await store.place_order(tx, eraser.queue, target, caller.actor)
            await audit(tx, caller, "erasure.order", f"erasure/{erasure_id}", _details(target))
    if body.dry_run:
        response.status_code = 200
        return _tried(target, caller, await eraser.try_out(target))
    await _carry_out(request, eraser, erasure_id)
    async with deps.db.begin() as tx:
        erasure = await store.find_erasure(tx, erasure_id)
    assert erasure is not None
    response.status_code = 201 if erasure.finished_at else 202
    return view_of(erasure)


@router.get("", operation_id="list_erasures")
async def list_erasures(
    deps: DepsOf,
    caller: auth.Caller,
    point: Annotated[list[UUID] | None, Query(max_length=500)] = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Page[ErasureView]:
    """Newest first: what was erased when and by whom, without its content; retention's days included."""
    async with deps.db.begin() as tx:
        found = await store.list_erasures(tx, caller.scope(point), after, limit)
    items = [view_of(erasure) for erasure in found]
    return Page(items=items, next=str(items[-1].erasure_id) if len(items) == limit else None)


def view_of(erasure: Erasure) -> ErasureView:
    return ErasureView(
        erasure_id=erasure.erasure_id,
        requested_by=erasure.requested_by,
        at=erasure.at,
        finished_at=erasure.finished_at,
        counts=ErasedCounts(**erasure.counts),
        **_place(erasure.target),
    )


def _tried(target: Target, caller: Principal, counts: dict[str, int]) -> ErasureView:
    return ErasureView(
        erasure_id=None,
        requested_by=caller.actor,
        at=None,
        finished_at=None,
        counts=ErasedCounts(**counts),
        **_place(target),
    )


def _place(target: Target) -> dict[str, object]:
    return {
        "kind": target.kind,
        "point_id": target.point_id,
        "device_id": target.device_id,
        "dialogue_id": target.dialogue_id,
        "start_ts": to_instant(target.span.start_ms),
        "end_ts": to_instant(target.span.end_ms),
    }


def _details(target: Target) -> dict[str, object]:
    return {name: None if value is None else str(value) for name, value in _place(target).items()}


async def _target(tx: AsyncConnection, caller: Principal, body: ErasureBody) -> Target:
    """Raises NotFound for what the caller does not see, Problem for the future."""
    if body.dialogue_id is not None:
        target = await store.target_of_dialogue(tx, DialogueId(body.dialogue_id))
        if target is None or not caller.sees(target.point_id):
            raise NotFound(f"There is no dialogue {body.dialogue_id}; check the id.")
        return target
    assert body.point_id is not None
    assert body.start is not None
    assert body.end is not None
    await known_point(tx, caller, body.point_id)
    if body.device_id is not None:
        device = await known_device(tx, caller, body.device_id)
        if device.point_id != body.point_id:
            raise NotFound(f"Point {body.point_id} has no device {body.device_id}; check the ids.")
    if body.end > datetime.now(UTC):
        message = "lies in the future; pause the recorder instead, or erase once it has been recorded"
        raise fields_problem([FieldError(field="body.to", message=message)], Code.FIELD_INVALID)
    device_id = None if body.device_id is None else DeviceId(body.device_id)
    return Target(ErasureKind.INTERVAL, PointId(body.point_id), device_id, Span(to_ms(body.start), to_ms(body.end)))


def _eraser(deps: Deps) -> Eraser:
    max_s = deps.settings.ingest.max_chunk_s + _CODEC_PADDING_S
    return Eraser(deps.db, deps.store, Queue(deps.db, deps.settings.jobs), max_s)


async def _carry_out(request: Request, eraser: Eraser, erasure_id: UUID) -> None:
    """Until it is done or has taken too long. Whatever happens here, a job looks again a minute later."""
    at_work: set[asyncio.Task[None]] = request.app.state.erasing
    task = asyncio.create_task(eraser.carry_out(erasure_id))
    at_work.add(task)
    task.add_done_callback(at_work.discard)
    try:
        await asyncio.wait_for(asyncio.shield(task), ANSWER_WITHIN_S)
    except (TimeoutError, Unavailable) as error:
        log.warning("erasure_goes_on", extra={"erasure_id": str(erasure_id), "reason": repr(error)})
