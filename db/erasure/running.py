"""The jobs that hold a copy of what is erased: they are ended, so that none of them can write it back.

A job that is no longer running fails its fence, and its whole transaction with it: not even a superseded result is
kept. Locks: the subjects are held by then (docs/decisions/queue-locks.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.queue import NewJob, Queue
from domain.ids import ChunkId, DialogueId
from domain.status import JobClass, StageStatus

HEARS = "asr"
"""The stage that listens to the files of a dialogue's chunks."""

_END = text(
    """
    UPDATE jobs
    SET state = 'superseded', finished_at = statement_timestamp(), lease_token = NULL, lease_until = NULL
    WHERE job_id = ANY (ARRAY(
        SELECT job_id FROM jobs WHERE state = 'running' AND subject_id = ANY (:subjects)
        UNION ALL
        SELECT job_id FROM jobs WHERE state = 'queued' AND subject_id = ANY (:subjects)
        UNION ALL
        SELECT job_id FROM jobs WHERE state = 'dead' AND last_error IS NOT NULL AND subject_id = ANY (:subjects)
    ))
    """
)
_END_RUNNING = text(
    """
    UPDATE jobs
    SET state = 'superseded', finished_at = statement_timestamp(), lease_token = NULL, lease_until = NULL
    WHERE job_id = ANY (:job_ids) AND state = 'running'
    """
)
_FORGET_ERRORS = text("UPDATE jobs SET last_error = NULL WHERE subject_id = ANY (:subjects) AND last_error IS NOT NULL")
_LISTENING = text(
    """
    SELECT DISTINCT d.dialogue_id, j.job_id, j.subject_rev, j.run_id, j.class AS job_class, j.fair_key, j.audio_ms
    FROM dialogue_segments s
    JOIN dialogues d ON d.dialogue_id = s.dialogue_id AND d.revision = s.revision
    JOIN jobs j ON j.stage = :stage AND j.state = 'running' AND j.subject_id = CAST(d.dialogue_id AS text)
    WHERE s.chunk_id = ANY (:chunk_ids)
    ORDER BY d.dialogue_id
    """
)


@dataclass(frozen=True, slots=True)
class Listening:
    """A running job that listens to files of some chunks."""

    dialogue_id: DialogueId
    job_id: int
    subject_rev: int
    run_id: UUID | None
    job_class: int
    fair_key: str
    audio_ms: int


async def end_jobs(tx: AsyncConnection, subjects: Iterable[object]) -> None:
    """Ends every job about these, running, waiting or dead, and forgets what their errors said."""
    ids = [str(subject) for subject in subjects]
    if ids:
        await tx.execute(_END, {"subjects": ids})
        await forget_errors(tx, ids)


async def forget_errors(tx: AsyncConnection, subjects: Iterable[object]) -> None:
    """Forgets what errors said of these: a model's answer may stand in them."""
    await tx.execute(_FORGET_ERRORS, {"subjects": [str(subject) for subject in subjects]})


async def listening_to(tx: AsyncConnection, chunk_ids: Sequence[ChunkId]) -> list[Listening]:
    """Running jobs that listen to the files of these chunks."""
    rows = await tx.execute(_LISTENING, {"stage": HEARS, "chunk_ids": list(chunk_ids)})
    return [Listening(**row._mapping) for row in rows]


async def begin_anew(tx: AsyncConnection, queue: Queue, jobs: Sequence[Listening]) -> None:
    """Ends them and queues each again: the file that it reads is about to go, and its dialogue is to keep its words."""
    if not jobs:
        return
    await tx.execute(_END_RUNNING, {"job_ids": [job.job_id for job in jobs]})
    d = t.dialogues.c
    live = [job.dialogue_id for job in jobs if job.run_id is None]
    await tx.execute(update(t.dialogues).where(d.dialogue_id.in_(live)).values(asr_status=StageStatus.PENDING))
    again = [
        NewJob(
            HEARS,
            str(job.dialogue_id),
            job.subject_rev,
            job.run_id,
            JobClass(job.job_class),
            fair_key=job.fair_key,
            audio_ms=job.audio_ms,
        )
        for job in jobs
    ]
    await queue.enqueue(tx, again)
