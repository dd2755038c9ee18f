"""Real files of every kind through the decoder."""

import io
import time
from pathlib import Path

import numpy as np
import pytest
from sounds import CODECS, encode, tone

from audio.cut import Piece, load_chunk, load_pieces
from audio.decode import RATE_HZ, AudioHeader, decode, probe
from audio.ogg import plain_opus_channels
from audio.store import FileStore
from domain.errors import Rejected


def strongest_hertz(samples: np.ndarray) -> float:  # type: ignore[type-arg]
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * RATE_HZ / len(samples))


@pytest.mark.parametrize("container", CODECS)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_usual_kind_of_file_becomes_16_khz_mono_at_its_own_level(container: str, channels: int) -> None:
    samples = decode(encode(np.stack([tone(2.0)] * channels), container=container), max_s=10)
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert len(samples) == pytest.approx(2 * RATE_HZ, abs=RATE_HZ // 50), "within a codec frame of 20 ms"
    assert strongest_hertz(samples) == pytest.approx(440, abs=2)
    assert np.sqrt(np.mean(np.square(samples[RATE_HZ // 2 :]))) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 96_000])
def test_any_usual_rate_keeps_length_and_pitch(rate: int) -> None:
    samples = decode(encode(tone(1.0, rate), rate, "wav"), max_s=10)
    assert len(samples) == pytest.approx(RATE_HZ, abs=16)
    assert strongest_hertz(samples) == pytest.approx(440, abs=2)


def test_six_loud_channels_are_mixed_to_their_mean_and_do_not_clip() -> None:
    samples = decode(encode(np.stack([tone(1.0)] * 6), container="flac"), max_s=10)
    assert np.abs(samples).max() == pytest.approx(0.3, abs=0.02)


def test_a_minute_of_the_sample_day_is_exactly_a_minute(samples: Path) -> None:
    for chunk in sorted((samples / "chunks").glob("*.ogg"))[:3]:
        assert len(decode(chunk, max_s=60)) == 60 * RATE_HZ


def test_bytes_a_path_and_an_open_file_give_the_same_samples(samples: Path) -> None:
    chunk = next((samples / "chunks").glob("*.ogg"))
    expected = decode(chunk, max_s=61)
    assert np.array_equal(decode(chunk.read_bytes(), max_s=61), expected)
    with chunk.open("rb") as file:
        file.seek(100)
        assert np.array_equal(decode(file, max_s=61), expected), "whatever its position"
        assert file.tell() == 0
        assert not file.closed


def test_numbers_beyond_the_scale_and_no_numbers_at_all_are_tamed() -> None:
    wild = tone(1.0, RATE_HZ)
    wild[100:200], wild[300:400], wild[500:600] = np.inf, np.nan, 40.0
    samples = decode(encode(wild, RATE_HZ, "wav", "pcm_f32le"), max_s=10)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1.0


def test_the_header_of_a_chunk_says_what_it_is_in_a_few_milliseconds(samples: Path) -> None:
    encoded = next((samples / "chunks").glob("*.ogg")).read_bytes()
    probe(encoded)
    took = []
    for _ in range(20):
        begun = time.perf_counter()
        header = probe(encoded)
        took.append(time.perf_counter() - begun)
    assert (header.container, header.codec, header.rate_hz, header.channels) == ("ogg", "opus", 48_000, 1)
    assert min(took) < 0.005


def test_what_the_pages_of_a_chunk_say_is_what_ffmpeg_says(samples: Path) -> None:
    for path in sorted((samples / "chunks").glob("*.ogg")):
        by_pages, by_ffmpeg = plain_opus_channels(io.BytesIO(path.read_bytes())), probe(path)
        assert by_ffmpeg == AudioHeader("ogg", "opus", 48_000, by_pages or 0)


def test_a_limit_that_the_file_just_keeps_is_kept() -> None:
    encoded = encode(tone(2.0), container="flac")
    assert len(decode(encoded, max_s=2.0)) == 2 * RATE_HZ
    with pytest.raises(Rejected, match=r"longer than 1\.9 s"):
        decode(encoded, max_s=1.9)


def test_many_decodings_leave_no_memory_behind() -> None:
    encoded = encode(tone(20.0))
    decode(encoded, max_s=30)
    grown = []
    for _ in range(2):
        before = _resident_kb()
        for _ in range(30):
            decode(encoded, max_s=30)
        grown.append(_resident_kb() - before)
    assert min(grown) < 5_000, "30 × 1.28 MB of samples were freed"


def _resident_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_pieces_come_back_in_order_with_the_time_of_their_first_sample(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    ramp = (np.arange(2 * RATE_HZ) / (2 * RATE_HZ)).astype(np.float32)
    store.put("a.wav", encode(ramp, RATE_HZ, "wav"))
    store.put("b.wav", encode(-ramp, RATE_HZ, "wav"))
    pieces = [Piece("b.wav", 500, 600), Piece("a.wav", 1900, 2000), Piece("a.wav", 0, 100), Piece("a.wav", 130, 200)]
    cuts = load_pieces(store, pieces, 50, max_s=10)
    assert [cut.start_ms for cut in cuts] == [450, 1850, 0, 115], "padding stops at borders and half way to a neighbour"
    assert [len(cut.samples) // 16 for cut in cuts] == [200, 150, 115, 135]
    for cut, sign in zip(cuts, (-1, 1, 1, 1), strict=True):
        assert cut.samples[0] == pytest.approx(sign * cut.start_ms / 2000, abs=1e-3)


def test_a_changed_or_missing_chunk_is_refused_by_name(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put("a.wav", encode(tone(0.1), container="wav"))
    with pytest.raises(Rejected, match=r"a\.wav is not the file that was received"):
        load_chunk(store, "a.wav", "0" * 64, max_s=10)
    with pytest.raises(Rejected, match=r"b\.wav is not in the audio store"):
        load_pieces(store, [Piece("b.wav", 0, 10)], 0, max_s=10)


def test_a_file_object_that_is_not_audio_is_described() -> None:
    with pytest.raises(Rejected, match="found text"):
        probe(io.BytesIO(b"hello, this is a letter\n" * 50))
