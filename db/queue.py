"""The job queue of DESIGN 8, on one table."""

from dataclasses import dataclass
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
    running: int
    audio_s: float
    oldest_s: float
    """Age of the oldest job that may run now, in seconds."""
