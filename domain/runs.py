"""Batch re-analysis: a run judges history again with other settings, beside what is current until it is promoted.

What a run is about is fixed when it is planned: its dialogues with their revisions, and its settings in full, so that
neither a change of the configuration nor a resumed half alters what its figures mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.errors import Conflict
from domain.ids import PointId, RunId


class RunState(StrEnum):
    """planned: nothing is queued yet. cancelled, done: nothing is queued or running any more. promoted: its results are
    the current ones. rolled_back: what it had replaced is current again."""

    PLANNED = "planned"
    RUNNING = "running"
    CANCELLED = "cancelled"
    DONE = "done"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"


OPEN = frozenset({RunState.PLANNED, RunState.RUNNING})
"""There is work to do, or under way."""
NEXT: Mapping[RunState, frozenset[RunState]] = {
    RunState.PLANNED: frozenset({RunState.RUNNING, RunState.CANCELLED}),
    RunState.RUNNING: frozenset({RunState.DONE, RunState.CANCELLED}),
    RunState.DONE: frozenset({RunState.RUNNING, RunState.PROMOTED}),
    RunState.PROMOTED: frozenset({RunState.RUNNING, RunState.ROLLED_BACK}),
    RunState.ROLLED_BACK: frozenset({RunState.PROMOTED, RunState.RUNNING}),
    RunState.CANCELLED: frozenset(),
}
"""What may follow. A run that has ended runs again where its dead jobs are retried, or where a promotion found
dialogues that had changed since."""


def check_move(name: str, now: RunState, then: RunState) -> None:
    """Raises Conflict, in words for whoever asked, where the run cannot go from `now` to `then`."""
    if then not in NEXT[now]:
        may = ", ".join(sorted(NEXT[now])) or "nothing"
        raise Conflict(f"the run {name!r} is {now}: it cannot become {then}; what may follow is {may}")


class RunStage(StrEnum):
    """Where a run begins. One of asr goes on to analysis by itself, so that its verdicts can be compared."""

    ASR = "asr"
    ANALYSIS = "analysis"


@dataclass(frozen=True, slots=True)
class Listening:
    """How a run of asr listens: one pass by one served model."""

    asr_pass: str
    """The deployment's name in the settings: fast, accurate or rerun."""
    model: str
    compute_type: str
    beam_size: int
    pack: bool


@dataclass(frozen=True, slots=True)
class Judging:
    """How a run judges. engine: openai or rules; model: the language model, or the rules' version; prompt: its version
    and hash, empty for rules; prices in USD per million tokens."""

    engine: str
    model: str
    prompt: str = ""
    prompt_sha256: str = ""
    price_in_usd: float = 0.0
    price_out_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class RunSettings:
    """All that a run does otherwise than the pipeline. `listening` None: from the transcripts as they are."""

    judging: Judging
    listening: Listening | None = None


@dataclass(frozen=True, slots=True)
class RunFilters:
    """Which dialogues were asked for: start_from <= start < start_before, without a zone in each point's own time.
    No points: all."""

    start_from: datetime | None = None
    start_before: datetime | None = None
    points: tuple[PointId, ...] = ()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run may cost and last, each with the figures that it rests on, in words."""

    cost_usd: float
    cost_from: str
    time_s: float
    time_from: str


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A run before anything of it is written. left_out: why and how many dialogues of the period cannot take part."""

    run_id: RunId
    name: str
    stage: RunStage
    is_shadow: bool
    filters: RunFilters
    settings: RunSettings
    sample: int | None
    dialogues: int
    audio_ms: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    estimate: Estimate | None = None


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is, in dialogues. fed: given to the queue; heard: transcribed by the run itself; judged: with its
    verdict, or its reason why there is none; stale: changed since the run was planned; dead: failed, and can be
    retried. queued, running: jobs of the run."""

    planned: int
    fed: int
    heard: int
    judged: int
    stale: int
    dead: int
    queued: int
    running: int

    @property
    def ended(self) -> int:
        return min(self.judged + self.stale + self.dead, self.planned)
