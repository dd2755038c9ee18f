"""Which stretches of which chunks make the clip of one dialogue, and where each instant stands in it.

Within a chunk the clip is as it was recorded, pauses too: a listener hears how long somebody hesitated. Where no audio
is (never received, erased, another run of the recorder), GAP_MS of silence stands for it, however long it was.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PADDING_MS = 500
GAP_MS = 500
JOIN_MS = 500
"""Chunks that follow each other within this are one recording: the codec's padding, a clock that creeps."""
MAX_CLIP_MS = 600_000


@dataclass(frozen=True, slots=True)
class ClipChunk:
    """A stored chunk. Instants in ms since the epoch; `length_ms` as decoded."""

    stored_path: str
    sha256: str
    start_ms: int
    length_ms: int


@dataclass(frozen=True, slots=True)
class ClipPiece:
    """A stretch of a chunk, `offset_ms` from its first sample; at `clip_ms` in the clip; `at_ms`: when it sounded."""

    stored_path: str
    sha256: str
    offset_ms: int
    length_ms: int
    at_ms: int
    clip_ms: int


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """Pieces in order; between two that do not touch in the clip is silence. No pieces: there is nothing to hear.
    `start_ms`: the instant at which the clip was to begin."""

    pieces: tuple[ClipPiece, ...]
    start_ms: int = 0

    @property
    def duration_ms(self) -> int:
        return self.pieces[-1].clip_ms + self.pieces[-1].length_ms if self.pieces else 0

    def clip_ms(self, at_ms: int) -> int:
        """Where an instant stands in the clip; one that is not in it, at the nearest border. Without any audio: where
        it would stand if all of it were there."""
        if not self.pieces:
            return max(at_ms - self.start_ms, 0)
        i = max(bisect_right([piece.at_ms for piece in self.pieces], at_ms) - 1, 0)
        piece = self.pieces[i]
        return piece.clip_ms + min(max(at_ms - piece.at_ms, 0), piece.length_ms)


def plan_clip(chunks: Iterable[ClipChunk], start_ms: int, end_ms: int, padding_ms: int = PADDING_MS) -> ClipPlan:
    """The clip from `start_ms` to `end_ms` with padding on both sides, MAX_CLIP_MS at most. What two chunks both have
    is heard once, from the earlier."""
    begin = start_ms - padding_ms
    end = min(end_ms + padding_ms, begin + MAX_CLIP_MS)
    pieces: list[ClipPiece] = []
    for chunk in sorted(chunks, key=lambda chunk: (chunk.start_ms, chunk.stored_path)):
        heard_to = pieces[-1].at_ms + pieces[-1].length_ms if pieces else begin
        first, last = max(chunk.start_ms, heard_to, begin), min(chunk.start_ms + chunk.length_ms, end)
        if first < last:
            offset_ms = first - chunk.start_ms
            at = _next_clip_ms(pieces, first)
            pieces.append(ClipPiece(chunk.stored_path, chunk.sha256, offset_ms, last - first, first, at))
    return ClipPlan(tuple(pieces), begin)


def _next_clip_ms(pieces: Sequence[ClipPiece], at_ms: int) -> int:
    if not pieces:
        return 0
    last = pieces[-1]
    gap_ms = at_ms - (last.at_ms + last.length_ms)
    return last.clip_ms + last.length_ms + (GAP_MS if gap_ms > JOIN_MS else 0)
