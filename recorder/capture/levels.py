"""Levels of seconds as levels of chunks."""

import math

from recorder.capture.ffmpeg import Level

_SILENCE_DBFS = -120.0
"""What a level of nothing but zeros is called where only numbers can be written."""


class ChunkLevels:
    """Gathers each chunk's power and peak until it is taken. `chunk_samples`: per chunk, at the encoded rate."""

    def __init__(self, chunk_samples: int) -> None:
        self._chunk_samples = chunk_samples
        self._powers: dict[int, list[float]] = {}
        self._peaks: dict[int, float] = {}

    def add(self, level: Level) -> None:
        """A second belongs to the chunk in which its last sample lies."""
        seq = (level.samples - 1) // self._chunk_samples
        self._powers.setdefault(seq, []).append(10 ** (level.rms_dbfs / 10))
        self._peaks[seq] = max(self._peaks.get(seq, -math.inf), level.peak_dbfs)

    def take(self, seq: int) -> tuple[float | None, float | None]:
        """RMS and peak in dBFS, None where not one second of the chunk was measured; forgets them."""
        powers, peak = self._powers.pop(seq, None), self._peaks.pop(seq, None)
        if powers is None or peak is None:
            return None, None
        power = sum(powers) / len(powers)
        rms = 10 * math.log10(power) if power > 0 else _SILENCE_DBFS
        return round(max(rms, _SILENCE_DBFS), 1), round(max(peak, _SILENCE_DBFS), 1)
