"""How a rate changed against the period before."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.change import Period, change
from domain.figures import wilson

PAIRS = st.tuples(st.integers(0, 400), st.integers(0, 400)).map(lambda pair: (min(pair), max(pair)))


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_is_that_of_the_published_examples(
    now: tuple[int, int], before: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe 1998, table II, method 10."""
    found = change(wilson(*now), wilson(*before))
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


def test_the_same_difference_is_noise_in_a_few_sales_and_news_in_many() -> None:
    assert change(wilson(4, 10), wilson(3, 10)).is_more_than_noise is False
    assert change(wilson(400, 1000), wilson(300, 1000)).is_more_than_noise is True
    assert change(wilson(300, 1000), wilson(400, 1000)).is_more_than_noise is True


def test_nothing_is_said_where_one_of_the_periods_has_no_sale() -> None:
    for now, before in ((wilson(0, 0), wilson(1, 2)), (wilson(1, 2), wilson(0, 0))):
        found = change(now, before)
        assert (found.difference, found.low, found.high, found.is_more_than_noise) == (None, None, None, None)


@given(PAIRS, PAIRS)
def test_the_interval_holds_the_difference_lies_in_bounds_and_turns_over_with_its_sides(
    now: tuple[int, int], before: tuple[int, int]
) -> None:
    there, back = change(wilson(*now), wilson(*before)), change(wilson(*before), wilson(*now))
    if there.difference is None or there.low is None or there.high is None:
        assert 0 in (now[1], before[1])
        return
    assert -1 - 1e-9 <= there.low <= there.difference <= there.high <= 1 + 1e-9
    assert back.difference == pytest.approx(-there.difference)
    assert (back.low, back.high) == (pytest.approx(-there.high), pytest.approx(-there.low))


def test_the_period_before_is_as_long_and_ends_the_day_before() -> None:
    week = Period(date(2026, 3, 2), date(2026, 3, 8))
    assert (week.days, week.before) == (7, Period(date(2026, 2, 23), date(2026, 3, 1)))
    assert Period(date(2026, 3, 1), date(2026, 3, 1)).before == Period(date(2026, 2, 28), date(2026, 2, 28))


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-03-02 to 2026-03-01"):
        Period(date(2026, 3, 2), date(2026, 3, 1))
