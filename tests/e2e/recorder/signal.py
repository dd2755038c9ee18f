"""A sound of which every stretch is different, so that a chunk's place in it is known by listening."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.decode import decode

RATE = 48_000
HEARD_RATE = 16_000
_SLOT_S = Fraction(1, 20)
_LOWEST_HZ, _HIGHEST_HZ = 400, 3000


def known_signal(seconds: int, rate: int = RATE) -> NDArray[np.int16]:
    """Tones of 50 ms at random pitches (always the same ones), mono, at -12 dBFS."""
    slot = int(rate * _SLOT_S)
    pitches = np.random.default_rng(42).uniform(_LOWEST_HZ, _HIGHEST_HZ, int(seconds / _SLOT_S))
    phase = 2 * np.pi * np.cumsum(np.repeat(pitches, slot)) / rate
    return (np.sin(phase) * 8192).astype(np.int16)


class Source:
    """The whole sound as the decoder would hear it."""

    def __init__(self, seconds: int) -> None:
        self._samples = known_signal(seconds, HEARD_RATE).astype(np.float32)
        self._spectra: dict[int, NDArray[np.complex64]] = {}

    def place_of(self, recording: bytes | Path) -> tuple[float, float] | None:
        """Where the recording's sound lies in this one: (start, end) in seconds; None for less than a second, of which
        nobody could tell.

        By the highest cross-correlation of its middle two seconds; ends counted from there by its decoded length.
        Fails where nothing stands out.
        """
        heard = decode(recording, max_s=600)
        if len(heard) < HEARD_RATE:
            return None
        middle = max(0, len(heard) // 2 - HEARD_RATE)
        piece = heard[middle : middle + 2 * HEARD_RATE]
        size = 1 << (len(self._samples) + len(piece) - 1).bit_length()
        if size not in self._spectra:
            self._spectra[size] = np.fft.rfft(self._samples, size)
        likeness = np.abs(np.fft.irfft(self._spectra[size] * np.conj(np.fft.rfft(piece, size)), size))
        best = int(np.argmax(likeness[: len(self._samples)]))
        around = slice(max(0, best - HEARD_RATE // 20), best + HEARD_RATE // 20)
        elsewhere = np.delete(likeness[: len(self._samples)], np.r_[around])
        assert likeness[best] > 2 * elsewhere.max(), "this recording is not of the known sound"
        start_s = (best - middle) / HEARD_RATE
        return start_s, start_s + len(heard) / HEARD_RATE
