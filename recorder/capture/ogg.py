"""Ogg pages of an Opus stream, as ffmpeg writes them: RFC 3533 (Ogg), 7845 (Opus in Ogg), 6716 (Opus packets).

Enough to cut a file at its last whole page, to say how much sound a decoder makes of it, and to let it drop nothing.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

OPUS_RATE = 48_000
"""Hertz in which Opus counts samples, whatever the microphone's rate (RFC 7845, 4)."""

_PAGE = struct.Struct("<4sBBqIIIB")
_CRC_AT = 22
_HEAD, _TAGS = b"OpusHead", b"OpusTags"
_PRE_SKIP_AT = 10
"""Within OpusHead; 16 bits, little-endian (RFC 7845, 5.1)."""
_SILK, _HYBRID, _CELT = (480, 960, 1920, 2880), (480, 960), (120, 240, 480, 960)
"""Samples of a frame at 48 kHz by mode (RFC 6716, 3.1, table 2)."""
_REFLECTED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page with a right checksum. `samples`: at 48 kHz, of the packets that begin in it, were they Opus."""

    start: int
    end: int
    body: int
    samples: int


@dataclass(frozen=True, slots=True)
class Stream:
    """An Opus file up to its last whole page, which ends at `end`.

    `head`: its first page, by which a decoder drops `pre_skip` samples at the start. `samples`: what is heard then, at
    48 kHz.
    """

    head: bytes
    end: int
    pre_skip: int
    samples: int


def read(data: bytes) -> Stream | None:
    """The stream in a file's bytes, None where it has no whole page of sound."""
    whole = list(pages(data))
    if len(whole) < 3 or not data.startswith(_HEAD, whole[0].body) or not data.startswith(_TAGS, whole[1].body):
        return None
    head = data[: whole[0].end]
    at = whole[0].body + _PRE_SKIP_AT
    pre_skip = int.from_bytes(head[at : at + 2], "little")
    samples = sum(page.samples for page in whole[2:]) - pre_skip
    return Stream(head, whole[-1].end, pre_skip, samples) if samples > 0 else None


def without_skip(stream: Stream) -> Stream:
    """The stream as it is with another head, by which nothing is dropped."""
    at = stream.head.index(_HEAD) + _PRE_SKIP_AT
    head = stream.head[:at] + bytes(2) + stream.head[at + 2 :]
    head = head[:_CRC_AT] + struct.pack("<I", _checksum(head)) + head[_CRC_AT + 4 :]
    return replace(stream, head=head, pre_skip=0, samples=stream.samples + stream.pre_skip)


def pages(data: bytes) -> Iterator[Page]:
    """Whole pages from the beginning, until one is not whole or its checksum is wrong."""
    start = 0
    while (page := _page(data, start)) is not None:
        yield page
        start = page.end


def packet_samples(start: bytes) -> int:
    """Samples at 48 kHz in the Opus packet that starts with these (two or more) bytes (RFC 6716, 3.1 and 3.2)."""
    config, code = start[0] >> 3, start[0] & 3
    frame = _SILK[config & 3] if config < 12 else _HYBRID[config & 1] if config < 16 else _CELT[config & 3]
    if code == 3:
        return frame * (start[1] & 0x3F) if len(start) > 1 else 0
    return frame * (1 if code == 0 else 2)


def _page(data: bytes, start: int) -> Page | None:
    lacing = start + _PAGE.size
    if len(data) < lacing:
        return None
    magic, version, flags, _, _, _, checksum, count = _PAGE.unpack_from(data, start)
    sizes = data[lacing : lacing + count]
    body = lacing + count
    end = body + sum(sizes)
    if (magic, version) != (b"OggS", 0) or len(sizes) < count or len(data) < end:
        return None
    if _checksum(data[start:end]) != checksum:
        return None
    return Page(start, end, body, _samples(data, body, sizes, continues=bool(flags & 1)))


def _samples(data: bytes, at: int, sizes: bytes, continues: bool) -> int:
    """Of the packets that begin in the page whose body starts at `at`; a lacing value below 255 ends a packet."""
    samples, begins = 0, not continues
    for size in sizes:
        if begins and size:
            samples += packet_samples(data[at : at + 2])
        begins = size < 255
        at += size
    return samples


def _checksum(page: bytes) -> int:
    """RFC 3533's CRC of a page (its own field taken as 0), polynomial 0x04C11DB7 from 0, highest bit first: zlib's with
    the bits of every byte reversed."""
    blank = page[:_CRC_AT] + bytes(4) + page[_CRC_AT + 4 :]
    reflected = zlib.crc32(blank.translate(_REFLECTED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(reflected.to_bytes(4, "little").translate(_REFLECTED), "big")
