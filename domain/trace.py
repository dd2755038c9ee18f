"""A chunk's way from the counter to the figures: the steps that it took, and what it waits for. Says no spoken word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.status import DialogueState, JobState, StageStatus

ERROR_CHARS = 300
STUCK = "nothing is queued for it, which should not be; see docs/monitoring.md#trace"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened. `facts`: what is known of it, by name."""

    at: datetime
    what: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job as it stands in the queue. `ahead`: jobs of its stage that go before it; `pause`: why its stage waits."""

    job_id: int
    stage: str
    subject_id: str
    state: JobState
    run_after: datetime
    attempts: int
    worker: str | None
    last_error: str | None
    is_rerun: bool
    ahead: int = 0
    pause: str | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """`kind`: chunk or dialogue; `steps` in the order in which they happened; `waits_for` None: its way is over;
    `parts`: of a chunk, the dialogues that hold speech of it."""

    kind: str
    id: str
    steps: Sequence[Step]
    waits_for: str | None
    parts: Sequence["Way"] = ()


def waits_for_job(jobs: Sequence[JobSeen], stage: str, now: datetime) -> str:
    """What keeps a subject whose status says that this stage's job has not ended."""
    job = next((j for j in jobs if j.stage == stage and not j.is_rerun and j.state in _OPEN), None)
    return f"{stage}: {STUCK}" if job is None else f"{stage}: {_why(job, now)}"


_OPEN = (JobState.RUNNING, JobState.QUEUED, JobState.DEAD)


def _why(job: JobSeen, now: datetime) -> str:
    error = (job.last_error or "")[:ERROR_CHARS]
    if job.state is JobState.DEAD:
        again = f"`salescontrol jobs retry {job.job_id}` tries again"
        return f"job {job.job_id} is dead after {job.attempts} attempts ({error}); {again}"
    if job.state is JobState.RUNNING:
        return f"job {job.job_id} is in the hands of {job.worker}, attempt {job.attempts}"
    if job.paused_until is not None and job.paused_until > now:
        return f"the stage is paused until {_clock(job.paused_until)}: {job.pause}"
    if job.run_after > now and job.attempts:
        return f"attempt {job.attempts + 1} comes at {_clock(job.run_after)}; the last one failed: {error}"
    if job.run_after > now:
        return f"its time comes at {_clock(job.run_after)}"
    return f"a free worker; {job.ahead} jobs go before job {job.job_id}"


@dataclass(frozen=True, slots=True)
class HowFar:
    """What a dialogue's row says of how far it is."""

    state: DialogueState
    alias_of: str | None
    close_at: datetime | None
    asr: StageStatus
    analysis: StageStatus


def dialogue_waits_for(said: HowFar, jobs: Sequence[JobSeen], now: datetime) -> str | None:
    """None: it is judged, skipped, or history."""
    if said.state is DialogueState.SUPERSEDED:
        return None
    if said.state is DialogueState.OPEN:
        when = f"until {_clock(said.close_at)}" if said.close_at else "until what was received before is listened to"
        return f"dialogues: it is open {when}: more audio may change it"
    for stage, status in (("asr", said.asr), ("analysis", said.analysis)):
        if status in (StageStatus.PENDING, StageStatus.PROCESSING, StageStatus.ERROR):
            return waits_for_job(jobs, stage, now)
    return None


def _clock(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
