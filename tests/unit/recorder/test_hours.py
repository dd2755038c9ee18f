"""Times and days as people write them."""

import pytest

from recorder.timing.hours import Hours, read_days, read_time


@pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("8:05", 485), (" 23:59 ", 1439)])
def test_times_of_day_are_read(text: str, minutes: int) -> None:
    assert read_time(text) == minutes


@pytest.mark.parametrize("text", ["", "8", "0800", "8.00", "24:00", "12:60", "-1:00", "08:00:00", "١٢:00 am", "123:00"])
def test_what_is_no_time_of_day_is_told_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="must be a time of day as HH:MM"):
        read_time(text)


def test_only_an_end_may_be_2400() -> None:
    assert Hours.read("00:00-24:00") == Hours(0, 1440)
    with pytest.raises(ValueError, match="00:00 to 23:59"):
        Hours.read("24:00-08:00")


@pytest.mark.parametrize("text", ["08:00", "08:00-", "08:00-10:00-12:00", "a-b"])
def test_what_are_no_hours_is_told_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        Hours.read(text)


def test_hours_of_no_length_are_refused() -> None:
    with pytest.raises(ValueError, match="the same time"):
        Hours.read("08:00-8:00")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("fri", (4,)),
        ("Mon-Fri", (0, 1, 2, 3, 4)),
        ("sat - mon", (5, 6, 0)),
        ("пн–пт", (0, 1, 2, 3, 4)),
        ("sunday", (6,)),
        ("mon-mon", (0,)),
    ],
)
def test_days_are_read(text: str, days: tuple[int, ...]) -> None:
    assert read_days(text) == days


@pytest.mark.parametrize("text", ["", "mo", "mon-", "mon-tue-wed", "1-5", "mon tue"])
def test_what_are_no_days_is_told_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="must be days such as mon-fri"):
        read_days(text)
