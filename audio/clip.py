"""The clip of one dialogue as a file that browsers play, and how loud it is. The same plan gives the same bytes."""

from io import BytesIO

import av
import numpy as np
from av.audio.fifo import AudioFifo

from audio.cut import load_chunk
from audio.decode import Samples
from audio.store import AudioStore
from domain.clip import ClipPlan

RATE_HZ = 24_000
"""Speech up to 12 kHz: half the work of 48 kHz, and nobody hears the difference at a counter."""
_BIT_RATE = 32_000
_FRAME = RATE_HZ // 50
_SAMPLES_PER_MS = RATE_HZ // 1000
_ENCODER = {"compression_level": "3"}
"""Of 10: four times as fast, a little larger."""
MEDIA_TYPE = "audio/ogg"
QUIETEST = 1e-3
"""Below this peak a clip is taken for silence, not made loud."""


def clip_samples(store: AudioStore, plan: ClipPlan, *, max_s: float) -> Samples:
    """Mono samples at RATE_HZ; zeros where the plan has no piece. Blocking; memory: one decoded chunk beside the clip.

    Raises Rejected where a file is gone, or another than it was; Unavailable where the store is down.
    """
    samples = np.zeros(plan.duration_ms * _SAMPLES_PER_MS, np.float32)
    for piece in plan.pieces:
        chunk = load_chunk(store, piece.stored_path, piece.sha256, max_s=max_s, rate=RATE_HZ)
        part = chunk[piece.offset_ms * _SAMPLES_PER_MS :][: piece.length_ms * _SAMPLES_PER_MS]
        start = piece.clip_ms * _SAMPLES_PER_MS
        samples[start : start + len(part)] = part
    return samples


def encode_clip(samples: Samples) -> bytes:
    """Mono samples at RATE_HZ as an Ogg/Opus file. Without anything in it that differs from run to run."""
    out = BytesIO()
    with av.open(out, "w", format="ogg", options={"fflags": "bitexact"}) as container:
        stream = container.add_stream("libopus", rate=RATE_HZ, layout="mono", options=_ENCODER)
        stream.bit_rate = _BIT_RATE
        whole = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
        whole.sample_rate, whole.pts = RATE_HZ, 0
        frames = AudioFifo()
        frames.write(whole)
        for frame in [*frames.read_many(_FRAME, partial=True), None]:
            container.mux(stream.encode(frame))
    return out.getvalue()


def loudness(samples: Samples, bins: int) -> list[float]:
    """`bins` peaks evenly over the samples, 0 to 1 of the loudest; all 0 where there is nothing to hear."""
    if len(samples) == 0:
        return [0.0] * bins
    edges = np.linspace(0, len(samples), bins + 1).astype(np.int64)[:-1]
    peaks = np.maximum.reduceat(np.abs(samples), np.minimum(edges, len(samples) - 1))
    loudest = float(np.max(peaks))
    return [round(float(peak) / loudest, 3) if loudest > QUIETEST else 0.0 for peak in peaks]
