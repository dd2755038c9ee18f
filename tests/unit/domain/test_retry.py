"""Backoff of failed jobs."""

from hypothesis import given
from hypothesis import strategies as st

from domain.retry import backoff_s


def test_the_span_doubles_with_each_attempt_up_to_the_limit() -> None:
    assert [backoff_s(attempt, 5, 60, 1.0) for attempt in range(1, 7)] == [5, 10, 20, 40, 60, 60]


def test_jitter_spreads_over_the_whole_span() -> None:
    assert backoff_s(3, 5, 300, 0.0) == 0
    assert backoff_s(3, 5, 300, 0.5) == 10


@given(st.integers(1, 10**6), st.floats(0.001, 100), st.floats(0.001, 10_000), st.floats(0, 1, exclude_max=True))
def test_no_wait_is_negative_or_beyond_the_limit(attempt: int, base_s: float, max_s: float, jitter: float) -> None:
    assert 0 <= backoff_s(attempt, base_s, max_s, jitter) <= max_s
