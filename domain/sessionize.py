"""Speech becomes dialogues. Knows no clock: the same audio gives the same ones, whatever way it came."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from domain.lanes import chains
from domain.timeline import Coverage, Dialogue, Rules, Segment, Span


def sessionize(segments: Iterable[Segment], coverage: Iterable[Coverage], rules: Rules) -> list[Dialogue]:
    """Every segment of covered audio in exactly one dialogue, by start. Segments of other chunks are left out."""
    dialogues = [
        Dialogue(chain, first, last)
        for chain in chains(segments, coverage, rules)
        for first, last in _groups([Span(s.start_ms, s.end_ms) for s in chain.speech], rules)
    ]
    return sorted(dialogues, key=lambda d: d.span)


def split_speech(speech_ms: Iterable[tuple[int, int]], rules: Rules) -> list[Span]:
    """The rule applied to one uninterrupted recording: (start, end) of speech → spans of dialogues, in ms, by start."""
    spans = sorted(Span(*pair) for pair in speech_ms)
    return [
        Span(spans[first].start_ms, max(s.end_ms for s in spans[first:last])) for first, last in _groups(spans, rules)
    ]


def _groups(speech: Sequence[Span], rules: Rules) -> Iterator[tuple[int, int]]:
    """Index ranges [first, last) of speech that belongs together. `speech` is sorted by start.

    Splits at every pause longer than the silence, then at the longest pause (ties: the earliest) until no group is
    longer than the limit. Splitting at the longest pause keeps a late change local, as a greedy cut from the left
    does not: a boundary never depends on anything further away than limit + silence.
    """
    ends = list(accumulate((s.end_ms for s in speech), max))
    pauses = [max(0, after.start_ms - end) for end, after in zip(ends, speech[1:], strict=False)]
    cuts = [i + 1 for i, pause in enumerate(pauses) if pause > rules.silence_ms]
    waiting = [(first, last) for first, last in zip([0, *cuts], [*cuts, len(speech)], strict=True) if first < last]
    waiting.reverse()
    while waiting:
        first, last = waiting.pop()
        if last - first == 1 or ends[last - 1] - speech[first].start_ms <= rules.max_ms:
            yield first, last
            continue
        cut = 1 + max(range(first, last - 1), key=lambda i: (pauses[i], -i))
        waiting += [(cut, last), (first, cut)]
