"""The verdict on one dialogue: the same schema for every engine."""

from dataclasses import dataclass, field

from domain.status import Attempted, Kind, Reaction

DEFAULT_CATALOGUE = ("coffee_size", "dessert", "pastry", "add_ons", "syrup", "combo", "takeaway", "other")
MAX_QUOTES = 3
MAX_QUOTE_WORDS = 12


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quote found in the transcript. Times in ms since the epoch are those of its first and last word;
    `utterance` is the index in the transcript; `score` is 1.0 for an exact match, else the fuzzy ratio (>= 0.85).
    `quote` is verbatim transcript text."""

    quote: str
    utterance: int
    start_ms: int
    end_ms: int
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class RawVerdict:
    """What an engine says before its quotes are located. Same fields as Verdict, quotes are plain strings."""

    kind: Kind
    attempted: Attempted
    quality_score: int
    """0 none or bad, 1 minimal, 2 a specific offer, 3 personal and reasoned"""
    categories: tuple[str, ...] = ()
    closing_question: bool = False
    customer_reaction: Reaction = Reaction.UNCLEAR
    quotes: tuple[str, ...] = ()
    summary: str = ""
    confidence: float = 0.0
    """0 to 1"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A grounded verdict: every quote is located, an attempt without one is `uncertain`."""

    kind: Kind
    attempted: Attempted
    quality_score: int
    categories: tuple[str, ...] = ()
    closing_question: bool = False
    customer_reaction: Reaction = Reaction.UNCLEAR
    evidence: tuple[Evidence, ...] = ()
    summary: str = ""
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a verdict comes from: kept with every result."""

    model: str
    prompt_version: str
    prompt_sha256: str
    transcript_sha256: str
    parameters: dict[str, object] = field(default_factory=dict)
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """Why the dialogue was skipped, or the verdict and where it comes from; about the transcript of that hash."""

    transcript_sha256: str
    skip_reason: str | None = None
    verdict: Verdict | None = None
    provenance: Provenance | None = None
