"""The strip of a day: which part of the opening hours was recorded, waits, was paused or lost. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.wording import Wording

FATES = ("recorded", "waiting", "paused", "lost", "ahead")
MAX_TICKS = 5
"""More would touch each other on a phone."""


@dataclass(frozen=True, slots=True)
class Piece:
    """left and width in percent of the strip; title: what happened and when."""

    fate: str
    left: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    left: float
    text: str


@dataclass(frozen=True, slots=True)
class Strip:
    """text: all of it in one sentence, for who does not see it; legend: (fate, how long)."""

    pieces: Sequence[Piece]
    ticks: Sequence[Tick]
    legend: Sequence[tuple[str, str]]
    losses: Sequence[str]
    text: str


def strip(w: Wording, place: Mapping[str, Any], device: Mapping[str, Any]) -> Strip | None:
    """Of one device; None where it was not to record on that day and did not."""
    if device["totals"] is None or not device["strip"]:
        return None
    first, last = axis(place)
    length = (last - first).total_seconds()
    pieces = []
    for interval in device["strip"]:
        start, end = _at(interval["start"]), _at(interval["end"])
        left, width = (start - first).total_seconds() / length * 100, (end - start).total_seconds() / length * 100
        title = f"{w.clock(start, place['zone'])}–{w.clock(end, place['zone'])}: {_named(w, interval)}"
        pieces.append(Piece(interval["fate"], round(left, 3), round(width, 3), title))
    totals = device["totals"]
    legend = [(fate, w.span(totals[f"{fate}_ms"] / 1000)) for fate in FATES if totals[f"{fate}_ms"]]
    losses = [f"{loss(w, reason)}: {w.span(ms / 1000)}" for reason, ms in totals["lost_by_reason"].items()]
    said = "; ".join(f"{w.s('places.fate.' + fate)} {span}" for fate, span in legend)
    return Strip(pieces, ticks(first, last, place["zone"]), legend, losses, said)


def axis(place: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """From the first opening to the last closing of the day, and whatever was recorded beside."""
    spans = [*place["windows"], *(i for r in place["registers"] for d in r["devices"] for i in d["strip"])]
    if not spans:
        return _at(place["start"]), _at(place["end"])
    return min(_at(span["start"]) for span in spans), max(_at(span["end"]) for span in spans)


def ticks(first: datetime, last: datetime, zone: str) -> list[Tick]:
    """Full hours on the point's clock, as many as fit."""
    first, last = first.astimezone(UTC), last.astimezone(UTC)  # or the clock's change is no time at all
    length = last - first
    step = next((hours for hours in (1, 2, 3, 4, 6, 12) if length / timedelta(hours=hours) <= MAX_TICKS), 12)
    at = first.astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
    found = []
    while at <= last:
        if at >= first and at.hour % step == 0:
            found.append(Tick(round((at - first) / length * 100, 2), f"{at:%H:%M}"))
        at = (at.astimezone(UTC) + timedelta(hours=1)).astimezone(ZoneInfo(zone))
    return found


def loss(w: Wording, reason: str) -> str:
    """Why time is lost; a newer recorder's own word as it is."""
    return w.s(f"loss.{reason}") if w.s.has(f"loss.{reason}") else reason


def _named(w: Wording, interval: Mapping[str, Any]) -> str:
    fate = w.s(f"places.fate.{interval['fate']}")
    return f"{fate}, {loss(w, interval['reason'])}" if interval["reason"] else fate


def _at(instant: str) -> datetime:
    return datetime.fromisoformat(instant)
