"""`/api/v1/admin/points` and `/api/v1/admin/registers`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from db.accounts.audit import audit
from db.queue import Queue
from db.reports.coverage_days import jobs_of_changed_point
from db.shops import points as store
from domain.access import Permission, Role
from domain.ids import PointId, RegisterId
from serve_apps import auth
from serve_apps.api.known import known_point, known_register
from serve_apps.api.schemas import (
    Page,
    PointBody,
    PointPatch,
    PointView,
    RegisterBody,
    RegisterPatch,
    RegisterView,
)
from serve_apps.application import DepsOf
from serve_apps.problems import Code, Problem, documented

router = APIRouter(
    prefix="/api/v1/admin",
    dependencies=[auth.require(Permission.READ)],
    responses=documented(
        *auth.CODES, Code.BAD_REQUEST, Code.TOO_LARGE, Code.FIELD_MISSING, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE
    ),
)
POINTS_WRITE = [auth.require(Permission.POINTS_WRITE)]
DEVICES_WRITE = [auth.require(Permission.DEVICES_WRITE)]
NOT_FOUND = documented(Code.NOT_FOUND)
CONFLICT = documented(Code.CONFLICT)
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.post(
    "/points",
    operation_id="create_point",
    tags=["points"],
    status_code=201,
    dependencies=POINTS_WRITE,
    responses={200: {"model": PointView, "description": "it was there already"}, **NOT_FOUND, **CONFLICT},
)
async def create_point(body: PointBody, response: Response, deps: DepsOf, caller: auth.Caller) -> PointView:
    """Creates a point. The same request again answers 200 and changes nothing."""
    caller.check_point(body.point_id)
    new = store.NewPoint(PointId(body.point_id), body.name, body.country, body.zone, body.language)
    async with deps.db.begin() as tx:
        created = await store.ensure_point(tx, new)
        if created:
            await audit(tx, caller, "point.create", f"point/{body.point_id}")
        point = await known_point(tx, caller, body.point_id)
    response.status_code = 201 if created else 200
    return PointView.model_validate(point)


@router.get("/points", operation_id="list_points", tags=["points"])
async def list_points(
    deps: DepsOf, caller: auth.Caller, after: UUID | None = None, limit: Limit = 100
) -> Page[PointView]:
    """In the order of their ids."""
    async with deps.db.begin() as tx:
        points = await store.list_points(tx, PointId(after) if after else None, limit, caller.scope())
    items = [PointView.model_validate(point) for point in points]
    return Page(items=items, next=str(items[-1].point_id) if len(items) == limit else None)


@router.get("/points/{point_id}", operation_id="get_point", tags=["points"], responses=NOT_FOUND)
async def get_point(point_id: UUID, deps: DepsOf, caller: auth.Caller) -> PointView:
    async with deps.db.begin() as tx:
        point = await known_point(tx, caller, point_id)
    return PointView.model_validate(point)


@router.patch(
    "/points/{point_id}", operation_id="update_point", tags=["points"], dependencies=POINTS_WRITE, responses=NOT_FOUND
)
async def update_point(point_id: UUID, body: PointPatch, deps: DepsOf, caller: auth.Caller) -> PointView:
    """Changes what is present. In another zone or with other opening hours the point's reports are made anew. Only an
    administrator changes `shows_registers`."""
    changes = body.model_dump(mode="json", exclude_unset=True)
    if "shows_registers" in changes and caller.role is not Role.ADMIN:
        raise Problem(Code.NOT_PERMITTED, "Only an administrator changes shows_registers; leave it out, or ask one.")
    async with deps.db.begin() as tx:
        before = await known_point(tx, caller, point_id)
        await store.update_point(tx, PointId(point_id), changes)
        await audit(tx, caller, "point.update", f"point/{point_id}", changes)
        changed = {name for name, value in changes.items() if getattr(before, name) != value}
        jobs = await jobs_of_changed_point(tx, PointId(point_id), changed)
        await Queue(deps.db, deps.settings.jobs).enqueue(tx, jobs)
        point = await known_point(tx, caller, point_id)
    return PointView.model_validate(point)


@router.post(
    "/registers",
    operation_id="create_register",
    tags=["registers"],
    status_code=201,
    dependencies=DEVICES_WRITE,
    responses={200: {"model": RegisterView, "description": "it was there already"}, **NOT_FOUND, **CONFLICT},
)
async def create_register(body: RegisterBody, response: Response, deps: DepsOf, caller: auth.Caller) -> RegisterView:
    """Creates a register at a point. The same request again answers 200 and changes nothing."""
    new = store.NewRegister(RegisterId(body.register_id), PointId(body.point_id), body.name)
    async with deps.db.begin() as tx:
        await known_point(tx, caller, body.point_id)
        created = await store.ensure_register(tx, new)
        if created:
            of = {"point_id": str(body.point_id)}
            await audit(tx, caller, "register.create", f"register/{body.register_id}", of)
        register = await known_register(tx, caller, body.register_id)
    response.status_code = 201 if created else 200
    return RegisterView.model_validate(register)


@router.get("/registers", operation_id="list_registers", tags=["registers"], responses=NOT_FOUND)
async def list_registers(
    deps: DepsOf, caller: auth.Caller, point_id: UUID | None = None, after: UUID | None = None, limit: Limit = 100
) -> Page[RegisterView]:
    """In the order of their ids, of one point or of all."""
    async with deps.db.begin() as tx:
        registers = await store.list_registers(
            tx, caller.scope([point_id] if point_id else None), RegisterId(after) if after else None, limit
        )
    items = [RegisterView.model_validate(register) for register in registers]
    return Page(items=items, next=str(items[-1].register_id) if len(items) == limit else None)


@router.get("/registers/{register_id}", operation_id="get_register", tags=["registers"], responses=NOT_FOUND)
async def get_register(register_id: UUID, deps: DepsOf, caller: auth.Caller) -> RegisterView:
    async with deps.db.begin() as tx:
        register = await known_register(tx, caller, register_id)
    return RegisterView.model_validate(register)


@router.patch(
    "/registers/{register_id}",
    operation_id="update_register",
    tags=["registers"],
    dependencies=DEVICES_WRITE,
    responses=NOT_FOUND,
)
async def update_register(register_id: UUID, body: RegisterPatch, deps: DepsOf, caller: auth.Caller) -> RegisterView:
    """Renames a register."""
    async with deps.db.begin() as tx:
        await known_register(tx, caller, register_id)
        await store.rename_register(tx, RegisterId(register_id), body.name)
        await audit(tx, caller, "register.update", f"register/{register_id}", {"name": body.name})
        register = await known_register(tx, caller, register_id)
    return RegisterView.model_validate(register)
