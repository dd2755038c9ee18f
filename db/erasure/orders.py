"""What shall be erased: the order, and the tombstone that keeps late audio out. Neither holds any content."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Row, func, insert, or_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.stage_store import to_instant, to_ms
from db.queue import NewJob, Queue
from domain.erasure import MARGIN_MS, around_dialogue
from domain.ids import DeviceId, DialogueId, PointId
from domain.status import JobClass
from domain.timeline import Span

STAGE = "erasure"
AGAIN_AFTER_S = 60.0
"""Whoever took the order carries it out at once; so much later a worker looks whether it was done."""
_NEAR = timedelta(milliseconds=2 * MARGIN_MS)
_e, _d, _s = t.erasures.c, t.dialogues.c, t.dialogue_segments.c


class ErasureKind(StrEnum):
    """`retention`: by a point's own rule, without an order of anybody."""

    DIALOGUE = "dialogue"
    INTERVAL = "interval"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Target:
    """A stretch of time of one device, or of every device of a point (None)."""

    kind: ErasureKind
    point_id: PointId
    device_id: DeviceId | None
    span: Span
    dialogue_id: DialogueId | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """An order. `counts`: how much went, by kind of thing; `finished_at` None: it is still at work."""

    erasure_id: UUID
    target: Target
    requested_by: str
    at: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]


async def target_of_dialogue(tx: AsyncConnection, dialogue_id: DialogueId) -> Target | None:
    """The time of a dialogue with a margin that spares its neighbours; of one that was merged into another, its own
    time. None where there is no such dialogue."""
    row = (await tx.execute(select(t.dialogues).where(_d.dialogue_id == dialogue_id))).one_or_none()
    if row is None:
        return None
    near = select(_s.start_ts, _s.end_ts).join(t.dialogues, _d.dialogue_id == _s.dialogue_id)
    near = near.where(
        _d.device_id == row.device_id,
        _d.dialogue_id != dialogue_id,
        _d.state != "superseded",
        _s.revision == _d.revision,
        _d.start_ts < row.end_ts + timedelta(hours=1),
        _d.start_ts > row.start_ts - timedelta(hours=1),
        _s.start_ts < row.end_ts + _NEAR,
        _s.end_ts > row.start_ts - _NEAR,
    )
    others = [Span(to_ms(other.start_ts), to_ms(other.end_ts)) for other in await tx.execute(near)]
    span = around_dialogue(Span(to_ms(row.start_ts), max(to_ms(row.end_ts), to_ms(row.start_ts) + 1)), others)
    return Target(ErasureKind.DIALOGUE, PointId(row.point_id), DeviceId(row.device_id), span, dialogue_id)


async def place_order(
    tx: AsyncConnection,
    queue: Queue,
    target: Target,
    requested_by: str,
    erasure_id: UUID | None = None,
    delay_s: float = AGAIN_AFTER_S,
) -> UUID:
    """Writes the order, its tombstone, and the job that ends it, after `delay_s`, where whoever took it does not live
    to. Returns its id, a fresh one unless it is given.

    From the commit on late audio of this time is discarded or silenced as it comes.
    """
    erasure_id = erasure_id or uuid4()
    start, end = to_instant(target.span.start_ms), to_instant(target.span.end_ms)
    scope = {"point_id": target.point_id, "device_id": target.device_id, "start_ts": start, "end_ts": end}
    order = {"erasure_id": erasure_id, "kind": target.kind, "dialogue_id": target.dialogue_id}
    await tx.execute(insert(t.erasures).values(**order, **scope, requested_by=requested_by))
    await _shut_out_uploads(tx, await devices_of(tx, target))
    await tx.execute(insert(t.tombstones).values(tombstone_id=erasure_id, **scope))
    await queue.enqueue(tx, [erasure_job(erasure_id, delay_s)])
    return erasure_id


def erasure_job(erasure_id: UUID, delay_s: float = 0.0) -> NewJob:
    """The job that carries out an order, or what is left of it."""
    return NewJob(STAGE, str(erasure_id), job_class=JobClass.LIVE, delay_s=delay_s)


async def erased_by(tx: AsyncConnection, point_id: PointId, device_id: DeviceId, span: Span) -> list[tuple[UUID, Span]]:
    """Erasures that reach into a device's time, each with what it erased."""
    c = t.tombstones.c
    query = select(c.tombstone_id, c.start_ts, c.end_ts).where(
        c.point_id == point_id,
        or_(c.device_id.is_(None), c.device_id == device_id),
        c.start_ts < to_instant(span.end_ms),
        c.end_ts > to_instant(span.start_ms),
    )
    return [(row.tombstone_id, Span(to_ms(row.start_ts), to_ms(row.end_ts))) for row in await tx.execute(query)]


async def devices_of(tx: AsyncConnection, target: Target) -> list[DeviceId]:
    """The devices that the target is about, by id."""
    if target.device_id is not None:
        return [target.device_id]
    query = select(t.devices.c.device_id).where(t.devices.c.point_id == target.point_id)
    return [DeviceId(row) for row in (await tx.execute(query.order_by(t.devices.c.device_id))).scalars()]


async def hold_device(tx: AsyncConnection, device_id: DeviceId) -> None:
    """Keeps the dialogues stage off the device. FOR NO KEY UPDATE: whoever ends a job about a dialogue or a chunk of it
    holds that row while its foreign key asks for the device's, and we want that row next."""
    statement = text("SELECT FROM devices WHERE device_id = :id FOR NO KEY UPDATE")
    await tx.execute(statement, {"id": device_id})


async def _shut_out_uploads(tx: AsyncConnection, device_ids: list[DeviceId]) -> None:
    """FOR UPDATE, which waits for uploads under way and holds back new ones: each either sees the tombstone or is seen
    by whoever wrote it. The transaction locks nothing else that others may hold."""
    statement = text("SELECT FROM devices WHERE device_id = ANY (:ids) ORDER BY device_id FOR UPDATE")
    await tx.execute(statement, {"ids": device_ids})


async def find_erasure(tx: AsyncConnection, erasure_id: UUID) -> Erasure | None:
    row = (await tx.execute(select(t.erasures).where(_e.erasure_id == erasure_id))).one_or_none()
    return None if row is None else _erasure(row)


async def list_erasures(
    tx: AsyncConnection, points: list[UUID] | None, after: UUID | None = None, limit: int = 100
) -> list[Erasure]:
    """Newest first, of these points (None: all), beginning behind the erasure `after`."""
    query = select(t.erasures).order_by(_e.at.desc(), _e.erasure_id.desc()).limit(limit)
    if points is not None:
        query = query.where(_e.point_id.in_(points))
    if after is not None:
        last = select(_e.at, _e.erasure_id).where(_e.erasure_id == after).subquery()
        query = query.where(tuple_(_e.at, _e.erasure_id) < select(last.c.at, last.c.erasure_id).scalar_subquery())
    return [_erasure(row) for row in await tx.execute(query)]


async def add_counts(tx: AsyncConnection, erasure_id: UUID, counts: Mapping[str, int]) -> None:
    """Adds what one step erased. It holds the order's row, so that two that carry it out take turns."""
    row = (await tx.execute(select(_e.counts).where(_e.erasure_id == erasure_id).with_for_update())).one()
    total = {name: row.counts.get(name, 0) + number for name, number in counts.items()}
    await tx.execute(update(t.erasures).where(_e.erasure_id == erasure_id).values(counts={**row.counts, **total}))


async def finish(tx: AsyncConnection, erasure_id: UUID) -> None:
    """Notes that all is gone, files included. A second time changes nothing."""
    values = {"finished_at": func.coalesce(_e.finished_at, func.now())}
    await tx.execute(update(t.erasures).where(_e.erasure_id == erasure_id).values(values))


def _erasure(row: Row[tuple[object, ...]]) -> Erasure:
    target = Target(
        ErasureKind(row.kind),
        row.point_id,
        row.device_id,
        Span(to_ms(row.start_ts), to_ms(row.end_ts)),
        row.dialogue_id,
    )
    return Erasure(row.erasure_id, target, row.requested_by, row.at, row.finished_at, row.counts)
