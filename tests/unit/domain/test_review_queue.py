"""What a reviewer sees next."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ids import DialogueId
from domain.review_queue import (
    LESSONS,
    SAMPLE,
    SAMPLE_EVERY,
    Candidate,
    Reason,
    is_blind,
    ordered,
    share_position,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
candidates = st.lists(
    st.builds(
        Candidate,
        st.uuids().map(DialogueId),
        st.sampled_from([*SAMPLE, *LESSONS]),
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),  # noqa: DTZ001
        st.floats(0, 1),
        st.booleans(),
        st.booleans(),
    ),
    max_size=30,
    unique_by=lambda one: one.dialogue_id,
)


def candidate(reason: Reason, n: int = 1, confidence: float = 0.5, at: datetime = NOON, **more: bool) -> Candidate:
    return Candidate(DialogueId(UUID(int=n)), reason, at, confidence, **more)


def test_what_teaches_most_comes_first_and_the_least_confident_of_a_kind() -> None:
    line = [
        candidate(Reason.LOW_CONFIDENCE, 1, 0.1),
        candidate(Reason.UNCERTAIN, 2, 0.9),
        candidate(Reason.ENGINES_DISAGREE, 3, 0.9),
        candidate(Reason.REVIEWERS_DISAGREE, 4, 0.9),
        candidate(Reason.UNCERTAIN, 5, 0.2),
    ]
    assert [one.dialogue_id.int for one in ordered(line)] == [4, 3, 5, 2, 1]


def test_of_equals_the_newest_comes_first() -> None:
    old = candidate(Reason.UNCERTAIN, 1, at=NOON - timedelta(days=1))
    new = candidate(Reason.UNCERTAIN, 2)
    assert ordered([old, new]) == [new, old]


def test_every_third_is_of_the_sample_while_both_last_and_then_the_rest_follows() -> None:
    line = [candidate(Reason.RANDOM, n) for n in range(3)] + [candidate(Reason.UNCERTAIN, n) for n in range(10, 14)]
    kinds = ["sample" if one.reason in SAMPLE else "lesson" for one in ordered(line)]
    assert kinds == ["sample", "lesson", "lesson", "sample", "lesson", "lesson", "sample"]


def test_the_sample_comes_in_the_order_of_its_hash_whatever_the_machine_said() -> None:
    line = [candidate(Reason.RANDOM, n, confidence=n / 20) for n in range(20)]
    positions = [share_position(one.dialogue_id) for one in ordered(line)]
    assert positions == sorted(positions)


def test_nobody_gives_a_second_opinion_on_his_own_first() -> None:
    own = candidate(Reason.SECOND, 1, is_mine=True)
    other = candidate(Reason.SECOND, 2)
    settle = candidate(Reason.REVIEWERS_DISAGREE, 3, is_mine=True)
    assert ordered([own, other, settle]) == [other, settle]


@given(candidates)
@settings(max_examples=100)
def test_the_order_is_the_same_however_they_come_and_none_is_lost_or_doubled(line: list[Candidate]) -> None:
    found = ordered(line)
    assert ordered(reversed(line)) == found
    free = [one for one in line if not one.is_held and not (one.is_mine and one.reason is Reason.SECOND)]
    assert sorted(one.dialogue_id for one in found) == sorted(one.dialogue_id for one in free)


@given(candidates)
@settings(max_examples=100)
def test_any_beginning_of_the_line_holds_its_part_of_the_sample(line: list[Candidate]) -> None:
    found = ordered(line)
    total = sum(one.reason in SAMPLE for one in found)
    for length in range(len(found) + 1):
        assert sum(one.reason in SAMPLE for one in found[:length]) >= min(total, -(-length // SAMPLE_EVERY))


def test_the_hash_is_known_and_spreads_evenly() -> None:
    assert share_position(UUID("00000000-0000-0000-0000-000000000001")) == pytest.approx(0.7867, abs=1e-4)
    positions = [share_position(uuid4()) for _ in range(4000)]
    assert sum(position < 0.1 for position in positions) / 4000 == pytest.approx(0.1, abs=0.03)
    assert all(0 <= position < 1 for position in positions)


def test_the_sample_is_blind_and_lessons_are_not() -> None:
    assert {reason for reason in Reason if is_blind(reason)} == {Reason.RANDOM, Reason.SECOND}
