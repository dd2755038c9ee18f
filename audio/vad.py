"""Where somebody speaks: webrtcvad finds candidates in a few milliseconds, Silero confirms them.

webrtcvad alone calls most of pink noise speech; Silero alone costs twice the time and, its recurrent state worn by long
noise, misses more than it does when it starts afresh on each candidate. Quiet chunks are amplified first, because both
detectors go deaf with the level.
"""

from collections.abc import Callable, Sequence

import numpy as np
import webrtcvad

from audio.decode import RATE_HZ, Samples
from domain.speech import SpeechRules, cut_long, regions, smooth, stretches, widen
from domain.timeline import Span

_SAMPLES_PER_MS = RATE_HZ // 1000
Silero = Callable[[Samples], Samples]
"""Samples, a multiple of SILERO_SAMPLES, in; a probability of speech for each frame of that size out."""
SILERO_SAMPLES = 512
SILERO_MS = SILERO_SAMPLES // _SAMPLES_PER_MS
LOUD_DBFS = -26.0
"""Level to which the loud parts of a quiet chunk are raised: that of ordinary speech at a counter."""
MAX_GAIN_DB = 20.0
"""More would bring in the neighbours."""


class VoiceDetector:
    """Finds speech in one chunk at a time; one thread each call, safe to call from several threads.

    mode: webrtcvad's aggressiveness, 0 to 3; frame_ms: its frame, 10, 20 or 30; confirm: False leaves Silero out.
    """

    def __init__(self, rules: SpeechRules, *, mode: int = 2, frame_ms: int = 30, confirm: bool = True) -> None:
        self._rules = rules
        self._mode = mode
        self._frame_ms = frame_ms
        self._silero = _load_silero() if confirm else None

    def speech(self, samples: Samples) -> list[Span]:
        """Stretches of speech in ms from the first sample, ordered, apart, none longer than the rules allow.

        samples: float32 in [-1, 1], mono, 16 kHz, shape (n,).
        """
        length_ms = len(samples) // _SAMPLES_PER_MS
        level = amplify(samples)
        flags = smooth(self._first_pass(level), self._rules.majority_frames)
        if self._silero is None:
            frame_ms, probabilities = self._frame_ms, [float(flag) for flag in flags]
        else:
            candidates = widen(regions(flags, self._frame_ms), self._rules.margin_ms, length_ms)
            frame_ms, probabilities = SILERO_MS, _confirm(self._silero, level, candidates)
        found = cut_long(stretches(probabilities, frame_ms, self._rules), probabilities, frame_ms, self._rules)
        return [Span(span.start_ms, min(span.end_ms, length_ms)) for span in found if span.start_ms < length_ms]

    def _first_pass(self, samples: Samples) -> list[bool]:
        """webrtcvad's word on each whole frame."""
        pcm = (samples * 32767).astype(np.int16).tobytes()
        detector, step = webrtcvad.Vad(self._mode), self._frame_ms * _SAMPLES_PER_MS * 2
        return [detector.is_speech(pcm[i : i + step], RATE_HZ) for i in range(0, len(pcm) - step + 1, step)]


def _load_silero() -> Silero:
    # Imported here: faster_whisper brings CTranslate2 along, which only the process that listens should pay for.
    from faster_whisper.vad import get_vad_model

    model: Silero = get_vad_model()
    return model


def _confirm(silero: Silero, samples: Samples, candidates: Sequence[Span]) -> list[float]:
    """Silero's probability per 32 ms frame of the chunk; 0 where there is no candidate."""
    frames = np.zeros(-(-len(samples) // SILERO_SAMPLES) * SILERO_SAMPLES, np.float32)
    frames[: len(samples)] = samples
    probabilities = np.zeros(len(frames) // SILERO_SAMPLES, np.float32)
    for span in candidates:
        first, end = span.start_ms // SILERO_MS, -(-span.end_ms // SILERO_MS)
        piece = frames[first * SILERO_SAMPLES : end * SILERO_SAMPLES].copy()  # the model writes into its input
        probabilities[first:end] = silero(piece).reshape(-1)
    return [float(p) for p in probabilities]


def amplify(samples: Samples) -> Samples:
    """Raises a quiet chunk so that its loud parts (95th percentile of 30 ms frames) reach LOUD_DBFS; never lowers."""
    frame = 30 * _SAMPLES_PER_MS
    usable = len(samples) // frame * frame
    if not usable:
        return samples
    power = np.square(samples[:usable].reshape(-1, frame)).mean(axis=1)
    loud_db = 10 * np.log10(np.percentile(power, 95) + 1e-12)
    gain_db = float(np.clip(LOUD_DBFS - loud_db, 0.0, MAX_GAIN_DB))
    louder: Samples = np.clip(samples * 10 ** (gain_db / 20), -1.0, 1.0).astype(np.float32, copy=False)
    return louder
