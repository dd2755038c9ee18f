"""What the report routes answer. Every share has its n and its 95 % interval; shares are 0 to 1, times have offsets."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from domain.figures import Proportion
from domain.status import Attempted, Kind, Reaction
from serve_apps.api.schemas import View


class FiguresView(View):
    """The rates are of sales with a yes or no; what is counted beside is never in them."""

    rate: Proportion = Field(description="attempts of sales")
    specific_rate: Proportion = Field(description="specific offers (quality 2 and 3) of sales")
    acceptance: Proportion = Field(description="accepted of accepted and rejected")
    average_quality: float | None = Field(description="over attempts, 0 to 3")
    dialogues: int = Field(description="all current ones, of every kind and status")
    attempts: int
    uncertain: int
    enquiries: int
    staff: int
    unclear_kind: int
    skipped: int
    failed: int
    pending: int
    superseded: int
    reviewed: int
    engines: list[str] = Field(description="whose opinions the rates rest on, reviewers aside")
    is_mixed: bool = Field(description="several engines: name them wherever a rate is shown")
    coverage: float | None = Field(description="recorded part of the scheduled time until now; null: nothing scheduled")


class ChangeView(View):
    """Now minus before with Newcombe's 95 % interval; null where one of them has nothing to count."""

    difference: float | None
    low: float | None
    high: float | None
    is_more_than_noise: bool | None = Field(description="the interval leaves out 0")


class ChangesView(View):
    rate: ChangeView
    specific_rate: ChangeView
    acceptance: ChangeView
    average_quality: float | None = Field(description="plain difference")
    coverage: float | None = Field(description="plain difference")
    dialogues: int
    attempts: int


class CoverageSumsView(View):
    """In milliseconds, over all devices. recorded + waiting + paused + lost + ahead = scheduled."""

    scheduled_ms: int
    recorded_ms: int
    waiting_ms: int
    paused_ms: int
    lost_ms: int
    ahead_ms: int = Field(description="in the future")
    share: float | None = Field(description="recorded ÷ (scheduled − ahead); null where nothing was scheduled")


class CoverageView(CoverageSumsView):
    lost_by_reason: dict[str, int] = Field(description="in milliseconds, the longest first")


class _Renamed(View):
    """A view with members whose names Python or pydantic keeps for itself."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)


class PeriodView(_Renamed):
    """Days of the points, each in its own zone; both included."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    days: int


class DayView(View):
    day: date
    figures: FiguresView
    coverage: float | None


class HourView(View):
    """An hour of the points' clocks, over the whole period."""

    hour: int = Field(description="0 to 23")
    figures: FiguresView


class HeatView(View):
    """One hour of one weekday, over the whole period. Cells without a sale are left out."""

    weekday: int = Field(description="0 is Monday")
    hour: int
    sales: int = Field(description="in the rate: yes or no")
    attempts: int
    rate: Proportion


class CategoryView(View):
    category: str
    offered: int = Field(description="attempts that offered it; one attempt may offer several")
    accepted: int
    rejected: int
    acceptance: Proportion = Field(description="accepted of accepted and rejected")


class QualityView(View):
    score: int = Field(description="0 to 3")
    n: int = Field(description="attempts")


class EngineView(View):
    engine: str
    n: int = Field(description="dialogues in the rates that rest on its opinion")


class FunnelView(View):
    dialogues: int
    sales: int = Field(description="with a yes or no")
    attempts: int
    specific: int
    accepted: int


class BeforeView(View):
    """Of a point in the period before."""

    rate: Proportion
    dialogues: int


class PointFiguresView(View):
    """A row of the league table."""

    point_id: UUID
    name: str
    zone: str
    goal: float | None = Field(description="the point's target rate")
    figures: FiguresView
    before: BeforeView
    change: ChangeView = Field(description="of the rate")
    coverage: float | None
    rank: int | None = Field(description="by rate, 1 the highest; null: too few sales to rank")


class OverviewView(View):
    """`before` and `previous` are of the period of the same length right before."""

    period: PeriodView
    previous: PeriodView
    figures: FiguresView
    before: FiguresView
    change: ChangesView
    coverage: CoverageView
    coverage_before: CoverageSumsView
    engines: list[EngineView] = Field(description="the most used first")
    is_mixed: bool
    by_day: list[DayView] = Field(description="every day of the period, empty ones too")
    by_hour: list[HourView] = Field(description="hours with a dialogue, on the points' clocks")
    heatmap: list[HeatView]
    categories: list[CategoryView] = Field(description="the most offered first")
    quality: list[QualityView] = Field(description="scores 0 to 3")
    funnel: FunnelView
    points: list[PointFiguresView] = Field(description="every visible point asked for, by name")
    updated_at: datetime | None = Field(description="when the newest figure in here was reckoned")


class SilentDeviceView(_Renamed):
    """A device that should record now and from which nothing comes."""

    device_id: UUID
    name: str
    register_name: str = Field(alias="register")
    since: datetime = Field(description="nothing came since; not before the point opened today")
    reason: Literal["not_heard", "no_audio"] = Field(description="no_audio: it reports, but sends no audio")
    told: str | None = Field(description="what its recorder said last: paused, or why it records nothing")
    last_chunk_at: datetime | None = Field(description="when its last audio was received")
    last_seen_at: datetime | None


class DialogueCard(_Renamed):
    """Enough to show one dialogue as an example. What is said in it is a customer's and a cashier's: escape it."""

    dialogue_id: UUID
    point_id: UUID
    point: str
    register_name: str | None = Field(
        alias="register", description="null where the caller may not see figures by register"
    )
    start_ts: datetime = Field(description="with the offset of the point's zone")
    duration_s: float
    kind: Kind
    attempted: Attempted
    quality_score: int
    categories: list[str]
    reaction: Reaction
    confidence: float | None
    is_reviewed: bool
    quote: str | None = Field(description="the first word-for-word evidence")
    summary: str


class ListenView(View):
    good: DialogueCard | None = Field(description="the day's best specific offer")
    missed: DialogueCard | None = Field(description="a sale with room for an offer that was not made")


class PointTodayView(View):
    point_id: UUID
    name: str
    zone: str
    day: date = Field(description="of the point")
    goal: float | None
    figures: FiguresView
    coverage: CoverageView
    is_open: bool = Field(description="now, by its opening hours")
    silent_devices: list[SilentDeviceView]


class TotalView(View):
    figures: FiguresView
    coverage: CoverageView
    goal: float | None = Field(description="where all the points have the same one")


class TodayView(View):
    day: date = Field(description="asked for, or the latest day that any of the points has")
    total: TotalView
    points: list[PointTodayView] = Field(description="by name")
    listen: ListenView
    reviews_waiting: int = Field(description="of this day: uncertain or unsure verdicts that nobody has reviewed")
    last_day: date | None = Field(description="where the day has no dialogue: the latest before it that has one")
    updated_at: datetime | None = Field(description="when the newest figure in here was reckoned")
