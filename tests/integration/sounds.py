"""Audio files made by the tests: any container and codec, and Ogg/Opus that unfolds to hours."""

from fractions import Fraction
from io import BytesIO

import av
import numpy as np
from numpy.typing import NDArray

CODECS = {"ogg": "libopus", "wav": "pcm_s16le", "mp3": "libmp3lame", "ipod": "aac", "flac": "flac", "webm": "libopus"}
"""FFmpeg's container names, each with the codec that people put there."""


def encode(samples: NDArray[np.float32], rate: int = 48_000, container: str = "ogg", codec: str | None = None) -> bytes:
    """samples: float32 in [-1, 1], shape (n,) or (channels, n)."""
    channels = np.atleast_2d(samples)
    out = BytesIO()
    with av.open(out, "w", format=container) as file:
        layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(channels)]
        stream = file.add_stream(
            codec or CODECS[container], rate=rate, layout=layout, options={"strict": "experimental"}
        )
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels, np.float32), format="fltp", layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return out.getvalue()


def tone(seconds: float, rate: int = 48_000, hertz: float = 440.0) -> NDArray[np.float32]:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def endless_opus(seconds: float) -> bytes:
    """Silence as Ogg/Opus in 60 ms packets of a few bytes: 1 MB an hour."""
    out = BytesIO()
    with av.open(out, "w", format="ogg") as file:
        options = {"frame_duration": "60", "b": "6000", "application": "voip"}
        stream = file.add_stream("libopus", rate=48_000, layout="mono", options=options)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, None
        packets = [bytes(packet) for _ in range(2) for packet in stream.encode(frame)]
        for i in range(round(seconds / 0.06)):
            packet = av.Packet(packets[-1])
            packet.stream, packet.time_base, packet.duration = stream, Fraction(1, 48_000), 2880
            packet.pts = packet.dts = i * 2880
            file.mux(packet)
    return out.getvalue()
