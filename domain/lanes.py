"""Which chunks follow which. One capture run that never jumps back is one lane; lanes that overlap stay apart.

Everything here looks a few seconds around a border and nowhere else, so that a part of the day gives the same answer
as the whole day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from domain.ids import ChunkId
from domain.timeline import Chain, Coverage, Rules, Segment


@dataclass(frozen=True, slots=True)
class Lane:
    """Chunks of one capture run, each following the one before. `end_ms` is the latest end."""

    chunks: tuple[Coverage, ...]

    @property
    def start_ms(self) -> int:
        return self.chunks[0].start_ms

    @property
    def end_ms(self) -> int:
        return max(c.end_ms for c in self.chunks)


def chains(segments: Iterable[Segment], coverage: Iterable[Coverage], rules: Rules) -> list[Chain]:
    """Lanes joined where they follow each other, with their speech. Segments of chunks not covered are left out."""
    speech: dict[ChunkId, list[Segment]] = {}
    for segment in segments:
        speech.setdefault(segment.chunk_id, []).append(segment)
    return [
        Chain(
            audio := tuple(chunk for lane in joined for chunk in lane.chunks),
            tuple(sorted((s for c in audio for s in speech.get(c.chunk_id, ())), key=lambda s: (s.start_ms, s.end_ms))),
        )
        for joined in _join(_lanes(coverage, rules), rules)
    ]


def _lanes(coverage: Iterable[Coverage], rules: Rules) -> list[Lane]:
    """By start. Chunks without decoded audio are in no lane; a chunk without a capture run is a lane of its own."""
    audible = [c for c in coverage if c.end_ms > c.start_ms]
    lanes = [Lane((c,)) for c in audible if c.run is None]
    numbered = sorted((c for c in audible if c.run is not None), key=lambda c: (str(c.run), c.seq or 0))
    for _, run in groupby(numbered, key=lambda c: c.run):
        lanes += (Lane(tuple(part)) for part in _unbroken(run, rules))
    return sorted(lanes, key=lambda lane: (lane.start_ms, lane.end_ms))


def _unbroken(run: Iterable[Coverage], rules: Rules) -> Iterator[list[Coverage]]:
    """Cuts a run, in order of its numbers, at missing numbers, at jumps back and at gaps longer than the silence."""
    part: list[Coverage] = []
    for chunk in run:
        if part and not _continues(part[-1], chunk, rules):
            yield part
            part = []
        part.append(chunk)
    if part:
        yield part


def _continues(before: Coverage, after: Coverage, rules: Rules) -> bool:
    gap_ms = after.start_ms - before.end_ms
    is_next = after.seq == (before.seq or 0) + 1 and after.start_ms >= before.start_ms
    return is_next and -rules.contiguity_ms <= gap_ms <= rules.silence_ms


def _join(lanes: list[Lane], rules: Rules) -> list[list[Lane]]:
    """Chains of lanes, by start of the first.

    B follows A where B starts no earlier than A's end − contiguity, no later than A's end + silence, and no third
    lane sounds anywhere between (contiguity included on both sides). A third that does makes it ambiguous which two
    belong together, so none join; hence each lane has at most one before it and one after it.
    """
    starts = [lane.start_ms for lane in lanes]
    ends = sorted(lane.end_ms for lane in lanes)
    following: dict[int, int] = {}
    for i, lane in enumerate(lanes):
        earliest_ms = max(lane.end_ms - rules.contiguity_ms, lane.start_ms + 1)
        j = bisect_left(starts, earliest_ms)
        if j == len(lanes) or starts[j] > lane.end_ms + rules.silence_ms:
            continue
        begun = bisect_right(starts, starts[j] + rules.contiguity_ms)
        over = bisect_left(ends, lane.end_ms - rules.contiguity_ms)
        if begun - over == 2:
            following[i] = j
    heads = set(range(len(lanes))) - set(following.values())
    return [[lanes[k] for k in _walk(head, following)] for head in sorted(heads)]


def _walk(head: int, following: dict[int, int]) -> Iterator[int]:
    at: int | None = head
    while at is not None:
        yield at
        at = following.get(at)
