"""Every scheduled millisecond has one fate, whatever the evidence."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.fate import ChunkState, Condition, Fate, Loss
from recorder.ledger.accounting import (
    CONTIGUOUS_MS,
    Ending,
    Evidence,
    Interval,
    PauseInterval,
    Recording,
    Span,
    account,
    merged,
    totals,
    union,
)

DAY = [(0, 10_000)]


def recorded(start_ms: int, end_ms: int, state: ChunkState = ChunkState.DELIVERED, seq: int = 0) -> Recording:
    return Recording("s", seq, start_ms, end_ms, state)


def recording(start_ms: int, end_ms: int, ending: Ending = Ending.LEFT, then: Condition | None = None) -> Span:
    return Span(start_ms, end_ms, Condition.RECORDING, ending, then)


def fates(evidence: Evidence, now_ms: int = 10_000) -> list[tuple[int, int, str]]:
    return [(i.start_ms, i.end_ms, i.reason or i.fate) for i in account(evidence, DAY, now_ms)]


def test_time_without_evidence_is_lost_because_the_machine_was_off() -> None:
    assert account(Evidence(), DAY, 20_000) == [Interval(0, 10_000, Fate.LOST, Loss.OFF)]


def test_only_the_past_is_accounted_for() -> None:
    assert account(Evidence(), [(0, 10_000), (20_000, 30_000)], 4_000) == [Interval(0, 4_000, Fate.LOST, Loss.OFF)]


def test_a_drift_between_two_chunks_of_a_session_is_no_loss() -> None:
    evidence = Evidence([recorded(0, 5_000), recorded(5_003, 10_000, seq=1)])
    assert fates(evidence) == [(0, 10_000, "recorded")]


def test_an_overlap_of_two_chunks_counts_once() -> None:
    evidence = Evidence([recorded(0, 5_004), recorded(5_000, 10_000, seq=1)])
    assert totals(account(evidence, DAY, 10_000)) == {(Fate.RECORDED, None): 10_000}


def test_a_longer_gap_between_two_chunks_is_a_loss() -> None:
    evidence = Evidence([recorded(0, 5_000), recorded(5_101, 10_000, seq=1)], [recording(0, 10_000)])
    assert fates(evidence) == [(0, 5_000, "recorded"), (5_000, 5_101, "capture_failed"), (5_101, 10_000, "recorded")]


def test_what_is_being_recorded_now_waits_until_its_chunk_exists() -> None:
    evidence = Evidence([recorded(1_000, 6_000)], [recording(0, 9_000, Ending.OPEN)])
    assert fates(evidence, 9_000) == [(0, 1_000, "starting"), (1_000, 6_000, "recorded"), (6_000, 9_000, "waiting")]


@pytest.mark.parametrize(
    ("ending", "then", "fate"),
    [
        (Ending.CUT, None, "off"),
        (Ending.LEFT, None, "off"),
        (Ending.LEFT, Condition.PAUSED, "capture_failed"),
        (Ending.LEFT, Condition.STARTING, "capture_failed"),
        (Ending.LEFT, Condition.NO_MICROPHONE, "no_microphone"),
        (Ending.LEFT, Condition.DISK_FULL, "disk_full"),
    ],
)
def test_what_no_chunk_holds_when_recording_ended_is_lost_to_what_ended_it(
    ending: Ending, then: Condition | None, fate: str
) -> None:
    evidence = Evidence([recorded(0, 6_000)], [recording(0, 10_000, ending, then)])
    assert fates(evidence) == [(0, 6_000, "recorded"), (6_000, 10_000, fate)]


def test_a_sliver_before_the_end_of_recording_belongs_to_the_last_chunk() -> None:
    evidence = Evidence([recorded(60, 9_960)], [recording(0, 10_000)])
    assert fates(evidence) == [(0, 10_000, "recorded")]


@pytest.mark.parametrize(
    ("state", "fate"),
    [
        (ChunkState.DELIVERED, "recorded"),
        (ChunkState.WAITING, "waiting"),
        (ChunkState.QUARANTINED, "refused"),
        (ChunkState.EVICTED, "evicted"),
        (ChunkState.MISSING, "damaged"),
        (ChunkState.OUT_OF_HOURS, "off"),
    ],
)
def test_a_chunk_gives_its_time_the_fate_of_its_state(state: ChunkState, fate: str) -> None:
    assert fates(Evidence([recorded(0, 10_000, state)])) == [(0, 10_000, fate)]


@pytest.mark.parametrize("condition", [c for c in Condition if c is not Condition.RECORDING])
def test_a_condition_is_the_reason_where_nothing_better_is_known(condition: Condition) -> None:
    fate = {Condition.PAUSED: "paused", Condition.OUT_OF_HOURS: "starting"}.get(condition, condition.value)
    assert fates(Evidence(spans=[Span(0, 10_000, condition)])) == [(0, 10_000, fate)]


def test_a_pause_holds_while_the_machine_is_off_and_ends_in_the_future() -> None:
    assert fates(Evidence(pauses=[PauseInterval(2_000, 90_000)]), 8_000) == [
        (0, 2_000, "off"),
        (2_000, 8_000, "paused"),
    ]


def test_the_better_fate_wins() -> None:
    evidence = Evidence(
        [recorded(0, 2_000), recorded(0, 4_000, ChunkState.WAITING, 5), recorded(0, 6_000, ChunkState.EVICTED, 9)],
        [Span(0, 9_000, Condition.NO_MICROPHONE)],
        [PauseInterval(0, 8_000)],
    )
    reasons = [reason for _, _, reason in fates(evidence)]
    assert reasons == ["recorded", "waiting", "evicted", "paused", "no_microphone", "off"]


INSTANTS = st.integers(0, 3_000)
LENGTHS = st.integers(0, 1_200)
RECORDINGS = st.builds(
    lambda session, seq, start, length, state: Recording(session, seq, start, start + length, state),
    st.sampled_from("ab"),
    st.integers(0, 5),
    INSTANTS,
    LENGTHS,
    st.sampled_from(ChunkState),
)
SPANS = st.builds(
    lambda start, length, condition, ending, then: Span(start, start + length, condition, ending, then),
    INSTANTS,
    LENGTHS,
    st.sampled_from([Condition.RECORDING, *Condition]),
    st.sampled_from(Ending),
    st.none() | st.sampled_from(Condition),
)
PAUSES = st.builds(lambda start, length: PauseInterval(start, start + length), INSTANTS, LENGTHS)
EVIDENCE = st.builds(
    Evidence, st.lists(RECORDINGS, max_size=8), st.lists(SPANS, max_size=6), st.lists(PAUSES, max_size=2)
)
WINDOWS = st.lists(st.builds(lambda start, length: (start, start + length), INSTANTS, LENGTHS), max_size=4)


@given(EVIDENCE, WINDOWS, INSTANTS)
@settings(max_examples=150)
def test_the_intervals_are_a_partition_of_the_schedule_up_to_now(
    evidence: Evidence, windows: list[tuple[int, int]], now_ms: int
) -> None:
    intervals = account(evidence, windows, now_ms)
    scheduled = union((start, min(end, now_ms)) for start, end in windows)
    assert union((i.start_ms, i.end_ms) for i in intervals) == scheduled
    assert sum(totals(intervals).values()) == sum(end - start for start, end in scheduled)
    for left, right in pairwise(intervals):
        assert left.end_ms <= right.start_ms
        assert left.end_ms < right.start_ms or (left.fate, left.reason) != (right.fate, right.reason)
    assert all((i.reason is not None) == (i.fate is Fate.LOST) for i in intervals)


@given(EVIDENCE, st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_neither_the_order_of_evidence_nor_its_repetition_matters(evidence: Evidence, random: Random) -> None:
    mixed = []
    for kind in (evidence.recordings, evidence.spans, evidence.pauses):
        twice = [*kind, *kind]
        random.shuffle(twice)
        mixed.append(twice)
    assert account(Evidence(*mixed), DAY, 4_000) == account(evidence, DAY, 4_000)


@given(EVIDENCE, INSTANTS)
@settings(max_examples=100)
def test_the_schedule_may_be_accounted_for_in_pieces(evidence: Evidence, cut_ms: int) -> None:
    pieces = account(evidence, [(cut_ms, 4_000)], 4_000) + account(evidence, [(0, cut_ms)], 4_000)
    assert merged(pieces) == account(evidence, [(0, 4_000)], 4_000)


PRIORITY = (ChunkState.DELIVERED, ChunkState.WAITING, ChunkState.EVICTED, ChunkState.QUARANTINED, ChunkState.MISSING)
OF_STATE = dict(zip(PRIORITY, ("recorded", "waiting", "evicted", "refused", "damaged"), strict=True))


@given(EVIDENCE, INSTANTS)
@settings(max_examples=150)
def test_no_instant_has_a_worse_fate_than_its_evidence_allows(evidence: Evidence, instant: int) -> None:
    [interval] = account(evidence, [(instant, instant + 1)], 4_000)
    said = interval.reason or interval.fate
    near = [r for r in evidence.recordings if r.start_ms - CONTIGUOUS_MS <= instant < r.end_ms + CONTIGUOUS_MS]
    states = {r.state for r in near if r.start_ms <= instant < r.end_ms}
    ranked = [OF_STATE[state] for state in PRIORITY if state in states]
    better = {OF_STATE[r.state] for r in near if r.state in OF_STATE}
    live = any(
        span.start_ms <= instant < span.end_ms and span.condition is Condition.RECORDING and span.ending is Ending.OPEN
        for span in evidence.spans
    )
    if live:
        better.add("waiting")
    if ranked:
        assert said == ranked[0] or said in better
        assert list(OF_STATE.values()).index(said) <= list(OF_STATE.values()).index(ranked[0])
    elif any(pause.start_ms <= instant < pause.end_ms for pause in evidence.pauses):
        assert said == "paused" or said in better
    elif said == "off":
        others = [
            s for s in evidence.spans if s.start_ms <= instant < s.end_ms and s.condition is not Condition.RECORDING
        ]
        assert not others
