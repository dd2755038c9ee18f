"""`/api/v1/devices/enrol`: a recorder takes its place with a code. The only route for devices that have no token."""

import logging
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, Field, SecretStr

from db.attempts import ENROLMENTS
from db.shops.enrolment import Enrolled, Refusal, enrol
from domain.enrolment import canonical
from domain.opening_hours import effective
from serve_apps import throttle
from serve_apps.api.hours_schemas import OpeningHours
from serve_apps.api.schemas import Name, TokenPlain
from serve_apps.api.shops.heartbeat_body import Told, Version
from serve_apps.application import DepsOf
from serve_apps.client import client_address
from serve_apps.problems import Code, Problem, documented

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api/v1/devices", tags=["enrolment"])
MAX_BODY = {"/api/v1/devices/enrol": 4096}
"""Bytes: whoever knows no code shall not keep us busy."""
MIN_TOKEN_CHARS = 32
EVERYBODY = ""
"""The client whose attempts are everybody's."""


def _code(typed: str) -> str:
    signs = canonical(typed)
    if signs is None:
        raise ValueError("is no enrolment code; it has 12 letters and digits, such as ABCD-EFGH-JKMN")
    return signs


def _long(token: SecretStr) -> SecretStr:
    if len(token.get_secret_value()) < MIN_TOKEN_CHARS:
        raise ValueError(f"is shorter than {MIN_TOKEN_CHARS} characters; make a random one")
    return token


class EnrolBody(Told):
    code: Annotated[str, Field(max_length=40), AfterValidator(_code)]
    token_plain: Annotated[
        TokenPlain,
        AfterValidator(_long),
        Field(description="made by the recorder, 32 to 256 characters; the server keeps its hash"),
    ]
    device_name: Name | None = Field(None, description="absent: the register's name")
    version: Version | None = None


class EnrolledBody(BaseModel):
    """The recorder's place. `opening_hours`: those that count, every weekday named."""

    point_id: UUID
    register_id: UUID
    device_id: UUID
    point_name: str
    register_name: str
    zone: str = Field(description="IANA name")
    language: str
    opening_hours: OpeningHours
    server_time: datetime


@router.post(
    "/enrol",
    operation_id="enrol_device",
    responses=documented(
        Code.BAD_REQUEST,
        Code.CODE_UNKNOWN,
        Code.CODE_USED,
        Code.CONFLICT,
        Code.TOO_LARGE,
        Code.FIELD_MISSING,
        Code.FIELD_INVALID,
        Code.TOO_MANY_ATTEMPTS,
        Code.DATABASE_UNAVAILABLE,
    ),
)
async def enrol_device(body: EnrolBody, request: Request, deps: DepsOf) -> EnrolledBody:
    """Makes the device that the code stands for. The same code with the same token again gives the same answer."""
    client = client_address(request, deps.settings.server.proxies)
    rules = deps.settings.enrolment
    # For its client first, so that one client cannot use up what all others have.
    limits = {client: rules.failures_per_client, EVERYBODY: rules.failures_in_all}
    async with deps.db.alone() as connection:
        counted = await throttle.count(connection, ENROLMENTS, limits, rules.window_s, "enrolment codes")
    async with deps.db.begin() as tx:
        found = await enrol(tx, body.code, body.token_plain.get_secret_value(), body.device_name)
    if found is Refusal.UNKNOWN:
        raise Problem(
            Code.CODE_UNKNOWN, "This enrolment code is unknown or has expired; type it again or get a new one."
        )
    if found is Refusal.USED:
        raise Problem(Code.CODE_USED, "This enrolment code was used by another recorder; get a new one.")
    async with deps.db.alone() as connection:
        await throttle.give_back(connection, ENROLMENTS, counted)
    log.info("device_enrolled", extra={"device_id": str(found.device_id), "point_id": str(found.point_id)})
    return _answer(found)


def _answer(found: Enrolled) -> EnrolledBody:
    return EnrolledBody(
        point_id=found.point_id,
        register_id=found.register_id,
        device_id=found.device_id,
        point_name=found.point_name,
        register_name=found.register_name,
        zone=found.zone,
        language=found.language,
        opening_hours=OpeningHours.model_validate(effective(found.opening_hours)),
        server_time=datetime.now(UTC),
    )
