"""What a file looks like before FFmpeg sees it: names for what is not audio, and a WAV header that must not pass."""

import os
from typing import BinaryIO

from domain.errors import Rejected

_MAX_PARTS = 1000
_MAGIC = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"OggS", "a damaged Ogg file"),
    (b"RIFF", "a damaged RIFF file"),
    (b"ID3", "a damaged MP3 file"),
    (b"fLaC", "a damaged FLAC file"),
)


def describe(head: bytes) -> str:
    """Names a file by its first bytes."""
    if not head:
        return "an empty file"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if not head.strip(b"\0"):
        return "zero bytes only"
    if head[4:8] == b"ftyp":
        return "a damaged MP4 file"
    return "text" if _is_text(head) else f"unknown data (it begins with {head[:8].hex(' ')})"


def check_riff(file: BinaryIO) -> None:
    """FFmpeg allocates what the tags of a WAV file claim to need, gigabytes if they say so: Rejected where a part other
    than the samples claims more than the whole file has. Files of other kinds pass."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(4) not in (b"RIFF", b"RF64", b"BW64"):
        return
    at = 12
    for _ in range(_MAX_PARTS):
        if at + 8 > size:
            return
        file.seek(at)
        name, length = file.read(4), int.from_bytes(file.read(4), "little")
        if name != b"data" and length > size:
            raise Rejected(f"a damaged WAV file: its part {name!r} claims {length} bytes and the file has {size}")
        at += 8 + length + length % 2
    raise Rejected(f"a damaged WAV file: it claims more than {_MAX_PARTS} parts")


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # a character cut in two at the end is still text
            return False
        text = head[: error.start].decode("utf-8")
    return all(c.isprintable() or c.isspace() for c in text)
