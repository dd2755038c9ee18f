"""What a file that is not audio looks like, in words for an error message."""

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


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # a character cut in two at the end is still text
            return False
        text = head[: error.start].decode("utf-8")
    return all(c.isprintable() or c.isspace() for c in text)
