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
        layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[len(channels)]
        stream = file.add_stream(
            codec or CODECS[container], rate=rate, layout=layout, options={"strict": "experimental"}
        )
        interleaved = np.ascontiguousarray(channels.T.reshape(1, -1), np.float32)
        frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
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


RATE_HZ = 16_000
Sound = NDArray[np.float32]


def pink(seconds: float, rng: np.random.Generator) -> Sound:
    """1/f noise from 20 Hz up: wind, ventilation, a street."""
    count = round(seconds * RATE_HZ)
    hertz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum = rng.standard_normal(len(hertz)) + 1j * rng.standard_normal(len(hertz))
    return _at_unit_level(np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 20)), count))


def fridge(seconds: float, rng: np.random.Generator) -> Sound:
    """Mains hum with eight harmonics that swells slowly, over pink noise."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 50 * k * t + rng.uniform(0, 6)) / k for k in range(1, 9))
    return _at_unit_level(_at_unit_level(hum * (1 + 0.2 * np.sin(2 * np.pi * 0.3 * t))) + 0.3 * pink(seconds, rng))


def beeps(seconds: float, rng: np.random.Generator) -> Sound:
    """Scanner and till: square and sine tones of 0.1 to 0.9 s over faint noise."""
    out = 0.05 * pink(seconds, rng)
    for _ in range(round(seconds / 3)):
        length = round(RATE_HZ * rng.uniform(0.1, 0.9))
        wave = np.sin(2 * np.pi * rng.uniform(400, 3000) * np.arange(length) / RATE_HZ)
        at = rng.integers(0, len(out) - length)
        out[at : at + length] += np.sign(wave) if rng.random() < 0.5 else wave
    return _at_unit_level(out)


def music(seconds: float, rng: np.random.Generator) -> Sound:
    """Chords of a major scale, an arpeggio with vibrato, a bass drum and a hi-hat, at 80 to 140 beats a minute."""
    count, beat = round(seconds * RATE_HZ), round(RATE_HZ * 60 / rng.uniform(80, 140))
    scale, root = np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12, rng.uniform(110, 220)
    t = np.arange(beat) / RATE_HZ
    envelope = np.minimum(1, np.minimum(t, t[-1] - t) * 100)
    drum = 3 * np.sin(2 * np.pi * 60 * t * np.exp(-6 * t)) * np.exp(-12 * t)
    bars: list[NDArray[np.float64]] = []
    for number in range(-(-count // beat)):
        if number % 4 == 0:
            chord = root * 2 ** rng.choice(scale, 3, replace=False)
        tones = sum(np.sin(2 * np.pi * f * h * t) / h**1.5 for f in chord for h in range(1, 6))
        lead = 4 * root * 2 ** rng.choice(scale)
        tones += 1.5 * np.sin(2 * np.pi * lead * t + 0.5 * np.sin(2 * np.pi * 5.5 * t)) * np.exp(-3 * (t % (t[-1] / 2)))
        bars.append(tones * envelope + drum + rng.standard_normal(beat) * np.exp(-40 * t))
    return _at_unit_level(np.concatenate(bars)[:count])


NOISES = {"pink noise": pink, "fridge": fridge, "beeps": beeps, "music": music}
"""Sounds without speech at unit level (RMS 1), 16 kHz, shape (n,)."""


def at_dbfs(sound: Sound, dbfs: float) -> Sound:
    """A sound of unit level at `dbfs`, clipped as a converter clips."""
    return np.clip(sound * 10 ** (dbfs / 20), -1, 1).astype(np.float32)


def _at_unit_level(sound: NDArray[np.float64] | Sound) -> Sound:
    return (sound / np.sqrt(np.mean(np.square(sound)))).astype(np.float32)
