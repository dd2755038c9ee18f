"""Readings of the time are weighed: the better source wins, rough bounds become narrow, drift is told from error."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.timing.boot_time import Source
from recorder.timing.clock_belief import (
    EXACT_MS,
    ROUGH_MS,
    STEERED_FOR_MS,
    Belief,
    Change,
    Reading,
    date_reading,
    kernel_reading,
    server_reading,
    weigh,
)

OFFSET = 1_800_000_000_000
HOUR = 3_600_000


def believe(*readings: Reading) -> tuple[Belief, Change]:
    belief, change = weigh(None, readings[0])
    for reading in readings[1:]:
        belief, change = weigh(belief, reading)
    return belief, change


def server(boot_ms: int, offset_ms: int = OFFSET, rtt_ms: int = 100) -> Reading:
    return server_reading(boot_ms - rtt_ms // 2 + offset_ms, boot_ms - rtt_ms, boot_ms)


def kernel(boot_ms: int, offset_ms: int = OFFSET) -> Reading:
    return kernel_reading(boot_ms + offset_ms, boot_ms)


def date(boot_ms: int, offset_ms: int = OFFSET, rtt_ms: int = 100) -> Reading:
    true_ms = boot_ms - rtt_ms // 2 + offset_ms
    return date_reading(true_ms // 1000 * 1000, boot_ms - rtt_ms, boot_ms)


def test_the_first_reading_is_believed_for_the_whole_boot() -> None:
    belief, change = believe(server(10_000))
    assert (belief.source, belief.offset_ms, change) == (Source.SERVER, OFFSET, Change.WHOLE)


@pytest.mark.parametrize(
    ("worse", "better"), [(date, kernel), (date, server), (kernel, server)], ids=["date", "date-server", "kernel"]
)
def test_a_better_source_that_contradicts_is_believed_at_once_and_a_worse_one_never(
    worse: Callable[..., Reading], better: Callable[..., Reading]
) -> None:
    belief, change = believe(worse(10_000, OFFSET + HOUR), better(20_000))
    assert (belief.source, change) == (better(0).source, Change.WHOLE)
    assert abs(belief.offset_ms - OFFSET) <= 1
    for again in range(3):
        belief, change = weigh(belief, worse(30_000 + again, OFFSET + HOUR))
        assert (belief.source, change) == (better(0).source, Change.NONE)


def test_an_equal_source_that_contradicts_is_believed_the_second_time() -> None:
    belief, change = believe(server(10_000), server(20_000, OFFSET - HOUR))
    assert (belief.offset_ms, change) == (OFFSET, Change.NONE)
    belief, change = weigh(belief, server(30_000, OFFSET - HOUR))
    assert (belief.offset_ms, change) == (OFFSET - HOUR, Change.WHOLE)


def test_one_wrong_answer_between_right_ones_changes_nothing() -> None:
    belief, change = believe(
        server(10_000), server(20_000, OFFSET - HOUR), server(30_000), server(40_000, OFFSET - HOUR)
    )
    assert (belief.offset_ms, change) == (OFFSET, Change.NONE)


def test_a_server_that_agrees_with_the_kernel_confirms_it_without_making_it_rougher() -> None:
    belief, change = believe(kernel(10_000), server(12_000, OFFSET + 900, rtt_ms=1_000))
    assert (belief.source, belief.offset_ms, change) == (Source.SERVER, OFFSET, Change.NONE)


def test_the_kernels_word_makes_a_rough_answer_exact() -> None:
    belief, change = believe(server(10_000, rtt_ms=3_000), kernel(20_000, OFFSET + 800))
    assert (belief.source, belief.offset_ms, change) == (Source.SERVER, OFFSET + 800, Change.WHOLE)


def test_dates_that_are_cut_to_the_second_add_up_to_a_good_time() -> None:
    belief, _ = believe(*(date(boot_ms) for boot_ms in range(10_000, 610_000, 60_137)))
    assert abs(belief.offset_ms - OFFSET) <= 150


@pytest.mark.parametrize("ppm", [-40, 40])
def test_a_crystals_drift_is_followed_without_moving_the_past(ppm: int) -> None:
    belief, changes = believe(server(10_000))[0], []
    for boot_ms in range(60_000, 14 * HOUR, 60_000):
        true_offset = OFFSET + boot_ms * ppm // 1_000_000
        belief, change = weigh(belief, server(boot_ms, true_offset))
        changes.append(change)
        assert abs(belief.offset_ms - true_offset) <= 60
    assert Change.WHOLE not in changes
    assert 10 <= changes.count(Change.DRIFTED) <= 60


def test_a_clock_that_ran_alone_for_a_week_may_be_off_by_its_drift() -> None:
    week = 7 * 24 * HOUR
    belief, change = believe(kernel(0), date(week, OFFSET + 25_000))
    assert change is Change.DRIFTED
    assert abs(belief.offset_ms - OFFSET - 25_000) <= 600


def test_the_network_counts_again_when_the_kernel_is_long_silent() -> None:
    belief, _ = believe(kernel(0), server(STEERED_FOR_MS - 1, OFFSET + 90))
    assert belief.offset_ms == OFFSET
    belief, _ = weigh(belief, server(STEERED_FOR_MS, OFFSET + 90))
    assert OFFSET + 40 <= belief.offset_ms <= OFFSET + 140


def test_a_rough_date_does_not_displace_an_exact_time() -> None:
    """A server's Date header may be a second old: uvicorn makes it anew once a second."""
    for answered_after_ms in (10, 1_500):
        exact, _ = weigh(None, server_reading(OFFSET + 1_000, 1_000, 1_000 + answered_after_ms), OFFSET)
        believed, change = weigh(exact, date_reading(OFFSET - 1_500, 1_100, 1_110), OFFSET)
        assert (believed.offset_ms, change) == (OFFSET, Change.NONE)


def test_a_system_clock_within_the_bounds_is_left_alone() -> None:
    belief, _ = weigh(None, date_reading(OFFSET, 0, 10), OFFSET + 700)
    assert belief.offset_ms == OFFSET + 700


@given(st.lists(st.tuples(st.integers(0, HOUR), st.integers(0, 5_000), st.floats(0, 1), st.booleans()), min_size=1))
@settings(max_examples=80)
def test_the_truth_is_always_within_the_bounds(answers: list[tuple[int, int, float, bool]]) -> None:
    belief: Belief | None = None
    for boot_ms, rtt_ms, share, whole_seconds in sorted(answers):
        answered_ms = boot_ms + int(rtt_ms * share) + OFFSET
        if whole_seconds:
            reading = date_reading(answered_ms // 1000 * 1000, boot_ms, boot_ms + rtt_ms)
        else:
            reading = server_reading(answered_ms, boot_ms, boot_ms + rtt_ms)
        belief, _ = weigh(belief, reading)
        assert belief.low_ms <= OFFSET <= belief.high_ms
        assert belief.low_ms <= belief.offset_ms <= belief.high_ms
        assert belief.high_ms - belief.low_ms <= max(rtt_ms + 999 + 2 * EXACT_MS, ROUGH_MS)
