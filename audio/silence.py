"""A recording with parts of it made silent: decoded, set to zero, encoded anew. The length stays, to the sample."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from uuid import uuid4

import av
import numpy as np
from av.audio.fifo import AudioFifo

from audio.decode import OPUS_RATE_HZ, Samples, decode
from audio.store import AudioStore
from domain.chunks import silenced_path
from domain.errors import Rejected
from domain.timeline import Span

_FRAME = OPUS_RATE_HZ // 50
"""20 ms, as recorders encode."""
_BIT_RATE = 64_000
"""More than twice a recorder's: what stays is encoded a second time, and shall sound the same."""
_SAMPLES_PER_MS = OPUS_RATE_HZ // 1000


@dataclass(frozen=True, slots=True)
class SilentFile:
    """A file that took another's place. Ogg/Opus, mono, 48 kHz; `length_ms` as decoded."""

    path: str
    sha256: str
    size_bytes: int
    length_ms: int


def store_silenced(store: AudioStore, path: str, spans: Iterable[Span], *, max_s: float) -> SilentFile:
    """Puts the file at `path` into the store once more, silent in `spans` (ms from the first sample), under a path of
    its own. The old one stays. Blocking: 0.9 s for a minute of audio on one core.

    Raises Rejected where there is no such file, or it is not audio, or longer than `max_s` seconds; Unavailable where
    the store is down.
    """
    try:
        encoded = store.read(path)
    except FileNotFoundError:
        raise Rejected(f"{path} is not in the audio store") from None
    silent, length_ms = silenced(encoded, spans, max_s=max_s)
    target = silenced_path(path, uuid4())
    store.put(target, silent)
    return SilentFile(target, hashlib.sha256(silent).hexdigest(), len(silent), length_ms)


def silenced(encoded: bytes, spans: Iterable[Span], *, max_s: float) -> tuple[bytes, int]:
    """The file as Ogg/Opus, mono, with silence in `spans` (ms from the first sample); and its length, ms.

    Opus keeps state from frame to frame, so silence is put into the samples: nothing of what they were is encoded.
    Raises Rejected where the file is not audio, or longer than `max_s` seconds.
    """
    samples = decode(encoded, rate=OPUS_RATE_HZ, max_s=max_s)
    for span in spans:
        samples[span.start_ms * _SAMPLES_PER_MS : span.end_ms * _SAMPLES_PER_MS] = 0.0
    return encode(samples), len(samples) // _SAMPLES_PER_MS


def encode(samples: Samples) -> bytes:
    """Mono samples at 48 kHz as an Ogg/Opus file."""
    out = BytesIO()
    with av.open(out, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=OPUS_RATE_HZ, layout="mono")
        stream.bit_rate = _BIT_RATE
        whole = av.AudioFrame.from_ndarray(samples.reshape(1, -1).astype(np.float32), format="flt", layout="mono")
        whole.sample_rate = OPUS_RATE_HZ
        whole.pts = 0
        frames = AudioFifo()
        frames.write(whole)
        for frame in [*frames.read_many(_FRAME, partial=True), None]:
            container.mux(stream.encode(frame))
    return out.getvalue()
