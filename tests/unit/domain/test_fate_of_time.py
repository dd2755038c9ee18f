"""The fate of every scheduled ms, against a plain definition that looks at each of them."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.coverage import (
    BRIDGE_MS,
    PATIENCE_MS,
    Interval,
    account,
    replaced,
    scheduled,
    totals,
    union,
    with_rest,
    without,
)
from domain.status import CoverageFate, LossReason
from domain.timeline import Span

FATES = [fate for fate in CoverageFate if fate is not CoverageFate.AHEAD]
STEP = BRIDGE_MS + 1
"""Times of the property tests are multiples of this, so that no gap is bridged."""
END = 40

spans = st.lists(st.tuples(st.integers(0, END), st.integers(0, END)), max_size=6).map(
    lambda pairs: [Span(min(p) * STEP, max(p) * STEP) for p in pairs]
)


@st.composite
def tellings(draw: st.DrawFn, start: int = 0, end: int = END) -> list[Interval]:
    """Ascending and free of overlaps, some of them meeting."""
    borders = sorted(draw(st.sets(st.integers(start, end), max_size=12)))
    fates = [draw(st.sampled_from([*FATES, None])) for _ in borders]
    return [
        Interval(a * STEP, b * STEP, fate, "off" if fate is CoverageFate.LOST else None)
        for (a, b), fate in zip(pairwise(borders), fates, strict=False)
        if fate is not None
    ]


def covers(all_spans: list[Span], ms: int) -> bool:
    return any(span.start_ms <= ms < span.end_ms for span in all_spans)


def told_at(told: list[Interval], ms: int) -> Interval | None:
    return next((i for i in told if i.start_ms <= ms < i.end_ms), None)


def plain_fate(ms: int, received: list[Span], told: list[Interval], now_ms: int) -> tuple[CoverageFate, str | None]:
    """The definition, for one ms."""
    if covers(received, ms):
        return CoverageFate.RECORDED, None
    if ms >= now_ms:
        return CoverageFate.AHEAD, None
    if (said := told_at(told, ms)) is not None:
        if said.fate in (CoverageFate.RECORDED, CoverageFate.CLOSED):
            is_closed = said.fate is CoverageFate.CLOSED
            return CoverageFate.LOST, LossReason.NOT_SCHEDULED if is_closed else LossReason.NOT_RECEIVED
        return said.fate, said.reason
    return (CoverageFate.LOST, LossReason.SILENT) if ms < now_ms - PATIENCE_MS else (CoverageFate.WAITING, None)


@given(windows=spans, received=spans, told=tellings(), now=st.integers(0, END))
def test_every_ms_of_the_schedule_has_exactly_the_fate_of_the_definition(
    windows: list[Span], received: list[Span], told: list[Interval], now: int
) -> None:
    now_ms = now * STEP + PATIENCE_MS
    found = account(windows, received, told, now_ms)
    for step in range(END):
        ms = step * STEP
        here = [i for i in found if i.start_ms <= ms < i.end_ms]
        assert len(here) == covers(windows, ms)
        if here:
            assert (here[0].fate, here[0].reason) == plain_fate(ms, received, told, now_ms)


@given(windows=spans, received=spans, told=tellings(), now=st.integers(0, END))
def test_the_sums_are_the_schedule_to_the_ms(
    windows: list[Span], received: list[Span], told: list[Interval], now: int
) -> None:
    found = account(windows, received, told, now * STEP)
    for one, other in pairwise(found):
        assert one.end_ms < other.start_ms or (one.end_ms == other.start_ms and one[2:] != other[2:])
    sums = totals(found)
    scheduled_ms = sum(end - start for start, end in union(windows))
    parts = (sums.recorded_ms, sums.waiting_ms, sums.paused_ms, sums.lost_ms, sums.ahead_ms)
    assert sum(parts) == sums.scheduled_ms == scheduled_ms
    assert sum(sums.lost_by_reason.values()) == sums.lost_ms


@given(known=tellings(), told=tellings(), ends=st.tuples(st.integers(0, END), st.integers(0, END)))
def test_a_replaced_span_is_as_told_and_all_else_as_before(
    known: list[Interval], told: list[Interval], ends: tuple[int, int]
) -> None:
    span = Span(min(ends) * STEP, max(ends) * STEP)
    found = replaced(known, span, told)
    for step in range(END):
        ms = step * STEP
        wanted = told_at(told if covers([span], ms) else known, ms)
        assert (told_at(found, ms) or (0, 0, None))[2:] == (wanted or (0, 0, None))[2:]
    for one, other in pairwise(found):
        assert one.end_ms <= other.start_ms
        assert one.end_ms < other.start_ms or one[2:] != other[2:], "neighbours of one fate are one interval"


@given(one=spans, other=spans)
@settings(max_examples=50)
def test_what_is_left_of_spans_is_what_the_others_do_not_hold(one: list[Span], other: list[Span]) -> None:
    left = without(one, other)
    assert left == union(left)
    for step in range(END):
        ms = step * STEP
        assert covers(left, ms) == (covers(one, ms) and not covers(other, ms))


def test_padding_between_received_chunks_is_no_loss() -> None:
    chunks = [Span(0, 59_900), Span(60_000, 119_700)]
    told = [Interval(0, 120_000, CoverageFate.RECORDED), Interval(120_000, 180_000, CoverageFate.PAUSED)]
    found = account([Span(0, 180_000)], chunks, told, 10 * PATIENCE_MS)
    assert found == [Interval(0, 120_000, CoverageFate.RECORDED), told[1]]


def test_what_is_called_delivered_and_is_not_here_is_a_loss() -> None:
    told = [Interval(0, 120_000, CoverageFate.RECORDED)]
    found = account([Span(0, 120_000)], [Span(0, 60_000)], told, 10 * PATIENCE_MS)
    assert found[1] == Interval(60_000, 120_000, CoverageFate.LOST, LossReason.NOT_RECEIVED)
    assert account([Span(0, 400)], [], told, 10 * PATIENCE_MS)[0].fate is CoverageFate.LOST


def test_a_device_was_to_record_from_its_beginning_and_before_where_it_proves_that_it_was_there() -> None:
    told = [Interval(2_000, 3_000, CoverageFate.LOST, "off")]
    found = scheduled([Span(0, 20_000)], 10_000, [Span(15_000, 16_000)], [Span(5_000, 6_000)], told)
    assert found == [Span(2_000, 3_000), Span(5_000, 6_000), Span(10_000, 15_000), Span(16_000, 20_000)]


@given(told=tellings(5, 30))
def test_the_rest_of_an_account_is_closed(told: list[Interval]) -> None:
    span = Span(5 * STEP, 30 * STEP)
    whole = with_rest(told, span, from_the_start=True)
    assert union(Span(*i[:2]) for i in whole) == [span]
    assert [i for i in whole if i in told] == told
    after = with_rest(told, span, from_the_start=False)
    assert after == [i for i in whole if told and i.start_ms >= told[0].start_ms]


def test_a_recorder_that_rests_while_the_point_is_open_loses_time_by_its_schedule() -> None:
    told = with_rest([Interval(1_000, 9_000, CoverageFate.PAUSED)], Span(0, 10_000), from_the_start=True)
    found = account([Span(0, 10_000)], [], told, 10 * PATIENCE_MS)
    assert totals(found).lost_by_reason == {LossReason.NOT_SCHEDULED: 2_000}
    assert scheduled([Span(0, 10_000)], 10_000, [], [], told) == [Span(1_000, 9_000)]


def test_the_share_is_of_what_has_passed() -> None:
    half = totals([Interval(0, 10, CoverageFate.RECORDED), Interval(10, 20, CoverageFate.LOST)])
    assert half.share == pytest.approx(0.5)
    ahead = totals([Interval(0, 10, CoverageFate.AHEAD)])
    assert (ahead.share, ahead.scheduled_ms) == (None, 10)
    assert half.lost_by_reason == {LossReason.UNKNOWN: 10}
