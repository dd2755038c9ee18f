"""What the dialogues stage reads: a bounded window of one device's time, never its history.

A chunk's change is remembered in the chunk's own row: it `is_unsettled` while `status` is final (DONE, ERROR) and
`settled_status` differs. So whoever ends a chunk only writes its status, and nothing is lost if no job comes of it.
Content that changes under an unchanged status (decoded anew, erased) is announced by setting `settled_status` to null.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues import stage_sql as sql
from db.queue import NewJob
from domain.ids import ChunkId, DeviceId, DialogueId, PointId, RegisterId, SessionId
from domain.revisions import Stored
from domain.status import ChunkStatus, DialogueState
from domain.timeline import Arrival, Coverage, Fate, Segment, Span

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk was recorded."""

    point_id: PointId
    register_id: RegisterId


@dataclass(frozen=True, slots=True)
class Audio:
    """What is known of a stretch of one device's time. `coverage` and `segments`: settled chunks only; `arrivals`:
    every received one."""

    coverage: list[Coverage]
    arrivals: list[Arrival]
    segments: list[Segment]
    places: dict[ChunkId, Place]


def to_ms(instant: datetime) -> int:
    """Whole milliseconds since the epoch, rounded down."""
    return (instant - EPOCH) // timedelta(milliseconds=1)


def to_instant(ms: int) -> datetime:
    """The instant, UTC."""
    return EPOCH + timedelta(milliseconds=ms)


def dialogues_job(device_id: DeviceId, delay_s: float = 0.0) -> NewJob:
    """The job that brings one device's dialogues up to date. Whoever ends a chunk, well or dead, enqueues it."""
    return NewJob("dialogues", str(device_id), fair_key=str(device_id), delay_s=delay_s)


async def database_now(tx: AsyncConnection) -> datetime:
    """The transaction's instant by the database's clock: the same that receipt times come from."""
    return (await tx.execute(text("SELECT now()"))).scalar_one()  # type: ignore[no-any-return]


async def owe_nothing_before(tx: AsyncConnection, device_id: DeviceId, until: datetime) -> NewJob | None:
    """Notes that the device has delivered all that it recorded before `until`, so that dialogues need not wait for it.
    An earlier instant than before takes that back, for what is about to be delivered late.

    Returns the job that closes them; None where none waits, as at most heartbeats of a quiet counter. Audio that comes
    after all is late data as any other.
    """
    where = {"device_id": device_id, "until": until}
    # It locks the device's row, as the stage does: a job that runs now has either waited for this or is seen below.
    await tx.execute(sql.OWES_NOTHING_BEFORE, where)
    waiting = await tx.execute(sql.LOOK_AGAIN, where)
    return dialogues_job(device_id) if waiting.rowcount else None


async def settle(tx: AsyncConnection, device_id: DeviceId, limit: int) -> list[Span]:
    """Takes the earliest changed chunks into account and returns their time. Rows that somebody locks are left."""
    rows = await tx.execute(sql.SETTLE, {"device_id": device_id, "limit": limit})
    return [Span(to_ms(row.start_ts), _end_ms(row)) for row in rows]


async def is_unsettled(tx: AsyncConnection, device_id: DeviceId) -> bool:
    """Is there a changed chunk left?"""
    return bool((await tx.execute(sql.IS_UNSETTLED, {"device_id": device_id})).scalar_one())


async def due(tx: AsyncConnection, device_id: DeviceId, now: datetime, limit: int) -> list[Span]:
    """Open dialogues whose time to close has come, earliest first."""
    rows = await tx.execute(sql.DUE, {"device_id": device_id, "now": now, "limit": limit})
    return [Span(to_ms(row.start_ts), to_ms(row.end_ts)) for row in rows]


async def next_close(tx: AsyncConnection, device_id: DeviceId) -> datetime | None:
    """The earliest instant at which an open dialogue may close; None where all wait for received audio."""
    return (await tx.execute(sql.NEXT_CLOSE, {"device_id": device_id})).scalar_one_or_none()


async def owed_from_ms(tx: AsyncConnection, device_id: DeviceId) -> int:
    """The device owes nothing from before; 0 where it never said so."""
    until = (await tx.execute(sql.OWED, {"device_id": device_id})).scalar_one_or_none()
    return 0 if until is None else to_ms(until)


async def read_audio(tx: AsyncConnection, device_id: DeviceId, window: Span, longest_chunk_ms: int) -> Audio:
    """Chunks that reach into the window, with the speech in it. One statement, so one snapshot."""
    where = {
        "device_id": device_id,
        "since": to_instant(window.start_ms),
        "until": to_instant(window.end_ms),
        "earliest": to_instant(window.start_ms - longest_chunk_ms),
    }
    audio = Audio([], [], [], {})
    for row in await tx.execute(sql.AUDIO, where):
        _add_chunk(audio, row)
    return audio


async def lock_stored(tx: AsyncConnection, stored: Iterable[Stored]) -> None:
    """Locks dialogues by id, as every holder of several does. What was read of them still holds: their content changes
    under their device's lock only."""
    await tx.execute(sql.LOCK, {"dialogue_ids": [dialogue.dialogue_id for dialogue in stored]})


async def read_stored(tx: AsyncConnection, device_id: DeviceId, span: Span) -> list[Stored]:
    """Current dialogues that lie wholly in the span."""
    where = {"device_id": device_id, "since": to_instant(span.start_ms), "until": to_instant(span.end_ms)}
    return [
        Stored(
            DialogueId(row.dialogue_id),
            row.revision,
            DialogueState(row.state),
            to_ms(row.created_at),
            to_ms(row.changed_at),
            tuple(
                _segment(chunk_id, to_ms(start) - first_ms, first_ms, last_ms)
                for chunk_id, start, first_ms, last_ms in zip(
                    row.chunk_ids, row.starts, row.offset_starts, row.offset_ends, strict=True
                )
            ),
        )
        for row in await tx.execute(sql.STORED, where)
    ]


def _add_chunk(audio: Audio, row: Row[Any]) -> None:
    chunk_id, start_ms = ChunkId(row.chunk_id), to_ms(row.start_ts)
    is_covered = row.settled_status == ChunkStatus.DONE and row.decoded_ms is not None
    end_ms = start_ms + row.decoded_ms if is_covered else _end_ms(row)
    if is_covered:
        run = None if row.session_id is None else SessionId(row.session_id)
        audio.coverage.append(Coverage(chunk_id, start_ms, end_ms, run, row.seq))
    received_ms, followed_ms = to_ms(row.received_at), to_ms(row.followed_at)
    audio.arrivals.append(Arrival(chunk_id, start_ms, end_ms, _fate(row), received_ms, followed_ms))
    audio.places[chunk_id] = Place(PointId(row.point_id), RegisterId(row.register_id))
    audio.segments.extend(_segment(chunk_id, start_ms, *ends) for ends in zip(row.starts, row.ends, strict=True))


def _fate(row: Row[Any]) -> Fate:
    if row.settled_status != row.status:
        return Fate.PENDING
    return Fate.AUDIBLE if row.status == ChunkStatus.DONE and row.decoded_ms is not None else Fate.DEAD


def _segment(chunk_id: ChunkId, chunk_start_ms: int, first_ms: int, last_ms: int) -> Segment:
    return Segment(chunk_id, first_ms, last_ms, chunk_start_ms + first_ms, chunk_start_ms + last_ms)


def _end_ms(row: Row[Any]) -> int:
    """The latest that the chunk may reach: as decoded or as the recorder said."""
    return max(to_ms(row.end_ts), to_ms(row.start_ts) + (row.decoded_ms or 0))
