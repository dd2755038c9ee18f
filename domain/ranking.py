"""The league table of points: who is placed where, and who has too few sales to be placed at all."""

from collections.abc import Mapping
from typing import TypeVar

from domain.figures import Proportion

MIN_N = 30
"""With fewer sales the place is chance, however good the rate looks."""
MAX_WIDTH = 0.3
"""The widest 95 % interval that is ranked, ±15 percentage points: at a rate of one half that needs 40 sales."""

Member = TypeVar("Member")


def is_rankable(rate: Proportion) -> bool:
    """Is the rate known well enough to be held against others?"""
    if rate.low is None or rate.high is None:
        return False
    return rate.n >= MIN_N and rate.high - rate.low <= MAX_WIDTH


def ranks(rates: Mapping[Member, Proportion]) -> dict[Member, int | None]:
    """Places from 1, the highest rate first; equal rates share a place and the next one is skipped (1, 2, 2, 4).

    None: too few sales to rank; such a member takes no place from the others.
    """
    values = {member: rate.value for member, rate in rates.items() if is_rankable(rate) and rate.value is not None}
    ordered = sorted(values.values(), reverse=True)
    places = {value: place for place, value in reversed(list(enumerate(ordered, start=1)))}
    return {member: places[values[member]] if member in values else None for member in rates}
