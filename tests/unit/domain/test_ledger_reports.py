"""Which report of a recorder's ledger counts, and what is asked for again."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from domain.ledger import ASKED_MS, HORIZON_MS, Known, Report, judge
from domain.timeline import Span

ONE, OTHER = uuid4(), uuid4()
NOW = 10 * HORIZON_MS


def test_the_first_report_of_a_new_device_leaves_nothing_to_ask() -> None:
    found = judge(None, Report(ONE, 3, Span(NOW - 500, NOW - 100)), NOW - 400, NOW)
    assert (found.known, found.asks_from_ms) == (Known(ONE, 3, NOW - 100), None)


def test_a_server_that_knows_nothing_asks_for_a_month_and_stops_when_it_has_it() -> None:
    first = judge(None, Report(ONE, 3, Span(NOW - 100, NOW)), 0, NOW)
    assert first.asks_from_ms == NOW - ASKED_MS
    again = judge(first.known, Report(ONE, 4, Span(NOW - 50, NOW)), 0, NOW)
    assert again.asks_from_ms == first.asks_from_ms, "the answer may have been lost"
    whole = judge(again.known, Report(ONE, 4, Span(NOW - ASKED_MS, NOW)), 0, NOW)
    assert (whole.asks_from_ms, whole.known.until_ms) == (None, NOW)


def test_a_ledger_that_nobody_knows_is_asked_from_where_the_one_before_ended() -> None:
    known = Known(ONE, 900, NOW - 1000)
    found = judge(known, Report(OTHER, 1, Span(NOW - 10, NOW)), 0, NOW)
    assert (found.known.ledger_id, found.asks_from_ms) == (OTHER, NOW - 1000)


def test_a_report_of_an_older_revision_is_left_unread() -> None:
    known = Known(ONE, 9, NOW - 10)
    found = judge(known, Report(ONE, 8, Span(NOW - 100, NOW)), 0, NOW)
    assert (found.known, found.takes, found.asks_from_ms) == (known, None, None)


@given(
    known=st.none() | st.builds(Known, st.sampled_from([ONE, OTHER]), st.integers(0, 9), st.integers(0, NOW)),
    revision=st.integers(0, 9),
    ends=st.tuples(st.integers(0, 2 * NOW), st.integers(0, 2 * NOW)),
    created_ms=st.integers(0, NOW),
)
def test_what_is_taken_is_bounded_and_what_is_asked_for_is_a_hole(
    known: Known | None, revision: int, ends: tuple[int, int], created_ms: int
) -> None:
    report = Report(ONE, revision, Span(min(ends), max(ends)))
    found = judge(known, report, created_ms, NOW)
    if found.takes is not None:
        assert report.span.contains(found.takes)
        assert NOW - HORIZON_MS <= found.takes.start_ms < found.takes.end_ms <= NOW
    if found.asks_from_ms is not None:
        assert found.asks_from_ms < report.span.start_ms
        assert found.known.until_ms == found.asks_from_ms, "asked for until it comes"
    if known is not None:
        assert found.known.until_ms >= known.until_ms
