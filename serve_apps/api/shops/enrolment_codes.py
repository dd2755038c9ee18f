"""`/api/v1/admin/enrolment-codes`: codes for recorders that are to be set up in a shop."""

import secrets
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from db.accounts.audit import audit
from db.shops import enrolment as store
from db.shops.points import NewPoint
from domain.access import Permission
from domain.enrolment import CODE_BITS, canonical, spelled
from domain.ids import DeviceId, PointId
from serve_apps import auth
from serve_apps.api.known import known_code
from serve_apps.api.schemas import Page
from serve_apps.api.shops.enrolment_schemas import EnrolmentCodesBody, EnrolmentCodeView, MadeCode, MadeCodes
from serve_apps.application import DepsOf
from serve_apps.problems import Code, documented

router = APIRouter(
    prefix="/api/v1/admin/enrolment-codes",
    tags=["enrolment"],
    dependencies=[auth.require(Permission.DEVICES_WRITE)],
    responses=documented(
        *auth.CODES, Code.BAD_REQUEST, Code.TOO_LARGE, Code.FIELD_MISSING, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE
    ),
)
NOT_FOUND = documented(Code.NOT_FOUND)
CONFLICT = documented(Code.CONFLICT)


@router.post("", operation_id="make_enrolment_codes", status_code=201, responses={**NOT_FOUND, **CONFLICT})
async def make_codes(body: EnrolmentCodesBody, response: Response, deps: DepsOf, caller: auth.Caller) -> MadeCodes:
    """Makes codes, shown this once. Each enrols one recorder, within the hours of `enrolment.code_valid_h`."""
    caller.check_point(body.point_id)
    shown = [spelled(secrets.randbits(CODE_BITS)) for _ in range(body.number)]
    new = store.NewCodes(
        codes=[canonical(code) or code for code in shown],
        point=NewPoint(PointId(body.point_id), body.point_name, body.country, body.zone, body.language),
        register_names=body.register_names,
        replaces=DeviceId(body.replaces) if body.replaces else None,
        valid=timedelta(hours=deps.settings.enrolment.code_valid_h),
    )
    async with deps.db.begin() as tx:
        made = await store.make_codes(tx, new)
        ids = [str(code.enrolment_id) for code in made]
        await audit(tx, caller, "code.make", f"point/{body.point_id}", {"enrolment_ids": ids})
    response.headers.update(auth.NO_STORE)
    items = [MadeCode(code=code, **asdict(kept)) for code, kept in zip(shown, made, strict=True)]
    return MadeCodes(items=items)


@router.get("", operation_id="list_enrolment_codes", responses=NOT_FOUND)
async def list_codes(
    deps: DepsOf,
    caller: auth.Caller,
    point_id: UUID | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Page[EnrolmentCodeView]:
    """In the order of their ids, of one point or of all; the codes themselves are not kept."""
    async with deps.db.begin() as tx:
        codes = await store.list_codes(tx, caller.scope([point_id] if point_id else None), after, limit)
    items = [EnrolmentCodeView.model_validate(code) for code in codes]
    return Page(items=items, next=str(items[-1].enrolment_id) if len(items) == limit else None)


@router.delete(
    "/{enrolment_id}",
    operation_id="revoke_enrolment_code",
    status_code=204,
    responses={**NOT_FOUND, **CONFLICT},
)
async def revoke_code(enrolment_id: UUID, deps: DepsOf, caller: auth.Caller) -> None:
    """Ends a code that nobody has used."""
    async with deps.db.begin() as tx:
        await known_code(tx, caller, enrolment_id)
        await store.revoke_code(tx, enrolment_id)
        await audit(tx, caller, "code.revoke", f"code/{enrolment_id}")
