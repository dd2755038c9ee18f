"""Retention: audio and words go by age where a point says how long it keeps them. Verdicts and figures stay.

Whole days of the point: what was recorded N days before its present day goes, once a day, in batches that hold no row
for long. Killed in between it goes on the next time: the day is noted last.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues import stage_sql
from db.dialogues.stage_store import dialogues_job, to_instant, to_ms
from db.engine import Database
from db.erasure.dialogues import forget_results
from db.erasure.doomed import doom
from db.erasure.orders import ErasureKind
from db.erasure.running import end_jobs, forget_errors
from db.queue import Queue
from domain.ids import DeviceId, DialogueId, PointId
from domain.opening_hours import day_of, day_span

log = logging.getLogger(__name__)

CHUNKS, DIALOGUES = 500, 200
"""Of one transaction."""
REQUESTED_BY = "retention"
_p = t.points.c

_OLD_CHUNKS = text(
    """
    SELECT chunk_id, stored_path, status, start_ts FROM audio_chunks
    WHERE device_id = :device_id AND stored_path IS NOT NULL AND start_ts < :before
    ORDER BY start_ts LIMIT :batch
    FOR NO KEY UPDATE SKIP LOCKED
    """
)
_LET_GO = text(
    """
    UPDATE audio_chunks SET stored_path = NULL, silenced = NULL WHERE chunk_id = ANY (:chunk_ids)
    """
)
"""What was heard in it stays."""
_GIVE_UP = text(
    """
    UPDATE audio_chunks
    SET status = 'DONE', error = NULL, settled_status = NULL, decoded_at = now(),
        decoded_ms = extract(epoch FROM end_ts - start_ts) * 1000
    WHERE chunk_id = ANY (:chunk_ids)
    """
)
"""Of audio that nobody came to hear: it counts as covered silence."""
_OLD_WORDS = text(
    """
    SELECT d.dialogue_id, d.start_ts FROM dialogues d JOIN dialogue_transcripts tr USING (dialogue_id)
    WHERE d.point_id = :point_id AND d.start_ts < :before AND tr.dropped_at IS NULL
      AND (d.start_ts, d.dialogue_id) > (:after_start, :after_id)
    ORDER BY d.start_ts, d.dialogue_id LIMIT :batch
    """
)
_DROP_WORDS = tuple(
    text(statement)
    for statement in (
        "UPDATE dialogue_transcripts SET text = '', segments_json = '[]', dropped_at = now()"
        " WHERE dialogue_id = ANY (:ids)",
        "UPDATE dialogue_upsell_analysis SET evidence_quotes = '[]', summary = '' WHERE dialogue_id = ANY (:ids)",
        "DELETE FROM dialogue_search WHERE dialogue_id = ANY (:ids)",
        "DELETE FROM run_replaced WHERE dialogue_id = ANY (:ids)",
        "UPDATE reviews SET note = '' WHERE dialogue_id = ANY (:ids) AND note <> ''",
        "UPDATE dialogues SET error = NULL WHERE dialogue_id = ANY (:ids) AND error IS NOT NULL",
    )
)
_DROP_QUOTES = text(
    """
    UPDATE stage_results SET payload = jsonb_set(payload, '{verdict}',
        (payload -> 'verdict') || '{"summary": "", "evidence": []}'::jsonb)
    WHERE stage = 'analysis' AND subject_id = ANY (:subjects) AND jsonb_typeof(payload -> 'verdict') = 'object'
    """
)
"""Of verdicts only the words go."""


@dataclass(frozen=True, slots=True)
class Due:
    """A point whose day has come. `audio_before`, `text_before` None: it keeps them."""

    point_id: PointId
    today: date
    audio_before: datetime | None
    text_before: datetime | None


async def apply_retention(db: Database, queue: Queue, now: datetime) -> Counter[str]:
    """Drops what is too old at every point that has not been looked at on its present day. The files are only noted:
    `delete_doomed` takes them. Returns what went. Raises Unavailable where the database is down."""
    total: Counter[str] = Counter()
    async with db.begin() as tx:
        points = (await tx.execute(_points_with_rules())).all()
    for due in filter(None, (_due(row, now) for row in points)):
        went = await _audio(db, queue, due) if due.audio_before else Counter[str]()
        if due.text_before:
            went += await _words(db, due.point_id, due.text_before)
        async with db.begin() as tx:
            await _note(tx, due, went)
        total += went
    return total


def _points_with_rules() -> Any:
    columns = (_p.point_id, _p.zone, _p.audio_days, _p.text_days, _p.retained_on)
    return select(*columns).where(or_(_p.audio_days.is_not(None), _p.text_days.is_not(None))).order_by(_p.point_id)


def _due(row: Row[Any], now: datetime) -> Due | None:
    zone = ZoneInfo(row.zone)
    today = day_of(to_ms(now), zone)
    if row.retained_on is not None and row.retained_on >= today:
        return None

    def begins(days: int | None) -> datetime | None:
        return None if days is None else to_instant(day_span(today - timedelta(days=days), zone).start_ms)

    return Due(PointId(row.point_id), today, begins(row.audio_days), begins(row.text_days))


async def _audio(db: Database, queue: Queue, due: Due) -> Counter[str]:
    went: Counter[str] = Counter()
    async with db.begin() as tx:
        query = select(t.devices.c.device_id).where(t.devices.c.point_id == due.point_id)
        devices = [DeviceId(row) for row in (await tx.execute(query)).scalars()]
    for device_id in devices:
        while chunks := await _batch_of_audio(db, queue, device_id, due.audio_before):
            went["chunks_deleted"] += chunks
    return went


async def _batch_of_audio(db: Database, queue: Queue, device_id: DeviceId, before: datetime | None) -> int:
    where = {"device_id": device_id, "before": before, "batch": CHUNKS}
    async with db.begin() as tx:
        rows = (await tx.execute(_OLD_CHUNKS, where)).all()
        unheard = [row.chunk_id for row in rows if row.status in ("QUEUED", "PROCESSING")]
        await tx.execute(_LET_GO, {"chunk_ids": [row.chunk_id for row in rows]})
        await doom(tx, [row.stored_path for row in rows])
        if unheard:
            await tx.execute(_GIVE_UP, {"chunk_ids": unheard})
            await end_jobs(tx, unheard)
            await queue.enqueue(tx, [dialogues_job(device_id)])
    return len(rows)


async def _words(db: Database, point_id: PointId, before: datetime) -> Counter[str]:
    went: Counter[str] = Counter()
    after: tuple[datetime, UUID] = (to_instant(0), UUID(int=0))
    while True:
        where = {"point_id": point_id, "before": before, "batch": DIALOGUES}
        async with db.begin() as tx:
            found = (await tx.execute(_OLD_WORDS, {**where, "after_start": after[0], "after_id": after[1]})).all()
            await drop_words(tx, [DialogueId(row.dialogue_id) for row in found])
        if not found:
            return went
        went["transcripts"] += len(found)
        after = found[-1].start_ts, found[-1].dialogue_id


async def drop_words(tx: AsyncConnection, dialogue_ids: Sequence[DialogueId]) -> None:
    """Takes the words of these dialogues away, and of all that was found in them; verdicts stay as they are."""
    ids = sorted(dialogue_ids)
    if not ids:
        return
    subjects = [str(dialogue_id) for dialogue_id in ids]
    await tx.execute(stage_sql.LOCK, {"dialogue_ids": ids})
    for statement in _DROP_WORDS:
        await tx.execute(statement, {"ids": ids})
    await forget_results(tx, ids, but="analysis")
    await tx.execute(_DROP_QUOTES, {"subjects": subjects})
    await forget_errors(tx, ids)


async def _note(tx: AsyncConnection, due: Due, went: Counter[str]) -> None:
    await tx.execute(update(t.points).where(_p.point_id == due.point_id).values(retained_on=due.today))
    if not went:
        return
    before = max(filter(None, (due.audio_before, due.text_before)))
    values = {
        "erasure_id": uuid4(),
        "kind": ErasureKind.RETENTION,
        "point_id": due.point_id,
        "start_ts": to_instant(0),
        "end_ts": before,
        "requested_by": REQUESTED_BY,
        "counts": dict(went),
        "finished_at": func.now(),
    }
    await tx.execute(insert(t.erasures).values(values))
    log.info("retention_applied", extra={"point_id": str(due.point_id), **went})
