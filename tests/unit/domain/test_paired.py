"""Two judges of the same things: who is right more often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.change import change
from domain.paired import exact_p, paired

few = st.integers(0, 60)


@pytest.mark.parametrize(
    ("cells", "low", "high"),
    [((36, 12, 2, 0), -0.3404, -0.0569), ((1, 1, 7, 12), 0.026, 0.507)],
    ids=["Newcombe 1998", "Fagerland, Lydersen, Laake 2014"],
)
def test_the_interval_is_the_published_one(cells: tuple[int, int, int, int], low: float, high: float) -> None:
    found = paired(*cells).difference
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


@pytest.mark.parametrize(("one", "other", "p"), [(0, 5, 0.0625), (2, 8, 0.109375), (10, 10, 1.0), (0, 0, None)])
def test_the_exact_test_is_the_binomial_one_of_what_differs(one: int, other: int, p: float | None) -> None:
    assert exact_p(one, other) == (None if p is None else pytest.approx(p))
    assert exact_p(one, other) == exact_p(other, one)


@given(few, few, few, few)
def test_the_difference_lies_in_its_interval_and_turns_with_the_judges(a: int, b: int, c: int, d: int) -> None:
    one, turned = paired(a, b, c, d), paired(a, c, b, d)
    if a + b + c + d == 0:
        assert one.difference.difference is None
        return
    found, back = one.difference, turned.difference
    assert found.low is not None
    assert found.high is not None
    assert found.difference is not None
    assert back.low is not None
    assert back.high is not None
    assert -1 <= found.low <= found.difference + 1e-12 <= found.high + 2e-12 <= 1 + 3e-12
    assert (found.low, found.high) == (pytest.approx(-back.high), pytest.approx(-back.low))


@given(few, few, few, few)
def test_judges_who_mostly_agree_are_told_apart_better_than_two_samples_of_their_own(
    a: int, b: int, c: int, d: int
) -> None:
    one = paired(a, b, c, d)
    apart = change(one.new, one.old)
    if apart.low is None or apart.high is None or a * d - b * c <= (a + b + c + d) / 2:
        return
    assert one.difference.low is not None
    assert one.difference.high is not None
    assert one.difference.high - one.difference.low <= apart.high - apart.low + 1e-12
