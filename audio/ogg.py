"""An Ogg/Opus file as recorders send it, known by its first pages: RFC 3533 (Ogg), 7845 (Opus in Ogg), 6716 (Opus).

FFmpeg needs half a millisecond and many calls to open a file, which is a tenth of an upload; this needs a twentieth of
that. It says yes only to the plain case. Whatever else comes is for FFmpeg to judge.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

_HEAD_BYTES = 128 * 1024
"""Room for both headers and the first page of audio; a page has at most 65,307 bytes."""
_PAGE = struct.Struct("<4sBBqIIIB")
_BEGINS_STREAM, _ENDS_STREAM = 2, 4
_OPUS_HEAD_BYTES = 19
"""Of an OpusHead without a channel mapping table: mono or stereo."""
_MAX_FRAME_BYTES = 1275
_REFLECTED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class _Page:
    """`packet`: its first one, None where that goes on in the next page; `is_single`: it holds no other."""

    flags: int
    serial: int
    number: int
    packet: bytes | None
    is_single: bool
    end: int


def plain_opus_channels(file: BinaryIO) -> int | None:
    """1 or 2 where `file` is an Ogg file of one Opus stream whose headers are whole and whose first packet of audio is
    there and decodable; None for everything else. Leaves the file at its beginning."""
    file.seek(0)
    data = file.read(_HEAD_BYTES)
    file.seek(0)
    if (head := _page(data, 0)) is None or (tags := _page(data, head.end)) is None:
        return None
    if (audio := _page(data, tags.end)) is None:
        return None
    if (head.flags, tags.flags, audio.flags & ~_ENDS_STREAM) != (_BEGINS_STREAM, 0, 0):
        return None
    if len({head.serial, tags.serial, audio.serial}) > 1 or (head.number, tags.number, audio.number) != (0, 1, 2):
        return None
    if not (tags.is_single and tags.packet is not None and tags.packet.startswith(b"OpusTags")):
        return None
    return _channels(head) if _is_one_frame(audio.packet) else None


def _channels(head: _Page) -> int | None:
    packet = head.packet
    if packet is None or not head.is_single or len(packet) != _OPUS_HEAD_BYTES or not packet.startswith(b"OpusHead"):
        return None
    version, channels, mapping_family = packet[8], packet[9], packet[18]
    return channels if version < 16 and channels in (1, 2) and mapping_family == 0 else None


def _is_one_frame(packet: bytes | None) -> bool:
    """The usual packet: one frame behind the byte that describes it, which any Opus decoder takes (RFC 6716, 3.2.2)."""
    return packet is not None and packet[:1] != b"" and packet[0] & 3 == 0 and 2 <= len(packet) <= 1 + _MAX_FRAME_BYTES


def _page(data: bytes, start: int) -> _Page | None:
    """The page at `start`; None where there is none, or not whole, or its checksum is wrong."""
    lacing = start + _PAGE.size
    if len(data) < lacing:
        return None
    magic, version, flags, _, serial, number, checksum, count = _PAGE.unpack_from(data, start)
    sizes = data[lacing : lacing + count]
    body = lacing + count
    end = body + sum(sizes)
    if (magic, version) != (b"OggS", 0) or len(sizes) < count or len(data) < end:
        return None
    if _checksum(data[start : start + 22] + bytes(4) + data[start + 26 : end]) != checksum:
        return None
    last = next((at for at, size in enumerate(sizes) if size < 255), None)
    packet = None if last is None else data[body : body + sum(sizes[: last + 1])]
    return _Page(flags, serial, number, packet, last == count - 1, end)


def _checksum(page: bytes) -> int:
    """RFC 3533's CRC, polynomial 0x04C11DB7 from 0, highest bit first: zlib's with the bits of every byte reversed."""
    reflected = zlib.crc32(page.translate(_REFLECTED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(reflected.to_bytes(4, "little").translate(_REFLECTED), "big")
