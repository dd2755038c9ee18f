"""Which devices are silent: they should record now, and nothing comes from them."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.coverage import PATIENCE_MS
from domain.timeline import Span


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a device. `placed_ms`: when it took its place; the other two: when its last audio arrived, and
    when it last showed any sign of life."""

    placed_ms: int
    audio_ms: int | None
    seen_ms: int | None


@dataclass(frozen=True, slots=True)
class Silence:
    """`reports`: it says that it lives, but sends no audio."""

    since_ms: int
    reports: bool


def silence(windows: Sequence[Span], heard: Heard, now_ms: int) -> Silence | None:
    """Since when nothing has come; None while there is nothing to worry about.

    `windows`: the opening times of the point's day. Closed hours are no silence, so it begins with the present window
    at the earliest; and it takes PATIENCE_MS, since recorders send once a minute at best and after a retry later.
    """
    window = next((w for w in windows if w.start_ms <= now_ms < w.end_ms), None)
    if window is None:
        return None
    since_ms = max(window.start_ms, heard.placed_ms, heard.audio_ms or 0)
    if now_ms - since_ms <= PATIENCE_MS:
        return None
    return Silence(since_ms, heard.seen_ms is not None and now_ms - heard.seen_ms <= PATIENCE_MS)
