"""What 200 promises: the file is durable, and its row and its vad job are committed in one transaction."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from uuid import uuid4

from audio.decode import probe
from audio.store import AudioStore
from configs import meters
from configs.sections import IngestSettings
from db.chunks import NewChunk, ReceivedChunk, discard_audio, erased_time, find_same, insert_chunk
from db.engine import Database, driver_of
from db.queue import NewJob, Queue
from db.shops.devices import Device
from domain import metrics as m
from domain.chunks import UploadRight, job_class, names_codec, stored_path, upload_right
from domain.errors import Rejected, Unavailable
from domain.ids import ChunkId, PointId, RegisterId
from domain.timeline import Span
from serve_apps.ingest.erased import ReachesIn, is_heard, is_lost, silent_chunk
from serve_apps.ingest.form import ChunkForm, parse_fields
from serve_apps.ingest.multipart import Upload
from serve_apps.problems import Code, Problem

log = logging.getLogger(__name__)

_CODEC_PADDING_S = 1.0
ANSWER_WITHIN_S = 30.0
"""Past this the answer is 503 while the work goes on; the retry finds the first receipt."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`queued` False: the audio lay in erased time and was discarded, or the run was a dry one, which has no id."""

    chunk_id: ChunkId | None
    stored_path: str | None
    sha256: str
    queued: bool
    duplicate: bool


class Receiver:
    """Takes uploads. `free_floor_bytes`: below this much free space in the store nothing is taken."""

    def __init__(
        self, db: Database, store: AudioStore, queue: Queue, settings: IngestSettings, free_floor_bytes: int
    ) -> None:
        self._db = db
        self._store = store
        self._queue = queue
        self._settings = settings
        self._free_floor_bytes = free_floor_bytes
        self._running: set[asyncio.Task[Receipt]] = set()

    async def receive(self, device: Device, upload: Upload) -> Receipt:
        """Checks and stores one upload, and closes it. Raises Problem, or Unavailable where the database is down.

        A client that goes away does not interrupt it: half of the work would be an orphan file or a lost duplicate.
        """
        task = asyncio.create_task(self._accept(device, upload))
        self._running.add(task)
        task.add_done_callback(self._finished)
        try:
            return await asyncio.wait_for(asyncio.shield(task), ANSWER_WITHIN_S)
        except TimeoutError:
            raise Unavailable("an upload took longer than its answer may", retry_after_s=10.0) from None

    async def drain(self) -> None:
        """Waits for the uploads that outlived their request."""
        await asyncio.gather(*self._running, return_exceptions=True)

    def _finished(self, task: "asyncio.Task[Receipt]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, Problem | Unavailable):
            log.warning("upload_failed", extra={"reason": repr(error)})

    async def _accept(self, device: Device, upload: Upload) -> Receipt:
        begun_s = time.monotonic()
        try:
            fields = parse_fields(upload.fields, upload.file is not None)
            now = datetime.now(UTC)
            self._authorise(device, fields, now)
            if fields.dry_run:
                return await asyncio.to_thread(self._try, fields, upload)
            chunk = await asyncio.to_thread(self._store_file, fields, upload)
        finally:
            upload.close()
        receipt = await self._record(chunk, now)
        meters.observe(m.UPLOAD_SECONDS, time.monotonic() - begun_s)
        _tell(receipt, chunk)
        return receipt

    def _authorise(self, device: Device, fields: ChunkForm, now: datetime) -> None:
        for name in ("device_id", "point_id", "register_id"):
            if getattr(fields, name) != getattr(device, name):
                raise Problem(
                    Code.IDENTITY_MISMATCH, f"{name} is not that of this token; send {getattr(device, name)}."
                )
        if (fields.end_ts - fields.start_ts).total_seconds() > self._settings.max_chunk_s:
            raise Problem(
                Code.CHUNK_TOO_LONG, f"A chunk lasts at most {self._settings.max_chunk_s:g} s; cut it shorter."
            )
        ahead_s = (fields.start_ts - now).total_seconds()
        if ahead_s > self._settings.max_ahead_s:
            raise Problem(
                Code.IN_THE_FUTURE,
                f"start_ts lies {ahead_s / 3600:.0f} h after this server's clock ({now:%Y-%m-%dT%H:%M:%SZ}); set the "
                "clock that is wrong, the recorder's or the server's, then send the chunk with its true time.",
            )
        right = upload_right(device.replaced_at, fields.start_ts, now, timedelta(days=self._settings.old_token_days))
        if right is UploadRight.EXPIRED:
            raise Problem(Code.DEVICE_REPLACED, f"This device was replaced at {device.replaced_at:%Y-%m-%dT%H:%MZ}.")
        if right is UploadRight.RECORDED_AFTER_REPLACEMENT:
            detail = (
                f"This device was replaced at {device.replaced_at:%Y-%m-%dT%H:%MZ}; later audio comes from the new one."
            )
            raise Problem(Code.RECORDED_AFTER_REPLACEMENT, detail)

    def _try(self, fields: ChunkForm, upload: Upload) -> Receipt:
        """Blocking. Does everything short of storing."""
        sha256 = _checked(fields, upload)
        self._check_space()
        return Receipt(None, None, sha256, queued=False, duplicate=False)

    def _store_file(self, fields: ChunkForm, upload: Upload) -> NewChunk:
        """Blocking. Checks the file and puts it into the store under a path that no other attempt has."""
        assert upload.file is not None
        sha256 = _checked(fields, upload)
        chunk_id = ChunkId(uuid4())
        path = stored_path(PointId(fields.point_id), RegisterId(fields.register_id), fields.start_ts, chunk_id)
        self._put(path, upload.file)
        return NewChunk(
            chunk_id=chunk_id,
            sha256=sha256,
            size_bytes=upload.size_bytes,
            stored_path=path,
            **fields.model_dump(exclude={"sha256", "dry_run"}),
        )

    def _put(self, path: str, file: BinaryIO) -> None:
        self._check_space()
        file.seek(0)
        with _down_is_a_problem():
            self._store.put(path, file)

    def _check_space(self) -> None:
        with _down_is_a_problem():
            free_bytes = self._store.free_bytes()
        if free_bytes is not None and free_bytes < self._free_floor_bytes:
            log.error("disk_low", extra={"free_bytes": free_bytes, "floor_bytes": self._free_floor_bytes})
            detail = "The audio store is nearly full; try again later, the operator must free disk space."
            raise Problem(Code.DISK_LOW, detail, headers={"Retry-After": "60"})

    async def _record(self, chunk: NewChunk, now: datetime) -> Receipt:
        """Row and job in one transaction. Where its outcome is unknown the file stays: the sweep takes it if no row
        names it. A chunk that reaches into erased time is silenced there before any row names it."""
        while True:
            try:
                is_new, discarded, first = await self._insert(chunk, now)
                break
            except ReachesIn as found:
                chunk = await asyncio.to_thread(self._silence, chunk, found.erased)
        if not is_new or discarded:
            await asyncio.to_thread(self._drop, chunk.stored_path)
        if not is_new:
            return _repeat(chunk, first)
        path = None if discarded else chunk.stored_path
        return Receipt(chunk.chunk_id, path, chunk.first_sha256, queued=not discarded, duplicate=False)

    async def _insert(self, chunk: NewChunk, now: datetime) -> tuple[bool, bool, ReceivedChunk | None]:
        """Is it new; was it discarded as erased; the first of its identity where it is not new."""
        device_id, urgency = str(chunk.device_id), job_class(chunk.end_ts, now, self._settings.live_s)
        vad = NewJob("vad", str(chunk.chunk_id), job_class=urgency, fair_key=device_id, audio_ms=chunk.duration_ms)
        async with self._db.alone() as tx, (driver := await driver_of(tx)).transaction():
            if not await insert_chunk(driver, chunk, vad):
                return False, False, await find_same(tx, chunk)
            erased = await erased_time(driver, chunk)
            if not erased:
                return True, False, None
            if is_lost(chunk, erased):
                await discard_audio(tx, chunk, now)
                # Its arrival may still close dialogues that waited for it.
                await self._queue.enqueue(tx, [replace(vad, stage="dialogues", subject_id=device_id, audio_ms=0)])
                return True, True, None
            if is_heard(chunk, erased):
                raise ReachesIn(erased)
            return True, False, None

    def _silence(self, chunk: NewChunk, erased: list[Span]) -> NewChunk:
        """Blocking."""
        with _down_is_a_problem():
            return silent_chunk(self._store, chunk, erased, self._settings.max_chunk_s + _CODEC_PADDING_S)

    def _drop(self, path: str) -> None:
        try:
            self._store.delete(path)
        except Unavailable as error:
            log.warning("file_left_for_sweep", extra={"path": path, "reason": str(error)})


def _tell(receipt: Receipt, chunk: NewChunk) -> None:
    """The first line of a chunk's way, and what is counted of uploads."""
    outcome = "duplicate" if receipt.duplicate else "new" if receipt.queued else "discarded"
    about = {"chunk_id": receipt.chunk_id, "device_id": chunk.device_id, "size_bytes": chunk.size_bytes}
    log.info("chunk_received", extra={**about, "outcome": outcome})
    meters.count(m.UPLOADS, outcome=outcome)
    if outcome == "new":
        meters.count(m.UPLOAD_BYTES, chunk.size_bytes)
        meters.count(m.UPLOAD_AUDIO, chunk.duration_ms / 1000)


@contextmanager
def _down_is_a_problem() -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        log.error("storage_unavailable", extra={"reason": str(error)})
        detail = "The audio store cannot be written; try again later."
        raise Problem(Code.STORAGE_UNAVAILABLE, detail, headers={"Retry-After": "30"}) from error


def _checked(fields: ChunkForm, upload: Upload) -> str:
    """The file's SHA-256, hex. Raises Problem where the file is not what it is said to be."""
    assert upload.file is not None
    upload.file.seek(0)
    sha256 = hashlib.file_digest(upload.file, "sha256").hexdigest()  # type: ignore[arg-type]
    _check_file(fields, upload.file, upload.size_bytes, sha256)
    return sha256


def _check_file(fields: ChunkForm, file: BinaryIO, size_bytes: int, sha256: str) -> None:
    if size_bytes == 0:
        raise Problem(Code.EMPTY_FILE, "chunk_file holds 0 bytes; nothing was recorded.")
    if fields.sha256 is not None and fields.sha256.lower() != sha256:
        raise Problem(Code.SHA256_MISMATCH, f"The file that arrived has the SHA-256 {sha256}; send it again.")
    try:
        header = probe(file)
    except Rejected as error:
        raise Problem(Code.NOT_AUDIO, f"chunk_file: {error}.") from error
    if not names_codec(fields.codec, header.codec, header.container):
        found = f"{header.codec} in {header.container}"
        raise Problem(
            Code.CODEC_MISMATCH, f"codec says {fields.codec}, but the file holds {found}; name what it holds."
        )


def _repeat(chunk: NewChunk, first: ReceivedChunk | None) -> Receipt:
    """The first receipt once more, where the bytes are the same."""
    if first is None:
        raise Unavailable("the chunk that held this identity has just been deleted", retry_after_s=1.0)
    if first.sha256 != chunk.first_sha256:
        detail = f"Chunk {first.chunk_id} with other bytes has this identity; nothing was stored."
        raise Problem(Code.CHUNK_CONFLICT, detail)
    return Receipt(
        first.chunk_id, first.stored_path, first.sha256, queued=first.stored_path is not None, duplicate=True
    )
