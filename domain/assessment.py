"""How good the machine was over a period: what may be concluded from the reviews of it, and what not. Pure.

Only dialogues that were reviewed as part of the random share tell how often the machine errs. All others were picked
because a mistake was likely (or because somebody wished to look), so that shares among them are far worse than among
all; they are counted apart and nothing is estimated from them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from domain.agreement import (
    Call,
    Confusion,
    Corrected,
    Kappa,
    call_of,
    calls,
    cohen,
    compared,
    corrected_rate,
    precision,
    recall,
)
from domain.figures import Z_95, Opinion, Proportion
from domain.status import Kind, Reaction

ENOUGH = ceil(Z_95**2 * 0.25 / 0.1**2)
"""97: so many independent dialogues give any share to within ten points either way, whatever it is: z² p (1 − p) / d²
at its worst, p = ½."""
ENOUGH_PAIRS = 50
"""Dialogues judged by two people from which κ is worth a look; its interval says how little that still is."""
QUALITIES = ("0", "1", "2", "3")


@dataclass(frozen=True, slots=True)
class Pair:
    """A dialogue that a reviewer judged in the revision that stands. machine None: it has no verdict on it.

    reviewer: the review that counts. first, second: blind opinions of two people, where both are there.
    is_random: it was judged as one of the random share.
    """

    is_random: bool
    reviewer: Opinion
    machine: Opinion | None
    first: Opinion | None = None
    second: Opinion | None = None
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """Machine (first judge) against reviewers (second) over the reviewed part of the random share. quality and
    reactions are of dialogues where both see an offer."""

    calls: Confusion
    kinds: Confusion
    quality: Confusion
    reactions: Confusion
    precision: Proportion
    recall: Proportion
    kappa: Kappa

    @property
    def n(self) -> int:
        return self.calls.n

    @property
    def missing(self) -> int:
        """How many more reviews make it ENOUGH."""
        return max(0, ENOUGH - self.n)


@dataclass(frozen=True, slots=True)
class Between:
    """Two people over the same dialogues, neither of whom saw what the other said."""

    calls: Confusion
    kappa: Kappa
    people: tuple[str, ...]

    @property
    def is_enough(self) -> bool:
        return self.calls.n >= ENOUGH_PAIRS


@dataclass(frozen=True, slots=True)
class Assessment:
    """left_out: dialogues of the sample that the corrected rate does not rest on, since one of the judges gave no yes
    or no to a sale. picked: calls of machine and reviewers over all that is not of the sample."""

    sample: Sample
    corrected: Corrected
    left_out: int
    between: Between
    picked: Confusion


def assess(pairs: Iterable[Pair] | Mapping[Pair, int], machine_rate: Proportion) -> Assessment:
    """`pairs`: one by one or counted; `machine_rate`: yes of yes and no over all sales that the machine judged in the
    period, reviewed or not."""
    counted = Counter(pairs)
    sample = _sample(_machine_and_reviewer(counted, is_random=True))
    corrected = corrected_rate(machine_rate, sample.calls)
    return Assessment(
        sample=sample,
        corrected=corrected,
        left_out=sample.n - corrected.sensitivity.n - corrected.specificity.n,
        between=_between(counted),
        picked=calls(_machine_and_reviewer(counted, is_random=False)),
    )


def _machine_and_reviewer(pairs: Counter[Pair], *, is_random: bool) -> Counter[tuple[Opinion, Opinion]]:
    judged: Counter[tuple[Opinion, Opinion]] = Counter()
    for pair, n in pairs.items():
        if pair.machine is not None and pair.is_random is is_random:
            judged[pair.machine, pair.reviewer] += n
    return judged


def _sample(judged: Counter[tuple[Opinion, Opinion]]) -> Sample:
    table = calls(judged)
    offers = {(m, r): n for (m, r), n in judged.items() if call_of(m) is Call.YES and call_of(r) is Call.YES}
    return Sample(
        calls=table,
        kinds=compared(judged, lambda opinion: opinion.kind, tuple(Kind)),
        quality=compared(offers, lambda opinion: str(opinion.quality_score), QUALITIES),
        reactions=compared(offers, lambda opinion: opinion.reaction, tuple(Reaction)),
        precision=precision(table),
        recall=recall(table),
        kappa=cohen(table),
    )


def _between(pairs: Counter[Pair]) -> Between:
    judged: Counter[tuple[Opinion, Opinion]] = Counter()
    for pair, n in pairs.items():
        if pair.first is not None and pair.second is not None:
            judged[pair.first, pair.second] += n
    table = calls(judged)
    return Between(table, cohen(table), tuple(sorted({name for pair in pairs for name in pair.people})))
