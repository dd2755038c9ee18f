"""`/api/v1/dialogues/{id}/clip…`: the sound of one dialogue, and how loud it is."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from audio.clip import MEDIA_TYPE
from db.dialogues.audio import DialogueAudio, read_audio
from db.dialogues.rows import DialogueLine
from db.dialogues.stage_store import to_instant
from domain.access import Permission, Principal
from domain.clip import GAP_MS
from domain.errors import Rejected, Unavailable
from serve_apps import auth
from serve_apps.api.dialogues.clip_shelf import Clip, ClipShelf
from serve_apps.api.dialogues.known import known_dialogue
from serve_apps.api.dialogues.links import Links, LinksOf, expiry
from serve_apps.api.dialogues.schemas import ClipSegmentView, ClipView, WaveformView
from serve_apps.application import Deps, DepsOf
from serve_apps.audio_files.ranges import UnsatisfiableError, parse_range
from serve_apps.needs import SIGNATURE, needing
from serve_apps.problems import Code, Problem, documented, request_id_of

VALID = timedelta(minutes=30)
_PLAYER = {
    "Accept-Ranges": "bytes",
    # The dashboard is another origin. Nothing but the signature lets anybody in, so any page may play it.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag",
    "Cross-Origin-Resource-Policy": "cross-origin",
    # Kept by nobody who does not ask each time whether it is still there: it may be erased.
    "Cache-Control": "private, no-cache",
}
_SOUND = (Code.NOT_FOUND, Code.AUDIO_ERASED, Code.STORAGE_UNAVAILABLE, Code.DATABASE_UNAVAILABLE, Code.FIELD_INVALID)

router = APIRouter(
    prefix="/api/v1/dialogues",
    tags=["dialogues"],
    dependencies=[auth.require(Permission.READ)],
    responses=documented(*auth.CODES, *_SOUND),
)


async def get_shelf(request: Request) -> ClipShelf:
    shelf: ClipShelf = request.app.state.clips
    return shelf


Shelf = Annotated[ClipShelf, Depends(get_shelf)]


@needing(SIGNATURE)
async def signed(
    dialogue_id: UUID,
    request: Request,
    deps: DepsOf,
    links: LinksOf,
    by: Annotated[UUID | None, Query(description="the token that asked for it; absent: ADMIN_TOKEN")] = None,
    expires: Annotated[str, Query(max_length=20, description="seconds since 1970")] = "",
    signature: Annotated[str, Query(max_length=100)] = "",
) -> Principal:
    """Who asked for the address. Raises Problem unless it is one that we gave out, to somebody who may still call."""
    seconds = int(expires) if expires.isascii() and expires.isdigit() else 0
    links.check(_named(dialogue_id, by), seconds, signature)
    return await auth.still_calling(deps, by, request_id_of(request))


Holder = Annotated[Principal, Depends(signed)]


opened = APIRouter(
    prefix="/api/v1/dialogues",
    tags=["dialogues"],
    responses=documented(Code.LINK_FORGED, Code.LINK_EXPIRED, Code.RANGE_NOT_SATISFIABLE, *_SOUND),
)


class ClipResponse(Response):
    """For the OpenAPI document: bytes, not JSON."""

    media_type = MEDIA_TYPE


@router.get("/{dialogue_id}/clip", operation_id="get_dialogue_clip")
async def get_dialogue_clip(dialogue_id: UUID, deps: DepsOf, caller: auth.Caller, links: LinksOf) -> ClipView:
    """Where the sound is, with an address that a player may open until it expires."""
    async with deps.db.begin() as tx:
        line, _ = await known_dialogue(tx, dialogue_id, caller)
        audio = await audio_of(tx, line)
    return clip_view(links, line, _there(line.dialogue_id, audio), caller)


@router.get("/{dialogue_id}/waveform", operation_id="get_dialogue_waveform")
async def get_dialogue_waveform(dialogue_id: UUID, deps: DepsOf, caller: auth.Caller, shelf: Shelf) -> WaveformView:
    """How loud the clip is, evenly over it."""
    async with deps.db.begin() as tx:
        line, _ = await known_dialogue(tx, dialogue_id, caller)
        audio = await audio_of(tx, line)
    clip = await _clip(deps, shelf, dialogue_id, audio)
    return WaveformView(bin_ms=clip.bin_ms, bins=list(clip.bins))


_PARTS: dict[int | str, dict[str, Any]] = {
    206: {"description": "the range that was asked for"},
    304: {"description": "it is what If-None-Match names"},
}


@opened.get("/{dialogue_id}/clip.ogg", operation_id="read_dialogue_clip", response_class=ClipResponse, responses=_PARTS)
async def read_dialogue_clip(
    dialogue_id: UUID, request: Request, deps: DepsOf, shelf: Shelf, holder: Holder
) -> Response:
    """The dialogue as one Ogg/Opus file. Range, If-Range and If-None-Match are honoured."""
    async with deps.db.begin() as tx:
        line, _ = await known_dialogue(tx, dialogue_id, holder)
        audio = await audio_of(tx, line)
    return _answer(await _clip(deps, shelf, dialogue_id, audio), request.headers)


@opened.head("/{dialogue_id}/clip.ogg", operation_id="measure_dialogue_clip", response_class=ClipResponse)
async def measure_dialogue_clip(
    dialogue_id: UUID, request: Request, deps: DepsOf, shelf: Shelf, holder: Holder
) -> Response:
    """The headers of the file alone."""
    return await read_dialogue_clip(dialogue_id, request, deps, shelf, holder)


async def audio_of(tx: AsyncConnection, line: DialogueLine) -> DialogueAudio:
    return await read_audio(tx, line.dialogue_id, line.revision, line.device_id, line.start_ts, line.end_ts)


def clip_view(links: Links, line: DialogueLine, audio: DialogueAudio, caller: Principal) -> ClipView:
    """With a fresh address, good for as long as the caller may call."""
    expires_at, zone = expiry(VALID), ZoneInfo(line.zone)
    signature = links.sign(_named(line.dialogue_id, caller.token_id), expires_at)
    by = f"by={caller.token_id}&" if caller.token_id else ""
    query = f"{by}expires={int(expires_at.timestamp())}&signature={signature}"
    return ClipView(
        url=f"/api/v1/dialogues/{line.dialogue_id}/clip.ogg?{query}",
        expires_at=expires_at,
        duration_ms=audio.plan.duration_ms,
        gap_ms=GAP_MS,
        segments=[
            ClipSegmentView(
                clip_start_ms=piece.clip_ms,
                start_ts=to_instant(piece.at_ms).astimezone(zone),
                length_ms=piece.length_ms,
            )
            for piece in audio.plan.pieces
        ],
        speech=[(span.start_ms, span.end_ms) for span in audio.speech_in_clip],
    )


def _named(dialogue_id: UUID, token_id: UUID | None) -> str:
    return f"clip of {dialogue_id} for {token_id}"


def _there(dialogue_id: UUID, audio: DialogueAudio) -> DialogueAudio:
    if not audio.plan.pieces:
        raise Problem(Code.AUDIO_ERASED, f"The audio of dialogue {dialogue_id} is not kept any more.")
    return audio


async def _clip(deps: Deps, shelf: ClipShelf, dialogue_id: UUID, audio: DialogueAudio) -> Clip:
    plan = _there(dialogue_id, audio).plan
    try:
        return await shelf.get(deps.store, plan, max_s=deps.settings.ingest.max_chunk_s * 1.5)
    except Rejected:
        detail = f"The audio of dialogue {dialogue_id} is missing from the store or damaged; restore it from a backup."
        raise Problem(Code.NOT_FOUND, detail) from None
    except Unavailable as error:
        raise Problem(Code.STORAGE_UNAVAILABLE, "The audio store cannot be read; try again later.") from error


def _answer(clip: Clip, asked: Mapping[str, str]) -> Response:
    etag, size = f'"{clip.etag}"', len(clip.data)
    headers = {**_PLAYER, "ETag": etag}
    if etag in asked.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        part = parse_range(asked.get("range") if asked.get("if-range", etag) == etag else None, size)
    except UnsatisfiableError:
        detail = f"The clip has {size} bytes; ask for a range inside them."
        wanted = {**headers, "Content-Range": f"bytes */{size}"}
        raise Problem(Code.RANGE_NOT_SATISFIABLE, detail, headers=wanted) from None
    if part is None:
        return ClipResponse(clip.data, headers=headers)
    start, end = part
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return ClipResponse(clip.data[start:end], status_code=206, headers=headers)
