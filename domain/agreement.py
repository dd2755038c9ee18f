"""How far two judges of the same dialogues agree: the machine and a reviewer, or two reviewers. Pure.

The measures, one definition each:

- *Call*: what a judge says about the offer: yes, no, uncertain, or that the dialogue was no sale at all.
- *Precision*: of the machine's yes, the share to which the reviewer says yes. *Recall*: of the reviewer's yes, the
  share that the machine found. Where the reviewer is uncertain there is no truth to compare with: left out of both.
- *κ*: agreement beyond what chance gives (`cohen`), uncertain and no sale being calls like any other.
- *Corrected rate*: what the rate would be if the machine made no mistakes (`corrected_rate`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import TypeAlias

from domain.figures import Z_95, Opinion, Proportion, wilson
from domain.status import Kind

Opinions: TypeAlias = Iterable[tuple[Opinion, Opinion]] | Mapping[tuple[Opinion, Opinion], int]
"""Of two judges on the same dialogues, one by one or counted."""


class Call(StrEnum):
    """What one judge says about the offer of one dialogue."""

    YES = "yes"
    NO = "no"
    UNCERTAIN = "uncertain"
    NO_SALE = "no_sale"


class WhyNot(StrEnum):
    """Why a rate cannot be corrected."""

    NO_RATE = "no_rate"
    """The machine has judged no sale of the period."""
    NO_TRUE_YES = "no_true_yes"
    """No reviewed sale has an offer, so how many of them the machine finds is unknown."""
    NO_TRUE_NO = "no_true_no"
    """No reviewed sale is without an offer, so how many of them the machine passes over is unknown."""
    NO_BETTER_THAN_CHANCE = "no_better_than_chance"
    """Sensitivity + specificity ≤ 1: the machine's yes says nothing about an offer."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often the first judge's label met the second's: counts[i][j] dialogues had labels[i] from the first judge and
    labels[j] from the second."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def n(self) -> int:
        return sum(map(sum, self.counts))

    @property
    def agreed(self) -> int:
        """Dialogues on the diagonal."""
        return sum(row[i] for i, row in enumerate(self.counts))

    @property
    def firsts(self) -> tuple[int, ...]:
        """How often the first judge gave each label."""
        return tuple(map(sum, self.counts))

    @property
    def seconds(self) -> tuple[int, ...]:
        """How often the second judge gave each label."""
        return tuple(map(sum, zip(*self.counts, strict=True)))

    def count(self, first: str, second: str) -> int:
        """Raises ValueError for a label that there is not."""
        return self.counts[self.labels.index(first)][self.labels.index(second)]


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's κ with its standard error and 95 % interval. All None where it is not defined: no dialogues, or both
    judges gave one and the same label to every one of them, so that chance alone explains it."""

    agreed: Proportion
    value: float | None
    standard_error: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Corrected:
    """A rate with the machine's mistakes taken out. value, low and high are None where `why_not` says why.

    apparent: the machine's own rate; sensitivity: of true offers, the share that it calls yes; specificity: of sales
    truly without, the share that it calls no. is_clipped: the plain formula gave less than 0 or more than 1, which
    happens by chance in small samples, and the nearest possible rate is shown instead.
    """

    apparent: Proportion
    sensitivity: Proportion
    specificity: Proportion
    value: float | None = None
    low: float | None = None
    high: float | None = None
    is_clipped: bool = False
    why_not: WhyNot | None = None


def call_of(opinion: Opinion) -> Call:
    """An opinion's call. Only a sale has one on the offer."""
    return Call(opinion.attempted) if opinion.kind is Kind.SALE else Call.NO_SALE


def confusion(pairs: Iterable[tuple[str, str]] | Mapping[tuple[str, str], int], labels: Sequence[str]) -> Confusion:
    """Counts the pairs of labels, or takes their counts. Raises ValueError for a label that is not among `labels`."""
    counted = Counter(pairs)
    strangers = {label for pair in counted for label in pair} - set(labels)
    if strangers:
        raise ValueError(f"no such labels: {', '.join(sorted(strangers))}")
    names = tuple(str(label) for label in labels)
    return Confusion(names, tuple(tuple(counted[first, second] for second in labels) for first in labels))


def compared(judged: Opinions, label: Callable[[Opinion], str], labels: Sequence[str]) -> Confusion:
    """The confusion of what `label` makes of two judges' opinions."""
    counted: Counter[tuple[str, str]] = Counter()
    for (first, second), n in Counter(judged).items():
        counted[label(first), label(second)] += n
    return confusion(counted, labels)


def calls(judged: Opinions) -> Confusion:
    """The confusion of the calls of two judges."""
    return compared(judged, call_of, tuple(Call))


def precision(table: Confusion) -> Proportion:
    """Of the first judge's yes, the share to which the second says yes. `table` is of calls."""
    return _share(table, [(Call.YES, second) for second in (Call.YES, Call.NO, Call.NO_SALE)])


def recall(table: Confusion) -> Proportion:
    """Of the second judge's yes, the share to which the first says yes. `table` is of calls."""
    return _share(table, [(first, Call.YES) for first in Call])


def sensitivity(table: Confusion) -> Proportion:
    """Of the sales that truly have an offer and that the machine calls yes or no, the share that it calls yes."""
    return _share(table, [(Call.YES, Call.YES), (Call.NO, Call.YES)])


def specificity(table: Confusion) -> Proportion:
    """Of the sales truly without an offer and that the machine calls yes or no, the share that it calls no."""
    return _share(table, [(Call.NO, Call.NO), (Call.YES, Call.NO)])


def cohen(table: Confusion) -> Kappa:
    """Cohen's κ = (p₀ − pₑ) / (1 − pₑ).

    J. Cohen, "A coefficient of agreement for nominal scales", Educ. Psychol. Meas. 20 (1960), 37-46. Standard error of
    large samples by J. L. Fleiss, J. Cohen, B. S. Everitt, "Large sample standard errors of kappa and weighted kappa",
    Psychol. Bull. 72 (1969), 323-327, equation 13. That error is 0 where all agree, however few they are: there the
    lower limit is that of Wilson's interval for p₀, put into the formula of κ.
    """
    n = table.n
    agreed = wilson(table.agreed, n)
    if agreed.value is None:
        return Kappa(agreed, None, None, None, None)
    firsts = [count / n for count in table.firsts]
    seconds = [count / n for count in table.seconds]
    chance = sum(a * b for a, b in zip(firsts, seconds, strict=True))
    if chance > 1 - 1e-12:
        return Kappa(agreed, None, None, None, None)
    value = (agreed.value - chance) / (1 - chance)
    if table.agreed == n:
        assert agreed.low is not None
        return Kappa(agreed, 1.0, 0.0, (agreed.low - chance) / (1 - chance), 1.0)
    error = _kappa_error(table, firsts, seconds, value, chance)
    return Kappa(agreed, value, error, max(-1.0, value - Z_95 * error), min(1.0, value + Z_95 * error))


def corrected_rate(apparent: Proportion, table: Confusion) -> Corrected:
    """The machine's rate, corrected for the mistakes that reviewers found in a random share of the same dialogues.

    The estimate is (p + Sp − 1) / (Se + Sp − 1): W. J. Rogan, B. Gladen, "Estimating prevalence from the results of a
    screening test", Am. J. Epidemiol. 107 (1978), 71-76. Its interval is that of Z. Lang, J. Reiczigel, "Confidence
    limits for prevalence of disease adjusted for estimated sensitivity and specificity", Prev. Vet. Med. 113 (2014),
    13-22, which also counts how few dialogues Se and Sp rest on; the plain delta method is far too narrow there.
    It takes the three samples as independent; ours are a share of one period, which changes little while it is small.

    `apparent`: yes of yes and no over all sales that the machine judged; `table`: calls of machine and reviewer.
    """
    se, sp = sensitivity(table), specificity(table)
    if apparent.value is None:
        return Corrected(apparent, se, sp, why_not=WhyNot.NO_RATE)
    if se.value is None:
        return Corrected(apparent, se, sp, why_not=WhyNot.NO_TRUE_YES)
    if sp.value is None:
        return Corrected(apparent, se, sp, why_not=WhyNot.NO_TRUE_NO)
    if se.hits * sp.n + sp.hits * se.n <= se.n * sp.n:  # Se + Sp ≤ 1, in whole numbers
        return Corrected(apparent, se, sp, why_not=WhyNot.NO_BETTER_THAN_CHANCE)
    plain = (apparent.value + sp.value - 1) / (se.value + sp.value - 1)
    value = _clip(plain)
    low, high = _lang_reiczigel(apparent, se, sp)
    return Corrected(
        apparent, se, sp, value, min(_clip(low), value), max(_clip(high), value), is_clipped=value != plain
    )


def _share(table: Confusion, cells: Sequence[tuple[Call, Call]]) -> Proportion:
    """Of the dialogues in `cells`, those in the first of them."""
    counts = [table.count(*cell) for cell in cells]
    return wilson(counts[0], sum(counts))


def _kappa_error(
    table: Confusion, firsts: Sequence[float], seconds: Sequence[float], value: float, chance: float
) -> float:
    n, size = table.n, range(len(table.labels))
    on = sum(table.counts[i][i] / n * (1 - (firsts[i] + seconds[i]) * (1 - value)) ** 2 for i in size)
    off = sum(table.counts[i][j] / n * (seconds[i] + firsts[j]) ** 2 for i in size for j in size if i != j)
    rest = (value - chance * (1 - value)) ** 2
    return sqrt(max(0.0, on + (1 - value) ** 2 * off - rest) / n) / (1 - chance)


def _lang_reiczigel(apparent: Proportion, se: Proportion, sp: Proportion) -> tuple[float, float]:
    """Each proportion is moved towards one half, as Agresti and Coull do, and the middle by a term of its own."""
    z2 = Z_95**2
    n, n_se, n_sp = apparent.n + z2, se.n + 2, sp.n + 2
    p, s, c = (apparent.hits + z2 / 2) / n, (se.hits + 1) / n_se, (sp.hits + 1) / n_sp
    better = s + c - 1
    if better <= 0:
        return 0.0, 1.0  # so few that Se + Sp is above 1 by the moved numbers' leave only
    middle = (p + c - 1) / better
    of_se, of_sp = s * (1 - s) / n_se, c * (1 - c) / n_sp
    shift = 2 * z2 * (middle * of_se - (1 - middle) * of_sp)
    error = sqrt(p * (1 - p) / n + middle**2 * of_se + (1 - middle) ** 2 * of_sp) / better
    return middle + shift - Z_95 * error, middle + shift + Z_95 * error


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))
