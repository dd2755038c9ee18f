"""Stored chunks, and pieces of them, as samples: what the detectors and Whisper listen to."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from audio.decode import RATE_HZ, Samples, decode
from audio.store import AudioStore
from domain.errors import Rejected
from domain.timeline import Span

_SAMPLES_PER_MS = RATE_HZ // 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one stored chunk. Offsets in ms from the chunk's first decoded sample.

    `sha256`: hex of the whole file, checked where given.
    """

    stored_path: str
    start_ms: int
    end_ms: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece's samples (float32, mono, 16 kHz), padding included. Sample i sounds at `start_ms` + i / 16 ms."""

    samples: Samples
    start_ms: int


def load_chunk(store: AudioStore, path: str, sha256: str | None, *, max_s: float, rate: int = RATE_HZ) -> Samples:
    """The samples of a whole chunk, at `rate` hertz. `sha256`: hex of its file, checked where given.

    Raises Rejected where the file is missing, another one, not audio, or longer than `max_s` seconds; Unavailable
    where the store is down.
    """
    try:
        encoded = store.read(path)
    except FileNotFoundError:
        raise Rejected(f"{path} is not in the audio store; was it deleted, or is storage.url another store?") from None
    if sha256 is not None and hashlib.sha256(encoded).hexdigest() != sha256:
        raise Rejected(f"{path} is not the file that was received: its SHA-256 differs from {sha256}")
    return decode(encoded, rate=rate, max_s=max_s)


def load_pieces(store: AudioStore, pieces: Sequence[Piece], padding_ms: int, *, max_s: float) -> list[Cut]:
    """One cut for each piece, in order; each chunk is read and decoded once.

    Raises as `load_chunk` does.
    """
    stretches = padded(pieces, padding_ms)
    cuts: list[Cut | None] = [None] * len(pieces)
    for path in dict.fromkeys(piece.stored_path for piece in pieces):
        mine = [i for i, piece in enumerate(pieces) if piece.stored_path == path]
        samples = load_chunk(store, path, pieces[mine[0]].sha256, max_s=max_s)
        for i in mine:
            start_ms = min(stretches[i].start_ms, len(samples) // _SAMPLES_PER_MS)
            cut = samples[start_ms * _SAMPLES_PER_MS : stretches[i].end_ms * _SAMPLES_PER_MS]
            cuts[i] = Cut(cut.copy(), start_ms)  # a view would keep the whole chunk in memory
    return [cut for cut in cuts if cut is not None]


def padded(pieces: Sequence[Piece], padding_ms: int) -> list[Span]:
    """Each piece with padding on both sides, never past its chunk's start nor beyond the middle of the pause to the
    next piece of the same chunk: no word is heard twice."""
    order = sorted(range(len(pieces)), key=lambda i: (pieces[i].stored_path, pieces[i].start_ms))
    spans = [Span(max(0, p.start_ms - padding_ms), p.end_ms + padding_ms) for p in pieces]
    for left, right in pairwise(order):
        if pieces[left].stored_path == pieces[right].stored_path and spans[left].end_ms > spans[right].start_ms:
            middle = (pieces[left].end_ms + pieces[right].start_ms) // 2
            spans[left] = Span(spans[left].start_ms, max(pieces[left].end_ms, middle))
            spans[right] = Span(min(pieces[right].start_ms, middle), spans[right].end_ms)
    return spans
