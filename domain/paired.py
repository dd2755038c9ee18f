"""Two shares of the same things: which of two judges is right more often, when both judged the same dialogues. Pure."""

from dataclasses import dataclass
from math import comb, sqrt

from domain.change import Change
from domain.figures import Proportion, wilson


@dataclass(frozen=True, slots=True)
class Paired:
    """How often both hit, only the old, only the new, or neither. difference: share of hits of the new minus that of
    the old, with its 95 % interval. p_value: of McNemar's exact test; None where the two never differ."""

    both: int
    only_old: int
    only_new: int
    neither: int
    old: Proportion
    new: Proportion
    difference: Change
    p_value: float | None


def paired(both: int, only_old: int, only_new: int, neither: int) -> Paired:
    """The interval is Newcombe's, the test McNemar's in its exact form.

    R. G. Newcombe, "Improved confidence intervals for the difference between binomial proportions based on paired
    data", Statistics in Medicine 17 (1998), 2635-2650, method 10. Q. McNemar, "Note on the sampling error of the
    difference between correlated proportions or percentages", Psychometrika 12 (1947), 153-157.
    """
    n = both + only_old + only_new + neither
    old, new = wilson(both + only_old, n), wilson(both + only_new, n)
    return Paired(
        both,
        only_old,
        only_new,
        neither,
        old,
        new,
        _difference(old, new, _correlation(both, only_old, only_new, neither)),
        exact_p(only_old, only_new),
    )


def exact_p(one: int, other: int) -> float | None:
    """Two-sided: how rare so uneven a split of what differs is where each side is as likely. None without any."""
    n = one + other
    if n == 0:
        return None
    as_uneven = sum(comb(n, k) for k in range(min(one, other) + 1))
    return min(1.0, float(2 * as_uneven / 2**n))


def _correlation(a: int, b: int, c: int, d: int) -> float:
    """φ with the method's correction for continuity; 0 where a margin is empty."""
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return 0.0
    cross, half = a * d - b * c, (a + b + c + d) / 2
    corrected = max(cross - half, 0.0) if cross > 0 else cross
    return corrected / sqrt(margins)


def _difference(old: Proportion, new: Proportion, phi: float) -> Change:
    if old.value is None or old.low is None or old.high is None:
        return Change(None, None, None)
    if new.value is None or new.low is None or new.high is None:
        return Change(None, None, None)
    difference = new.value - old.value
    below = _joined(new.value - new.low, old.high - old.value, phi)
    above = _joined(old.value - old.low, new.high - new.value, phi)
    return Change(difference, max(-1.0, difference - below), min(1.0, difference + above))


def _joined(one: float, other: float, phi: float) -> float:
    return sqrt(max(0.0, one**2 - 2 * phi * one * other + other**2))
