"""The fate of every scheduled millisecond, derived from the ledger's evidence.

Nothing is written down as "lost": the ledger holds what was seen (chunks, conditions, pauses), and this module cuts the
scheduled windows so that every millisecond gets exactly one fate. The sum is therefore the schedule, whatever happened:

    recorded > waiting > lost (evicted, refused, damaged) > paused > lost (the condition) > lost (off: no evidence)
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice, pairwise

from recorder.fate import ChunkState, Condition, Fate, Loss

CONTIGUOUS_MS = 100
"""Chunk k + 1 starts where chunk k ends, but for the drift between sample clock and boot clock (a few ms) and the
codec's padding. A shorter gap is no loss."""

_CHUNK_LOSSES = (Loss.EVICTED, Loss.REFUSED, Loss.DAMAGED)
_OTHER_LOSSES = tuple(loss for loss in Loss if loss not in (*_CHUNK_LOSSES, Loss.OFF))

_FAULTS = tuple(Condition(loss) for loss in _OTHER_LOSSES if loss is not Loss.STARTING)

_FATES: tuple[tuple[Fate, Loss | None], ...] = (
    (Fate.RECORDED, None),
    (Fate.WAITING, None),
    *((Fate.LOST, loss) for loss in _CHUNK_LOSSES),
    (Fate.PAUSED, None),
    *((Fate.LOST, loss) for loss in _OTHER_LOSSES),
    (Fate.LOST, Loss.OFF),
)
"""By priority, the first wins."""
_RANK = {fate: rank for rank, fate in enumerate(_FATES)}
_SCHEDULED = len(_FATES)
"""Rank of the schedule itself: where nothing else is known, it is time that nobody recorded."""

_OF_STATE = {
    ChunkState.DELIVERED: _RANK[Fate.RECORDED, None],
    ChunkState.WAITING: _RANK[Fate.WAITING, None],
    ChunkState.EVICTED: _RANK[Fate.LOST, Loss.EVICTED],
    ChunkState.QUARANTINED: _RANK[Fate.LOST, Loss.REFUSED],
    ChunkState.MISSING: _RANK[Fate.LOST, Loss.DAMAGED],
}
"""`OUT_OF_HOURS` is not here: such a chunk was never owed."""


@dataclass(frozen=True, slots=True)
class Interval:
    """[start_ms, end_ms) of wall time and its one fate; `reason` only where it is lost."""

    start_ms: int
    end_ms: int
    fate: Fate
    reason: Loss | None = None


@dataclass(frozen=True, slots=True, order=True)
class Recording:
    """A chunk, as far as the accounts go."""

    session_id: str
    seq: int
    start_ms: int
    end_ms: int
    state: ChunkState


class Ending(StrEnum):
    """How a span ended. `open`: it has not. `left`: the agent went on to something else, or stopped in good order.
    `cut`: the agent was killed or lost power; the end is the last instant at which it was seen alive."""

    OPEN = "open"
    LEFT = "left"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Span:
    """What the agent was doing. `next`: what it went on to."""

    start_ms: int
    end_ms: int
    condition: Condition
    ending: Ending = Ending.LEFT
    next: Condition | None = None


@dataclass(frozen=True, slots=True)
class PauseInterval:
    """Somebody asked not to be recorded. It holds while the machine is off, too."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """In any order."""

    recordings: Sequence[Recording] = ()
    spans: Sequence[Span] = ()
    pauses: Sequence[PauseInterval] = ()


_Layer = tuple[int, int, int]
"""start_ms, end_ms, rank"""


def account(evidence: Evidence, windows: Iterable[tuple[int, int]], now_ms: int) -> list[Interval]:
    """The scheduled windows up to now, in order, without holes or overlaps; adjacent equal fates are one interval."""
    layers: list[_Layer] = [(start, min(end, now_ms), _SCHEDULED) for start, end in windows]
    layers += ((pause.start_ms, pause.end_ms, _RANK[Fate.PAUSED, None]) for pause in evidence.pauses)
    recordings = _without_slivers(evidence)
    layers += ((chunk.start_ms, chunk.end_ms, _OF_STATE[chunk.state]) for chunk in recordings)
    covered = union((chunk.start_ms, chunk.end_ms) for chunk in recordings)
    for span in evidence.spans:
        layers += _of_span(span, covered)
    return list(_flatten(layers))


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same, in order, with neighbours of one fate as one."""
    result: list[Interval] = []
    for interval in sorted(intervals, key=lambda interval: interval.start_ms):
        last = result[-1] if result else None
        if last and (last.end_ms, last.fate, last.reason) == (interval.start_ms, interval.fate, interval.reason):
            result[-1] = replace(last, end_ms=interval.end_ms)
        else:
            result.append(interval)
    return result


def totals(intervals: Iterable[Interval]) -> dict[tuple[Fate, Loss | None], int]:
    """Milliseconds of each fate; only those that occur."""
    sums: defaultdict[tuple[Fate, Loss | None], int] = defaultdict(int)
    for interval in intervals:
        sums[interval.fate, interval.reason] += interval.end_ms - interval.start_ms
    return dict(sums)


def _flatten(layers: list[_Layer]) -> Iterator[Interval]:
    """What lies on top, wherever something is scheduled."""
    steps: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for start, end, rank in layers:
        if start < end:
            steps[start].append((rank, 1))
            steps[end].append((rank, -1))
    depth = [0] * (_SCHEDULED + 1)
    open_since, on_top = 0, None
    for instant in sorted(steps):
        for rank, change in steps[instant]:
            depth[rank] += change
        top = _top(depth)
        if top == on_top:
            continue
        if on_top is not None:
            yield Interval(open_since, instant, *on_top)
        open_since, on_top = instant, top


def _top(depth: list[int]) -> tuple[Fate, Loss | None] | None:
    if not depth[_SCHEDULED]:
        return None
    rank = next(rank for rank, count in enumerate(depth) if count)
    return _FATES[min(rank, _SCHEDULED - 1)]


def _without_slivers(evidence: Evidence) -> list[Recording]:
    """The owed chunks, stretched over gaps that are only drift: to the next of their session, and to the edges of the
    span in which they were recorded."""
    sessions: defaultdict[str, list[Recording]] = defaultdict(list)
    for chunk in sorted(evidence.recordings):
        if chunk.state in _OF_STATE:
            sessions[chunk.session_id].append(chunk)
    joined: list[Recording] = []
    for chunks in sessions.values():
        for chunk, following in pairwise(chunks):
            gap = following.start_ms - chunk.end_ms
            joined.append(replace(chunk, end_ms=following.start_ms) if 0 < gap <= CONTIGUOUS_MS else chunk)
        joined.append(chunks[-1])
    spans = [span for span in evidence.spans if span.condition is Condition.RECORDING]
    spans.sort(key=lambda span: (span.start_ms, span.end_ms, span.ending))
    starts = [span.start_ms for span in spans]
    return [_stretched(chunk, spans, starts) for chunk in joined]


def _stretched(chunk: Recording, spans: list[Span], starts: list[int]) -> Recording:
    first = bisect_right(starts, chunk.start_ms) - 1
    if first >= 0 and chunk.start_ms - spans[first].start_ms <= CONTIGUOUS_MS:
        chunk = replace(chunk, start_ms=spans[first].start_ms)
    last = bisect_right(starts, chunk.end_ms) - 1
    if last >= 0 and spans[last].ending is not Ending.OPEN and 0 < spans[last].end_ms - chunk.end_ms <= CONTIGUOUS_MS:
        chunk = replace(chunk, end_ms=spans[last].end_ms)
    return chunk


def _of_span(span: Span, covered: list[tuple[int, int]]) -> Iterator[_Layer]:
    if span.condition is not Condition.RECORDING:
        yield span.start_ms, span.end_ms, _rank_of(span.condition)
        return
    for start, end in _holes(span.start_ms, span.end_ms, covered):
        if end == span.end_ms:
            yield start, end, _rank_of_tail(span)
        elif start == span.start_ms:
            yield start, end, _RANK[Fate.LOST, Loss.STARTING]
        else:
            yield start, end, _RANK[Fate.LOST, Loss.CAPTURE_FAILED]


def _rank_of(condition: Condition) -> int:
    if condition is Condition.PAUSED:
        return _RANK[Fate.PAUSED, None]
    if condition is Condition.OUT_OF_HOURS:  # the agent believed so; where the schedule says otherwise, it came late
        return _RANK[Fate.LOST, Loss.STARTING]
    return _RANK[Fate.LOST, Loss(condition.value)]


def _rank_of_tail(span: Span) -> int:
    """Of what was being recorded when the span ended and is in no chunk: not yet, if it goes on; else what ended it."""
    match span.ending:
        case Ending.OPEN:
            return _RANK[Fate.WAITING, None]
        case Ending.CUT:
            return _RANK[Fate.LOST, Loss.OFF]
        case Ending.LEFT:
            if span.next is None:
                return _RANK[Fate.LOST, Loss.OFF]
            return _RANK[Fate.LOST, Loss(span.next) if span.next in _FAULTS else Loss.CAPTURE_FAILED]


def union(pieces: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same time without overlaps, in order."""
    whole: list[tuple[int, int]] = []
    for start, end in sorted(pieces):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        elif start < end:
            whole.append((start, end))
    return whole


def _holes(start_ms: int, end_ms: int, covered: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The parts of [start_ms, end_ms) that no piece of the union covers."""
    at = start_ms
    first = max(bisect_right(covered, (start_ms, start_ms)) - 1, 0)
    for start, end in islice(covered, first, None):
        if start >= end_ms:
            break
        if at < start:
            yield at, start
        at = max(at, end)
    if at < end_ms:
        yield at, end_ms
