"""Opening hours by local clock, on days of 23, 24 and 25 hours."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.opening_hours import WEEKDAYS, day_of, day_span, effective, has_week, parse, windows, windows_between
from domain.timeline import Span

BELGRADE = ZoneInfo("Europe/Belgrade")
HOUR = 3_600_000
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
"""At 02:00 the clocks go to 03:00, at 03:00 to 02:00."""


def stretch(opens: str, closes: str) -> dict[str, str]:
    return {"opens": opens, "closes": closes}


def every_day(*stretches: dict[str, str]) -> dict[str, object]:
    return {weekday: list(stretches) for weekday in WEEKDAYS}


def hours_of(stored: dict[str, object], day: date) -> list[float]:
    return [(end - start) / HOUR for start, end in windows(parse(stored), day, BELGRADE)]


def utc_ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_hours_that_nobody_gave_are_eight_to_ten_every_day() -> None:
    found = windows(parse({}), date(2026, 3, 2), BELGRADE)
    assert found == [Span(utc_ms("2026-03-02T07:00"), utc_ms("2026-03-02T21:00"))]
    with_exception = {"exceptions": {"2026-12-25": []}}
    assert hours_of(with_exception, date(2026, 12, 25)) == []
    assert hours_of(with_exception, date(2026, 12, 26)) == [14]
    assert not has_week(with_exception)


def test_a_weekday_that_was_left_out_is_closed_once_any_is_given() -> None:
    stored = {"mon": [stretch("09:00", "13:00"), stretch("14:00", "18:00")]}
    assert hours_of(stored, date(2026, 3, 2)) == [4, 4]
    assert hours_of(stored, date(2026, 3, 3)) == []
    assert effective(stored)["tue"] == []


def test_stretches_that_meet_at_midnight_are_one_window() -> None:
    stored = {"fri": [stretch("20:00", "24:00")], "sat": [stretch("00:00", "02:00")]}
    friday = date(2026, 3, 6)
    span = Span(day_span(friday, BELGRADE).start_ms, day_span(friday + timedelta(days=1), BELGRADE).end_ms)
    assert [(end - start) / HOUR for start, end in windows_between(parse(stored), span, BELGRADE)] == [6]


@pytest.mark.parametrize(
    ("day", "opens", "closes", "hours"),
    [
        (SPRING, "00:00", "24:00", 23),
        (AUTUMN, "00:00", "24:00", 25),
        (SPRING, "01:00", "05:00", 3),
        (AUTUMN, "01:00", "05:00", 5),
        (SPRING, "08:00", "22:00", 14),
        (AUTUMN, "02:30", "03:00", 1.5),
        (AUTUMN, "01:00", "02:30", 2.5),
        (SPRING, "02:15", "02:45", 0.5),
        (SPRING, "01:00", "02:30", 1.5),
    ],
)
def test_days_on_which_the_clocks_change(day: date, opens: str, closes: str, hours: float) -> None:
    """Of a time that is shown twice the shop opens at the first and closes at the second."""
    assert hours_of(every_day(stretch(opens, closes)), day) == [hours]


@pytest.mark.parametrize("zone", ["Europe/Belgrade", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "UTC"])
def test_a_years_days_meet_without_gap_where_clocks_change_at_midnight_too(zone: str) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(366)]
    ends = [day_span(day, ZoneInfo(zone)) for day in days]
    assert all(one.end_ms == other.start_ms for one, other in pairwise(ends))
    assert all(day_of(span.start_ms, ZoneInfo(zone)) == day for day, span in zip(days, ends, strict=True))
    around = windows_between(parse(every_day(stretch("00:00", "24:00"))), Span(ends[0][0], ends[-1][1]), ZoneInfo(zone))
    assert around == [Span(ends[0].start_ms, ends[-1].end_ms)]


@given(
    day=st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    minutes=st.tuples(st.integers(0, 1440), st.integers(0, 1440)).filter(lambda pair: pair[0] != pair[1]),
    zone=st.sampled_from(["Europe/Belgrade", "America/Havana", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_a_window_lies_in_its_day_and_is_open_as_long_as_the_clocks_say(
    day: date, minutes: tuple[int, int], zone: str
) -> None:
    opens, closes = (f"{m // 60:02}:{m % 60:02}" for m in sorted(minutes))
    here = ZoneInfo(zone)
    (window,) = windows(parse(every_day(stretch(opens, closes))), day, here)
    assert day_span(day, here).contains(window)
    shown_ms = abs(minutes[0] - minutes[1]) * 60_000
    assert abs((window.end_ms - window.start_ms) - shown_ms) <= HOUR
    if day_span(day, here).end_ms - day_span(day, here).start_ms == 24 * HOUR:
        assert window.end_ms - window.start_ms == shown_ms
