"""The average quality of offers with its interval, and how it changed."""

from dataclasses import dataclass
from math import hypot, sqrt

from domain.change import Change
from domain.figures import Z_95

TOP_SCORE = 3


@dataclass(frozen=True, slots=True)
class Mean:
    """Of n scores, 0 to TOP_SCORE, with a 95 % interval; value, low and high are None where n is 0."""

    n: int
    value: float | None
    low: float | None
    high: float | None


def mean(value: float | None, n: int) -> Mean:
    """The average `value` of n scores with an interval that needs no more than the two.

    The Wilson interval (domain/figures.py) of value ÷ TOP_SCORE, stretched. Scores between 0 and 3 vary at most as much
    as scores that are only 0 or 3 and have the same average, so it is never too narrow; unlike value ± z·se it stays
    inside the scale and does not vanish where a few scores are all the same.
    """
    if value is None or n == 0:
        return Mean(0, None, None, None)
    p, z2 = value / TOP_SCORE, Z_95**2
    centre = p + z2 / (2 * n)
    half = Z_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    low, high = ((centre + side) / (1 + z2 / n) * TOP_SCORE for side in (-half, half))
    return Mean(n, value, max(low, 0.0), min(high, float(TOP_SCORE)))


def change_of_means(now: Mean, before: Mean) -> Change:
    """The difference with an interval made of the two as domain/change.py makes it of two proportions."""
    if now.value is None or now.low is None or now.high is None:
        return Change(None, None, None)
    if before.value is None or before.low is None or before.high is None:
        return Change(None, None, None)
    difference = now.value - before.value
    below = hypot(now.value - now.low, before.high - before.value)
    above = hypot(now.high - now.value, before.value - before.low)
    return Change(difference, difference - below, difference + above)
