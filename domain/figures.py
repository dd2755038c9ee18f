"""The figures of a period, defined once (DESIGN 7): what is counted, what is counted beside, and how sure it is."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from domain.status import Attempted, Kind, Reaction, StageStatus

Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the standard normal distribution."""

SPECIFIC_QUALITY = 2
"""From this quality score on an offer is specific."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What someone, machine or reviewer, holds about one dialogue."""

    kind: Kind
    attempted: Attempted
    quality_score: int = 0
    reaction: Reaction = Reaction.UNCLEAR


@dataclass(frozen=True, slots=True)
class Row:
    """One dialogue. engine: the model that the machine's opinion is from; a review counts before the machine."""

    status: StageStatus
    is_superseded: bool = False
    machine: Opinion | None = None
    engine: str = ""
    review: Opinion | None = None


@dataclass(frozen=True, slots=True)
class Proportion:
    """hits of n, with a 95 % Wilson interval; value, low and high are None where n is 0."""

    hits: int
    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one period. `engines` are those whose opinions the rates rest on; more than one makes `is_mixed`.

    rate: attempts of all sales with a yes or no; specific_rate: offers of quality 2 and 3 of the same sales;
    acceptance: accepted of accepted and rejected; average_quality: over attempts. uncertain, skipped, failed, pending
    and superseded are beside, never inside. coverage: recorded part of the opening hours, 0 to 1, where known.
    """

    rate: Proportion
    specific_rate: Proportion
    acceptance: Proportion
    average_quality: float | None
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
    engines: tuple[str, ...]
    coverage: float | None

    @property
    def is_mixed(self) -> bool:
        """The rates mix engines: show it wherever they are shown."""
        return len(self.engines) > 1


def wilson(hits: int, n: int) -> Proportion:
    """The proportion with its Wilson score interval at 95 %.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212:
    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n). Unlike p ± z·se it stays inside 0 to 1 and is right for small n.
    Raises ValueError unless 0 ≤ hits ≤ n.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n}")
    if n == 0:
        return Proportion(0, 0, None, None, None)
    p, z2 = hits / n, Z_95**2
    centre = p + z2 / (2 * n)
    half = Z_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    scale = 1 + z2 / n
    low = 0.0 if hits == 0 else (centre - half) / scale
    high = 1.0 if hits == n else (centre + half) / scale
    return Proportion(hits, n, p, low, high)


def figures(rows: Iterable[Row], coverage: float | None = None) -> Figures:
    """The figures of these dialogues. Every row is counted in exactly one of sales (yes, no, uncertain), enquiries,
    staff, unclear_kind, skipped, failed, pending and superseded."""
    beside: Counter[str] = Counter()
    sales: list[Opinion] = []
    engines: set[str] = set()
    reviewed = 0
    for row in rows:
        opinion = row.review or row.machine
        place = _beside(row, opinion)
        reviewed += not row.is_superseded and row.review is not None
        if place is not None or opinion is None:
            beside[place or "pending"] += 1
            continue
        sales.append(opinion)
        if row.review is None:
            engines.add(row.engine)
    return _figures(sales, beside, reviewed, tuple(sorted(engines)), coverage)


def _beside(row: Row, opinion: Opinion | None) -> str | None:
    """Where a dialogue that is not in a rate is counted; None: it is in the rates."""
    if row.is_superseded:
        return "superseded"
    if row.review is None and row.status is not StageStatus.DONE:
        return {StageStatus.SKIPPED: "skipped", StageStatus.ERROR: "failed"}.get(row.status, "pending")
    if opinion is None:
        return "pending"
    if opinion.kind is not Kind.SALE:
        return {Kind.ENQUIRY: "enquiries", Kind.STAFF: "staff"}.get(opinion.kind, "unclear_kind")
    return "uncertain" if opinion.attempted is Attempted.UNCERTAIN else None


def _figures(
    sales: list[Opinion], beside: Counter[str], reviewed: int, engines: tuple[str, ...], coverage: float | None
) -> Figures:
    attempts = [s for s in sales if s.attempted is Attempted.YES]
    specific = sum(1 for s in attempts if s.quality_score >= SPECIFIC_QUALITY)
    accepted = sum(1 for s in attempts if s.reaction is Reaction.ACCEPTED)
    rejected = sum(1 for s in attempts if s.reaction is Reaction.REJECTED)
    return Figures(
        rate=wilson(len(attempts), len(sales)),
        specific_rate=wilson(specific, len(sales)),
        acceptance=wilson(accepted, accepted + rejected),
        average_quality=sum(s.quality_score for s in attempts) / len(attempts) if attempts else None,
        attempts=len(attempts),
        uncertain=beside["uncertain"],
        enquiries=beside["enquiries"],
        staff=beside["staff"],
        unclear_kind=beside["unclear_kind"],
        skipped=beside["skipped"],
        failed=beside["failed"],
        pending=beside["pending"],
        superseded=beside["superseded"],
        reviewed=reviewed,
        engines=engines,
        coverage=coverage,
    )
