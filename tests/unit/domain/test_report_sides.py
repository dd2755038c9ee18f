"""Sides of a report put together."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.coverage import Totals
from domain.figures import Counts, Opinion, Row, added, count, figures, figures_of
from domain.report import Side, together
from domain.status import Attempted, Kind, Reaction, StageStatus

OPINIONS = st.builds(
    Opinion, st.sampled_from(Kind), st.sampled_from(Attempted), st.integers(0, 3), st.sampled_from(Reaction)
)
ROWS = st.lists(
    st.builds(
        Row,
        status=st.sampled_from(StageStatus),
        is_superseded=st.booleans(),
        machine=st.none() | OPINIONS,
        engine=st.just("rules-1"),
        review=st.none() | OPINIONS,
    ),
    max_size=20,
)


@given(ROWS, ROWS)
@settings(max_examples=60)
def test_figures_of_counts_that_were_added_up_are_those_of_all_dialogues(some: list[Row], others: list[Row]) -> None:
    whole = figures([*some, *others], 0.5)
    assert figures_of(added([count(some), count(others)]), whole.engines, 0.5) == whole


def test_nothing_added_up_is_nothing() -> None:
    assert added([]) == Counts()
    assert together([]) == Side()


def test_sides_add_their_counts_engines_coverage_and_reasons() -> None:
    one = Side(Counts(dialogues=3, yes=1, no=1), Counter(rules=2), Totals(100, 60, 0, 0, 30, 10, 5, {"off": 30}))
    other = Side(Counts(dialogues=1, no=1), Counter(rules=1, mini=4), Totals(100, 90, 0, 0, 10, 0, 0, {"silent": 10}))
    both = together([one, other])
    assert (both.counts, both.engines) == (Counts(dialogues=4, yes=1, no=2), Counter(mini=4, rules=3))
    assert both.coverage == Totals(200, 150, 0, 0, 40, 10, 5, {"off": 30, "silent": 10})
    assert both.figures.coverage == pytest.approx(150 / 190)
    assert both.figures.is_mixed


def test_reasons_that_were_added_up_elsewhere_go_before_the_sides_own() -> None:
    assert together([Side()], {"off": 1, "silent": 5}).coverage.lost_by_reason == {"silent": 5, "off": 1}
