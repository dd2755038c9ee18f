"""What of a stretch of audio is erased. Pure; ms since the epoch, or from a chunk's first sample where it says so."""

from collections.abc import Iterable, Sequence
from enum import Enum

from domain.coverage import union, without
from domain.timeline import Segment, Span

MARGIN_MS = 1_000
"""A dialogue is erased with so much around it: voices are found a little late and left a little early."""


class Reach(Enum):
    """How far erased time reaches into a chunk."""

    NOT = "not"
    PARTLY = "partly"
    WHOLLY = "wholly"


def reach(chunk: Span, erased: Iterable[Span]) -> Reach:
    """Wholly: every ms of the chunk is erased."""
    left = without([chunk], erased)
    if not left:
        return Reach.WHOLLY
    return Reach.NOT if left == [chunk] else Reach.PARTLY


def within_chunk(chunk: Span, erased: Iterable[Span]) -> list[Span]:
    """The erased parts of a chunk in ms from its first sample, ascending and apart."""
    start_ms, end_ms = chunk
    cut = (Span(max(e.start_ms, start_ms) - start_ms, min(e.end_ms, end_ms) - start_ms) for e in erased)
    return union(cut)


def what_stays(segments: Iterable[Segment], erased: Sequence[Span]) -> list[Segment]:
    """Speech less the erased time: a segment is shortened, goes, or falls into two. In order of time."""
    stays = []
    for segment in segments:
        for start_ms, end_ms in without([Span(segment.start_ms, segment.end_ms)], erased):
            first_ms = segment.offset_start_ms + start_ms - segment.start_ms
            last_ms = segment.offset_end_ms + end_ms - segment.end_ms
            stays.append(Segment(segment.chunk_id, first_ms, last_ms, start_ms, end_ms))
    return sorted(stays, key=lambda s: (s.start_ms, s.end_ms))


def around_dialogue(dialogue: Span, others: Iterable[Span]) -> Span:
    """The time to erase for a dialogue: with the margin on both sides, but never beyond the middle of the pause to the
    speech of another. `others`: speech of other dialogues near it."""
    start_ms, end_ms = dialogue.widened(MARGIN_MS)
    for other in others:
        if other.end_ms <= dialogue.start_ms:
            start_ms = max(start_ms, (other.end_ms + dialogue.start_ms + 1) // 2)
        elif other.start_ms >= dialogue.end_ms:
            end_ms = min(end_ms, (other.start_ms + dialogue.end_ms) // 2)
    return Span(start_ms, end_ms)
