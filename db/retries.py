"""Dead jobs back into the queue: what shows as failed waits again, and is counted so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.job import Job
from db.queue import Queue
from db.reports.jobs import report_jobs
from db.runs.change import reopen_runs
from domain.ids import DialogueId
from domain.status import ChunkStatus, StageStatus


@dataclass(frozen=True, slots=True)
class Shown:
    """A stage whose jobs show in a column of the row that they are about. waiting: what it says before they run."""

    key: Column[Any]
    status: Column[Any]
    waiting: str


SHOWN: Mapping[str, Shown] = {
    "vad": Shown(t.audio_chunks.c.chunk_id, t.audio_chunks.c.status, ChunkStatus.QUEUED),
    "asr": Shown(t.dialogues.c.dialogue_id, t.dialogues.c.asr_status, StageStatus.PENDING),
    "analysis": Shown(t.dialogues.c.dialogue_id, t.dialogues.c.analysis_status, StageStatus.PENDING),
}
"""The product's own stages, for who can't see the pipeline's code. A test holds it against the stages."""


class Retries:
    """`shown`: every stage that shows, so that no job waits again while its row says that it failed."""

    def __init__(self, queue: Queue, shown: Mapping[str, Shown] = SHOWN) -> None:
        self._queue = queue
        self._shown = shown

    async def run(
        self, stage: str | None = None, job_ids: Sequence[int] | None = None, run_id: UUID | None = None
    ) -> int:
        """Queues dead jobs again with all their attempts; None: every stage, every job. Returns how many."""
        return await self._queue.retry_dead(
            stage=stage, job_ids=job_ids, run_id=run_id, on_retry=self.mark, after_retry=self._count_anew
        )

    async def mark(self, tx: AsyncConnection, jobs: list[Job]) -> None:
        """What failed waits again, from this instant. What a twin did since stays."""
        await reopen_runs(tx, {job.run_id for job in jobs if job.run_id is not None})
        tables = {shown.key.table for shown in self._shown.values()}
        for table in sorted(tables, key=lambda table: table.name):  # one order everywhere, so no deadlocks
            mine = [job for job in self._live(jobs) if self._shown[job.stage].key.table is table]
            if not mine:
                continue
            key = self._shown[mine[0].stage].key
            rows = select(key).where(key.in_([_key(job) for job in mine])).order_by(key)
            await tx.execute(rows.with_for_update(key_share=True))
            for stage in {job.stage for job in mine}:
                shown = self._shown[stage]
                update = table.update().where(key.in_([_key(job) for job in mine if job.stage == stage]))
                update = update.where(shown.status == StageStatus.ERROR.value)
                await tx.execute(update.values({shown.status.name: shown.waiting, "error": None}))

    async def _count_anew(self, tx: AsyncConnection, jobs: list[Job]) -> None:
        """What counted as failed is to be counted as waiting."""
        about = [job for job in self._live(jobs) if self._shown[job.stage].key.table is t.dialogues]
        await self._queue.enqueue(tx, await report_jobs(tx, [DialogueId(_key(job)) for job in about]))

    def _live(self, jobs: Sequence[Job]) -> list[Job]:
        """Those of the shop's day, not of a run over history."""
        return [job for job in jobs if job.run_id is None and job.stage in self._shown]


def _key(job: Job) -> UUID:
    """A subject may go on after an @ with what is the stage's own."""
    return UUID(job.subject_id.partition("@")[0])
