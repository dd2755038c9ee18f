"""`GET /api/v1/internal/chunks/{id}/file`: audio for nodes that do not share the disk."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import BinaryIO
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from db.chunks import StoredAudio, find_audio
from domain.errors import Unavailable
from domain.ids import ChunkId
from serve_apps import auth
from serve_apps.application import Deps, DepsOf, new_app
from serve_apps.audio_files.ranges import UnsatisfiableError, parse_range
from serve_apps.problems import Code, Problem, documented

BASE = "/api/v1/internal"
BLOCK_BYTES = 64 * 1024

router = APIRouter(prefix=BASE, tags=["internal"], dependencies=[auth.Internal])


class AudioResponse(StreamingResponse):
    """For the OpenAPI document: bytes, not JSON."""

    media_type = "audio/ogg"


@router.get(
    "/chunks/{chunk_id}/file",
    operation_id="read_chunk_file",
    summary="A chunk's audio, whole or in part",
    response_class=AudioResponse,
    responses={
        206: {"description": "the range that was asked for"},
        304: {"description": "it is what If-None-Match names"},
        **documented(
            *auth.TOKEN_CODES,
            Code.INTERNAL_CLOSED,
            Code.NOT_FOUND,
            Code.AUDIO_ERASED,
            Code.RANGE_NOT_SATISFIABLE,
            Code.FIELD_INVALID,
            Code.DATABASE_UNAVAILABLE,
            Code.STORAGE_UNAVAILABLE,
        ),
    },
)
async def read_chunk_file(chunk_id: UUID, request: Request, deps: DepsOf) -> Response:
    """Streams the file as it was received. ETag is its SHA-256; Range and If-None-Match are honoured."""
    async with deps.db.begin() as tx:
        audio = await find_audio(tx, ChunkId(chunk_id))
    if audio is None:
        raise Problem(Code.NOT_FOUND, f"There is no chunk {chunk_id}; check the id.")
    if audio.stored_path is None:
        raise Problem(Code.AUDIO_ERASED, f"The audio of chunk {chunk_id} was erased.")
    etag = f'"{audio.sha256}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, max-age=3600, immutable"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return await _answer(deps, audio, request.headers, headers)


async def _answer(deps: Deps, audio: StoredAudio, asked: Mapping[str, str], headers: dict[str, str]) -> Response:
    whole = 0, audio.size_bytes
    header = asked.get("range") if asked.get("if-range", headers["ETag"]) == headers["ETag"] else None
    try:
        part = parse_range(header, audio.size_bytes)
    except UnsatisfiableError:
        detail = f"The file has {audio.size_bytes} bytes; ask for a range inside them."
        wanted = {"Content-Range": f"bytes */{audio.size_bytes}"}
        raise Problem(Code.RANGE_NOT_SATISFIABLE, detail, headers=wanted) from None
    start, end = part or whole
    file = await asyncio.to_thread(_open, deps, audio, start)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{audio.size_bytes}"
    status = 200 if part is None else 206
    return AudioResponse(
        _blocks(file, end - start), status_code=status, headers=headers, media_type=_type_of(audio.codec)
    )


def _open(deps: Deps, audio: StoredAudio, start: int) -> BinaryIO:
    assert audio.stored_path is not None
    try:
        file = deps.store.open(audio.stored_path)
    except FileNotFoundError:
        raise Problem(
            Code.NOT_FOUND, "The chunk's file is missing from the audio store; restore it from a backup."
        ) from None
    except Unavailable as error:
        raise Problem(Code.STORAGE_UNAVAILABLE, "The audio store cannot be read; try again later.") from error
    file.seek(start)
    return file


async def _blocks(file: BinaryIO, length: int) -> AsyncIterator[bytes]:
    """`length` bytes from where the file stands. A file that turns out shorter breaks the answer off, never pads it."""
    try:
        while length > 0 and (block := await asyncio.to_thread(file.read, min(BLOCK_BYTES, length))):
            length -= len(block)
            yield block
    finally:
        file.close()


def _type_of(codec: str) -> str:
    return (
        "audio/ogg" if any(word in codec.lower() for word in ("opus", "ogg", "vorbis")) else "application/octet-stream"
    )


def create_app(deps: Deps) -> FastAPI:
    """The application that serves stored audio to our own nodes."""
    app = new_app(deps, title="SalesControl audio files", description="Stored audio for our own nodes.", base=BASE)
    app.include_router(router)
    return app
