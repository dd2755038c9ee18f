"""`/api/v1/admin/devices`: devices and their tokens."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from db.accounts.audit import audit
from db.shops import devices as store
from db.shops.heartbeats import last_heartbeats
from db.shops.points import NewPoint, NewRegister
from domain.access import Permission, Principal
from domain.errors import Conflict
from domain.ids import DeviceId, PointId, RegisterId
from serve_apps import auth
from serve_apps.api.known import known_device
from serve_apps.api.schemas import (
    DeviceBody,
    DevicePatch,
    DeviceView,
    NewToken,
    Page,
    RegisteredDevice,
    TokenBody,
    TokenView,
)
from serve_apps.application import DepsOf
from serve_apps.problems import Code, Problem, documented
from serve_apps.wording import Spelled

router = APIRouter(
    prefix="/api/v1/admin/devices",
    tags=["devices"],
    dependencies=[auth.require(Permission.READ)],
    responses=documented(
        *auth.CODES, Code.BAD_REQUEST, Code.TOO_LARGE, Code.FIELD_MISSING, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE
    ),
)
Fingerprint = Annotated[
    str, Path(), Spelled("^[0-9a-f]{12}$", "must be 12 lower-case hex digits, as the list of tokens shows them")
]
WRITE = [auth.require(Permission.DEVICES_WRITE)]
NOT_FOUND = documented(Code.NOT_FOUND)
CONFLICT = documented(Code.CONFLICT)


@router.post(
    "",
    operation_id="register_device",
    status_code=201,
    dependencies=WRITE,
    responses={200: {"model": RegisteredDevice}, **NOT_FOUND, **CONFLICT},
)
async def register_device(body: DeviceBody, response: Response, deps: DepsOf, caller: auth.Caller) -> RegisteredDevice:
    """Registers a device with its point and register. The same request again answers 200 and changes nothing."""
    caller.check_point(body.point_id)
    made = None if body.token_plain else secrets.token_hex(24)
    given = body.token_plain.get_secret_value() if body.token_plain else None
    point_id, register_id, device_id = PointId(body.point_id), RegisterId(body.register_id), DeviceId(body.device_id)
    new = store.NewDevice(
        device_id=device_id,
        point=NewPoint(point_id, body.point_name, body.country, body.zone, body.language),
        register=NewRegister(register_id, point_id, body.register_name),
        name=body.name,
        token=given,
        replaces=DeviceId(body.replaces) if body.replaces else None,
    )
    async with deps.db.begin() as tx:
        await _refuse_others(tx, caller, body)
        created = await store.register_device(tx, new)
        if created and made is not None:
            await store.add_token(tx, device_id, made)
        if created:
            of = {"point_id": str(point_id), "replaces": str(body.replaces) if body.replaces else None}
            await audit(tx, caller, "device.register", f"device/{device_id}", of)
        (view,) = await _views(tx, [await known_device(tx, caller, device_id)])
    response.status_code = 201 if created else 200
    response.headers.update(auth.NO_STORE)
    return RegisteredDevice(**view.model_dump(), created=created, token=made if created else None)


@router.get("", operation_id="list_devices")
async def list_devices(
    deps: DepsOf, caller: auth.Caller, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Page[DeviceView]:
    """In the order of their ids."""
    async with deps.db.begin() as tx:
        devices = await store.list_devices(tx, DeviceId(after) if after else None, limit, caller.scope())
        items = await _views(tx, devices)
    return Page(items=items, next=str(items[-1].device_id) if len(items) == limit else None)


@router.get("/{device_id}", operation_id="get_device", responses=NOT_FOUND)
async def get_device(device_id: UUID, deps: DepsOf, caller: auth.Caller) -> DeviceView:
    async with deps.db.begin() as tx:
        (view,) = await _views(tx, [await known_device(tx, caller, device_id)])
    return view


@router.patch("/{device_id}", operation_id="update_device", dependencies=WRITE, responses=NOT_FOUND)
async def update_device(device_id: UUID, body: DevicePatch, deps: DepsOf, caller: auth.Caller) -> DeviceView:
    """Renames, disables or enables a device."""
    async with deps.db.begin() as tx:
        await known_device(tx, caller, device_id)
        await store.update_device(tx, DeviceId(device_id), body.name, body.is_enabled)
        await audit(tx, caller, "device.update", f"device/{device_id}", body.model_dump(exclude_none=True))
        (view,) = await _views(tx, [await known_device(tx, caller, device_id)])
    return view


@router.get("/{device_id}/tokens", operation_id="list_tokens", dependencies=WRITE, responses=NOT_FOUND)
async def list_tokens(device_id: UUID, deps: DepsOf, caller: auth.Caller) -> list[TokenView]:
    """Newest first; the tokens themselves are not kept."""
    async with deps.db.begin() as tx:
        await known_device(tx, caller, device_id)
        tokens = await store.list_tokens(tx, DeviceId(device_id))
    return [TokenView.model_validate(token) for token in tokens]


@router.post(
    "/{device_id}/tokens",
    operation_id="rotate_token",
    status_code=201,
    dependencies=WRITE,
    responses={**NOT_FOUND, **CONFLICT},
)
async def rotate_token(
    device_id: UUID, response: Response, deps: DepsOf, caller: auth.Caller, body: TokenBody | None = None
) -> NewToken:
    """Adds a token. The one before stays live until the next rotation, or until it is revoked; older ones end now."""
    given = body.token_plain if body else None
    token = given.get_secret_value() if given else secrets.token_hex(24)
    fingerprint = store.token_sha256(token)[:12]
    async with deps.db.begin() as tx:
        await known_device(tx, caller, device_id)
        await store.add_token(tx, DeviceId(device_id), token)
        await audit(tx, caller, "device.rotate_token", f"device/{device_id}", {"fingerprint": fingerprint})
    response.headers.update(auth.NO_STORE)
    return NewToken(fingerprint=fingerprint, token=token)


@router.delete(
    "/{device_id}/tokens/{fingerprint}",
    operation_id="revoke_token",
    status_code=204,
    dependencies=WRITE,
    responses=NOT_FOUND,
)
async def revoke_token(device_id: UUID, fingerprint: Fingerprint, deps: DepsOf, caller: auth.Caller) -> None:
    """Ends a token at once."""
    async with deps.db.begin() as tx:
        await known_device(tx, caller, device_id)
        if not await store.revoke_token(tx, DeviceId(device_id), fingerprint):
            raise Problem(Code.NOT_FOUND, f"Device {device_id} has no such token; list its tokens.")
        await audit(tx, caller, "device.revoke_token", f"device/{device_id}", {"fingerprint": fingerprint})


async def _refuse_others(tx: AsyncConnection, caller: Principal, body: DeviceBody) -> None:
    """What contradicts the request must not tell of points that are not the caller's. Raises Conflict."""
    there = await store.find_device(tx, DeviceId(body.device_id))
    if there is not None and not caller.sees(there.point_id):
        raise Conflict(f"The id {body.device_id} is taken; use another one.")
    old = await store.find_device(tx, DeviceId(body.replaces)) if body.replaces else None
    if old is not None and not caller.sees(old.point_id):
        raise Conflict(f"There is no other device {body.replaces} to replace.")


async def _views(tx: AsyncConnection, devices: Sequence[store.Device]) -> list[DeviceView]:
    """Each with its last heartbeat."""
    beats = await last_heartbeats(tx, [device.device_id for device in devices])
    return [
        DeviceView.model_validate({**asdict(device), "heartbeat": beats.get(device.device_id)}) for device in devices
    ]
