import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.capture.ogg import packet_samples, pages, read, without_skip

FRAME = b"\x78" + bytes(range(150))
"""One SILK+CELT frame of 20 ms by its first byte: 960 samples."""


def checksum(page: bytes) -> int:
    """The CRC of RFC 3533, bit by bit."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


def page(number: int, *packets: bytes, flags: int = 0) -> bytes:
    lacing = b"".join(bytes([255] * (len(packet) // 255) + [len(packet) % 255]) for packet in packets)
    start = struct.pack("<4sBBqII", b"OggS", 0, flags, 0, 7, number)
    rest = bytes([len(lacing)]) + lacing + b"".join(packets)
    return start + struct.pack("<I", checksum(start + bytes(4) + rest)) + rest


HEAD = page(0, b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0), flags=2)
TAGS = page(1, b"OpusTags" + bytes(8))
SOUND = [page(2 + n, FRAME, FRAME, FRAME) for n in range(4)]
FILE = HEAD + TAGS + b"".join(SOUND)


def test_a_whole_file_has_the_length_of_its_packets_less_what_is_skipped() -> None:
    stream = read(FILE)
    assert stream is not None
    assert (stream.end, stream.samples, stream.pre_skip) == (len(FILE), 12 * 960 - 312, 312)


@given(st.integers(0, len(FILE)))
@settings(max_examples=150)
def test_a_file_cut_anywhere_keeps_its_whole_pages(length: int) -> None:
    stream = read(FILE[:length])
    whole = sum(length >= len(HEAD + TAGS + b"".join(SOUND[: n + 1])) for n in range(4))
    if whole == 0:
        assert stream is None
    else:
        assert stream is not None
        assert stream.end == len(HEAD + TAGS + b"".join(SOUND[:whole]))
        assert stream.samples == whole * 3 * 960 - 312


@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
@settings(max_examples=150)
def test_a_file_is_cut_before_the_page_with_a_wrong_byte(at: int, wrong: int) -> None:
    damaged = FILE[:at] + bytes([FILE[at] ^ wrong]) + FILE[at + 1 :]
    found = list(pages(damaged))
    assert found == [whole for whole in pages(FILE) if whole.end <= at]


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_what_follows_the_last_whole_page_does_not_matter(rest: bytes) -> None:
    stream = read(FILE + rest)
    assert stream is not None
    assert stream.end == len(FILE)


def test_pages_without_sound_or_of_other_sound_are_nothing() -> None:
    assert read(b"") is None
    assert read(HEAD + TAGS) is None
    assert read(HEAD + TAGS + page(2)) is None
    assert read(page(0, b"\x01vorbis") + TAGS + SOUND[0]) is None


def test_a_stream_without_a_skip_is_heard_from_its_first_sample_on() -> None:
    stream = read(FILE)
    assert stream is not None
    whole = without_skip(stream)
    assert whole.samples == 12 * 960
    again = read(whole.head + FILE[len(whole.head) :])
    assert again == whole
    assert without_skip(whole) == whole


@pytest.mark.parametrize(
    ("config", "samples"),
    [(0, 480), (3, 2880), (9, 960), (12, 480), (15, 960), (16, 120), (19, 960), (28, 120), (31, 960)],
)
def test_a_packets_length_stands_in_its_first_byte(config: int, samples: int) -> None:
    assert packet_samples(bytes([config << 3])) == samples
    assert packet_samples(bytes([config << 3 | 1])) == 2 * samples
    assert packet_samples(bytes([config << 3 | 3, 5])) == 5 * samples
