"""What a stage is. A new stage is one file in `cluster/stages/`; the framework finds it and does the rest.

The worker claims a job, calls `run` with no transaction open (the slow part), then in one fenced transaction locks the
subject, checks that the result is still about its current revision, writes `stage_results`, calls `apply` for the
stage's own tables and follow-up jobs, and ends the job. `run` may be called twice for a job; `apply` takes effect once.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.ext.asyncio import AsyncConnection

from audio.store import AudioStore
from configs.settings import Settings
from db import tables as t
from db.engine import Database
from db.queue import Backlog, Job, NewJob


class SubjectKind(StrEnum):
    """What a job is about: which row is locked before its result is written."""

    CHUNK = "chunk"
    DEVICE = "device"
    DIALOGUE = "dialogue"
    POINT = "point"
    ERASURE = "erasure"


SUBJECT_KEYS: dict[SubjectKind, Column[Any]] = {
    SubjectKind.CHUNK: t.audio_chunks.c.chunk_id,
    SubjectKind.DEVICE: t.devices.c.device_id,
    SubjectKind.DIALOGUE: t.dialogues.c.dialogue_id,
    SubjectKind.POINT: t.points.c.point_id,
    SubjectKind.ERASURE: t.erasures.c.erasure_id,
}


def subject_key(subject_id: str) -> UUID:
    """The key of the row that is locked. A job's subject id is this key; where a stage has jobs about parts of a row,
    such as an hour of a point, an @ follows and then what is the stage's own. Raises ValueError."""
    return UUID(subject_id.partition("@")[0])


def subject_part(subject_id: str) -> str:
    """What follows after the @; empty where the job is about the whole row."""
    return subject_id.partition("@")[2]


@dataclass(frozen=True, slots=True)
class StageContext:
    """What the process gives its stages. Built in the one wiring place of the worker."""

    db: Database
    store: AudioStore
    settings: Settings


class Stage(ABC):
    """One step of the pipeline. Subclass it in a file of its own in `cluster/stages/`."""

    name: ClassVar[str]
    after: ClassVar[tuple[str, ...]] = ()
    """Upstream stages. A finished upstream job about the same kind of subject enqueues this stage by itself;
    across kinds (chunk → device) the upstream's `apply` returns the follow-up."""
    subject: ClassVar[SubjectKind]
    timeout_s: ClassVar[float] = 120.0
    concurrency: ClassVar[int] = 1
    """Jobs in flight per worker; see `window` where it should follow the backlog."""
    is_window_shared: ClassVar[bool] = False
    """The window is that of all workers together: for a stage that only calls something scarce."""
    num_cpus: ClassVar[float] = 0.25
    status_column: ClassVar[Column[Any] | None] = None
    """The column of the subject's row that follows this stage's jobs (PENDING, PROCESSING, DONE, ERROR)."""

    def lock_key(self, subject_id: str) -> str:
        """Jobs with one key never run at once. Default: one job at a time per subject."""
        return subject_id

    def window(self, backlog: Backlog) -> int:
        """How many jobs one worker keeps in flight, given what waits."""
        return self.concurrency

    async def start(self, ctx: StageContext) -> None:  # noqa: B027
        """Builds engines and clients, once per worker process. Raise Unavailable to be asked again."""

    async def stop(self) -> None:  # noqa: B027
        """Closes what `start` opened."""

    @abstractmethod
    async def run(self, ctx: StageContext, job: Job) -> Any:
        """The work, outside any transaction. Reads its input from the database by `job.subject_id`.

        Returns a dataclass or dict that pydantic can turn into JSON. Raises Transient, Rejected or Unavailable
        (domain.errors); anything else counts as Transient.
        """

    async def is_current(self, tx: AsyncConnection, job: Job, result: Any) -> bool:
        """Is the result still about the subject as it is now? Called with the subject's row locked.

        Default: a dialogue's revision is the job's; the others have no revisions.
        """
        if self.subject is not SubjectKind.DIALOGUE:
            return True
        query = t.dialogues.select().with_only_columns(t.dialogues.c.revision, t.dialogues.c.state)
        row = (await tx.execute(query.where(SUBJECT_KEYS[self.subject] == subject_key(job.subject_id)))).one_or_none()
        return row is not None and row.revision == job.subject_rev and row.state == "closed"

    async def on_dead(self, tx: AsyncConnection, job: Job) -> list[NewJob]:
        """Follow-up jobs once a job is dead, in the transaction that says so. Default: none."""
        return []

    def measure(self, result: Any) -> None:  # noqa: B027
        """Counts what is worth a curve in a committed result (configs/meters.py). Jobs, times and audio are counted by
        the framework. Default: nothing."""

    async def apply(self, tx: AsyncConnection, job: Job, result: Any) -> list[NewJob]:
        """Writes the stage's own tables inside the completing transaction and returns follow-up jobs.

        The default writes nothing beyond `stage_results`.
        """
        return []
