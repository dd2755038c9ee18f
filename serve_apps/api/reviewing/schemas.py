"""What the review routes take and answer. Shares are 0 to 1 with their n and 95 % interval; times have offsets."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from domain.agreement import Call, WhyNot
from domain.figures import Proportion
from domain.review import MAX_NOTE_CHARS, Judgement
from domain.review_queue import Reason
from domain.status import Attempted, Kind, Reaction
from serve_apps.api.reports.schemas import EngineView, PeriodView
from serve_apps.api.schemas import Body, Name, View


def _storable(text: str) -> str:
    """Text that PostgreSQL takes."""
    if "\x00" in text:
        raise ValueError("has a NUL character in it; leave it out")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("has half a character in it; send whole UTF-8 text") from None
    return text


Note = Annotated[str, Field(max_length=MAX_NOTE_CHARS), AfterValidator(_storable)]


class ReviewBody(Body):
    """What the reviewer holds. Quality, categories and reaction belong to an attempt."""

    kind: Kind
    attempted: Attempted
    quality_score: Annotated[int, Field(ge=0, le=3, description="0 bad, 1 minimal, 2 specific, 3 personal")] = 0
    categories: Annotated[tuple[Name, ...], Field(max_length=64, description="from the point's catalogue")] = ()
    customer_reaction: Reaction = Reaction.UNCLEAR
    note: Note = ""
    reason: Reason = Field(Reason.MANUAL, description="the queue's reason, where the dialogue came from the queue")
    revision: Annotated[int, Field(ge=1, lt=2**31)] | None = Field(
        None, description="the one that was judged; 409 where the dialogue has changed since"
    )

    def judgement(self) -> Judgement:
        return Judgement(
            self.kind,
            self.attempted,
            self.quality_score,
            tuple(dict.fromkeys(self.categories)),
            self.customer_reaction,
            self.note.strip(),
        )


class StoredReview(View):
    review_id: UUID
    dialogue_id: UUID
    revision: int = Field(description="of the dialogue when it was reviewed")
    reviewer: str
    reason: Reason
    kind: Kind
    attempted: Attempted
    quality_score: int
    categories: list[str]
    customer_reaction: Reaction
    note: str
    created_at: datetime
    undone_at: datetime | None
    undone_by: str | None
    is_counting: bool = Field(description="every figure rests on it")
    is_stale: bool = Field(description="the dialogue changed after it; it counts until it is reviewed anew")


class StoredReviews(View):
    dialogue_id: UUID
    items: list[StoredReview] = Field(description="newest first, the undone included")


class MachineOpinion(View):
    """The machine's verdict."""

    kind: Kind
    attempted: Attempted
    quality_score: int
    categories: list[str]
    customer_reaction: Reaction
    confidence: float
    summary: str
    engine: str


class WaitingView(View):
    """A dialogue to judge. Its text, words and clip are those of /api/v1/dialogues/{dialogue_id}/detail."""

    dialogue_id: UUID
    point_id: UUID
    point: str
    register_name: str | None = Field(
        serialization_alias="register", description="null where the point hides registers"
    )
    start_ts: datetime = Field(description="on the point's clock")
    end_ts: datetime
    duration_s: float
    revision: int = Field(description="send it back with the review")
    language: str | None
    catalogue: list[str] = Field(description="the categories that a review may name")
    reason: Reason = Field(description="send it back with the review")
    why: str = Field(description="the reason in a sentence")
    is_blind: bool = Field(description="judge it without knowing what others said; `machine` is null")
    machine: MachineOpinion | None = Field(description="null too where there is no verdict")


class QueueView(View):
    items: list[WaitingView] = Field(description="in the order in which they teach most")
    waiting: dict[Reason, int] = Field(description="how many wait, each counted up to 1000")
    total: int = Field(description="the sum of `waiting`")


class HoldView(View):
    dialogue_id: UUID
    held_until: datetime = Field(description="until then nobody else is given it")


class ConfusionView(View):
    """counts[i][j]: dialogues that were labels[i] to the first judge and labels[j] to the second."""

    first: Literal["machine", "first_reviewer"]
    second: Literal["reviewer", "second_reviewer"]
    labels: list[str]
    counts: list[list[int]]
    n: int
    agreed: int = Field(description="on the diagonal")


class KappaView(View):
    """Cohen's κ with its standard error (Fleiss, Cohen, Everitt 1969); null where chance alone explains the answers."""

    agreed: Proportion
    value: float | None
    standard_error: float | None
    low: float | None
    high: float | None


class CorrectedView(View):
    """The machine's rate with its mistakes taken out (Rogan and Gladen 1978), with the interval of Lang and Reiczigel
    (2014)."""

    apparent: Proportion = Field(description="the machine's own rate over the whole period")
    sensitivity: Proportion = Field(description="of true offers, those that it calls yes")
    specificity: Proportion = Field(description="of sales truly without one, those that it calls no")
    value: float | None
    low: float | None
    high: float | None
    is_clipped: bool = Field(description="the formula left 0 to 1, by chance of a small sample; the nearest is shown")
    why_not: WhyNot | None = Field(description="why no rate can be given")
    left_out: int = Field(description="reviewed dialogues where machine or reviewer gave no yes or no to a sale")


class SampleView(View):
    """The random share: the only dialogues that say how often the machine errs."""

    n: int = Field(description="reviewed, with a verdict of the machine on the same revision")
    wanted: int = Field(description="from here on a share is known to within ten points")
    missing: int = Field(description="wanted − n, or 0")
    is_enough: bool
    waiting: int = Field(description="of the random share, not reviewed yet; counted up to 1000")
    calls: ConfusionView = Field(description=f"of {', '.join(Call)}")
    kinds: ConfusionView
    quality: ConfusionView = Field(description="where both see an offer")
    reactions: ConfusionView = Field(description="where both see an offer")
    precision: Proportion = Field(description="of the machine's yes, those to which the reviewer says yes")
    recall: Proportion = Field(description="of the reviewer's yes, those that the machine found")
    kappa: KappaView


class BetweenView(View):
    """Two people, neither of whom saw what the other said."""

    n: int
    reviewers: list[str]
    wanted: int
    is_enough: bool
    calls: ConfusionView
    kappa: KappaView


class PickedView(View):
    """All other reviews. They were picked because a mistake was likely, so their shares say nothing about the rest."""

    n: int
    is_biased: Literal[True] = True
    calls: ConfusionView


class AgreementView(View):
    period: PeriodView
    judged: int = Field(description="dialogues of the period with a verdict of the machine")
    share: float = Field(description="of them, how many are in the random share")
    engines: list[EngineView]
    is_mixed: bool = Field(description="several engines: the figures are of their mixture")
    basis: str = Field(description="what the estimates rest on, in a sentence")
    stale: int = Field(description="reviews left out, since their dialogues changed after them")
    sample: SampleView
    corrected: CorrectedView
    between_reviewers: BetweenView
    picked: PickedView
