import struct
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.ogg import plain_opus_channels

FRAME = b"\x78" + bytes(range(200))
TAGS = b"OpusTags" + struct.pack("<I", 4) + b"test" + struct.pack("<I", 0)


def checksum(page: bytes) -> int:
    """The CRC of RFC 3533, bit by bit."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


def page(number: int, *packets: bytes, flags: int = 0, serial: int = 7, granule: int = 0) -> bytes:
    lacing = b"".join(bytes([255] * (len(packet) // 255) + [len(packet) % 255]) for packet in packets)
    start = struct.pack("<4sBBqII", b"OggS", 0, flags, granule, serial, number)
    rest = bytes([len(lacing)]) + lacing + b"".join(packets)
    return start + struct.pack("<I", checksum(start + bytes(4) + rest)) + rest


def opus_head(channels: int = 1, family: int = 0, version: int = 1) -> bytes:
    return b"OpusHead" + struct.pack("<BBHIhB", version, channels, 312, 48_000, 0, family)


def head_page(**of_head: int) -> bytes:
    return page(0, opus_head(**of_head), flags=2)


PLAIN = head_page() + page(1, TAGS) + page(2, FRAME, FRAME, granule=1920)


def channels_of(data: bytes) -> int | None:
    return plain_opus_channels(BytesIO(data))


def test_a_file_of_one_opus_stream_is_known_by_its_pages_and_left_at_its_beginning() -> None:
    file = BytesIO(PLAIN + b"whatever follows")
    file.seek(5)
    assert plain_opus_channels(file) == 1
    assert file.tell() == 0
    assert channels_of(head_page(channels=2) + page(1, TAGS) + page(2, FRAME, flags=4)) == 2


@settings(max_examples=200)
@given(at=st.integers(0, len(PLAIN) - 1), flip=st.integers(1, 255))
def test_a_byte_changed_in_headers_or_first_audio_is_never_overlooked(at: int, flip: int) -> None:
    assert channels_of(PLAIN[:at] + bytes([PLAIN[at] ^ flip]) + PLAIN[at + 1 :]) is None


@given(st.integers(0, len(PLAIN) - 1))
def test_a_file_that_breaks_off_before_its_first_audio_is_whole_is_left_to_ffmpeg(length: int) -> None:
    assert channels_of(PLAIN[:length]) is None


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_other_files_are_left_to_ffmpeg(data: bytes) -> None:
    assert channels_of(data) is None
    assert channels_of(b"OggS" + data) is None


@pytest.mark.parametrize(
    "pages",
    [
        [head_page(channels=3), page(1, TAGS), page(2, FRAME)],
        [head_page(family=1), page(1, TAGS), page(2, FRAME)],
        [head_page(version=16), page(1, TAGS), page(2, FRAME)],
        [page(0, b"\x01vorbis" + bytes(12), flags=2), page(1, TAGS), page(2, FRAME)],
        [page(0, opus_head()), page(1, TAGS), page(2, FRAME)],
        [head_page(), page(0, opus_head(), flags=2, serial=8), page(1, TAGS)],
        [head_page(), page(1, TAGS, serial=8), page(2, FRAME)],
        [head_page(), page(1, b"OtherTag"), page(2, FRAME)],
        [head_page(), page(1, TAGS, FRAME), page(2, FRAME)],
        [head_page(), page(1, TAGS), page(3, FRAME)],
        [head_page(), page(1, TAGS), page(2, FRAME, flags=1)],
        [head_page(), page(1, TAGS), page(2)],
        [head_page(), page(1, TAGS), page(2, b"", FRAME)],
        [head_page(), page(1, TAGS), page(2, b"\x78")],
        [head_page(), page(1, TAGS), page(2, b"\x7b" + FRAME)],
        [head_page(), page(1, TAGS), page(2, b"\x78" + bytes(1276))],
    ],
    ids=[
        "three channels", "a channel mapping", "an unknown version", "another codec", "no beginning of a stream",
        "two streams", "another stream's tags", "no tags", "audio beside the tags", "a lost page",
        "a packet's second half", "an empty page", "an empty packet", "a packet without a frame",
        "a packet of several frames", "a frame too long",
    ],
)  # fmt: skip
def test_what_is_not_the_plain_case_is_left_to_ffmpeg(pages: list[bytes]) -> None:
    assert channels_of(b"".join(pages)) is None
