"""The periods that reports offer, in days of the point's own calendar. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.change import Period

DEFAULT_ZONE = "Europe/Belgrade"
LONGEST_DAYS = 731
"""Two years: what a report of any size still answers at once."""


class Preset(StrEnum):
    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "7d"
    FOUR_WEEKS = "28d"
    QUARTER = "90d"
    CUSTOM = "custom"


DAYS: Mapping[Preset, int] = {Preset.TODAY: 1, Preset.WEEK: 7, Preset.FOUR_WEEKS: 28, Preset.QUARTER: 90}
"""So many days, today the last."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The preset that is lit, and its days."""

    preset: Preset
    period: Period


def zone_of(points: Iterable[Mapping[str, str]], chosen: Sequence[str] = ()) -> ZoneInfo:
    """Whose calendar a report over these points begins and ends by: the zone of the chosen, else of most points."""
    zones = [point["zone"] for point in points if not chosen or point["point_id"] in chosen]
    return ZoneInfo(max(sorted(set(zones)), key=zones.count) if zones else DEFAULT_ZONE)


def today_in(zone: ZoneInfo, now: datetime) -> date:
    """The day on the wall of a shop there."""
    return now.astimezone(zone).date()


def of_preset(preset: Preset, today: date) -> Period:
    """Raises KeyError for CUSTOM, whose days are the person's."""
    if preset is Preset.YESTERDAY:
        return Period(today - timedelta(days=1), today - timedelta(days=1))
    return Period(today - timedelta(days=DAYS[preset] - 1), today)


def chosen(period: str, first: str, last: str, today: date, default: Preset = Preset.WEEK) -> Choice:
    """Out of an address: `period` names a preset; `from` and `to` alone are a period of the person's own.

    Days that are none, or a period without an end, fall back to the default; one that ends before it begins is turned
    round, one that is too long is cut at its beginning.
    """
    if period in DAYS or period == Preset.YESTERDAY:
        preset = Preset(period)
        return Choice(preset, of_preset(preset, today))
    try:
        days = sorted((date.fromisoformat(first), date.fromisoformat(last)))
        earliest = days[1] - timedelta(days=LONGEST_DAYS - 1)
    except (ValueError, OverflowError):
        return Choice(default, of_preset(default, today))
    return Choice(Preset.CUSTOM, Period(max(days[0], earliest), days[1]))
