"""How good the machine was over a period: what may be concluded from the reviews of it, and what not. Pure.

Only dialogues that were reviewed as part of the random share tell how often the machine errs. All others were picked
because a mistake was likely (or because somebody wished to look), so that shares among them are far worse than among
all; they are counted apart and nothing is estimated from them.
"""

from collections.abc import Iterable, Sequence
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
    confusion,
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


def assess(pairs: Iterable[Pair], machine_rate: Proportion) -> Assessment:
    """`machine_rate`: yes of yes and no over all sales that the machine judged in the period, reviewed or not."""
    listed = list(pairs)
    sample = _sample([(p.machine, p.reviewer) for p in listed if p.is_random and p.machine])
    corrected = corrected_rate(machine_rate, sample.calls)
    return Assessment(
        sample=sample,
        corrected=corrected,
        left_out=sample.n - corrected.sensitivity.n - corrected.specificity.n,
        between=_between(listed),
        picked=calls((p.machine, p.reviewer) for p in listed if not p.is_random and p.machine),
    )


def _sample(judged: Sequence[tuple[Opinion, Opinion]]) -> Sample:
    table = calls(judged)
    offers = [(m, r) for m, r in judged if call_of(m) is Call.YES and call_of(r) is Call.YES]
    return Sample(
        calls=table,
        kinds=confusion(((m.kind, r.kind) for m, r in judged), tuple(Kind)),
        quality=confusion(((str(m.quality_score), str(r.quality_score)) for m, r in offers), QUALITIES),
        reactions=confusion(((m.reaction, r.reaction) for m, r in offers), tuple(Reaction)),
        precision=precision(table),
        recall=recall(table),
        kappa=cohen(table),
    )


def _between(pairs: Sequence[Pair]) -> Between:
    table = calls((p.first, p.second) for p in pairs if p.first and p.second)
    return Between(table, cohen(table), tuple(sorted({name for p in pairs for name in p.people})))
