"""When a point is open: hours by weekday in its own zone, with exceptions for single dates.

Stored as the admin API takes them: {"mon": [{"opens": "08:00", "closes": "22:00"}], "exceptions": {"2026-12-25": []}}.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

from domain.coverage import union
from domain.timeline import Span

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DEFAULT_DAY = {"opens": "08:00", "closes": "22:00"}
"""Of a point that nobody gave hours: what a recorder assumes as well."""
DAY_MIN = 24 * 60


class Stretch(NamedTuple):
    """Minutes of the local day; `closes_min` 1440 is midnight at its end."""

    opens_min: int
    closes_min: int


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """`week`: Monday first. `exceptions` replace the hours of their dates."""

    week: tuple[tuple[Stretch, ...], ...]
    exceptions: Mapping[date, tuple[Stretch, ...]] = field(default_factory=dict)

    def on(self, day: date) -> tuple[Stretch, ...]:
        """The hours of one day; empty where it is closed."""
        return self.exceptions.get(day, self.week[day.weekday()])


def has_week(stored: Mapping[str, Any]) -> bool:
    """Did anybody give hours for some weekday?"""
    return any(weekday in stored for weekday in WEEKDAYS)


def effective(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The hours that count, in the stored form with every weekday: without any weekday they are the default's."""
    default = [] if has_week(stored) else [DEFAULT_DAY]
    week = {weekday: stored.get(weekday, default) for weekday in WEEKDAYS}
    return {**week, "exceptions": stored.get("exceptions", {})}


def parse(stored: Mapping[str, Any]) -> OpeningHours:
    """The hours that count. `stored` was checked when it came in."""
    hours = effective(stored)
    exceptions = {date.fromisoformat(day): _stretches(of) for day, of in hours["exceptions"].items()}
    return OpeningHours(tuple(_stretches(hours[weekday]) for weekday in WEEKDAYS), exceptions)


def day_span(day: date, zone: tzinfo) -> Span:
    """The local day, of 23 to 25 hours where the clocks change."""
    return Span(_starts_ms(day, zone), _starts_ms(day + timedelta(days=1), zone))


def day_of(instant_ms: int, zone: tzinfo) -> date:
    """The local date of an instant."""
    return (_EPOCH + timedelta(milliseconds=instant_ms)).astimezone(zone).date()


def windows(hours: OpeningHours, day: date, zone: tzinfo) -> list[Span]:
    """The opening times of one local day."""
    return union(Span(_opens_ms(day, s.opens_min, zone), _closes_ms(day, s.closes_min, zone)) for s in hours.on(day))


def windows_between(hours: OpeningHours, span: Span, zone: tzinfo) -> list[Span]:
    """The opening times within `span`; one that goes on over midnight is one window."""
    found = (window for day in _days(span, zone) for window in windows(hours, day, zone))
    return union(Span(max(w.start_ms, span.start_ms), min(w.end_ms, span.end_ms)) for w in found)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _stretches(of_day: Sequence[Mapping[str, str]]) -> tuple[Stretch, ...]:
    return tuple(Stretch(_minutes(stretch["opens"]), _minutes(stretch["closes"])) for stretch in of_day)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _days(span: Span, zone: tzinfo) -> Iterator[date]:
    day, last = day_of(span.start_ms, zone), day_of(span.end_ms, zone)
    while day <= last:
        yield day
        day += timedelta(days=1)


def _instant_ms(day: date, minute: int, zone: tzinfo, fold: int) -> int:
    local = datetime.combine(day, time(minute // 60, minute % 60, fold=fold), tzinfo=zone)
    return (local - _EPOCH) // timedelta(milliseconds=1)


def _starts_ms(day: date, zone: tzinfo) -> int:
    return _instant_ms(day, 0, zone, fold=0)


def _opens_ms(day: date, minute: int, zone: tzinfo) -> int:
    """Of a time that the clocks show twice: the first; of one that they skip: as long after the skip."""
    return _closes_ms(day, minute, zone) if minute == DAY_MIN else _instant_ms(day, minute, zone, fold=0)


def _closes_ms(day: date, minute: int, zone: tzinfo) -> int:
    """Of a time that the clocks show twice: the second; of one that they skip: as long after the skip."""
    if minute == DAY_MIN:
        return _starts_ms(day + timedelta(days=1), zone)
    return max(_instant_ms(day, minute, zone, fold=fold) for fold in (0, 1))
