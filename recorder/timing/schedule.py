"""When to record: hours of the day in the shop's time zone, days of the week, exception dates.

A window is the stretch of real time in which the shop's clock reads from the start to the end. So a day on which clocks
change is an hour shorter or longer; a start inside the hour that is skipped is the instant of the change; and the hour
that comes twice is recorded twice: from the first time the clock shows the start to the last time it shows the end.
Hours over midnight belong to the day on which they start, for days of the week and for exceptions too.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from recorder.timing.hours import EVERY_DAY, Hours

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
_DAY_MS = 86_400_000
_REACH_DAYS = 2
"""A window touches the day of its start and the next; zones are up to 14 h off UTC."""
HORIZON_DAYS = 62


class Configured(Protocol):
    """What the schedule takes from the configuration."""

    @property
    def schedule_start(self) -> str: ...
    @property
    def schedule_end(self) -> str: ...
    @property
    def timezone(self) -> str | None: ...
    @property
    def days(self) -> tuple[int, ...]: ...
    @property
    def exceptions(self) -> Mapping[date, Hours | None]: ...


@dataclass(frozen=True, slots=True)
class Window:
    """[start_ms, end_ms), Unix time."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Schedule:
    hours: Hours
    zone: ZoneInfo
    days: tuple[int, ...] = EVERY_DAY
    exceptions: Mapping[date, Hours | None] = field(default_factory=dict)
    """What holds instead on the hours that start on the date; None: closed."""

    @classmethod
    def from_config(cls, config: Configured) -> Self:
        zone = ZoneInfo(config.timezone) if config.timezone else system_zone()
        return cls(Hours.between(config.schedule_start, config.schedule_end), zone, config.days, config.exceptions)

    def is_open(self, wall_ms: int) -> bool:
        return bool(self.windows(wall_ms, wall_ms + 1))

    def next_change(self, wall_ms: int) -> int:
        """The first instant after `wall_ms` at which the schedule opens or closes; where there is none within
        `HORIZON_DAYS` (always open, or closed by exceptions), that horizon: ask again then."""
        horizon_ms = wall_ms + HORIZON_DAYS * _DAY_MS
        for window in self._merged(wall_ms, horizon_ms):
            for edge_ms in (window.start_ms, window.end_ms):
                if edge_ms > wall_ms:
                    return min(edge_ms, horizon_ms)
        return horizon_ms

    def windows(self, start_ms: int, end_ms: int) -> list[Window]:
        """The scheduled parts of [start_ms, end_ms), in order, apart from each other."""
        return [
            Window(max(window.start_ms, start_ms), min(window.end_ms, end_ms))
            for window in self._merged(start_ms, end_ms)
            if window.start_ms < end_ms and start_ms < window.end_ms and start_ms < end_ms
        ]

    def _merged(self, start_ms: int, end_ms: int) -> Iterator[Window]:
        """Windows that touch or overlap (hours over midnight before an early exception) are one."""
        current: Window | None = None
        for window in self._of_each_day(start_ms, end_ms):
            if current and window.start_ms <= current.end_ms:
                current = Window(current.start_ms, max(current.end_ms, window.end_ms))
                continue
            if current:
                yield current
            current = window
        if current:
            yield current

    def _of_each_day(self, start_ms: int, end_ms: int) -> Iterator[Window]:
        """In order of their starts."""
        day = _utc(start_ms).date() - _REACH_DAYS * _DAY
        last = _utc(end_ms).date() + _REACH_DAYS * _DAY
        while day <= last:
            hours = self.exceptions.get(day, self.hours if day.weekday() in self.days else None)
            if hours:
                end_day = day + _DAY if hours.end <= hours.start else day
                window = Window(
                    local_ms(day, hours.start, self.zone), local_ms(end_day, hours.end, self.zone, last=True)
                )
                if window.start_ms < window.end_ms:
                    yield window
            day += _DAY


def local_ms(day: date, minutes: int, zone: ZoneInfo, *, last: bool = False) -> int:
    """The instant (Unix time, ms) at which clocks of `zone` come to show the time on that day: the first one, or the
    `last` one where it comes twice; where it never comes, the instant of the change that skips it."""
    wanted = datetime.combine(day, time(), zone) + timedelta(minutes=minutes)  # Arithmetic of the wall clock.
    first_reading, last_reading = _ms(wanted.replace(fold=0)), _ms(wanted.replace(fold=1))
    if first_reading <= last_reading:
        return last_reading if last else first_reading
    # Skipped: the change lies between the two readings (PEP 495), and there is one.
    before_ms, after_ms = last_reading, first_reading
    offset_before = _utc(before_ms - 1).astimezone(zone).utcoffset()
    while after_ms - before_ms > 1:
        middle_ms = (before_ms + after_ms) // 2
        if _utc(middle_ms).astimezone(zone).utcoffset() == offset_before:
            before_ms = middle_ms
        else:
            after_ms = middle_ms
    return after_ms


def system_zone(link: Path = Path("/etc/localtime"), environment: Mapping[str, str] = os.environ) -> ZoneInfo:
    """The zone of this machine: TZ, else what /etc/localtime is or points to, else UTC."""
    named = environment.get("TZ", "").lstrip(":")
    target = str(link.resolve()) if link.is_symlink() else ""
    for name in (named, target.partition("zoneinfo/")[2]):
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    if link.is_file():
        with link.open("rb") as file:
            return ZoneInfo.from_file(file, key="localtime")
    return ZoneInfo("UTC")


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MS


def _utc(ms: int) -> datetime:
    return _EPOCH + ms * _MS
