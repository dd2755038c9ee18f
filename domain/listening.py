"""Which two dialogues of a day are worth a manager's ear: one good offer and one missed opportunity."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from domain.figures import SPECIFIC_QUALITY
from domain.status import Attempted, Kind, Reaction

ENOUGH_TALK_MS = 15_000
"""A shorter sale hardly leaves room for an offer, so it is no example of one that was missed."""
COMFORTABLE_MS = 90_000
"""What one listens to without growing impatient; longer dialogues come after equally good shorter ones."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A current, judged dialogue. kind to reaction are the opinion that counts; confidence 0 to 1 is the machine's;
    is_reviewed: the opinion is a reviewer's, who is believed before any confidence."""

    dialogue_id: UUID
    register_id: UUID
    kind: Kind
    attempted: Attempted
    quality_score: int
    reaction: Reaction
    confidence: float
    is_reviewed: bool
    length_ms: int


@dataclass(frozen=True, slots=True)
class Picks:
    good: Candidate | None
    missed: Candidate | None


def pick(candidates: Iterable[Candidate]) -> Picks:
    """The day's two examples. Good: a specific offer, rather an accepted one, then the better, the surer. Missed: a
    sale with enough talk and no offer, the surest; of another register than the good one where there is one, so that
    not the same counter is always on show. Ties go by id: the choice stays while nothing changes."""
    rows = list(candidates)
    good = min((row for row in rows if is_good(row)), key=_best_first, default=None)
    missed = sorted((row for row in rows if is_missed(row)), key=_surest_first)
    elsewhere = (row for row in missed if good is None or row.register_id != good.register_id)
    return Picks(good, next(elsewhere, missed[0] if missed else None))


def is_good(row: Candidate) -> bool:
    """A specific offer in a sale."""
    return row.kind is Kind.SALE and row.attempted is Attempted.YES and row.quality_score >= SPECIFIC_QUALITY


def is_missed(row: Candidate) -> bool:
    """A sale with room for an offer that was not made."""
    return row.kind is Kind.SALE and row.attempted is Attempted.NO and row.length_ms >= ENOUGH_TALK_MS


def _best_first(row: Candidate) -> tuple[object, ...]:
    accepted = row.reaction is Reaction.ACCEPTED
    return (not accepted, -row.quality_score, *_surest_first(row))


def _surest_first(row: Candidate) -> tuple[object, ...]:
    return (not row.is_reviewed, row.length_ms > COMFORTABLE_MS, -row.confidence, row.dialogue_id)
