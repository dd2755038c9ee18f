"""Sending recordings through ingest as a recorder does: chunk by chunk, a few at once, again where it is busy."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import httpx

from cluster.admin_api import knows_no_routes, problem
from cluster.recordings.plan import Recording
from cluster.recordings.sound import CODEC, Piece, pieces
from domain.errors import Rejected, SalesControlError, Unavailable

AT_ONCE = 4
PATIENCE_S = 300.0
"""One chunk is offered again for so long; then the server counts as gone and the import ends."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 20.0
TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
NOT_ALLOWED = frozenset({401, 403, 404})
"""What is wrong then is wrong for every chunk."""


class Fate(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one chunk, or (seq None) of the rest of a recording. length_ms: of the audio."""

    path: Path
    seq: int | None
    fate: Fate
    length_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """A device as ingest knows it. zone: of its point, an IANA name."""

    device_id: UUID
    point_id: UUID
    register_id: UUID
    zone: str
    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Uploader:
    """Sends through one HTTP client. max_bytes: the largest file that ingest takes."""

    def __init__(self, http: httpx.AsyncClient, senders: Mapping[UUID, Sender], max_bytes: int) -> None:
        self._http = http
        self._senders = senders
        self._max_bytes = max_bytes
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def send(self, recordings: Sequence[Recording], report: Callable[[Outcome], None]) -> None:
        """Sends all, in the order given, and reports each chunk once it is answered.

        Raises Unavailable where the server stays away, Rejected where it does not let the device in.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for recording in recordings:
                    await self._send_recording(group, recording, report)
        except BaseExceptionGroup as errors:
            first: BaseException = errors.subgroup(SalesControlError) or errors
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            raise first from None

    async def announce(self, device_id: UUID, delivered_until: datetime) -> None:
        """Tells the server that the device owes no audio for the time before `delivered_until`."""
        body = {"delivered_until": delivered_until.isoformat()}
        sender = self._senders[device_id]
        answer = await self._patiently("/api/v1/devices/heartbeat", headers=sender.headers, json=body)
        if answer.is_error:
            raise Rejected(f"the server refused the device's message: {problem(answer)}")

    async def _send_recording(
        self, group: asyncio.TaskGroup, recording: Recording, report: Callable[[Outcome], None]
    ) -> None:
        session_id = await asyncio.to_thread(recording.session_id)
        chunks = pieces(recording.path, recording.heard, self._max_bytes)
        while True:
            await self._slots.acquire()
            try:
                piece = await asyncio.to_thread(next, chunks, None)
            except Rejected as error:
                report(Outcome(recording.path, None, Fate.REFUSED, 0, str(error)))
                piece = None
            if piece is None:
                self._slots.release()
                return
            group.create_task(self._send_piece(recording, session_id, piece, report))

    async def _send_piece(
        self, recording: Recording, session_id: UUID, piece: Piece, report: Callable[[Outcome], None]
    ) -> None:
        try:
            sender = self._senders[recording.device_id]
            answer = await self._patiently(
                "/api/v1/chunks",
                headers=sender.headers,
                data=_form(sender, recording, session_id, piece),
                files={"chunk_file": (f"chunk_{piece.seq:06d}.ogg", piece.body, "audio/ogg")},
            )
        finally:
            self._slots.release()
        fate, reason = _fate(answer)
        report(Outcome(recording.path, piece.seq, fate, piece.length_ms, reason))

    async def _patiently(self, path: str, **request: object) -> httpx.Response:
        """The first answer that is final. Full jitter keeps many senders from returning in step."""
        give_up_at = asyncio.get_running_loop().time() + PATIENCE_S
        wait_s = FIRST_WAIT_S
        while True:
            try:
                answer = await self._http.post(path, **request)  # type: ignore[arg-type]
            except httpx.TransportError as error:
                reason, asked_s = f"{type(error).__name__}: {error}", 0.0
            else:
                if answer.status_code not in TRY_AGAIN and not knows_no_routes(answer):
                    return answer
                reason, asked_s = problem(answer), retry_after_s(answer)
            pause_s = asked_s + random.uniform(0, wait_s)
            if asyncio.get_running_loop().time() + pause_s > give_up_at:
                again = "run the same command again when it is back; nothing is doubled"
                raise Unavailable(f"{self._http.base_url} does not take uploads ({reason}); {again}")
            await asyncio.sleep(pause_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)


def retry_after_s(answer: httpx.Response) -> float:
    """Seconds that the server asks for; 0 where it asks for none."""
    text = answer.headers.get("Retry-After", "")
    return min(float(text), PATIENCE_S) if text.isdigit() else 0.0


def _fate(answer: httpx.Response) -> tuple[Fate, str]:
    if answer.is_success:
        return (Fate.DUPLICATE if answer.json().get("duplicate") else Fate.ACCEPTED), ""
    if answer.status_code in NOT_ALLOWED:
        raise Rejected(f"{answer.request.url} answered {answer.status_code}: {problem(answer)}")
    if answer.status_code == 409:
        return (
            Fate.REFUSED,
            "imported before with other bytes (by another version of the encoder?); the first one stays",
        )
    return Fate.REFUSED, problem(answer)


def _form(sender: Sender, recording: Recording, session_id: UUID, piece: Piece) -> dict[str, str]:
    start = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=recording.start_ms + piece.start_ms)
    end = start + timedelta(milliseconds=max(piece.length_ms, 1))
    return {
        "point_id": str(sender.point_id),
        "register_id": str(sender.register_id),
        "device_id": str(sender.device_id),
        "start_ts": start.isoformat(timespec="milliseconds"),
        "end_ts": end.isoformat(timespec="milliseconds"),
        "codec": CODEC,
        "sample_rate": str(piece.sample_rate),
        "channels": str(piece.channels),
        "session_id": str(session_id),
        "seq": str(piece.seq),
        "sha256": hashlib.sha256(piece.body).hexdigest(),
    }
