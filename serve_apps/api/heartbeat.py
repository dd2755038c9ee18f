"""`/api/v1/devices/heartbeat`: what a recorder says of itself between uploads."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from db.dialogue_store import owe_nothing_before
from db.queue import Queue
from domain.chunks import job_class
from serve_apps import auth
from serve_apps.api.schemas import Instant
from serve_apps.application import DepsOf
from serve_apps.auth import CallingDevice
from serve_apps.problems import Code, documented

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])


class Heartbeat(BaseModel):
    """Members that we do not know are left unread: a recorder may be newer than its server."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    delivered_until: Instant | None = Field(
        None,
        description="everything recorded before this is delivered or lost: dialogues need not wait for it; "
        "an earlier instant than before takes that back for what is about to be delivered",
    )


class Heard(BaseModel):
    status: Literal["ok"] = "ok"


@router.post(
    "/heartbeat",
    operation_id="heartbeat",
    responses=documented(
        *auth.CODES,
        Code.DEVICE_DISABLED,
        Code.BAD_REQUEST,
        Code.TOO_LARGE,
        Code.FIELD_INVALID,
        Code.DATABASE_UNAVAILABLE,
    ),
)
async def heartbeat(body: Heartbeat, device: CallingDevice, deps: DepsOf) -> Heard:
    """Takes note that the device is there, and of what it says."""
    if body.delivered_until is not None:
        # What closes imported audio must not overtake what the shops record now.
        urgency = job_class(body.delivered_until, datetime.now(UTC), deps.settings.ingest.live_s)
        async with deps.db.begin() as tx:
            job = await owe_nothing_before(tx, device.device_id, body.delivered_until)
            await Queue(deps.db, deps.settings.jobs).enqueue(tx, [replace(job, job_class=urgency)])
    return Heard()
