"""The schedule's windows: hours over midnight, days, exceptions and days on which the clocks change."""

import itertools
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.timing.hours import EVERY_DAY, MINUTES_A_DAY, Hours
from recorder.timing.schedule import HORIZON_DAYS, Schedule, Window, local_ms, system_zone

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ZONES = ("Europe/Berlin", "Europe/Moscow", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo")


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp() * 1000)


def schedule(hours: str = "08:00-22:00", **more: object) -> Schedule:
    return Schedule(Hours.read(hours), BERLIN, **more)  # type: ignore[arg-type]


def test_a_day_is_open_from_start_to_end_and_the_end_is_outside() -> None:
    assert schedule().windows(at("2026-11-24T00:00"), at("2026-11-25T00:00")) == [
        Window(at("2026-11-24T08:00"), at("2026-11-24T22:00"))
    ]
    assert schedule().is_open(at("2026-11-24T08:00"))
    assert not schedule().is_open(at("2026-11-24T08:00") - 1)
    assert schedule().is_open(at("2026-11-24T22:00") - 1)
    assert not schedule().is_open(at("2026-11-24T22:00"))


def test_hours_over_midnight_belong_to_the_day_they_start_on() -> None:
    friday_night = schedule("22:00-06:00", days=(4,))
    assert friday_night.windows(at("2026-11-23T00:00"), at("2026-11-30T00:00")) == [
        Window(at("2026-11-27T22:00"), at("2026-11-28T06:00"))
    ]


def test_an_exception_replaces_the_hours_that_start_on_its_date() -> None:
    holidays = {date(2026, 12, 31): Hours.read("10:00-15:00"), date(2027, 1, 1): None}
    nightly = schedule("22:00-06:00", exceptions=holidays)
    assert nightly.windows(at("2026-12-30T12:00"), at("2027-01-03T12:00")) == [
        Window(at("2026-12-30T22:00"), at("2026-12-31T06:00")),
        Window(at("2026-12-31T10:00"), at("2026-12-31T15:00")),
        Window(at("2027-01-02T22:00"), at("2027-01-03T06:00")),
    ]


def test_an_exception_opens_a_day_that_is_closed_otherwise() -> None:
    weekdays = schedule(days=(0, 1, 2, 3, 4), exceptions={date(2026, 11, 29): Hours.read("10:00-16:00")})
    sunday = (at("2026-11-29T00:00"), at("2026-11-30T00:00"))
    assert weekdays.windows(*sunday) == [Window(at("2026-11-29T10:00"), at("2026-11-29T16:00"))]


def test_hours_that_overlap_are_one_window() -> None:
    early = schedule("22:00-06:00", exceptions={date(2026, 11, 25): Hours.read("05:00-09:00")})
    assert early.windows(at("2026-11-24T12:00"), at("2026-11-25T12:00")) == [
        Window(at("2026-11-24T22:00"), at("2026-11-25T09:00"))
    ]


@pytest.mark.parametrize(
    ("hours", "day", "length_h"),
    [
        ("00:00-24:00", "2026-03-29", 23),
        ("00:00-24:00", "2026-10-25", 25),
        ("01:00-10:00", "2026-03-29", 8),
        ("01:00-10:00", "2026-10-25", 10),
        ("08:00-22:00", "2026-10-25", 14),
    ],
)
def test_a_day_on_which_the_clocks_change_is_an_hour_shorter_or_longer(hours: str, day: str, length_h: int) -> None:
    changing = schedule(hours, exceptions={date.fromisoformat(day) + timedelta(days=n): None for n in (-1, 1)})
    [window] = changing.windows(at(f"{day}T00:00"), at(f"{day}T00:00") + 26 * HOUR_MS)
    assert window.end_ms - window.start_ms == length_h * HOUR_MS


def test_a_start_in_the_hour_that_is_skipped_is_the_instant_of_the_change() -> None:
    change = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp() * 1000
    assert local_ms(date(2026, 3, 29), 150, BERLIN) == local_ms(date(2026, 3, 29), 150, BERLIN, last=True) == change
    day = schedule("02:30-10:00").windows(at("2026-03-29T00:00"), at("2026-03-30T00:00"))
    assert day == [Window(int(change), at("2026-03-29T10:00"))]


def test_hours_inside_of_the_skipped_hour_do_not_take_place() -> None:
    assert schedule("02:10-02:40").windows(at("2026-03-29T00:00"), at("2026-03-30T00:00")) == []


def test_the_hour_that_comes_twice_is_recorded_twice() -> None:
    [window] = schedule("02:30-10:00").windows(at("2026-10-25T00:00"), at("2026-10-26T00:00"))
    assert window.start_ms == at("2026-10-25T02:30", fold=0)
    [window] = schedule("01:00-02:30").windows(at("2026-10-25T00:00"), at("2026-10-26T00:00"))
    assert window.end_ms == at("2026-10-25T02:30", fold=1)


def test_a_date_that_a_zone_skipped_has_no_window() -> None:
    samoa = Schedule(Hours.read("08:00-22:00"), ZoneInfo("Pacific/Apia"))
    around = samoa.windows(at("2011-12-29T00:00", samoa.zone), at("2012-01-01T00:00", samoa.zone))
    assert [window.end_ms - window.start_ms for window in around] == [14 * HOUR_MS] * 2


def test_next_change_of_a_schedule_that_never_changes_is_its_horizon() -> None:
    now_ms = at("2026-11-24T12:00")
    assert schedule("00:00-24:00").next_change(now_ms) == now_ms + HORIZON_DAYS * DAY_MS


def test_the_configured_zone_counts_and_the_systems_where_there_is_none() -> None:
    configured = {"schedule_start": "08:00", "schedule_end": "22:00", "days": EVERY_DAY, "exceptions": {}}
    assert Schedule.from_config(SimpleNamespace(timezone="Asia/Tokyo", **configured)).zone.key == "Asia/Tokyo"
    assert Schedule.from_config(SimpleNamespace(timezone=None, **configured)).zone == system_zone()


hours = st.tuples(st.integers(0, MINUTES_A_DAY - 1), st.integers(0, MINUTES_A_DAY)).filter(
    lambda pair: pair[0] != pair[1]
)
some_hours = hours.map(lambda pair: Hours(*pair))


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, int]:
    """A schedule, and an instant near a change of its zone's clocks or anywhere."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    day = draw(
        st.sampled_from(
            [date(2026, 3, 29), date(2026, 10, 25), date(2011, 12, 30), date(2018, 11, 4), date(2026, 4, 5)]
        )
        | st.dates(date(2000, 1, 1), date(2037, 1, 1))
    )
    exceptions = draw(st.dictionaries(st.integers(-3, 3), st.none() | some_hours, max_size=3))
    days = tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1))))
    made = Schedule(draw(some_hours), zone, days, {day + timedelta(days=n): value for n, value in exceptions.items()})
    return made, at(day.isoformat(), zone) + draw(st.integers(-2 * DAY_MS, 2 * DAY_MS))


@settings(max_examples=120, deadline=None)
@given(schedules(), st.lists(st.integers(0, 6 * DAY_MS), min_size=2, max_size=5))
def test_windows_are_apart_in_order_and_the_same_however_the_time_is_cut(
    case: tuple[Schedule, int], cuts: list[int]
) -> None:
    made, now_ms = case
    edges = sorted({now_ms + cut for cut in cuts} | {now_ms, now_ms + 6 * DAY_MS})
    whole = made.windows(edges[0], edges[-1])
    assert all(window.start_ms < window.end_ms for window in whole)
    assert all(one.end_ms < other.start_ms for one, other in itertools.pairwise(whole))
    pieces = [window for start, end in itertools.pairwise(edges) for window in made.windows(start, end)]
    assert sum(w.end_ms - w.start_ms for w in pieces) == sum(w.end_ms - w.start_ms for w in whole)
    assert all(any(w.start_ms <= p.start_ms and p.end_ms <= w.end_ms for w in whole) for p in pieces)


@settings(max_examples=120, deadline=None)
@given(schedules(), st.integers(0, 2 * DAY_MS))
def test_is_open_and_next_change_agree_with_the_windows(case: tuple[Schedule, int], later_ms: int) -> None:
    made, now_ms = case
    change_ms = made.next_change(now_ms)
    assert change_ms > now_ms
    between_ms = now_ms + later_ms % (change_ms - now_ms)
    assert made.is_open(between_ms) == made.is_open(now_ms) == made.is_open(change_ms - 1)
    if change_ms - now_ms < HORIZON_DAYS * DAY_MS:
        assert made.is_open(change_ms) != made.is_open(now_ms)
    inside = made.windows(now_ms, now_ms + 3 * DAY_MS)
    instant = now_ms + later_ms
    assert made.is_open(instant) == any(w.start_ms <= instant < w.end_ms for w in inside)


@settings(max_examples=120, deadline=None)
@given(schedules())
def test_open_is_what_a_clock_on_the_wall_would_say(case: tuple[Schedule, int]) -> None:
    """Read off a wall clock, away from the hours that come twice or never."""
    made, now_ms = case
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(made.zone)
    near = {(local + timedelta(hours=n)).utcoffset() for n in range(-60, 61, 1)}
    if len(near) > 1:
        return
    minute = local.hour * 60 + local.minute
    expected = False
    for day, reading in ((local.date(), minute), (local.date() - timedelta(days=1), minute + MINUTES_A_DAY)):
        held = made.exceptions.get(day, made.hours if day.weekday() in made.days else None)
        if held:
            end = held.end + (MINUTES_A_DAY if held.end <= held.start else 0)
            expected |= held.start <= reading < end
    assert made.is_open(now_ms) == expected
