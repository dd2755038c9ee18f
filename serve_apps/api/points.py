"""`/api/v1/admin/points` and `/api/v1/admin/registers`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from db import points as store
from domain.ids import PointId, RegisterId
from serve_apps import auth
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
    dependencies=[auth.Admin],
    responses=documented(
        *auth.CODES, Code.BAD_REQUEST, Code.TOO_LARGE, Code.FIELD_MISSING, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE
    ),
)
NOT_FOUND = documented(Code.NOT_FOUND)
CONFLICT = documented(Code.CONFLICT)
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.post(
    "/points",
    operation_id="create_point",
    tags=["points"],
    status_code=201,
    responses={200: {"model": PointView, "description": "it was there already"}, **CONFLICT},
)
async def create_point(body: PointBody, response: Response, deps: DepsOf) -> PointView:
    """Creates a point. The same request again answers 200 and changes nothing."""
    new = store.NewPoint(PointId(body.point_id), body.name, body.country, body.zone, body.language)
    async with deps.db.begin() as tx:
        created = await store.ensure_point(tx, new)
        point = await store.find_point(tx, PointId(body.point_id))
    response.status_code = 201 if created else 200
    return _point(point, body.point_id)


@router.get("/points", operation_id="list_points", tags=["points"])
async def list_points(deps: DepsOf, after: UUID | None = None, limit: Limit = 100) -> Page[PointView]:
    """In the order of their ids."""
    async with deps.db.begin() as tx:
        points = await store.list_points(tx, PointId(after) if after else None, limit)
    items = [PointView.model_validate(point) for point in points]
    return Page(items=items, next=str(items[-1].point_id) if len(items) == limit else None)


@router.get("/points/{point_id}", operation_id="get_point", tags=["points"], responses=NOT_FOUND)
async def get_point(point_id: UUID, deps: DepsOf) -> PointView:
    async with deps.db.begin() as tx:
        point = await store.find_point(tx, PointId(point_id))
    return _point(point, point_id)


@router.patch("/points/{point_id}", operation_id="update_point", tags=["points"], responses=NOT_FOUND)
async def update_point(point_id: UUID, body: PointPatch, deps: DepsOf) -> PointView:
    """Changes what is present."""
    changes = body.model_dump(mode="json", exclude_unset=True)
    async with deps.db.begin() as tx:
        point = await store.update_point(tx, PointId(point_id), changes)
    return _point(point, point_id)


@router.post(
    "/registers",
    operation_id="create_register",
    tags=["registers"],
    status_code=201,
    responses={200: {"model": RegisterView, "description": "it was there already"}, **NOT_FOUND, **CONFLICT},
)
async def create_register(body: RegisterBody, response: Response, deps: DepsOf) -> RegisterView:
    """Creates a register at a point. The same request again answers 200 and changes nothing."""
    new = store.NewRegister(RegisterId(body.register_id), PointId(body.point_id), body.name)
    async with deps.db.begin() as tx:
        _point(await store.find_point(tx, new.point_id), body.point_id)
        created = await store.ensure_register(tx, new)
        register = await store.find_register(tx, new.register_id)
    response.status_code = 201 if created else 200
    return _register(register, body.register_id)


@router.get("/registers", operation_id="list_registers", tags=["registers"])
async def list_registers(
    deps: DepsOf, point_id: UUID | None = None, after: UUID | None = None, limit: Limit = 100
) -> Page[RegisterView]:
    """In the order of their ids, of one point or of all."""
    async with deps.db.begin() as tx:
        registers = await store.list_registers(
            tx, PointId(point_id) if point_id else None, RegisterId(after) if after else None, limit
        )
    items = [RegisterView.model_validate(register) for register in registers]
    return Page(items=items, next=str(items[-1].register_id) if len(items) == limit else None)


@router.get("/registers/{register_id}", operation_id="get_register", tags=["registers"], responses=NOT_FOUND)
async def get_register(register_id: UUID, deps: DepsOf) -> RegisterView:
    async with deps.db.begin() as tx:
        register = await store.find_register(tx, RegisterId(register_id))
    return _register(register, register_id)


@router.patch("/registers/{register_id}", operation_id="update_register", tags=["registers"], responses=NOT_FOUND)
async def update_register(register_id: UUID, body: RegisterPatch, deps: DepsOf) -> RegisterView:
    """Renames a register."""
    async with deps.db.begin() as tx:
        register = await store.rename_register(tx, RegisterId(register_id), body.name)
    return _register(register, register_id)


def _point(point: store.Point | None, point_id: UUID) -> PointView:
    if point is None:
        raise Problem(Code.NOT_FOUND, f"There is no point {point_id}; check the id.")
    return PointView.model_validate(point)


def _register(register: store.Register | None, register_id: UUID) -> RegisterView:
    if register is None:
        raise Problem(Code.NOT_FOUND, f"There is no register {register_id}; check the id.")
    return RegisterView.model_validate(register)
