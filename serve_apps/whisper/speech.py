"""Stored chunks → the speech of one dialogue as samples, in absolute time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from audio import cut
from audio.decode import RATE_HZ, Samples
from audio.store import AudioStore
from domain.asr import SpeechRef
from domain.errors import Rejected
from domain.packing import PackingRules, Piece, widen

SAMPLES_PER_MS = RATE_HZ // 1000
MAX_CHUNK_S = 3600.0


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples (float32, mono, 16 kHz) from `start_ms` on."""

    start_ms: int
    samples: Samples

    @property
    def end_ms(self) -> int:
        return self.start_ms + len(self.samples) // SAMPLES_PER_MS


@dataclass(frozen=True, slots=True)
class Speech:
    """What one dialogue sounds like: its speech, padded; sounds ascending and disjoint."""

    sounds: tuple[Sound, ...]

    @property
    def length_ms(self) -> int:
        return sum(sound.end_ms - sound.start_ms for sound in self.sounds)

    def pieces(self, owner: int) -> list[Piece]:
        return [Piece(owner, sound.start_ms, sound.end_ms) for sound in self.sounds]

    def samples(self, start_ms: int, end_ms: int) -> Samples:
        """Samples of a stretch that lies in one sound, or over sounds that meet."""
        inside = [
            sound.samples[max(0, start_ms - sound.start_ms) * SAMPLES_PER_MS :][: (end_ms - start_ms) * SAMPLES_PER_MS]
            for sound in self.sounds
            if sound.start_ms < end_ms and start_ms < sound.end_ms
        ]
        return np.concatenate(inside)[: (end_ms - start_ms) * SAMPLES_PER_MS]


def load_speech(store: AudioStore, speech: Sequence[SpeechRef], padding_ms: int, rules: PackingRules) -> Speech:
    """Reads and decodes each chunk once. Blocking.

    Raises Rejected where a chunk is missing, changed, not audio, or ends before the speech; Unavailable with the store.
    """
    wanted: list[cut.Piece] = []
    shifts_ms: list[int] = []
    for (path, sha256), refs in groupby(speech, key=lambda ref: (ref.stored_path, ref.sha256)):
        chunk = list(refs)
        pieces = widen([Piece(0, ref.start_ms, ref.end_ms) for ref in chunk], padding_ms, rules.join_ms)
        wanted += [cut.Piece(path, max(0, piece.start_ms), piece.end_ms, sha256) for piece in pieces]
        shifts_ms += [ref.at_ms - ref.start_ms for ref in chunk]
    cuts = cut.load_pieces(store, wanted, 0, max_s=MAX_CHUNK_S)
    if not any(len(found.samples) for found in cuts):
        raise Rejected("the chunks end before the dialogue's speech begins; do they belong to it?")
    sounds = (Sound(c.start_ms + shift, c.samples) for c, shift in zip(cuts, shifts_ms, strict=True))
    return Speech(tuple(_disjoint(sounds)))


def _disjoint(sounds: Iterable[Sound]) -> Iterator[Sound]:
    """Drops what two chunks both hold (codec padding at their border) and sounds without samples."""
    end_ms: int | None = None
    for sound in sounds:
        late = sound if end_ms is None or sound.start_ms >= end_ms else _from(sound, end_ms)
        if late.end_ms > late.start_ms:
            yield late
            end_ms = late.end_ms


def _from(sound: Sound, start_ms: int) -> Sound:
    return Sound(start_ms, sound.samples[(start_ms - sound.start_ms) * SAMPLES_PER_MS :])


def from_recording(samples: Samples, pieces: Sequence[Piece]) -> Speech:
    """The speech of a recording that is in memory: `pieces` of it, ascending and disjoint, ms from its first sample."""
    starts = [max(0, piece.start_ms) for piece in pieces]
    sounds = (
        Sound(start_ms, samples[start_ms * SAMPLES_PER_MS : piece.end_ms * SAMPLES_PER_MS])
        for start_ms, piece in zip(starts, pieces, strict=True)
    )
    return Speech(tuple(sound for sound in sounds if len(sound.samples)))
