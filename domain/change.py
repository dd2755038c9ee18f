"""How a figure changed against the period before, and whether that is more than noise."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import hypot

from domain.figures import Proportion


@dataclass(frozen=True, slots=True)
class Change:
    """Now minus before, -1 to 1, with its 95 % interval; all None where one of the two periods has nothing to count."""

    difference: float | None
    low: float | None
    high: float | None

    @property
    def is_more_than_noise(self) -> bool | None:
        """The interval leaves out 0: so large a difference by chance alone is rarer than 1 in 20. None: unknown."""
        if self.low is None or self.high is None:
            return None
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Period:
    """Local days of the points, both ends included. Raises ValueError where the last is before the first."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.first} to {self.last}")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """As many days, right before this one. Whole weeks are thus compared with the same weekdays."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))


def change(now: Proportion, before: Proportion) -> Change:
    """The difference of two independent proportions with Newcombe's hybrid score interval at 95 %.

    R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine 17 (1998), 873-890, method 10: with d = p1 - p2 and the Wilson limits l and u of
    each, d - √((p1-l1)² + (u2-p2)²) to d + √((u1-p1)² + (p2-l2)²). It stays inside -1 to 1 and is right for small n.
    """
    if now.value is None or now.low is None or now.high is None:
        return _UNKNOWN
    if before.value is None or before.low is None or before.high is None:
        return _UNKNOWN
    difference = now.value - before.value
    below = hypot(now.value - now.low, before.high - before.value)
    above = hypot(now.high - now.value, before.value - before.low)
    return Change(difference, difference - below, difference + above)


_UNKNOWN = Change(None, None, None)
