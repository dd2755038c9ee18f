"""What the player draws: the waveform as an SVG path, with speech and quotes marked on it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WAVE_HEIGHT = 100
MOST_BARS = 240
"""Of a waveform: more are merged, a phone shows no more."""


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a clip. left and width: percent of its length; ms for playing it."""

    left: float
    width: float
    start_ms: int
    end_ms: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class PlayerView:
    """`{{ ui.player(view) }}`. player_id: one to a dialogue, keeps the sound playing while the page changes."""

    player_id: str
    src: str
    duration_ms: int
    wave: str
    bars: int
    speech: tuple[Span, ...]
    quotes: tuple[Span, ...]


def player_view(
    player_id: str,
    src: str,
    duration_ms: int,
    bins: Sequence[float] = (),
    speech: Sequence[tuple[int, int]] = (),
    quotes: Sequence[Mapping[str, Any]] = (),
) -> PlayerView:
    """src: the clip's address for the browser; bins: loudness, any scale, evenly over the clip; speech: (start, end) in
    ms of the clip; quotes: {text, start_ms, end_ms} in ms of the clip."""
    bars = merged(bins, MOST_BARS)
    return PlayerView(
        player_id,
        src,
        duration_ms,
        wave_path(bars),
        len(bars),
        tuple(_span(duration_ms, start, end) for start, end in speech),
        tuple(_span(duration_ms, q["start_ms"], q["end_ms"], str(q["text"])) for q in quotes),
    )


def merged(bins: Sequence[float], most: int) -> list[float]:
    """At most so many bins, each the loudest of those it stands for."""
    step = -(-len(bins) // most) if bins else 1
    return [max(bins[at : at + step]) for at in range(0, len(bins), step)]


def wave_path(bins: Sequence[float]) -> str:
    """An SVG path in a box of len(bins) × WAVE_HEIGHT: a bar around the middle for each bin."""
    top = max(bins, default=0) or 1
    middle = WAVE_HEIGHT / 2
    parts = []
    for x, value in enumerate(bins):
        half = max(1.0, value / top * (middle - 2))
        parts.append(f"M{x + 0.5:g} {middle - half:.1f}V{middle + half:.1f}")
    return "".join(parts)


def _span(duration_ms: int, start_ms: int, end_ms: int, text: str = "") -> Span:
    whole = max(duration_ms, 1)
    return Span(
        round(100 * start_ms / whole, 2), round(100 * max(end_ms - start_ms, 0) / whole, 2), start_ms, end_ms, text
    )
