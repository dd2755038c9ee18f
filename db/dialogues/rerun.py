"""Hearing or judging one dialogue again: a job as the pipeline itself would queue it."""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.queue import NewJob, Queue
from db.reports.facts import refresh_facts
from domain.ids import DialogueId
from domain.status import DialogueState, JobClass, StageStatus

_d, _s = t.dialogues.c, t.dialogue_segments.c
STATUSES = {"asr": _d.asr_status, "analysis": _d.analysis_status}
"""By stage: what shows that it waits."""


async def run_again(tx: AsyncConnection, queue: Queue, dialogue_id: UUID, stage: str) -> int | None:
    """Queues the stage for the current revision and counts the dialogue as waiting; a job that waits already is
    joined. Returns the revision; None where the dialogue is no closed one any more. As live: somebody waits for it.
    """
    held = select(_d.revision, _d.device_id).where(_d.dialogue_id == dialogue_id, _d.state == DialogueState.CLOSED)
    row = (await tx.execute(held.with_for_update(key_share=True))).one_or_none()
    if row is None:
        return None
    length_ms = func.coalesce(func.sum(_s.offset_end_ms - _s.offset_start_ms), 0)
    audio_ms = await tx.scalar(select(length_ms).where(_s.dialogue_id == dialogue_id, _s.revision == row.revision))
    waiting = update(t.dialogues).where(_d.dialogue_id == dialogue_id)
    await tx.execute(waiting.values({STATUSES[stage]: StageStatus.PENDING, _d.error: None}))
    await refresh_facts(tx, [DialogueId(dialogue_id)])
    job = NewJob(
        stage,
        str(dialogue_id),
        row.revision,
        job_class=JobClass.LIVE,
        fair_key=str(row.device_id),
        audio_ms=int(audio_ms or 0),
    )
    await queue.enqueue(tx, [job])
    return int(row.revision)
