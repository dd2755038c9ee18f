"""The league table of points."""

from domain.figures import wilson
from domain.ranking import MIN_N, is_rankable, ranks


def test_the_highest_rate_is_first_and_equal_rates_share_a_place() -> None:
    rates = {"a": wilson(40, 100), "b": wilson(60, 100), "c": wilson(80, 200), "d": wilson(10, 100)}
    assert ranks(rates) == {"b": 1, "a": 2, "c": 2, "d": 4}


def test_a_point_with_few_sales_has_no_place_and_takes_none_from_others() -> None:
    rates = {"lucky": wilson(5, 5), "steady": wilson(50, 100), "empty": wilson(0, 0)}
    assert ranks(rates) == {"lucky": None, "steady": 1, "empty": None}


def test_a_rate_near_one_half_needs_more_sales_to_be_ranked_than_one_near_none() -> None:
    assert not is_rankable(wilson(20, 38))
    assert is_rankable(wilson(20, 40))
    assert is_rankable(wilson(1, MIN_N))
    assert not is_rankable(wilson(0, MIN_N - 1))
