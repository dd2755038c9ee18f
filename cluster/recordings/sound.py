"""Reading recordings of any common format and writing chunks as a recorder writes them: Ogg/Opus, mono."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from audio.decode import probe as check_header
from cluster.recordings.split import LONGEST_S, Pcm, split
from domain.errors import Rejected

SUFFIXES = frozenset(
    {".ogg", ".oga", ".opus", ".wav", ".mp3", ".m4a", ".aac", ".flac", ".wma", ".webm", ".mp4", ".3gp", ".amr"}
)
RATE = 16_000
"""Hertz. What the stages hear; more would be resampled away."""
BIT_RATE = 24_000
CODEC = "opus"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recording's header says. duration_s is None where the container does not know it."""

    container: str
    codec: str
    sample_rate: int
    channels: int
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class Piece:
    """One chunk ready to send. `start_ms` and `length_ms` are counted from the recording's first sample."""

    seq: int
    start_ms: int
    length_ms: int
    body: bytes
    sample_rate: int = RATE
    channels: int = 1


def probe(path: Path) -> Heard:
    """Reads the header only. Raises Rejected where the file is not there or not audio."""
    if not path.is_file():
        raise Rejected("is not there")
    check_header(path)
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise Rejected("has no audio in it")
            stream = container.streams.audio[0]
            duration = float(container.duration / av.time_base) if container.duration else None
            return Heard(container.format.name, stream.codec_context.name, stream.rate or 0, stream.channels, duration)
    except (av.FFmpegError, ValueError, OSError) as error:
        raise Rejected(f"is not audio that can be read ({_short(error)})") from None


def length_s(path: Path, heard: Heard) -> float:
    """How long it lasts, in seconds: as its header says, else counted. Raises Rejected where it cannot be decoded."""
    return heard.duration_s or sum(len(pcm) for pcm in _decode(path)) / RATE


def pieces(path: Path, heard: Heard, max_bytes: int) -> Iterator[Piece]:
    """The recording as chunks, contiguous to the sample; equal files give equal bytes.

    A short Ogg/Opus file goes as it is; all else is decoded, cut where it is quiet, and encoded. Holds one chunk in
    memory. Raises Rejected where decoding breaks off; what came before has been yielded by then.
    """
    if heard.container == "ogg" and heard.codec == CODEC and heard.duration_s and heard.duration_s <= LONGEST_S:
        body = path.read_bytes()
        if len(body) <= max_bytes:
            yield Piece(0, 0, round(heard.duration_s * 1000), body, heard.sample_rate, heard.channels)
            return
    done, broken = 0, list[Rejected]()
    for seq, pcm in enumerate(split(_until_broken(_decode(path), broken), RATE)):
        start_ms, end_ms = (1000 * n // RATE for n in (done, done + len(pcm)))
        if end_ms > start_ms:
            yield Piece(seq, start_ms, end_ms - start_ms, encode(pcm))
        done += len(pcm)
    if broken:
        raise broken[0]
    if not done:
        raise Rejected("has no sound in it")


def encode(pcm: Pcm) -> bytes:
    """`pcm` (RATE, mono) as one Ogg/Opus file. Equal samples give equal bytes: so ingest knows a repeat."""
    out = io.BytesIO()
    with av.open(out, "w", format="ogg", options={"fflags": "+bitexact", "serial_offset": "1"}) as container:
        stream = container.add_stream("libopus", rate=RATE, options={"application": "voip", "vbr": "on"})
        stream.layout = "mono"
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm)[None, :], format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return out.getvalue()


def _decode(path: Path) -> Iterator[Pcm]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    at_s = 0.0
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(audio=0):
                for part in resampler.resample(frame):
                    yield part.to_ndarray().reshape(-1).astype(np.int16, copy=False)
                at_s = frame.time or at_s
            for part in resampler.resample(None):
                yield part.to_ndarray().reshape(-1).astype(np.int16, copy=False)
    except (av.FFmpegError, ValueError, OSError) as error:
        raise Rejected(f"breaks off after {at_s:.0f} s ({_short(error)})") from None


def _until_broken(blocks: Iterator[Pcm], broken: list[Rejected]) -> Iterator[Pcm]:
    """The blocks up to where decoding breaks off, so that what was decoded by then is still cut and sent."""
    try:
        yield from blocks
    except Rejected as error:
        broken.append(error)


def _short(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).split("\n")[0]
