"""Reading and cutting files of other recorders with the real codecs."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from audio.decode import decode
from cluster.recordings.sound import RATE, Piece, encode, length_s, pieces, probe
from cluster.recordings.split import Pcm
from domain.errors import Rejected

MAX_BYTES = 10_000_000
CODECS = {"wav": "pcm_s16le", "mp3": "mp3", "m4a": "aac", "flac": "flac", "ogg": "libopus"}


def noise(seconds: float) -> Pcm:
    return (np.random.default_rng(1).standard_normal(int(seconds * RATE)) * 3000).astype(np.int16)


def write(path: Path, pcm: Pcm, **options: Any) -> Path:
    """`pcm` in the format of the path's suffix."""
    kind = path.suffix[1:]
    rate = 48_000 if kind == "ogg" else RATE
    with av.open(str(path), "w", format={"m4a": "mp4"}.get(kind, kind)) as container:
        stream = container.add_stream(CODECS[kind], rate=rate, **options)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(pcm[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        fit = av.AudioResampler(stream.codec_context.format, "mono", rate, stream.codec_context.frame_size or None)
        for part in [*fit.resample(frame), *fit.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def cut(path: Path) -> list[Piece]:
    return list(pieces(path, probe(path), MAX_BYTES))


def test_the_same_samples_give_the_same_bytes() -> None:
    assert encode(noise(3.3)) == encode(noise(3.3))


@pytest.mark.parametrize("samples", [160, 320, 16_001, 48_321])
def test_an_encoded_chunk_decodes_to_exactly_as_many_samples(samples: int) -> None:
    assert len(decode(encode(noise(10)[:samples]), max_s=600)) == samples


@pytest.mark.parametrize("kind", CODECS)
def test_chunks_of_any_format_lie_side_by_side_and_hold_all_its_sound(tmp_path: Path, kind: str) -> None:
    found = cut(write(tmp_path / f"a.{kind}", noise(150)))
    assert [piece.seq for piece in found] == [0, 1, 2]
    for earlier, later in pairwise(found):
        assert earlier.start_ms + earlier.length_ms == later.start_ms
    assert sum(piece.length_ms for piece in found) == pytest.approx(150_000, abs=100)
    assert all(len(decode(piece.body, max_s=600)) == pytest.approx(piece.length_ms * 16, abs=16) for piece in found)


def test_a_short_opus_file_goes_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ogg", noise(60))
    [piece] = cut(path)
    assert piece.body == path.read_bytes()
    assert piece.length_ms == pytest.approx(60_000, abs=20)


def test_an_opus_file_over_the_upload_limit_is_encoded_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ogg", noise(60))
    [piece] = pieces(path, probe(path), path.stat().st_size - 1)
    assert piece.body != path.read_bytes()


def test_a_stereo_recording_becomes_mono(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=44_100)
        stream.layout = "stereo"
        both = np.zeros((1, 2 * 44_100 * 5), np.int16)
        both[0, ::2] = 8000
        frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 44_100, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    [piece] = cut(path)
    assert (piece.channels, piece.length_ms) == (1, 5_000)


def test_what_was_decoded_before_a_file_breaks_off_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", noise(200))
    body = bytearray(path.read_bytes())
    body[len(body) // 2 : len(body) // 2 + 3000] = bytes(3000)
    path.write_bytes(body)
    found: list[Piece] = []
    chunks = pieces(path, probe(path), MAX_BYTES)
    with pytest.raises(Rejected, match="breaks off after 100 s"):
        found.extend(chunks)
    assert sum(piece.length_ms for piece in found) == pytest.approx(100_000, abs=500)


@pytest.mark.parametrize("body", [b"", b"text\n" * 500, b"OggS" + bytes(200), b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_no_audio_says_so(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "a.ogg"
    path.write_bytes(body)
    with pytest.raises(Rejected):
        cut(path)


def test_a_header_without_a_length_is_counted_through(tmp_path: Path) -> None:
    path = tmp_path / "a.aac"
    write(tmp_path / "a.m4a", noise(12))
    with av.open(str(tmp_path / "a.m4a")) as given, av.open(str(path), "w", format="adts") as bare:
        stream = bare.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                bare.mux(packet)
    assert length_s(path, probe(path)) == pytest.approx(12, abs=0.5)
