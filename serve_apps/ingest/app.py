"""`POST /api/v1/chunks`: where recorders deliver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware import Middleware

from db.queue import Queue
from serve_apps import auth
from serve_apps.application import Deps, new_app
from serve_apps.auth import CallingDevice
from serve_apps.edge import BodyLimit, InFlightLimit
from serve_apps.ingest.form import FILE_FIELD, ChunkForm, body_schema
from serve_apps.ingest.multipart import read_upload
from serve_apps.ingest.receiver import Receiver
from serve_apps.problems import Code, documented

BASE = "/api/v1/chunks"
MAX_IN_FLIGHT = 64
MIB = 1024 * 1024

router = APIRouter(prefix=BASE, tags=["chunks"])


class ReceiptBody(BaseModel):
    """The promise: the file is on disk, its row and its job are committed. Of a dry run: it would have been taken."""

    model_config = ConfigDict(from_attributes=True)

    status: Literal["ok"] = "ok"
    chunk_id: UUID | None = Field(description="null after a dry run")
    stored_path: str | None = Field(
        description="in the audio store; null after a dry run, and where the audio was erased and discarded"
    )
    queued: bool
    sha256: str = Field(description="of the file, hex")
    duplicate: bool = Field(description="the same chunk was received before; this is its first receipt")


@router.post(
    "",
    operation_id="upload_chunk",
    summary="Deliver one chunk",
    openapi_extra={"requestBody": body_schema()},
    responses=documented(
        Code.MALFORMED_MULTIPART,
        Code.BODY_INCOMPLETE,
        *auth.TOKEN_CODES,
        Code.DEVICE_DISABLED,
        Code.DEVICE_REPLACED,
        Code.IDENTITY_MISMATCH,
        Code.RECORDED_AFTER_REPLACEMENT,
        Code.CHUNK_CONFLICT,
        Code.TOO_LARGE,
        Code.NOT_MULTIPART,
        Code.FIELD_MISSING,
        Code.FIELD_INVALID,
        Code.FIELD_DUPLICATED,
        Code.NAIVE_TIMESTAMP,
        Code.END_NOT_AFTER_START,
        Code.CHUNK_TOO_LONG,
        Code.IN_THE_FUTURE,
        Code.EMPTY_FILE,
        Code.NOT_AUDIO,
        Code.CODEC_MISMATCH,
        Code.SHA256_MISMATCH,
        Code.OVERLOADED,
        Code.DATABASE_UNAVAILABLE,
        Code.STORAGE_UNAVAILABLE,
        Code.DISK_LOW,
    ),
)
async def upload_chunk(request: Request, device: CallingDevice) -> ReceiptBody:
    """Stores an audio chunk durably and queues it. Sending the same chunk again gives the first receipt once more."""
    receiver: Receiver = request.app.state.receiver
    kind, known = request.headers.get("content-type", ""), ChunkForm.model_fields
    upload = await read_upload(kind, request.stream(), known, FILE_FIELD)
    return ReceiptBody.model_validate(await receiver.receive(device, upload))


def create_app(deps: Deps, max_in_flight: int = MAX_IN_FLIGHT) -> FastAPI:
    """The ingest application. `max_in_flight`: uploads at once, beyond which it answers 503."""
    settings = deps.settings
    floor_bytes = settings.storage.free_floor_mb * MIB
    receiver = Receiver(deps.db, deps.store, Queue(deps.db, settings.jobs), settings.ingest, floor_bytes)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await receiver.drain()

    app = new_app(
        deps,
        title="SalesControl ingest",
        description="Uploads of recorders.",
        base=BASE,
        middleware=[
            Middleware(InFlightLimit, limit=max_in_flight),
            Middleware(BodyLimit, limit_bytes=settings.ingest.max_upload_size_bytes),
        ],
        lifespan=lifespan,
    )
    app.state.receiver = receiver
    app.include_router(router)
    return app
