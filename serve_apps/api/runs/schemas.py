"""What the routes of runs answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from domain.figures import Proportion
from domain.runs import RunStage, RunState
from domain.status import Attempted, Kind, Place, Reaction, StageStatus
from serve_apps.api.reports.schemas import ChangeView, FiguresView
from serve_apps.api.reviewing.schemas import KappaView
from serve_apps.api.schemas import View


class RunProgressView(View):
    """In dialogues."""

    planned: int
    fed: int = Field(description="queued so far")
    heard: int = Field(description="transcribed; 0 where the run begins with the transcripts that there are")
    judged: int
    stale: int = Field(description="changed since the run was planned")
    dead: int = Field(description="jobs that failed and can be retried")
    queued: int
    running: int
    ended: int = Field(description="judged, changed or failed")
    expected_end: datetime | None = Field(description="at the pace of the last ten minutes; null: it cannot be told")


class EstimateView(View):
    """As it was reckoned when the run was planned."""

    cost_usd: float
    cost_from: str
    time_s: float
    time_from: str


class RunView(View):
    """A re-analysis. It changes no figure until it is promoted."""

    run_id: UUID
    name: str
    stage: RunStage = Field(description="where it begins; one of asr goes on to analysis")
    state: RunState
    is_shadow: bool = Field(description="waits to be promoted by hand")
    is_moving: bool = Field(description="it is being promoted or rolled back just now")
    filters: dict[str, Any]
    settings: dict[str, Any]
    sample: int | None
    planned: int
    planned_audio_ms: int
    estimate: EstimateView | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    promoted_at: datetime | None
    rolled_back_at: datetime | None
    error: str | None
    current: int = Field(description="dialogues whose current verdict it gave")
    progress: RunProgressView | None = Field(description="null in the list, where the run has ended")


class RunsView(View):
    items: list[RunView] = Field(description="newest first")


class TableView(View):
    """counts[i][j]: dialogues that were labels[i] to the first and labels[j] to the second."""

    labels: list[str]
    counts: list[list[int]]
    n: int
    agreed: int = Field(description="on the diagonal")


class CategoryFlipsView(View):
    category: str
    both: int
    only_old: int
    only_new: int


class PairedView(View):
    """How often the call is the reviewer's. p_value: of McNemar's exact test; null where the two never differ."""

    both: int
    only_old: int
    only_new: int
    neither: int
    old: Proportion
    new: Proportion
    difference: ChangeView = Field(description="new minus old, with Newcombe's interval for paired shares (1998)")
    p_value: float | None


class AgainstView(View):
    """The two judges against reviewers, over the same dialogues."""

    n: int
    old: KappaView
    new: KappaView
    old_calls: TableView
    new_calls: TableView
    hits: PairedView


class StandingView(View):
    """Where the run's dialogues stand; each is in one of these."""

    ready: int = Field(description="the run's result may become the current one")
    moved: int = Field(description="it is the current one")
    changed: int = Field(description="changed since the run judged it: judged once more after a promotion")
    busy: int = Field(description="live work on it is under way")
    gone: int = Field(description="merged into another, erased, or without its words by age")
    without_result: int = Field(description="not judged yet, or failed")


class PriceView(View):
    """Of the verdicts on the compared dialogues."""

    dialogues: int
    cost_usd: float
    tokens_in: int
    tokens_out: int


class MachineOpinionView(View):
    kind: Kind
    attempted: Attempted
    quality_score: int
    reaction: Reaction


class SaidView(View):
    place: Place = Field(description="where the figures would count it")
    status: StageStatus
    opinion: MachineOpinionView | None
    categories: list[str]
    engine: str


class FlipView(View):
    dialogue_id: UUID
    point_id: UUID
    start_ts: datetime
    old: SaidView
    new: SaidView
    confidence: float = Field(description="of the run's verdict")
    quote: str = Field(description="the first that the run's verdict rests on")
    summary: str


class DiffView(View):
    """The run (new) beside what is current, or was before its promotion (old). In tables rows are old, columns new."""

    standing: StandingView
    compared: int
    differing: int = Field(description="in anything that a figure rests on")
    flipped: int = Field(description="counted in another place")
    places: TableView
    attempted: TableView
    kinds: TableView
    quality: TableView = Field(description="where both see an offer, as the next")
    reactions: TableView
    categories: list[CategoryFlipsView]
    share: AgainstView = Field(description="against the random share, which alone tells who is better")
    reviewed: AgainstView = Field(description="against all reviews that count: mostly of what the old judge doubted")
    old_figures: FiguresView = Field(description="of all the run's dialogues, as they are without it")
    new_figures: FiguresView = Field(description="as a promotion makes them")
    old_price: PriceView
    new_price: PriceView
    listen: list[FlipView] = Field(description="flips to hear first, at most ten: the surest of each kind in turn")


class PromotionView(View):
    """Each dialogue of the run is in one of these. state: `running` where something changed and is judged once more."""

    run_id: UUID
    name: str
    state: RunState
    moved: int
    before: int = Field(description="were current already")
    changed: int
    busy: int
    gone: int
    without_result: int


class RollbackView(View):
    run_id: UUID
    name: str
    state: RunState
    restored: int
    left: int = Field(description="changed after the promotion; they stay as they are")


class CancelledView(View):
    run_id: UUID
    name: str
    state: RunState
    dropped: int = Field(description="jobs taken out of the queue")
