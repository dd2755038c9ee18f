"""What became of every scheduled second: recorded, waiting on a recorder, paused, or lost and why.

The server's own knowledge goes first: audio that it received is recorded. Then the recorder's word counts, and where
nobody said anything the time is lost: a dead recorder's hours are lost without its saying so.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeVar

from domain.status import CoverageFate, LossReason
from domain.timeline import Span

BRIDGE_MS = 500
"""Received audio that meets within this is contiguous: codec padding and a card's drift (as in domain/timeline.py)."""
PATIENCE_MS = 600_000
"""Younger time may still be told or delivered: the longest chunk of a recorder that sends no heartbeats lasts this."""


Stretch = TypeVar("Stretch", Span, "Interval")


class Interval(NamedTuple):
    """A stretch of time and its fate. `reason` of lost time: a `LossReason`, or the word of a newer recorder."""

    start_ms: int
    end_ms: int
    fate: CoverageFate
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """In ms. `scheduled_ms` is the sum of the five below it; `ahead_ms` lies in the future. `outside_ms`: audio
    received from outside of the schedule. `lost_by_reason`: the longest first."""

    scheduled_ms: int
    recorded_ms: int
    waiting_ms: int
    paused_ms: int
    lost_ms: int
    ahead_ms: int
    outside_ms: int
    lost_by_reason: dict[str, int]

    @property
    def share(self) -> float | None:
        """How much of the schedule until now was recorded, 0 to 1; None where nothing was scheduled."""
        past_ms = self.scheduled_ms - self.ahead_ms
        return self.recorded_ms / past_ms if past_ms else None


def union(spans: Iterable[Span], bridge_ms: int = 0) -> list[Span]:
    """The same time in ascending spans that neither overlap nor meet; gaps up to `bridge_ms` are closed."""
    joined: list[Span] = []
    for span in sorted(span for span in spans if span.start_ms < span.end_ms):
        if joined and span.start_ms <= joined[-1].end_ms + bridge_ms:
            joined[-1] = Span(joined[-1].start_ms, max(joined[-1].end_ms, span.end_ms))
        else:
            joined.append(span)
    return joined


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """`spans` less the time in `taken`, as `union` gives it."""
    away = union(taken)
    rest = []
    for start_ms, end_ms in union(spans):
        for gone in _within(away, start_ms, end_ms):
            if start_ms < gone.start_ms:
                rest.append(Span(start_ms, gone.start_ms))
            start_ms = gone.end_ms
        if start_ms < end_ms:
            rest.append(Span(start_ms, end_ms))
    return rest


def scheduled(
    windows: Sequence[Span], begins_ms: int, off: Sequence[Span], received: Sequence[Span], told: Sequence[Interval]
) -> list[Span]:
    """The part of a point's opening times in which one device was to record: from its beginning on, but where it was
    `off`. Before that it counts as there for as long as it proves to have been (a server that was set up anew, history
    that was imported)."""
    busy = (Span(i.start_ms, i.end_ms) for i in told if i.fate is not CoverageFate.CLOSED)
    proven = union([*busy, *received], BRIDGE_MS)
    absent = without([Span(0, begins_ms)], proven)
    return without(windows, [*absent, *off])


def replaced(known: Sequence[Interval], span: Span, told: Sequence[Interval]) -> list[Interval]:
    """`known` with all that lies in `span` replaced by what of `told` lies in it. Both are ascending and free of
    overlaps, and so is the result, where neighbours of the same fate are one interval."""
    before = [_cut(i, i.start_ms, span.start_ms) for i in known]
    after = [_cut(i, span.end_ms, i.end_ms) for i in known]
    inside = [_cut(i, *span) for i in told]
    return _merged(i for i in (*before, *inside, *after) if i.start_ms < i.end_ms)


def with_rest(told: Sequence[Interval], span: Span, from_the_start: bool) -> list[Interval]:
    """`told`, a recorder's account of the scheduled time in `span`, with the rest of the span as closed: there its own
    schedule had it rest. Before the first interval only where its ledger is known to reach back so far."""
    start_ms = span.start_ms if from_the_start else min((i.start_ms for i in told), default=span.end_ms)
    gaps = without([Span(start_ms, span.end_ms)], [Span(i.start_ms, i.end_ms) for i in told])
    return sorted([*told, *(Interval(*gap, CoverageFate.CLOSED) for gap in gaps)])


def account(windows: Iterable[Span], received: Iterable[Span], told: Iterable[Interval], now_ms: int) -> list[Interval]:
    """The fate of every ms of the scheduled `windows`, ascending, gapless and without overlaps in each of them.

    `received`: audio that the server has; `told`: by the recorder, ascending and free of overlaps.
    """
    audio = [Interval(*span, CoverageFate.RECORDED) for span in union(received, BRIDGE_MS)]
    unheard_ms = now_ms - PATIENCE_MS
    layers = (
        audio,
        [_believed(_cut(i, i.start_ms, now_ms)) for i in told if i.start_ms < now_ms],
        [
            Interval(-_EVER_MS, unheard_ms, CoverageFate.LOST, LossReason.SILENT),
            Interval(unheard_ms, now_ms, CoverageFate.WAITING),
            Interval(now_ms, _EVER_MS, CoverageFate.AHEAD),
        ],
    )
    filled = [piece for window in union(windows) for piece in _topmost(window, layers)]
    return _merged(_bridged(filled))


def totals(intervals: Iterable[Interval], outside_ms: int = 0) -> Totals:
    """The sums over intervals that do not overlap, or over those of several devices."""
    fates: Counter[CoverageFate] = Counter()
    reasons: Counter[str] = Counter()
    for interval in intervals:
        length_ms = interval.end_ms - interval.start_ms
        fates[interval.fate] += length_ms
        if interval.fate is CoverageFate.LOST:
            reasons[interval.reason or LossReason.UNKNOWN] += length_ms
    return Totals(
        scheduled_ms=fates.total(),
        recorded_ms=fates[CoverageFate.RECORDED],
        waiting_ms=fates[CoverageFate.WAITING],
        paused_ms=fates[CoverageFate.PAUSED],
        lost_ms=fates[CoverageFate.LOST],
        ahead_ms=fates[CoverageFate.AHEAD],
        outside_ms=outside_ms,
        lost_by_reason=dict(reasons.most_common()),
    )


_EVER_MS = 1 << 62


def _within(ascending: Sequence[Stretch], start_ms: int, end_ms: int) -> Sequence[Stretch]:
    """Those that reach into the time between; they are free of overlaps, so their ends ascend too."""
    first = bisect_right(ascending, start_ms, key=lambda i: i.end_ms)
    return ascending[first : bisect_left(ascending, end_ms, key=lambda i: i.start_ms)]


def _cut(interval: Interval, start_ms: int, end_ms: int) -> Interval:
    """What of the interval lies between; empty or backwards where nothing does."""
    return interval._replace(start_ms=max(interval.start_ms, start_ms), end_ms=min(interval.end_ms, end_ms))


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for interval in intervals:
        if merged and merged[-1].end_ms == interval.start_ms and merged[-1][2:] == interval[2:]:
            merged[-1] = merged[-1]._replace(end_ms=interval.end_ms)
        else:
            merged.append(interval)
    return merged


_AS_LOSS = {CoverageFate.RECORDED: LossReason.NOT_RECEIVED, CoverageFate.CLOSED: LossReason.NOT_SCHEDULED}


def _believed(interval: Interval) -> Interval:
    """A recorder's word, where no audio has come: what it calls delivered is not here, and it may rest when it
    should not."""
    reason = _AS_LOSS.get(interval.fate)
    return interval if reason is None else interval._replace(fate=CoverageFate.LOST, reason=reason)


def _topmost(window: Span, layers: Sequence[Sequence[Interval]]) -> Iterator[Interval]:
    """The window cut at every border of every layer; each piece is of the first layer that has something there."""
    touching = [_within(layer, *window) for layer in layers]
    borders = {window.start_ms, window.end_ms}
    borders |= {ms for layer in touching for i in layer for ms in i[:2] if window.start_ms < ms < window.end_ms}
    at = [0] * len(touching)
    ordered = sorted(borders)
    for start_ms, end_ms in pairwise(ordered):
        for depth, layer in enumerate(touching):
            while at[depth] < len(layer) and layer[at[depth]].end_ms <= start_ms:
                at[depth] += 1
            if at[depth] < len(layer) and layer[at[depth]].start_ms <= start_ms:
                yield _cut(layer[at[depth]], start_ms, end_ms)
                break


def _bridged(intervals: Sequence[Interval]) -> Iterator[Interval]:
    """A sliver beside received audio that the recorder calls delivered is the codec's padding, not a loss."""
    for n, interval in enumerate(intervals):
        beside = [i for i in intervals[max(n - 1, 0) : n + 2] if i.fate is CoverageFate.RECORDED]
        meets = any(i.end_ms == interval.start_ms or i.start_ms == interval.end_ms for i in beside)
        is_sliver = interval.reason == LossReason.NOT_RECEIVED and interval.end_ms - interval.start_ms <= BRIDGE_MS
        yield interval._replace(fate=CoverageFate.RECORDED, reason=None) if is_sliver and meets else interval
