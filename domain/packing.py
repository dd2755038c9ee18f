"""The packing plan: speech of many dialogues laid into few Whisper windows, and words carried back.

Whisper pays for 30 s of encoder whatever a window holds, so densely packed windows are what makes batches cheap.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from domain.transcript import Word


@dataclass(frozen=True, slots=True)
class PackingRules:
    """All in milliseconds.

    max_window_ms: below Whisper's 30 s, so that the last word keeps room; gap_ms: silence between strangers, enough for
    the aligner to set its borders; join_ms: shorter pauses of one dialogue are kept as they sound.
    """

    max_window_ms: int = 29_000
    gap_ms: int = 300
    join_ms: int = 500
    look_back_ms: int = 4_000
    """A full window is broken at the longest pause this close to its end, not in the middle of a turn."""


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """Speech of one dialogue between two instants. `owner`: the dialogue's place in the batch; times in ms."""

    owner: int
    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece at its place in a window, `offset_ms` from the window's first sample."""

    piece: Piece
    offset_ms: int

    @property
    def end_ms(self) -> int:
        return self.offset_ms + self.piece.length_ms

    def distance_ms(self, at_ms: float) -> float:
        """How far an instant of the window lies outside this piece; 0 inside."""
        return max(self.offset_ms - at_ms, at_ms - self.end_ms, 0.0)


@dataclass(frozen=True, slots=True)
class Window:
    """What one encoder pass hears: pieces in ascending, disjoint places."""

    placed: tuple[Placed, ...]

    @property
    def length_ms(self) -> int:
        return self.placed[-1].end_ms


def widen(pieces: Sequence[Piece], padding_ms: int, join_ms: int) -> list[Piece]:
    """Pads the pieces of one dialogue on both sides; neighbours nearer than `join_ms` after that meet half-way.

    `pieces` ascending and disjoint; so is the result. Plosives and trailing vowels lie outside what a VAD calls speech.
    """
    starts = [piece.start_ms - padding_ms for piece in pieces]
    ends = [piece.end_ms + padding_ms for piece in pieces]
    for i in range(len(pieces) - 1):
        if starts[i + 1] - ends[i] <= join_ms:
            ends[i] = starts[i + 1] = (pieces[i].end_ms + pieces[i + 1].start_ms) // 2
    return [Piece(p.owner, start, end) for p, start, end in zip(pieces, starts, ends, strict=True)]


def pack(pieces: Sequence[Piece], rules: PackingRules) -> list[Window]:
    """Lays pieces into windows in the given order; the same input gives the same plan.

    Pieces of one owner must be ascending and disjoint. A piece is split only where it is longer than a window.
    """
    windows: list[Window] = []
    waiting = [part for piece in pieces if piece.length_ms > 0 for part in _split(piece, rules.max_window_ms)]
    while waiting:
        window = _fill(waiting, rules)
        if len(window) < len(waiting):
            window = window[: _best_break(window, waiting, rules)]
        windows.append(Window(tuple(window)))
        waiting = waiting[len(window) :]
    return windows


def _split(piece: Piece, max_ms: int) -> Iterator[Piece]:
    parts = -(-piece.length_ms // max_ms)
    borders = [piece.start_ms + piece.length_ms * i // parts for i in range(parts + 1)]
    return (Piece(piece.owner, start, end) for start, end in pairwise(borders))


def _fill(pieces: Sequence[Piece], rules: PackingRules) -> list[Placed]:
    window = [Placed(pieces[0], 0)]
    for before, piece in pairwise(pieces):
        placed = Placed(piece, window[-1].end_ms + min(_pause_ms(before, piece, rules.gap_ms), rules.gap_ms))
        if placed.end_ms > rules.max_window_ms:
            break
        window.append(placed)
    return window


def _best_break(window: Sequence[Placed], pieces: Sequence[Piece], rules: PackingRules) -> int:
    """How many pieces of a full window to keep: up to the longest pause near its end, ties to the fuller window."""
    floor_ms = window[-1].end_ms - rules.look_back_ms
    counts = [n for n in range(1, len(window) + 1) if window[n - 1].end_ms >= floor_ms]
    return max(counts, key=lambda n: (_pause_ms(pieces[n - 1], pieces[n], rules.max_window_ms), n))


def _pause_ms(before: Piece, piece: Piece, stranger_ms: int) -> int:
    return piece.start_ms - before.end_ms if piece.owner == before.owner else stranger_ms


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word as Whisper timed it, ms from the window's first sample."""

    start_ms: float
    end_ms: float
    word: str
    probability: float


def whole_words(parts: Iterable[HeardWord]) -> list[HeardWord]:
    """Joins what Whisper's tokens tear apart: " $6" and ".40", " что" and "-то".

    A part that begins with neither a space nor a letter continues the word before it.
    """
    words: list[HeardWord] = []
    for part in parts:
        if words and part.word and not part.word[0].isspace() and not part.word[0].isalpha():
            before = words[-1]
            probability = min(before.probability, part.probability)
            words[-1] = HeardWord(before.start_ms, part.end_ms, before.word + part.word, probability)
        else:
            words.append(part)
    return words


def carry_back(window: Window, words: Sequence[HeardWord]) -> list[tuple[int, Word]]:
    """Gives each word of a window to the piece that it lies in (in a gap, the nearest), in that piece's time.

    Returns (owner, word) in the order heard: none lost, none doubled, each inside its piece, never running backwards.
    """
    carried: list[tuple[int, Word]] = []
    at, floor_ms = 0, 0
    for word in words:
        middle = (word.start_ms + word.end_ms) / 2
        nearest = min(range(at, len(window.placed)), key=lambda i: (window.placed[i].distance_ms(middle), i))
        placed = window.placed[nearest]
        if nearest != at or not carried:
            at, floor_ms = nearest, placed.piece.start_ms
        shift = placed.piece.start_ms - placed.offset_ms
        start_ms = min(max(round(word.start_ms) + shift, floor_ms), placed.piece.end_ms)
        end_ms = min(max(round(word.end_ms) + shift, start_ms), placed.piece.end_ms)
        floor_ms = end_ms
        carried.append((placed.piece.owner, Word(start_ms, end_ms, word.word, word.probability)))
    return carried


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces of one owner with those made one that meet."""
    whole: list[Piece] = []
    for piece in pieces:
        if whole and piece.start_ms <= whole[-1].end_ms:
            whole[-1] = Piece(piece.owner, whole[-1].start_ms, piece.end_ms)
        else:
            whole.append(piece)
    return whole


def holes(pieces: Sequence[Piece], words: Sequence[Word], min_ms: int) -> list[Piece]:
    """Stretches of speech, at least `min_ms` long, in which no word was heard: where Whisper stopped or skipped.

    `pieces` and `words` of one owner, ascending.
    """
    found: list[Piece] = []
    for piece in pieces:
        at_ms = piece.start_ms
        for word in words:
            if word.end_ms <= at_ms or word.start_ms >= piece.end_ms:
                continue
            found.append(Piece(piece.owner, at_ms, word.start_ms))
            at_ms = word.end_ms
        found.append(Piece(piece.owner, at_ms, piece.end_ms))
    return [hole for hole in found if hole.length_ms >= min_ms]
