"""From voice detectors' frames to stretches of speech: smoothing, the confirming rule, the cut of long ones. Pure.

Times are integer milliseconds from the first sample of a chunk; a frame is a detector's unit (webrtcvad 30 ms,
Silero 32 ms). The numbers come from general sweeps over speech at 5 to 20 dB above noise and music, at levels from
normal to 40 dB below, and over noise without any speech; see `benchmarks/vad.py`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from domain.timeline import Span


@dataclass(frozen=True, slots=True)
class SpeechRules:
    """The numbers of voice activity detection."""

    threshold: float = 0.5
    """Speech begins where the probability reaches this."""
    hysteresis: float = 0.15
    """It goes on until the probability falls this far below `threshold`: Silero's own default."""
    sure: float = 0.8
    """A probability that clatter, chimes and music hardly ever reach…"""
    sure_ms: int = 120
    """…and never for this long in all, while every spoken word does."""
    pause_ms: int = 300
    """Shorter pauses do not end a stretch: those between the words of a sentence."""
    majority_frames: int = 5
    """A first-pass frame counts as most of the frames around it do."""
    margin_ms: int = 500
    """First-pass regions are widened by this before they are confirmed: they miss soft beginnings and ends."""
    max_ms: int = 30_000
    """Longer stretches are cut."""


def smooth(flags: Sequence[bool], width: int) -> list[bool]:
    """Majority vote over `width` (odd) frames centred on each; beyond the ends counts as no."""
    half = width // 2
    sums = [0]
    for flag in flags:
        sums.append(sums[-1] + flag)
    count = len(flags)
    return [sums[min(count, i + half + 1)] - sums[max(0, i - half)] > half for i in range(count)]


def regions(flags: Sequence[bool], frame_ms: int) -> list[Span]:
    """The runs of true frames."""
    found, position = [], 0
    for flag, run in groupby(flags):
        length = sum(1 for _ in run)
        if flag:
            found.append(Span(position * frame_ms, (position + length) * frame_ms))
        position += length
    return found


def widen(spans: Iterable[Span], by_ms: int, limit_ms: int) -> list[Span]:
    """The ordered spans with `by_ms` more on both sides, inside [0, limit_ms]; those that then touch are one."""
    joined: list[Span] = []
    for span in spans:
        wide = Span(max(0, span.start_ms - by_ms), min(limit_ms, span.end_ms + by_ms))
        if joined and wide.touches(joined[-1]):
            joined[-1] = Span(joined[-1].start_ms, wide.end_ms)
        else:
            joined.append(wide)
    return joined


def stretches(probabilities: Sequence[float], frame_ms: int, rules: SpeechRules) -> list[Span]:
    """Speech by hysteresis: begins at `threshold`, ends where `pause_ms` pass below the lower one, and counts if
    `sure_ms` of it in all are at `sure` or above."""
    found = []
    for first, end in _triggered(probabilities, rules, -(-rules.pause_ms // frame_ms)):
        sure_ms = frame_ms * sum(p >= rules.sure for p in probabilities[first:end])
        if sure_ms >= rules.sure_ms:
            found.append(Span(first * frame_ms, end * frame_ms))
    return found


def _triggered(probabilities: Sequence[float], rules: SpeechRules, pause_frames: int) -> Iterator[tuple[int, int]]:
    """Frame ranges from the first frame at the threshold to the last before a pause."""
    first: int | None = None
    end, has_fallen = 0, False
    for i, probability in enumerate(probabilities):
        if probability >= rules.threshold:
            first = i if first is None else first
            end, has_fallen = i + 1, False
        elif first is not None:
            has_fallen = has_fallen or probability < rules.threshold - rules.hysteresis
            end = end if has_fallen else i + 1
            if i + 1 - end >= pause_frames:
                yield first, end
                first = None
    if first is not None:
        yield first, end


def cut_long(spans: Iterable[Span], probabilities: Sequence[float], frame_ms: int, rules: SpeechRules) -> list[Span]:
    """Spans of at most `max_ms`, cut where a listener would: in the middle of the longest inner pause, lacking one at
    the least probable frame. Cuts lie in the middle half of a span, so that no crumbs arise."""
    pieces: list[Span] = []
    for span in spans:
        if span.end_ms - span.start_ms <= rules.max_ms:
            pieces.append(span)
            continue
        at = _quietest(span, probabilities, frame_ms, rules.threshold - rules.hysteresis)
        pieces += cut_long([Span(span.start_ms, at), Span(at, span.end_ms)], probabilities, frame_ms, rules)
    return pieces


def _quietest(span: Span, probabilities: Sequence[float], frame_ms: int, silence_below: float) -> int:
    quarter = (span.end_ms - span.start_ms) // 4
    first, last = (span.start_ms + quarter) // frame_ms, (span.end_ms - quarter) // frame_ms
    inner = probabilities[first:last]
    pauses = regions([p < silence_below for p in inner], frame_ms)
    if pauses:
        longest = max(pauses, key=lambda pause: pause.end_ms - pause.start_ms)
        return first * frame_ms + (longest.start_ms + longest.end_ms) // 2
    middle = len(inner) // 2
    least = min(range(len(inner)), key=lambda i: (inner[i], abs(i - middle)))
    return (first + least) * frame_ms
