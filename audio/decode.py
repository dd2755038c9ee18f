"""Any audio file → samples, by PyAV (FFmpeg's libraries as a wheel; no ffmpeg program is needed).

A file is judged by what it decodes to, never by its name or what its header claims: length, rate and channels are
checked frame by frame, so a few kilobytes that unfold into hours stop at `max_s`. A file that breaks off, as the last
chunk of a recorder that lost power does, gives what can be decoded of it; one with nothing to decode is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from audio.ogg import plain_opus_channels
from audio.sniff import check_riff, describe
from domain.errors import Rejected

Source = bytes | BinaryIO | Path
Samples = NDArray[np.float32]

RATE_HZ = 16_000
OPUS_RATE_HZ = 48_000
"""Opus decodes to this, whatever rate was recorded."""
FORMATS = ("ogg", "wav", "mp3", "mov", "flac", "aac", "matroska")
"""FFmpeg demuxers that may open a file. Playlists (hls, concat) are left out on purpose: they name other files and
addresses, which FFmpeg would then open."""
EXPECTED = "expected audio: Ogg/Opus, WAV, MP3, M4A, FLAC or WebM"
RATES_HZ = range(4_000, 192_001)
MAX_CHANNELS = 6
"""5.1. PyAV reads past the end of a frame of eight planar channels and takes the process down."""
_ROUNDING_S = 0.001


@dataclass(frozen=True, slots=True)
class AudioHeader:
    """What a file is."""

    container: str
    codec: str
    rate_hz: int
    channels: int


def probe(source: Source) -> AudioHeader:
    """Reads the header and decodes the first frame: a few milliseconds, whatever the file's length. The Ogg/Opus file
    of a recorder is known by its pages alone, much faster.

    Raises Rejected that names what was found and what was expected.
    """
    if not isinstance(source, Path) and (channels := plain_opus_channels(_file(source))):
        return AudioHeader("ogg", "opus", OPUS_RATE_HZ, channels)
    with _open(source) as (container, stream):
        frame = next(_frames(container, stream), None)
        if frame is None:
            raise Rejected(
                f"{container.format.name} header with no decodable {stream.codec_context.name} audio after it"
            )
        return AudioHeader(
            container=container.format.name,
            codec=stream.codec_context.name,
            rate_hz=frame.sample_rate,
            channels=frame.layout.nb_channels,
        )


def decode(source: Source, *, rate: int = RATE_HZ, max_s: float) -> Samples:
    """Samples of the whole file as float32 in [-1, 1], shape (n,), mono (channels mixed), at `rate` hertz.

    Raises Rejected: not audio, no decodable frame, or longer than `max_s` seconds. Memory stays below
    about twice the samples of `max_s`, whatever the file unfolds to.
    """
    pieces: list[Samples] = []
    seconds = 0.0
    with _open(source) as (container, stream):
        resampler = None
        for frame in _frames(container, stream):
            seconds += frame.samples / frame.sample_rate
            if seconds > max_s + _ROUNDING_S:
                raise Rejected(f"longer than {max_s:g} s of audio; cut it into shorter files")
            if resampler is None or not resampler.fits(frame):
                pieces.extend(resampler.flush() if resampler else ())
                resampler = _Resampler(frame, rate)
            pieces.extend(resampler.feed(frame))
        if resampler is None:
            raise Rejected(f"no decodable {stream.codec_context.name} audio: damaged or cut off after its header")
        pieces.extend(resampler.flush())
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    np.nan_to_num(samples, copy=False)  # a float WAV may hold anything
    return np.clip(samples, -1.0, 1.0, out=samples)


class _Resampler:
    """One resampler for frames of one format; a file that changes its format midway gets another.

    Frames are gathered to about a second first: a call per 20 ms frame doubles the cost of decoding.
    """

    def __init__(self, frame: AudioFrame, rate: int) -> None:
        self._key = _format(frame)
        self._fifo = AudioFifo()
        self._resampler = AudioResampler(format="flt", layout=frame.layout, rate=rate)

    def fits(self, frame: AudioFrame) -> bool:
        return _format(frame) == self._key

    def feed(self, frame: AudioFrame) -> Iterator[Samples]:
        frame.pts = None  # damaged files carry times that run backwards, which the FIFO refuses
        self._fifo.write(frame)
        if self._fifo.samples >= frame.sample_rate:
            yield from self._resample(self._fifo.read())

    def flush(self) -> Iterator[Samples]:
        if self._fifo.samples:
            yield from self._resample(self._fifo.read(partial=True))
        yield from self._resample(None)

    def _resample(self, frame: AudioFrame | None) -> Iterator[Samples]:
        for out in self._resampler.resample(frame):
            # The mean, because FFmpeg's own mix to mono adds channels up until they clip.
            yield out.to_ndarray().reshape(-1, out.layout.nb_channels).mean(axis=1)


def _format(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


@contextmanager
def _open(source: Source) -> Iterator[tuple[InputContainer, AudioStream]]:
    """The container and its audio stream. A file object is read from its beginning and left there."""
    if isinstance(source, Path):
        with source.open("rb") as opened, _open(opened) as streams:
            yield streams
        return
    file = _file(source)
    try:
        with _container(file) as container:
            yield container, _audio_stream(container)
    finally:
        file.seek(0)


def _file(source: bytes | BinaryIO) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else source


def _container(file: BinaryIO) -> InputContainer:
    check_riff(file)
    file.seek(0)
    try:
        return av.open(file, mode="r", options={"format_whitelist": ",".join(FORMATS)}, metadata_errors="ignore")
    except (av.FFmpegError, ValueError, OverflowError) as error:
        file.seek(0)
        raise Rejected(f"not audio: found {describe(file.read(4096))}; {EXPECTED}") from error


def _audio_stream(container: InputContainer) -> AudioStream:
    name = container.format.name
    if any(not s.disposition & av.stream.Disposition.attached_pic for s in container.streams.video):
        raise Rejected(f"not audio: found a video ({name}); {EXPECTED}")
    if not container.streams.audio:
        raise Rejected(f"not audio: found a {name} file without an audio stream; {EXPECTED}")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise Rejected(f"a {name} file with audio of an unknown codec; {EXPECTED}")
    return stream


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Decoded frames up to where the container breaks off; packets that do not decode are skipped."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.FFmpegError):
            return
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            if isinstance(frame, AudioFrame) and frame.samples:
                _check(frame)
                yield frame


def _check(frame: AudioFrame) -> None:
    if frame.sample_rate not in RATES_HZ:
        raise Rejected(f"a sample rate of {frame.sample_rate} Hz; use {RATES_HZ.start} to {RATES_HZ.stop - 1}")
    if frame.layout.nb_channels > MAX_CHANNELS:
        raise Rejected(f"{frame.layout.nb_channels} channels; use at most {MAX_CHANNELS}")
