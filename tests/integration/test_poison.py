"""Files that are not what they say: each becomes samples or a refusal with a reason, in little time and memory."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from sounds import CODECS, encode, endless_opus, tone

from audio.decode import RATE_HZ, decode, probe
from domain.errors import Rejected

MAX_S = 601.0


def video(with_sound: bool) -> bytes:
    out = BytesIO()
    with av.open(out, "w", format="mp4") as file:
        picture = file.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        for packet in [*picture.encode(av.VideoFrame(64, 48, "yuv420p")), *picture.encode(None)]:
            file.mux(packet)
        if with_sound:
            file.add_stream("aac", rate=48_000)
    return out.getvalue()


@pytest.fixture(scope="module")
def opus() -> bytes:
    rng = np.random.default_rng(7)
    return encode((0.1 * rng.standard_normal(10 * 48_000)).astype(np.float32))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_ogg_gives_what_came_before(opus: bytes, share: float) -> None:
    cut = opus[: round(len(opus) * share)]
    seconds = len(decode(cut, max_s=MAX_S)) / RATE_HZ
    assert 10 * share - 1.1 <= seconds <= 10 * share + 0.1, "all but the page that was broken off"
    assert probe(cut).codec == "opus"


@pytest.mark.parametrize("length", [1, 4, 27, 60, 100, 500])
def test_an_ogg_cut_before_its_first_sound_is_refused(opus: bytes, length: int) -> None:
    for judge in (probe, lambda encoded: decode(encoded, max_s=MAX_S)):
        with pytest.raises(Rejected, match=r"not audio|no decodable"):
            judge(opus[:length])


def test_a_hole_in_the_middle_loses_only_what_it_hit(opus: bytes) -> None:
    middle = len(opus) // 2
    holed = opus[:middle] + bytes(2000) + opus[middle + 2000 :]
    assert 7.9 < len(decode(holed, max_s=MAX_S)) / RATE_HZ <= 10.1


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (bytes(5000), "zero bytes only"),
        ("Здравствуйте, вам кофе?\n".encode() * 100, "text"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n", "text"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", "text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG picture"),
        (b"PK\x03\x04" + bytes(100), "a ZIP archive"),
        (np.random.default_rng(0).bytes(100_000), "unknown data"),
    ],
)
def test_what_is_not_audio_is_refused_by_what_it_is(content: bytes, found: str) -> None:
    for judge in (probe, lambda encoded: decode(encoded, max_s=MAX_S)):
        with pytest.raises(Rejected, match=f"found {found}.*expected audio: Ogg/Opus"):
            judge(content)


@pytest.mark.parametrize("with_sound", [True, False])
def test_a_video_is_refused(with_sound: bool) -> None:
    with pytest.raises(Rejected, match="found a video"):
        probe(video(with_sound))


@pytest.mark.parametrize(("container", "codec"), [("mp3", "libmp3lame"), ("ogg", "vorbis"), ("ogg", "flac")])
def test_another_codec_under_an_ogg_name_is_decoded(container: str, codec: str) -> None:
    assert len(decode(encode(np.stack([tone(1.0)] * 2), container=container, codec=codec), max_s=MAX_S)) > 15_000


def test_ten_milliseconds_are_decoded() -> None:
    assert len(decode(encode(tone(0.01)), max_s=MAX_S)) == pytest.approx(160, abs=320)


def test_a_rate_or_a_number_of_channels_from_nowhere_is_refused() -> None:
    wav = bytearray(encode(tone(1.0), container="wav"))
    wav[24:28] = (1).to_bytes(4, "little")
    with pytest.raises(Rejected, match="sample rate of 1 Hz"):
        decode(bytes(wav), max_s=MAX_S)


def test_eight_channels_which_crash_pyav_are_refused() -> None:
    for judge in (probe, lambda encoded: decode(encoded, max_s=MAX_S)):
        with pytest.raises(Rejected, match="8 channels"):
            judge(encode(np.stack([tone(1.0)] * 8), container="ipod"))


def test_a_wav_whose_tags_claim_gigabytes_is_refused_before_they_are_allocated() -> None:
    wav = bytearray(encode(tone(1.0), container="wav"))
    for part, claim in ((b"LIST", 2_000_000_020), (b"ISFT", 2_000_000_000)):
        at = wav.index(part) + 4
        wav[at : at + 4] = claim.to_bytes(4, "little")
    with pytest.raises(Rejected, match=r"LIST.*claims 2000000020 bytes"):
        probe(bytes(wav))


def test_a_wav_of_nothing_but_headers_is_refused() -> None:
    with pytest.raises(Rejected, match="more than 1000 parts"):
        probe(b"RIFF\0\0\0\0WAVE" + bytes(100_000))


def test_a_wav_that_was_cut_off_or_streamed_is_decoded() -> None:
    wav = bytearray(encode(tone(2.0), container="wav"))
    at = wav.index(b"data") + 4
    wav[at : at + 4] = (0xFFFFFFFF).to_bytes(4, "little")
    assert len(decode(bytes(wav[: len(wav) // 2]), max_s=MAX_S)) == pytest.approx(RATE_HZ, abs=100)


SPEND_LITTLE = """
import resource, sys, time
from audio.decode import decode, probe
from domain.errors import Rejected
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begun = time.process_time()
encoded = open(sys.argv[1], "rb").read()
probe(encoded)
try:
    print(len(decode(encoded, max_s=float(sys.argv[2]))) // 16000, "s")
except Rejected as error:
    print("Rejected:", error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, time.process_time() - begun)
"""


@pytest.mark.parametrize(
    ("hours", "max_s", "outcome"),
    [(0.25, 4000, "899 s"), (1, MAX_S, "longer than 601 s"), (9, MAX_S, "longer than 601 s")],
)
def test_hours_of_silence_in_a_small_file_cost_no_more_than_the_limit(
    tmp_path: Path, hours: float, max_s: float, outcome: str
) -> None:
    bomb = tmp_path / "bomb.ogg"
    bomb.write_bytes(endless_opus(hours * 3600))
    assert bomb.stat().st_size < 10_000_000, "it passes the upload's own limit"
    command = [sys.executable, "-c", SPEND_LITTLE, str(bomb), str(max_s)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=Path(__file__).parents[2])
    said, spent = ran.stdout.splitlines()
    memory_mb, seconds = map(float, spent.split())
    assert outcome in said
    assert memory_mb < bomb.stat().st_size / 1e6 + 2 * min(max_s, hours * 3600) * RATE_HZ * 4 / 1e6 + 30
    assert seconds < 30


def outcome_of(encoded: bytes) -> str:
    try:
        decode(encoded, max_s=10)
    except Rejected as error:
        return str(error)
    return "samples"


def test_damage_anywhere_ends_in_samples_or_a_reason() -> None:
    rng = np.random.default_rng(20260302)
    noise = (0.1 * rng.standard_normal(48_000)).astype(np.float32)
    files = [encode(noise, container=container) for container in CODECS]
    outcomes = []
    for number in range(600):
        damaged = bytearray(files[number % len(files)])
        reach = len(damaged) if number % 2 else min(len(damaged), 1000)
        for at in rng.integers(0, reach, rng.integers(1, 40)):
            damaged[at] = rng.integers(256)
        if number % 3 == 0:
            del damaged[rng.integers(len(damaged)) :]
        outcomes.append(outcome_of(bytes(damaged)))
    assert all(outcomes)
    assert 50 < outcomes.count("samples") < 550
