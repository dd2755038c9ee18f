"""A day's figures in plain words: against the goal, and how far they can be believed. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

GOOD_COVERAGE = 0.9
"""From here on the day counts as recorded; below `POOR_COVERAGE` its figures stand on sand."""
POOR_COVERAGE = 0.6

Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """key: of the sentence; tone: good, bad or warn; "" where there is nothing to say."""

    key: str
    tone: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason to believe the figures less. key: of its sentence; n: dialogues, or ms where is_time; reason: why."""

    key: str
    n: int
    is_time: bool = False
    reason: str = ""


def to_goal(rate: Wire, goal: float | None, goals: Collection[float]) -> Judged:
    """goals: those of the points; where they differ there is no common one to hold the rate against. Only an interval
    that leaves the goal out says something for sure."""
    if rate["value"] is None or (goal is None and goals):
        return Judged("", "")
    if goal is None:
        return Judged("today.no_goal", "")
    if rate["low"] >= goal:
        return Judged("today.above", "good")
    if rate["high"] < goal:
        return Judged("today.below", "bad")
    return Judged("today.maybe_above" if rate["value"] >= goal else "today.maybe_below", "warn")


def recorded_tone(share: float | None) -> str:
    """Of the recorded share of the opening hours so far."""
    if share is None:
        return ""
    return "good" if share >= GOOD_COVERAGE else "warn" if share >= POOR_COVERAGE else "bad"


def trust(figures: Wire, coverage: Wire) -> list[Doubt]:
    """What is missing from the figures, the gravest first."""
    lost = [Doubt("today.lost", ms, True, reason) for reason, ms in coverage["lost_by_reason"].items() if ms]
    times = [Doubt(f"today.{key}", coverage[f"{key}_ms"], True) for key in ("paused", "waiting")]
    counts = [Doubt(f"today.{key}", figures[key]) for key in ("failed", "uncertain", "pending")]
    return [*lost, *(doubt for doubt in (*times, *counts) if doubt.n)]
