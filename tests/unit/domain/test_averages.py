"""The average quality says how sure it is."""

from hypothesis import given
from hypothesis import strategies as st

from domain.averages import TOP_SCORE, change_of_means, mean
from domain.figures import wilson

SCORES = st.lists(st.integers(0, TOP_SCORE), min_size=1, max_size=60)


@given(SCORES)
def test_the_interval_holds_the_average_and_stays_on_the_scale(scores: list[int]) -> None:
    found = mean(sum(scores) / len(scores), len(scores))
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= TOP_SCORE
    assert found.low < found.high


@given(st.integers(1, 80), st.integers(0, 80))
def test_of_scores_that_are_the_least_or_the_best_it_is_that_of_a_share(best: int, least: int) -> None:
    share, found = wilson(best, best + least), mean(TOP_SCORE * best / (best + least), best + least)
    assert found.low is not None
    assert found.high is not None
    assert share.low is not None
    assert share.high is not None
    assert abs(found.low - TOP_SCORE * share.low) < 1e-9
    assert abs(found.high - TOP_SCORE * share.high) < 1e-9


def test_more_offers_make_it_surer() -> None:
    few, many = mean(1.5, 10), mean(1.5, 1000)
    assert few.low is not None
    assert many.low is not None
    assert few.low < many.low < 1.5


def test_without_offers_nothing_is_known() -> None:
    assert mean(None, 0).value is None
    assert change_of_means(mean(1.5, 10), mean(None, 0)).difference is None


def test_a_change_is_news_only_where_offers_are_enough() -> None:
    assert not change_of_means(mean(2.0, 10), mean(1.5, 10)).is_more_than_noise
    assert change_of_means(mean(2.0, 500), mean(1.5, 500)).is_more_than_noise
