"""Rules about an uploaded chunk: its place in the store, its urgency, who may send it, and what its codec is called."""

import re
from datetime import UTC, datetime, timedelta
from enum import Enum
from uuid import UUID

from domain.ids import ChunkId, PointId, RegisterId
from domain.status import JobClass

YEARS = range(2000, 2100)
"""A recorder without a clock says 1970; anything outside is a broken clock, not audio of a shop."""

_FILE_NAME = re.compile(
    r"^audio/(?:[^/]+/)*\.?chunk_\d{8}T\d{6}Z_(?P<chunk_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.ogg"
    r"(?:\.[0-9a-f]{32}\.tmp)?$"
)
_VERSION = re.compile("[0-9a-f]{32}")
_FILLER = {"audio", "x", "codecs"}
_ALIASES = {"oga": "ogg", "mpeg": "mp3", "wave": "wav", "mka": "matroska"}


class UploadRight(Enum):
    """What a device's token may do with one chunk."""

    ALLOWED = "allowed"
    RECORDED_AFTER_REPLACEMENT = "recorded_after_replacement"
    EXPIRED = "expired"


def upload_right(replaced_at: datetime | None, start_ts: datetime, now: datetime, grace: timedelta) -> UploadRight:
    """A replaced device may still deliver what began before the replacement, for `grace` after it."""
    if replaced_at is None:
        return UploadRight.ALLOWED
    if now > replaced_at + grace:
        return UploadRight.EXPIRED
    return UploadRight.ALLOWED if start_ts < replaced_at else UploadRight.RECORDED_AFTER_REPLACEMENT


def stored_path(point_id: PointId, register_id: RegisterId, start_ts: datetime, chunk_id: ChunkId) -> str:
    """Relative to the store's root, from ids and the UTC start only."""
    start = start_ts.astimezone(UTC)
    name = f"chunk_{start:%Y%m%dT%H%M%SZ}_{chunk_id}.ogg"
    return f"audio/{point_id}/{register_id}/{start:%Y-%m-%d}/{start:%H}/{name}"


def silenced_path(path: str, version: UUID) -> str:
    """Where the file goes that takes the place of the one at `path`: beside it, in a folder of its own, so that the two
    are never one file and either is known by its chunk."""
    folder, _, name = path.rpartition("/")
    kept, _, last = folder.rpartition("/")
    return f"{kept if _VERSION.fullmatch(last) else folder}/{version.hex}/{name}"


def chunk_id_of(path: str) -> ChunkId | None:
    """The chunk whose file (or unfinished upload of it) this path is; None for files that are not ours."""
    match = _FILE_NAME.search(path)
    return ChunkId(UUID(match["chunk_id"])) if match else None


def job_class(end_ts: datetime, now: datetime, live_s: float) -> JobClass:
    """Live audio ended less than `live_s` seconds before it was received; older audio waits behind it."""
    return JobClass.LIVE if now - end_ts < timedelta(seconds=live_s) else JobClass.BACKFILL


def names_codec(declared: str, codec: str, container: str) -> bool:
    """Does `declared` ("opus", "libopus", "audio/ogg", "ogg_opus", "pcm_s16le") name the codec or container found?

    `codec` and `container` are FFmpeg's names; a container may have several, separated by commas.
    """
    found = {name.removeprefix("lib") for name in (codec, *container.split(","))}
    words = [w.removeprefix("lib") for w in re.split(r"[^a-z0-9]+", declared.lower()) if w not in _FILLER]
    words = [_ALIASES.get(word, word) for word in words]
    if declared.lower() in (codec, container):
        return True
    return bool(words) and all(len(w) > 2 and any(name.startswith(w) for name in found) for w in words)
