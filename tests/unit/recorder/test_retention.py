"""What goes when, decided without a disk."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from recorder.spool.retention import DAY_MS, LEAST_FREE_BYTES, Limits, expired, first

GB = 10**9


@dataclass(frozen=True)
class File:
    size_bytes: int
    modified_ms: int = 0


LIMITS = Limits(max_days=7, max_bytes=20 * GB, min_free_bytes=GB)


def test_nothing_must_go_while_the_spool_is_small_and_the_disk_has_room() -> None:
    assert LIMITS.excess_bytes(20 * GB, GB) == 0


def test_the_larger_of_the_two_wants_counts() -> None:
    assert LIMITS.excess_bytes(21 * GB, GB) == GB
    assert LIMITS.excess_bytes(21 * GB, GB - 2 * GB) == 2 * GB


def test_a_disk_with_next_to_nothing_free_needs_room_whatever_is_configured() -> None:
    assert Limits(7, 20 * GB, 0).excess_bytes(0, 0) == LEAST_FREE_BYTES


def test_age_is_counted_to_the_millisecond() -> None:
    now_ms = 100 * DAY_MS
    edge = File(1, now_ms - 7 * DAY_MS)
    past = File(1, now_ms - 7 * DAY_MS - 1)
    assert expired([past, edge], LIMITS, now_ms) == ([past], [edge])


def test_no_days_keeps_no_copy_of_what_was_delivered() -> None:
    assert expired([File(1, 99)], Limits(0, GB, 0), 100) == ([File(1, 99)], [])


@given(st.lists(st.integers(1, 1000).map(File), max_size=30), st.integers(-10, 20_000))
def test_just_as_many_go_as_are_needed_and_the_first_ones(stored: list[File], excess_bytes: int) -> None:
    gone = list(first(stored, excess_bytes))
    assert gone == stored[: len(gone)]
    freed = sum(file.size_bytes for file in gone)
    assert freed >= excess_bytes or gone == stored
    assert not gone or freed - gone[-1].size_bytes < excess_bytes
