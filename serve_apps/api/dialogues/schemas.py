"""What the lists of dialogues and the page of one answer.

What is said in a dialogue, and every summary, note and name, is text of people or guessed by machines: escape it.
Times are ISO 8601 with the offset of the dialogue's point; `…_ms` of words, quotes and speech count from the start of
the clip that `clip.url` plays.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from db.dialogues.history import What
from domain.dialogue_filter import Reviewed
from domain.reasons import Why
from domain.status import AsrPass, Attempted, DialogueState, Kind, Place, Reaction, StageStatus
from serve_apps.api.reviewing.schemas import StoredReview
from serve_apps.api.schemas import View

Range = tuple[int, int]
"""[start, end), in characters of the text that it belongs to."""


class RerunStage(StrEnum):
    """What can be run again on one dialogue: hearing it, and with that judging it; or judging it alone."""

    ASR = "asr"
    ANALYSIS = "analysis"


class ReviewMark(View):
    """The review that counts."""

    state: Literal[Reviewed.REVIEWED, Reviewed.STALE] = Field(description="stale: the dialogue changed since")
    reviewer: str
    at: datetime


class SnippetView(View):
    """What was said around the first hit, on one line."""

    text: str
    hits: list[Range]


class DialogueRow(View):
    """One line of the list. kind to reaction: of the review that counts, else of the machine; null without either."""

    dialogue_id: UUID
    point_id: UUID
    point: str
    register_id: UUID | None = Field(description="null where the caller may not see figures by register")
    register_name: str | None = Field(serialization_alias="register", description="null as register_id")
    start_ts: datetime
    end_ts: datetime
    duration_s: float
    revision: int
    place: Place = Field(description="where the figures count it")
    status: StageStatus = Field(description="analysis_status")
    kind: Kind | None
    attempted: Attempted | None
    quality_score: int | None
    categories: list[str]
    reaction: Reaction | None
    confidence: float | None = Field(description="the machine's")
    language: str | None
    engine: str | None = Field(description="the machine that judged it")
    review: ReviewMark | None
    first_quote: str | None = Field(description="the first word-for-word evidence")
    summary: str | None = Field(description="the machine's")
    snippet: SnippetView | None = Field(description="where something was searched for")


class FacetOption(View):
    value: str = Field(description="as the filter takes it")
    label: str | None = Field(description="a name, where the value is an id")
    n: int = Field(description="dialogues with it that pass every other filter")


class FacetsView(View):
    """What can be filtered by, with counts over the newest dialogues of the period."""

    counted: int = Field(description="dialogues of the period that were looked at")
    is_complete: bool = Field(description="false: there are more; the counts are of the newest")
    facets: dict[str, list[FacetOption]] = Field(description="by name of the filter; the most frequent first")


class WordView(View):
    w: str = Field(description="as it stands in the text, with the space before it")
    start_ms: int
    end_ms: int
    p: float = Field(description="how sure Whisper is, 0 to 1")


class UtteranceView(View):
    """speaker: a guess from what is said; null where nothing speaks for either."""

    speaker: Literal["staff", "customer"] | None
    start_ms: int
    end_ms: int
    text: str
    words: list[WordView]
    quotes: list[Range] = Field(description="evidence in `text`")
    hits: list[Range] = Field(description="of the search `q` in `text`")


class QuoteView(View):
    text: str
    start_ms: int
    end_ms: int
    utterance: int = Field(description="index in `utterances`")
    score: float = Field(description="1: word for word; below: the nearest passage")


class OpinionView(View):
    kind: Kind
    attempted: Attempted
    quality_score: int
    categories: list[str]
    reaction: Reaction


class MachineVerdictView(OpinionView):
    """What the machine holds."""

    closing_question: bool
    summary: str
    confidence: float
    quotes: list[QuoteView]


class EffectiveView(OpinionView):
    """What counts in the figures."""

    by: Literal["machine", "review"]


class IdeaView(View):
    """What could have been offered."""

    category: str = Field(description="of the point's catalogue")
    because: list[str] = Field(description="what the customer took that it goes with; empty: it goes with anything")


class MissedView(View):
    """is_missed: a sale in which nothing specific was offered, though there was something to offer."""

    is_missed: bool
    bought: list[str] = Field(description="what was asked for, in the words that were said")
    ideas: list[IdeaView] = Field(description="the surest first")


class ProvenanceView(View):
    """Where text and verdict come from."""

    asr_model: str | None
    asr_pass: AsrPass | None
    asr_reasons: list[str] = Field(description="why it was heard twice, and what speaks against the text")
    avg_logprob: float | None
    no_speech_prob: float | None
    transcript_sha256: str | None
    model: str | None
    prompt_version: str | None
    prompt_sha256: str | None
    parameters: dict[str, Any]
    tokens_in: int
    tokens_out: int
    cost_usd: float = Field(description="of the current verdict")
    cost_usd_total: float = Field(description="of every verdict that this dialogue ever had")
    judged_at: datetime | None


class EventView(View):
    """One thing that happened, the newest first.

    revision: the dialogue was cut anew; transcript; verdict; skipped: not judged, `text` says why; review; undone.
    """

    what: What
    at: datetime
    revision: int
    is_current: bool = Field(description="what it brought still stands")
    by: str | None = Field(description="the model, or who reviewed")
    opinion: OpinionView | None
    text: str | None = Field(description="summary, reason, note, or the text heard")
    cost_usd: float | None


class NeighbourView(View):
    dialogue_id: UUID
    start_ts: datetime
    end_ts: datetime
    place: Place


class NeighboursView(View):
    """At the same register, whatever the day."""

    before: NeighbourView | None
    after: NeighbourView | None


class ClipSegmentView(View):
    """A stretch of the clip that is one stretch of time."""

    clip_start_ms: int
    start_ts: datetime
    length_ms: int


class ClipView(View):
    """The dialogue's sound as one Ogg/Opus file. Pauses are as they were; time of which there is no audio is shortened
    to `gap_ms` of silence. `url` is a path on this server that needs no token until it expires; ask for the clip again
    then."""

    url: str
    expires_at: datetime
    duration_ms: int
    gap_ms: int
    segments: list[ClipSegmentView]
    speech: list[Range] = Field(description="where somebody speaks, [start, end) in ms")


class WaveformView(View):
    """Loudness of the clip, evenly over it."""

    bin_ms: float
    bins: list[float] = Field(description="0 to 1, of the loudest bin")


class DialogueDetail(View):
    """Everything about one current dialogue."""

    row: DialogueRow
    state: DialogueState = Field(description="an open one may still change, and has no transcript yet")
    zone: str
    asr_status: StageStatus
    error: str | None
    skip_reason: str | None
    utterances: list[UtteranceView]
    words_dropped_at: datetime | None = Field(description="when words and quotes were deleted by the point's text_days")
    quotes: list[QuoteView]
    machine: MachineVerdictView | None
    effective: EffectiveView | None
    reviews: list[StoredReview] = Field(description="the newest first, undone ones too")
    catalogue: list[str] = Field(description="what the point can offer, and a review name")
    reasons: list[Why] = Field(description="why the machine's verdict is what it is, and why not to trust it")
    missed: MissedView | None = Field(
        description="null where no sale was heard, or what was said is in a language without rules"
    )
    provenance: ProvenanceView
    history: list[EventView]
    neighbours: NeighboursView
    clip: ClipView | None = Field(description="null where the audio is gone or was never received")
    waveform_url: str | None = Field(description="its loudness: a path on this server, with the caller's token")
    can_rerun: list[RerunStage] = Field(description="what may be run again, by this caller")


class LinkView(View):
    url: str = Field(description="a path on this server that needs no token until it expires")
    expires_at: datetime


class RerunView(View):
    stage: RerunStage
    dialogue_id: UUID
    revision: int
