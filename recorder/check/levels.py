"""How loud, how noisy, how clipped: pure arithmetic on 16-bit samples.

A level is that of 50 ms frames in dBFS (0 = a square wave at full scale). A frame's own mean is taken off first: cheap
USB microphones sit on a constant offset that would count as noise.

Noise: the median frame of the quiet recording. A door or a cough in it changes nothing, music counts as it should.
Speech: the 90th percentile of the phrase's frames, less the noise that sounds along, less 2.9 dB. A percentile that
high needs only half a second of speech in five, so pauses and a slow start don't matter; and it stands 2.9 ± 0.5 dB
above the active speech level (mean power while somebody speaks, as in ITU-T P.56), measured on 34 utterances of the
sample shop day mixed with pink noise.
"""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

FRAME_S = 0.05
FULL_SCALE = 32768.0
SILENCE_DBFS = -120.0
"""Of nothing but equal samples: below the last bit of 16, which is -90."""
SPEECH_CREST_DB = 2.9
HEARD_DB = 3.0
"""Speech lifts the loud frames by more than the noise itself varies; pink noise's 90th percentile is 1.5 dB up."""
NEAR_FULL = 32440
"""99 % of full scale."""
CLIPPED_IN_A_ROW = 3
"""Samples. An unclipped peak that grazes full scale has one or two."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Of one recording. `clippings`: how many times it stuck at full scale. `flat`: every sample has the same value.
    `spread_db`: between the 90th and the 20th percentile."""

    length_s: float
    median_dbfs: float
    loud_dbfs: float
    spread_db: float
    peak_dbfs: float
    clippings: int
    flat: bool


@dataclass(frozen=True, slots=True)
class Speech:
    """`level_dbfs`: while somebody speaks. `snr_db`: over the noise. `heard`: it is louder than the noise alone."""

    level_dbfs: float
    snr_db: float
    heard: bool


def measure(samples: "array[int]", rate: int) -> Levels:
    """`samples`: mono, signed 16 bit, at `rate` Hz; at least one frame of them, else ValueError."""
    size = round(rate * FRAME_S)
    frames = [samples[at : at + size] for at in range(0, len(samples) - size + 1, size)]
    if not frames:
        raise ValueError("too short to measure")
    levels = sorted(_dbfs(_power(frame)) for frame in frames)
    peak = max(max(samples), -min(samples))
    loud = _percentile(levels, 90)
    return Levels(
        length_s=len(samples) / rate,
        median_dbfs=_percentile(levels, 50),
        loud_dbfs=loud,
        spread_db=loud - _percentile(levels, 20),
        peak_dbfs=_dbfs((peak / FULL_SCALE) ** 2),
        clippings=sum(_clippings(frame) for frame in frames if max(frame) >= NEAR_FULL or min(frame) <= -NEAR_FULL),
        flat=min(samples) == max(samples),
    )


def speech(phrase: Levels, quiet: Levels) -> Speech:
    """What was said in `phrase` against the noise of `quiet`."""
    noise = _linear(quiet.median_dbfs)
    level = _dbfs(_linear(phrase.loud_dbfs) - noise) - SPEECH_CREST_DB
    return Speech(level, level - quiet.median_dbfs, phrase.loud_dbfs - quiet.median_dbfs >= HEARD_DB)


def _power(frame: "array[int]") -> float:
    mean, square = sum(frame) / len(frame), float(sum(map(mul, frame, frame))) / len(frame)
    return max(square - mean * mean, 0.0) / (FULL_SCALE * FULL_SCALE)


def _clippings(frame: "array[int]") -> int:
    """Runs of samples that stuck at one end."""
    runs = row = 0
    end = 0
    for sample in frame:
        at = 1 if sample >= NEAR_FULL else -1 if sample <= -NEAR_FULL else 0
        row = row + 1 if at and at == end else int(at != 0)
        end = at
        runs += row == CLIPPED_IN_A_ROW
    return runs


def _percentile(ascending: Sequence[float], percent: int) -> float:
    return ascending[min(len(ascending) * percent // 100, len(ascending) - 1)]


def _dbfs(power: float) -> float:
    return max(10 * math.log10(power), SILENCE_DBFS) if power > 0 else SILENCE_DBFS


def _linear(dbfs: float) -> float:
    return float(10 ** (dbfs / 10))
