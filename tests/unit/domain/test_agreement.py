"""Agreement of two judges: by hand, and as properties."""

import random
from itertools import product
from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.agreement import (
    Call,
    Confusion,
    WhyNot,
    call_of,
    calls,
    cohen,
    confusion,
    corrected_rate,
    precision,
    recall,
    sensitivity,
    specificity,
)
from domain.figures import Opinion, wilson
from domain.status import Attempted, Kind

AB = ("a", "b")


def table(**cells: int) -> Confusion:
    """Of calls: yes_no=3 are three to which the machine said yes and the reviewer no; `none` is no sale."""
    names = {"yes": Call.YES, "no": Call.NO, "uncertain": Call.UNCERTAIN, "none": Call.NO_SALE}
    pairs = [tuple(names[part] for part in cell.split("_")) for cell, n in cells.items() for _ in range(n)]
    return confusion([(first, second) for first, second in pairs], tuple(Call))


tables = st.lists(st.integers(0, 30), min_size=16, max_size=16).map(
    lambda counts: Confusion(tuple(Call), tuple(tuple(counts[i : i + 4]) for i in range(0, 16, 4)))
)


def test_only_a_sale_has_a_call_on_the_offer() -> None:
    assert call_of(Opinion(Kind.STAFF, Attempted.YES)) is Call.NO_SALE
    assert call_of(Opinion(Kind.SALE, Attempted.UNCERTAIN)) is Call.UNCERTAIN


def test_pairs_are_counted_where_they_meet() -> None:
    found = calls(
        [(Opinion(Kind.SALE, Attempted.YES), Opinion(Kind.SALE, Attempted.NO))] * 2
        + [(Opinion(Kind.STAFF, Attempted.NO), Opinion(Kind.STAFF, Attempted.NO))]
    )
    assert (found.n, found.agreed, found.count(Call.YES, Call.NO)) == (3, 1, 2)
    assert found.firsts == (2, 0, 0, 1)
    assert found.seconds == (0, 2, 0, 1)


def test_a_label_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="maybe"):
        confusion([("a", "maybe")], AB)


def test_precision_and_recall_by_hand() -> None:
    found = table(yes_yes=30, yes_no=8, yes_none=2, yes_uncertain=5, no_yes=6, uncertain_yes=3, none_yes=1, no_no=40)
    assert (precision(found).hits, precision(found).n) == (30, 40)
    assert (recall(found).hits, recall(found).n) == (30, 40)
    assert precision(found) == wilson(30, 40)
    assert (sensitivity(found).hits, sensitivity(found).n) == (30, 36)
    assert (specificity(found).hits, specificity(found).n) == (40, 48)


def test_kappa_of_the_textbook_table() -> None:
    """20 and 15 on the diagonal, 5 and 10 off it: agreement 0.7, by chance 0.5, so κ is 0.4."""
    found = cohen(Confusion(AB, ((20, 5), (10, 15))))
    assert found.agreed.value == 0.7
    assert found.value == pytest.approx(0.4)
    # 2743/25000 on the diagonal + 2547/25000 off it − 1/100, over 50 · (1 − 1/2)²: 252/15625
    assert found.standard_error == pytest.approx((252 / 15625) ** 0.5)
    assert found.low == pytest.approx(0.4 - 1.959964 * 0.126996, abs=1e-5)


def test_the_standard_error_of_kappa_is_how_far_samples_scatter() -> None:
    cells = list(product(range(3), range(3)))
    weights = [0.53, 0.05, 0.02, 0.11, 0.14, 0.05, 0.01, 0.06, 0.03]
    draw = random.Random(5)
    values = []
    for _ in range(400):
        counts = [[0] * 3 for _ in range(3)]
        for i, j in draw.choices(cells, weights, k=200):
            counts[i][j] += 1
        values.append(cohen(Confusion(("x", "y", "z"), tuple(map(tuple, counts)))).value or 0.0)
    mean = sum(values) / len(values)
    scatter = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5
    expected = cohen(Confusion(("x", "y", "z"), ((106, 10, 4), (22, 28, 10), (2, 12, 6))))
    assert mean == pytest.approx(expected.value, abs=0.01)
    assert scatter == pytest.approx(expected.standard_error, rel=0.12)


def test_perfect_agreement_of_few_is_no_certainty() -> None:
    few, many = (cohen(Confusion(AB, ((n, 0), (0, n)))) for n in (3, 300))
    assert few.value == many.value == 1.0
    assert few.low is not None
    assert many.low is not None
    assert few.low < 0.3
    assert many.low > 0.98


def test_kappa_is_not_defined_where_chance_explains_everything() -> None:
    assert cohen(Confusion(AB, ((0, 0), (0, 0)))).value is None
    assert cohen(Confusion(AB, ((9, 0), (0, 0)))).value is None
    assert cohen(Confusion(AB, ((0, 9), (0, 0)))).value == 0.0


@given(tables)
@settings(max_examples=100)
def test_kappa_does_not_ask_who_is_first(found: Confusion) -> None:
    turned = Confusion(found.labels, tuple(zip(*found.counts, strict=True)))
    one, other = cohen(found), cohen(turned)
    if one.value is None:
        assert other.value is None
        return
    assert other.value is not None
    assert one.standard_error is not None
    assert other.standard_error is not None
    assert isclose(one.value, other.value, abs_tol=1e-9)
    assert isclose(one.standard_error, other.standard_error, abs_tol=1e-9)
    assert one.low is not None
    assert one.high is not None
    assert -1 <= one.low <= one.value <= one.high <= 1


def test_a_rate_corrected_by_hand() -> None:
    """0.3 apparent, 0.9 and 0.8: (0.3 + 0.8 − 1) / (0.9 + 0.8 − 1) = 1/7."""
    found = corrected_rate(wilson(300, 1000), table(yes_yes=90, no_yes=10, no_no=80, yes_no=20))
    assert found.value == pytest.approx(1 / 7)
    assert (found.sensitivity.n, found.specificity.n) == (100, 100)
    assert not found.is_clipped
    # by Lang and Reiczigel's equations 6, 7, 16 and 17, worked out apart from our code
    assert found.low == pytest.approx(0.021109, abs=1e-6)
    assert found.high == pytest.approx(0.236186, abs=1e-6)


def test_a_flawless_machine_is_not_corrected_and_still_uncertain() -> None:
    found = corrected_rate(wilson(40, 100), table(yes_yes=10, no_no=10))
    assert found.value == pytest.approx(0.4)
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low > wilson(40, 100).high - wilson(40, 100).low  # type: ignore[operator]


def test_a_rate_below_what_mistakes_alone_would_give_is_shown_as_none() -> None:
    found = corrected_rate(wilson(5, 100), table(yes_yes=9, no_yes=1, no_no=8, yes_no=2))
    assert (found.value, found.low, found.is_clipped) == (0.0, 0.0, True)


@pytest.mark.parametrize(
    ("rate", "cells", "why"),
    [
        ((0, 0), {"yes_yes": 9, "no_no": 9}, WhyNot.NO_RATE),
        ((5, 10), {"no_no": 9, "yes_no": 1}, WhyNot.NO_TRUE_YES),
        ((5, 10), {"yes_yes": 9, "uncertain_no": 9}, WhyNot.NO_TRUE_NO),
        ((5, 10), {"yes_yes": 5, "no_yes": 5, "no_no": 5, "yes_no": 5}, WhyNot.NO_BETTER_THAN_CHANCE),
        ((5, 10), {"yes_yes": 1, "no_yes": 9, "no_no": 5, "yes_no": 5}, WhyNot.NO_BETTER_THAN_CHANCE),
    ],
)
def test_where_no_rate_can_be_corrected_it_says_why(rate: tuple[int, int], cells: dict[str, int], why: WhyNot) -> None:
    found = corrected_rate(wilson(*rate), table(**cells))
    assert (found.value, found.low, found.high, found.why_not) == (None, None, None, why)


@given(tables, st.integers(0, 400), st.integers(0, 400))
@settings(max_examples=200)
def test_a_corrected_rate_lies_in_its_interval_and_in_0_to_1(found: Confusion, hits: int, rest: int) -> None:
    corrected = corrected_rate(wilson(hits, hits + rest), found)
    assert (corrected.value is None) == (corrected.why_not is not None)
    if corrected.value is None:
        return
    assert corrected.low is not None
    assert corrected.high is not None
    assert 0 <= corrected.low <= corrected.value <= corrected.high <= 1


def test_the_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    """A machine that finds 85 % of offers and wrongly sees one in 20 % of the rest, measured on 100 reviews."""
    draw = random.Random(7)
    true_rate, se, sp, inside, rounds = 0.3, 0.85, 0.8, 0, 400
    for _ in range(rounds):
        cells = {"yes_yes": 0, "no_yes": 0, "no_no": 0, "yes_no": 0}
        for _ in range(100):
            has_offer = draw.random() < true_rate
            says_yes = draw.random() < (se if has_offer else 1 - sp)
            cells[f"{'yes' if says_yes else 'no'}_{'yes' if has_offer else 'no'}"] += 1
        apparent = true_rate * se + (1 - true_rate) * (1 - sp)
        hits = sum(draw.random() < apparent for _ in range(500))
        found = corrected_rate(wilson(hits, 500), table(**cells))
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= true_rate <= found.high
    assert inside / rounds > 0.93
