"""Numbers, shares, lengths and times as a person of the language reads them. Pure; times are in a point's zone."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.strings import Strings

NARROW_SPACE = "\u202f"
NO_VALUE = "–"
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400


class Format:
    """The forms of one language; in templates it is `f`."""

    def __init__(self, strings: Strings) -> None:
        self._s = strings
        self._is_russian = strings.language == "ru"

    def number(self, value: float | None, digits: int = 0) -> str:
        """12 345 or 12,345; 2,3 or 2.3."""
        if value is None:
            return NO_VALUE
        text = f"{value:,.{digits}f}"
        return text.replace(",", NARROW_SPACE).replace(".", ",") if self._is_russian else text

    def percent(self, share: float | None, digits: int = 0) -> str:
        """Of a share 0 to 1: 37 % or 37%."""
        if share is None:
            return NO_VALUE
        return self.number(share * 100, digits) + ("\u00a0%" if self._is_russian else "%")

    def interval(self, share: Mapping[str, Any]) -> str:
        """The 95 % interval of a proportion {low, high}: 28–47 %; empty where there is none."""
        if share.get("low") is None or share.get("high") is None:
            return ""
        sign = "\u00a0%" if self._is_russian else "%"
        return f"{self.number(share['low'] * 100)}–{self.number(share['high'] * 100)}{sign}"

    def points(self, difference: float | None) -> str:
        """A difference of two shares, in percentage points with its sign: +4 п.п. or +4 pp."""
        if difference is None:
            return NO_VALUE
        value = round(difference * 100)
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return f"{sign}{abs(value)}\u00a0{self._s('format.points')}"

    def length(self, seconds: float | None) -> str:
        """Of a recording: 0:41, 1:05:09."""
        if seconds is None:
            return NO_VALUE
        minutes, rest = divmod(round(seconds), MINUTE_S)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

    def span(self, seconds: float | None) -> str:
        """How long something has lasted, in its largest unit: 40 s, 12 min, 2 d; hours with minutes: 3 h 20 min."""
        if seconds is None:
            return NO_VALUE
        if HOUR_S <= seconds < DAY_S and seconds % HOUR_S >= MINUTE_S:
            hours, minutes = divmod(int(seconds // MINUTE_S), 60)
            return f"{self._s('format.hours', n=hours)} {self._s('format.minutes', n=minutes)}"
        for key, unit in (("days", DAY_S), ("hours", HOUR_S), ("minutes", MINUTE_S)):
            if seconds >= unit:
                return self._s(f"format.{key}", n=int(seconds // unit))
        return self._s("format.seconds", n=max(0, int(seconds)))

    def ago(self, instant: str | datetime | None, now: datetime | None = None) -> str:
        """12 min ago; `never` without an instant."""
        if instant is None:
            return self._s("format.never")
        seconds = ((now or datetime.now(UTC)) - as_instant(instant)).total_seconds()
        return self._s("format.now") if seconds < MINUTE_S else self._s("format.ago", span=self.span(seconds))

    def clock(self, instant: str | datetime | None, zone: str | None = None, seconds: bool = False) -> str:
        """14:05 in the zone; without one as the api wrote it, which is the point's own."""
        return NO_VALUE if instant is None else f"{as_instant(instant, zone):{'%H:%M:%S' if seconds else '%H:%M'}}"

    def moment(self, instant: str | datetime | None, zone: str | None = None) -> str:
        """2 Mar, 14:05 in the zone."""
        if instant is None:
            return NO_VALUE
        there = as_instant(instant, zone)
        return f"{self.day(there.date())}, {there:%H:%M}"

    def day(self, day: str | date | None, year: bool = False) -> str:
        """2 марта or 2 Mar, with the year where it is asked for."""
        if day is None:
            return NO_VALUE
        there = date.fromisoformat(day[:10]) if isinstance(day, str) else day
        month = self._s("format.months").split()[there.month - 1]
        return f"{there.day}\u00a0{month}" + (f"\u00a0{there.year}" if year else "")

    def weekday(self, day: str | date | int) -> str:
        """Пн or Mon, of a date or of a number with Monday as 0."""
        if isinstance(day, str):
            day = date.fromisoformat(day[:10])
        return self._s("format.weekdays").split()[day if isinstance(day, int) else day.weekday()]

    def size(self, count: float | None) -> str:
        """Of a file or a disk, from bytes: 1.4 GB."""
        if count is None:
            return NO_VALUE
        units = self._s("format.bytes").split()
        place = 0
        while count >= 1000 and place < len(units) - 1:
            count, place = count / 1000, place + 1
        return f"{self.number(count, 1 if place and count < 10 else 0)}\u00a0{units[place]}"


def as_instant(instant: str | datetime, zone: str | None = None) -> datetime:
    """An ISO 8601 instant, in the zone where one is named."""
    there = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return there.astimezone(ZoneInfo(zone)) if zone else there
