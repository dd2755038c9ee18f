"""When a recording began, as far as its file name tells. Pure."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_DATE = r"(?P<y>20\d\d)[-_.]?(?P<mo>\d\d)[-_.]?(?P<d>\d\d)"
_DAY_FIRST = r"(?P<d>\d\d)(?P<sep>[-_.])(?P<mo>\d\d)(?P=sep)(?P<y>20\d\d)"
_SHORT_DATE = r"(?P<y>\d\d)(?P<mo>\d\d)(?P<d>\d\d)"
_CLOCK = r"(?P<h>\d\d)[-_.:h]?(?P<mi>\d\d)(?:[-_.:m]?(?P<s>\d\d)(?:[.,](?P<ms>\d{3}))?)?"
_LOOSE_CLOCK = r"(?P<h>\d{1,2})[-_.:](?P<mi>\d\d)(?:[-_.:](?P<s>\d\d))?(?:\s?(?P<half>[AaPp])[Mm])?"
_END = r"(?!\d)"

_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # 20260302T091000Z, 2026-03-02T09-10-00.250Z, 20260302T121000+0300: ISO 8601, colons dropped or replaced
        rf"(?<!\d){_DATE}T{_CLOCK}(?P<zone>Z|[+-]\d\d[:-]?\d\d)?{_END}",
        # 20260302_091000, 2026-03-02 09-10-00, audio_2026-03-02_09-10-00, 20260302091000, REC20260302-0910, …_091000Z
        rf"(?<!\d){_DATE}[ _.-]{{0,3}}{_CLOCK}(?P<zone>Z)?{_END}",
        # Voice Memo 2026-03-02 at 9.10.05 PM
        rf"(?<!\d){_DATE}(?:[ _,]*(?:at|в|u)[ _]*|[ _,]+){_LOOSE_CLOCK}{_END}",
        # 02.03.2026 09-10-00: day first
        rf"(?<!\d){_DAY_FIRST}(?:[ _,]*(?:at|в|u)[ _]*|[ _,T-]+){_CLOCK}{_END}",
        # 260302_0910, Voice 260302_091000: dictation machines and some telephones
        rf"(?<!\d){_SHORT_DATE}[_-](?P<h>\d\d)(?P<mi>\d\d)(?P<s>\d\d)?{_END}",
    )
)


def start_from_name(name: str, zone: tzinfo) -> datetime | None:
    """The UTC instant that a file name gives, or None where it gives none.

    A time with Z or (after T) an offset is taken as it is; any other is the local time of `zone`. An hour that a clock
    change repeats is its first run. A date without a time of day is not a start.
    """
    for pattern in _PATTERNS:
        for match in pattern.finditer(name):
            found = _instant(match.groupdict(), zone)
            if found is not None:
                return found
    return None


def _instant(part: dict[str, str | None], zone: tzinfo) -> datetime | None:
    hour = int(part["h"] or 0)
    half = part.get("half")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "Pp" else 0)
    year = int(part["y"] or 0)
    try:
        local = datetime(  # noqa: DTZ001  the zone is added below
            year if year > 99 else 2000 + year,
            int(part["mo"] or 0),
            int(part["d"] or 0),
            hour,
            int(part["mi"] or 0),
            int(part.get("s") or 0),
            1000 * int(part.get("ms") or 0),
        )
        return local.replace(tzinfo=_zone(part.get("zone"), zone)).astimezone(UTC)
    except ValueError:
        return None


def _zone(text: str | None, default: tzinfo) -> tzinfo:
    if not text:
        return default
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)
