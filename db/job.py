"""A job as the queue takes it in and hands it out."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.status import JobClass


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to enqueue. `job_class` None: the class of the job it follows (live where there is none)."""

    stage: str
    subject_id: str
    subject_rev: int = 0
    run_id: UUID | None = None
    job_class: JobClass | None = None
    lock_key: str = ""
    """Jobs of a stage with one key never run at once; empty: the subject's id."""
    fair_key: str = ""
    delay_s: float = 0.0
    """Not before now + delay, by the database's clock."""
    audio_ms: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job. `lease_token` is the fence; `attempts` counts this one."""

    job_id: int
    stage: str
    subject_id: str
    subject_rev: int
    run_id: UUID | None
    lock_key: str
    job_class: JobClass
    fair_key: str
    attempts: int
    lease_token: UUID
    audio_ms: int
    lease_expired_before: bool = False
    """The last holder vanished: run it alone, it may be what killed it."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for one stage."""

    queued: int
    """Jobs that may run now."""
    running: int
    audio_s: float
    """Audio in the queued ones, in seconds."""
    oldest_s: float
    """Age of the oldest job that may run now, in seconds."""
    delayed: int = 0
    """Jobs whose time has not come: backing off, or waiting for their hour."""
    next_s: float | None = None
    """Seconds until the first of these; None where there is none."""


@dataclass(frozen=True, slots=True)
class StageSummary:
    """One stage for the status page. Finished jobs are counted over the last hour only: history is not scanned."""

    stage: str
    queued: int
    delayed: int
    running: int
    dead: int
    done_1h: int
    superseded_1h: int
    audio_s_1h: float
    """Audio in the jobs done within the hour, in seconds."""
    oldest_s: float
    times_real_time: float
    """Seconds of audio done per second, over the last five minutes since the first of them was done."""
    paused_until: datetime | None
    pause_reason: str | None

    @classmethod
    def nothing(cls, stage: str) -> "StageSummary":
        """A stage without jobs."""
        return cls(stage, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, None, None)
