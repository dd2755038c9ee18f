"""The figures of a period: what is counted, and how sure it is."""

from collections import Counter
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.figures import Opinion, Row, figures, wilson
from domain.status import Attempted, Kind, Reaction, StageStatus

OPINIONS = st.builds(
    Opinion, st.sampled_from(Kind), st.sampled_from(Attempted), st.integers(0, 3), st.sampled_from(Reaction)
)
ROWS = st.builds(
    Row,
    status=st.sampled_from(StageStatus),
    is_superseded=st.booleans(),
    machine=st.none() | OPINIONS,
    engine=st.sampled_from(["rules-1", "gpt-4o-mini"]),
    review=st.none() | OPINIONS,
)


def sale(attempted: Attempted, quality: int = 0, reaction: Reaction = Reaction.UNCLEAR) -> Opinion:
    return Opinion(Kind.SALE, attempted, quality, reaction)


def done(opinion: Opinion, engine: str = "rules-1", review: Opinion | None = None) -> Row:
    return Row(StageStatus.DONE, machine=opinion, engine=engine, review=review)


YES_2 = sale(Attempted.YES, 2, Reaction.ACCEPTED)
YES_1 = sale(Attempted.YES, 1, Reaction.REJECTED)
NO = sale(Attempted.NO)


def test_a_day_is_counted_as_designed() -> None:
    rows = [
        done(YES_2),
        done(YES_2),
        done(YES_1),
        done(NO),
        done(sale(Attempted.UNCERTAIN)),
        done(Opinion(Kind.STAFF, Attempted.NO)),
        done(Opinion(Kind.ENQUIRY, Attempted.YES, 2)),
        done(Opinion(Kind.UNCLEAR, Attempted.NO)),
        Row(StageStatus.SKIPPED),
        Row(StageStatus.ERROR),
        Row(StageStatus.PENDING),
        Row(StageStatus.DONE, is_superseded=True, machine=YES_2),
    ]
    day = figures(rows, coverage=0.8)
    assert (day.rate.hits, day.rate.n, day.rate.value) == (3, 4, 0.75)
    assert (day.specific_rate.hits, day.specific_rate.n) == (2, 4)
    assert (day.acceptance.hits, day.acceptance.n) == (2, 3)
    assert day.average_quality == pytest.approx(5 / 3)
    beside = (day.uncertain, day.enquiries, day.staff, day.unclear_kind)
    assert beside == (1, 1, 1, 1)
    assert (day.skipped, day.failed, day.pending, day.superseded) == (1, 1, 1, 1)
    assert (day.coverage, day.engines, day.is_mixed) == (0.8, ("rules-1",), False)


def test_no_dialogues_make_no_rates() -> None:
    nothing = figures([])
    assert (nothing.rate.value, nothing.rate.low, nothing.average_quality) == (None, None, None)


def test_a_reviewer_counts_before_the_machine_also_where_the_machine_failed() -> None:
    day = figures([done(NO, review=YES_2), Row(StageStatus.ERROR, review=YES_2), Row(StageStatus.SKIPPED, review=NO)])
    assert (day.rate.hits, day.rate.n, day.reviewed) == (2, 3, 3)
    assert (day.failed, day.skipped, day.engines) == (0, 0, ())


def test_rates_that_rest_on_two_engines_say_so() -> None:
    mixed = figures([done(YES_1), done(NO, engine="gpt-4o-mini")])
    assert (mixed.is_mixed, mixed.engines) == (True, ("gpt-4o-mini", "rules-1"))
    assert not figures([done(YES_1), done(NO, engine="gpt-4o-mini", review=NO)]).is_mixed


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (1, 1, 0.2065, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_wilsons_interval_has_the_published_values(hits: int, n: int, low: float, high: float) -> None:
    """The last row: R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3."""
    interval = wilson(hits, n)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@pytest.mark.parametrize(("hits", "n"), [(-1, 5), (6, 5), (1, 0)])
def test_impossible_counts_are_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="hits of"):
        wilson(hits, n)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 5000), st.data())
def test_wilsons_interval_holds_the_proportion_is_symmetric_and_narrows(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    interval, mirrored, wider = wilson(hits, n), wilson(n - hits, n), wilson(4 * hits, 4 * n)
    assert interval.value is not None
    assert interval.low is not None
    assert interval.high is not None
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert mirrored.low == pytest.approx(1 - interval.high)
    assert (wider.high or 0) - (wider.low or 0) <= interval.high - interval.low + 1e-9


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5])
def test_wilsons_interval_covers_the_truth_about_95_times_in_100(p: float) -> None:
    n = 60
    covered = 0.0
    for hits in range(n + 1):
        interval = wilson(hits, n)
        if interval.low is not None and interval.high is not None and interval.low <= p <= interval.high:
            covered += comb(n, hits) * p**hits * (1 - p) ** (n - hits)
    assert 0.92 <= covered <= 0.98


@settings(max_examples=150, deadline=None)
@given(st.lists(ROWS, max_size=30))
def test_every_dialogue_is_counted_once_and_order_does_not_matter(rows: list[Row]) -> None:
    day = figures(rows)
    beside = day.uncertain + day.enquiries + day.staff + day.unclear_kind
    assert day.rate.n + beside + day.skipped + day.failed + day.pending + day.superseded == len(rows)
    assert figures(reversed(rows)) == day
    assert day.specific_rate.hits <= day.rate.hits
    assert day.acceptance.n <= day.attempts == day.rate.hits


@settings(max_examples=100, deadline=None)
@given(st.lists(ROWS, max_size=20), OPINIONS)
def test_what_is_beside_never_moves_a_rate(rows: list[Row], opinion: Opinion) -> None:
    outside = [
        Row(StageStatus.SKIPPED, machine=opinion),
        Row(StageStatus.ERROR, machine=opinion),
        Row(StageStatus.DONE, is_superseded=True, machine=opinion, review=opinion),
        done(Opinion(Kind.STAFF, opinion.attempted, opinion.quality_score, opinion.reaction)),
    ]
    before, after = figures(rows), figures([*rows, *outside])
    assert (after.rate, after.specific_rate, after.acceptance) == (before.rate, before.specific_rate, before.acceptance)
    assert Counter(after.engines) == Counter(before.engines)
