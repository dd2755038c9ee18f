"""Numbers, shares, lengths and times as people of both languages read them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dashboard.kit.format import Format
from dashboard.strings import Strings

RU, EN = Format(Strings("ru")), Format(Strings("en"))
NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_numbers_are_grouped_and_pointed_as_the_language_does() -> None:
    assert (RU.number(12345.6, 1), EN.number(12345.6, 1)) == ("12\u202f345,6", "12,345.6")
    assert RU.number(None) == "–"


def test_shares_and_their_intervals_are_percents() -> None:
    share = {"value": 0.3333, "low": 0.21, "high": 0.475}
    assert (RU.percent(share["value"]), EN.percent(share["value"])) == ("33\u00a0%", "33%")
    assert (RU.interval(share), EN.interval(share)) == ("21–48\u00a0%", "21–48%")
    assert EN.interval({"low": None, "high": None}) == ""


def test_differences_of_shares_are_points_with_a_sign() -> None:
    assert [EN.points(d) for d in (0.041, -0.2, 0.001)] == ["+4\u00a0pp", "−20\u00a0pp", "±0\u00a0pp"]


@pytest.mark.parametrize(
    ("seconds", "length", "span"),
    [(41, "0:41", "41 s"), (125, "2:05", "2 min"), (3909, "1:05:09", "1 h 5 min"), (7200, "2:00:00", "2 h")],
)
def test_lengths_and_spans(seconds: float, length: str, span: str) -> None:
    assert (EN.length(seconds), EN.span(seconds)) == (length, span)


def test_days_are_the_largest_unit() -> None:
    assert (EN.span(200_000), RU.span(200_000)) == ("2 d", "2 дн.")


def test_times_are_in_the_zone_even_where_the_clock_jumps() -> None:
    assert EN.clock("2026-03-29T00:59:00Z", "Europe/Belgrade") == "01:59"
    assert EN.clock("2026-03-29T01:00:00Z", "Europe/Belgrade") == "03:00"
    assert EN.clock("2026-03-02T10:00:00+01:00") == "10:00"
    assert RU.moment("2026-03-02T22:30:00Z", "Asia/Novosibirsk") == "3\u00a0марта, 05:30"


def test_ago_is_said_from_now() -> None:
    assert EN.ago(NOW - timedelta(minutes=12), NOW) == "12 min ago"
    assert EN.ago(NOW, NOW) == "just now"
    assert RU.ago(None, NOW) == "никогда"


def test_days_weekdays_and_sizes() -> None:
    assert (RU.day("2026-03-02"), EN.day(date(2026, 3, 2), year=True)) == ("2\u00a0марта", "2\u00a0Mar\u00a02026")
    assert (RU.weekday("2026-03-02"), EN.weekday(6)) == ("Пн", "Sun")
    assert (EN.size(1_400_000_000), RU.size(61_000_000_000), EN.size(12)) == ("1.4\u00a0GB", "61\u00a0ГБ", "12\u00a0B")
