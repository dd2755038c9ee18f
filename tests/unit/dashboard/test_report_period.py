"""A preset is days of the point's own calendar."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.period import LONGEST_DAYS, Preset, chosen, of_preset, today_in, zone_of
from domain.change import Period

TODAY = date(2026, 3, 29)
POINTS = [
    {"point_id": "a", "zone": "Europe/Belgrade"},
    {"point_id": "b", "zone": "Asia/Kolkata"},
    {"point_id": "c", "zone": "Europe/Belgrade"},
]


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        (Preset.TODAY, date(2026, 3, 29), date(2026, 3, 29)),
        (Preset.YESTERDAY, date(2026, 3, 28), date(2026, 3, 28)),
        (Preset.WEEK, date(2026, 3, 23), date(2026, 3, 29)),
        (Preset.FOUR_WEEKS, date(2026, 3, 2), date(2026, 3, 29)),
        (Preset.QUARTER, date(2025, 12, 30), date(2026, 3, 29)),
    ],
)
def test_a_preset_ends_today_and_yesterday_is_one_day(preset: Preset, first: date, last: date) -> None:
    assert of_preset(preset, TODAY) == Period(first, last)
    assert chosen(preset, "", "", TODAY).preset is preset


def test_today_is_the_shops_day_not_the_servers() -> None:
    late = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    assert today_in(ZoneInfo("Europe/Belgrade"), late) == date(2026, 3, 29)
    assert today_in(ZoneInfo("America/New_York"), late) == date(2026, 3, 28)


def test_the_calendar_is_that_of_the_chosen_points_else_of_most() -> None:
    assert zone_of(POINTS).key == "Europe/Belgrade"
    assert zone_of(POINTS, ["b"]).key == "Asia/Kolkata"
    assert zone_of([]).key == "Europe/Belgrade"


def test_own_days_may_be_given_in_any_order() -> None:
    expected = (Preset.CUSTOM, Period(date(2026, 2, 1), date(2026, 2, 14)))
    for first, last in (("2026-02-01", "2026-02-14"), ("2026-02-14", "2026-02-01")):
        choice = chosen("custom", first, last, TODAY)
        assert (choice.preset, choice.period) == expected


@pytest.mark.parametrize("days", [("", ""), ("soon", "2026-01-01"), ("2026-01-01", "")])
def test_days_that_are_none_fall_back_to_the_week(days: tuple[str, str]) -> None:
    assert chosen("custom", *days, TODAY).preset is Preset.WEEK


def test_a_period_without_measure_is_cut_at_its_beginning() -> None:
    choice = chosen("", "0001-01-01", "2026-03-29", TODAY)
    assert choice.period.days == LONGEST_DAYS
    assert choice.period.last == TODAY
