"""The figures of a period, defined once: what is counted, what is counted beside, and how sure it is."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from math import sqrt
from operator import attrgetter

from domain.status import Attempted, Kind, Place, Reaction, StageStatus

Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the standard normal distribution."""

SPECIFIC_QUALITY = 2
"""From this quality score on an offer is specific."""

RATED = frozenset({Place.YES, Place.NO})
"""The sales that the rates are about."""


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
    and superseded are beside, never inside. dialogues: all but the superseded. coverage: recorded part of the
    opening hours, 0 to 1, where known.
    """

    rate: Proportion
    specific_rate: Proportion
    acceptance: Proportion
    average_quality: float | None
    dialogues: int
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


@dataclass(frozen=True, slots=True)
class Counts:
    """What the figures of some dialogues rest on; those of disjoint sets add up. dialogues: all but the superseded.

    Every dialogue is in one of yes to superseded. reviewed: of the current ones; specific to quality_3: of the yes.
    """

    dialogues: int = 0
    yes: int = 0
    no: int = 0
    uncertain: int = 0
    enquiry: int = 0
    staff: int = 0
    unclear_kind: int = 0
    skipped: int = 0
    failed: int = 0
    pending: int = 0
    superseded: int = 0
    reviewed: int = 0
    specific: int = 0
    accepted: int = 0
    rejected: int = 0
    quality_0: int = 0
    quality_1: int = 0
    quality_2: int = 0
    quality_3: int = 0

    @property
    def sales(self) -> int:
        """Those in the rates."""
        return self.yes + self.no


def added(counts: Iterable[Counts]) -> Counts:
    """Those of disjoint sets of dialogues as one."""
    return Counts(*map(sum, zip(*map(_VALUES, counts), strict=True)))


_VALUES = attrgetter(*(f.name for f in fields(Counts)))


def figures_of(counts: Counts, engines: Iterable[str] = (), coverage: float | None = None) -> Figures:
    """The figures of dialogues that were counted before, such as a roll-up's."""
    quality = counts.quality_1 + 2 * counts.quality_2 + 3 * counts.quality_3
    return Figures(
        rate=wilson(counts.yes, counts.sales),
        specific_rate=wilson(counts.specific, counts.sales),
        acceptance=wilson(counts.accepted, counts.accepted + counts.rejected),
        average_quality=quality / counts.yes if counts.yes else None,
        dialogues=counts.dialogues,
        attempts=counts.yes,
        uncertain=counts.uncertain,
        enquiries=counts.enquiry,
        staff=counts.staff,
        unclear_kind=counts.unclear_kind,
        skipped=counts.skipped,
        failed=counts.failed,
        pending=counts.pending,
        superseded=counts.superseded,
        reviewed=counts.reviewed,
        engines=tuple(sorted(engines)),
        coverage=coverage,
    )


def figures(rows: Iterable[Row], coverage: float | None = None) -> Figures:
    """The figures of these dialogues."""
    known = list(rows)
    engines = {row.engine for row in known if row.review is None and place_of(row) in RATED}
    return figures_of(count(known), engines, coverage)


def count(rows: Iterable[Row]) -> Counts:
    """Every row in exactly one place."""
    counted: Counter[str] = Counter()
    for row in rows:
        place, opinion = place_of(row), row.review or row.machine
        counted[place] += 1
        if place is Place.SUPERSEDED:
            continue
        counted["dialogues"] += 1
        counted["reviewed"] += row.review is not None
        if place is Place.YES and opinion is not None:
            counted["specific"] += opinion.quality_score >= SPECIFIC_QUALITY
            counted["accepted"] += opinion.reaction is Reaction.ACCEPTED
            counted["rejected"] += opinion.reaction is Reaction.REJECTED
            counted[f"quality_{opinion.quality_score}"] += 1
    return Counts(**counted)


def place_of(row: Row) -> Place:
    """Where a dialogue is counted: a reviewer's opinion goes before the machine's, and only sales enter the rates."""
    opinion = row.review or row.machine
    if row.is_superseded:
        return Place.SUPERSEDED
    if row.review is None and row.status is not StageStatus.DONE:
        return {StageStatus.SKIPPED: Place.SKIPPED, StageStatus.ERROR: Place.FAILED}.get(row.status, Place.PENDING)
    if opinion is None:
        return Place.PENDING
    if opinion.kind is not Kind.SALE:
        return {Kind.ENQUIRY: Place.ENQUIRY, Kind.STAFF: Place.STAFF}.get(opinion.kind, Place.UNCLEAR_KIND)
    return Place(opinion.attempted)
