"""The Range header (RFC 9110, section 14), one range of bytes."""

import re

_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII)


class UnsatisfiableError(ValueError):
    """The range begins behind the end of the file."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the byte after the last; None: the whole file, as for a header that is not one range of bytes.

    `size`: length of the file in bytes. Raises UnsatisfiableError.
    """
    match = _RANGE.fullmatch(header) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if len(first) > 18 or len(last) > 18:
        raise UnsatisfiableError(header)
    if not first:
        start, end = max(0, size - int(last)), size
    elif last and int(last) < int(first):
        return None
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if start >= end:
        raise UnsatisfiableError(header)
    return start, end
