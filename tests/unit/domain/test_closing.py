"""Closing: when a dialogue can change no more."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.closing import ALREADY, close_at, rested_at, window
from domain.ids import ChunkId, SessionId
from domain.sessionize import sessionize
from domain.timeline import Arrival, Coverage, Dialogue, Fate, Rules, Segment, Span

RULES = Rules()
RUN = SessionId(UUID(int=1))
S = 1000
MIN = 60 * S


def chunk_id(number: int) -> ChunkId:
    return ChunkId(UUID(int=number))


def arrival(number: int, fate: Fate = Fate.AUDIBLE, followed_ms: int | None = None) -> Arrival:
    """Minute `number`, received 1 s after its end; the next one is received a minute later."""
    received_ms = (number + 1) * MIN + S
    followed_ms = received_ms + MIN if followed_ms is None else followed_ms
    return Arrival(chunk_id(number), number * MIN, (number + 1) * MIN, fate, received_ms, followed_ms)


def heard(said: Sequence[Span], minutes: Sequence[int]) -> list[Dialogue]:
    """Dialogues of speech that lies within single minutes, with audio of the given minutes."""
    coverage = [Coverage(chunk_id(m), m * MIN, (m + 1) * MIN, RUN, m) for m in minutes]
    segments = [
        Segment(chunk_id(s.start_ms // MIN), s.start_ms % MIN, s.end_ms % MIN, s.start_ms, s.end_ms) for s in said
    ]
    return sessionize(segments, coverage, RULES)


def test_the_window_ends_where_the_first_long_silence_is_complete() -> None:
    first, _ = heard([Span(70 * S, 80 * S), Span(100 * S, 110 * S)], range(5))
    assert window(first, RULES) == Span(58 * S, 92 * S)


def test_the_window_never_reaches_further_than_the_limit_and_a_silence() -> None:
    said = [Span(a * S, (a + 4) * S) for a in range(0, 600, 5)]
    dialogue = next(d for d in heard(said, range(10)) if 200 * S < d.span.start_ms < 300 * S)
    span = dialogue.span
    assert window(dialogue, RULES) == Span(span.end_ms - RULES.reach_ms, span.start_ms + RULES.reach_ms)


def test_a_dialogue_closes_at_once_when_the_silence_around_it_is_heard() -> None:
    (dialogue,) = heard([Span(80 * S, 100 * S)], [1])
    assert close_at(dialogue, [arrival(1)], RULES) == ALREADY
    (dialogue,) = heard([Span(80 * S, 115 * S)], [1])
    assert close_at(dialogue, [arrival(1)], RULES) == arrival(1).followed_ms + RULES.lateness_ms
    (dialogue,) = heard([Span(80 * S, 115 * S)], [1, 2])
    assert close_at(dialogue, [arrival(1), arrival(2)], RULES) == ALREADY


def test_a_silence_that_ends_with_the_last_chunk_by_a_hair_is_not_heard_yet() -> None:
    (dialogue,) = heard([Span(80 * S, 108 * S + 1)], [1])
    assert close_at(dialogue, [arrival(1)], RULES) != ALREADY


def test_a_received_chunk_that_is_neither_decoded_nor_dead_always_holds() -> None:
    (dialogue,) = heard([Span(80 * S, 115 * S)], [1])
    assert close_at(dialogue, [arrival(1), arrival(2, Fate.PENDING)], RULES) is None


def test_a_pending_chunk_beyond_the_window_does_not_hold() -> None:
    (dialogue,) = heard([Span(80 * S, 115 * S)], [1, 2])
    assert close_at(dialogue, [arrival(1), arrival(2), arrival(3, Fate.PENDING)], RULES) == ALREADY


def test_a_dead_chunk_is_silence_and_holds_nothing() -> None:
    (dialogue,) = heard([Span(80 * S, 115 * S)], [1])
    assert close_at(dialogue, [arrival(1), arrival(2, Fate.DEAD)], RULES) == ALREADY


def test_lateness_runs_from_when_the_recorder_was_seen_to_go_on() -> None:
    (dialogue,) = heard([Span(80 * S, 115 * S)], [1, 3])
    arrivals = [arrival(1, followed_ms=777 * S), arrival(3)]
    assert close_at(dialogue, arrivals, RULES) == 777 * S + RULES.lateness_ms


def test_before_the_first_chunk_lateness_runs_from_its_own_receipt() -> None:
    (dialogue,) = heard([Span(65 * S, 75 * S)], [1])
    assert close_at(dialogue, [arrival(1)], RULES) == arrival(1).received_ms + RULES.lateness_ms


def test_after_a_dead_chunk_lateness_runs_from_what_followed_the_dead_one() -> None:
    (dialogue,) = heard([Span(100 * S, 118 * S)], [1])
    short = Arrival(chunk_id(2), 120 * S, 125 * S, Fate.DEAD, 130 * S, 999 * S)
    assert close_at(dialogue, [arrival(1), short], RULES) == 999 * S + RULES.lateness_ms


def test_a_gap_of_codec_padding_is_no_hole() -> None:
    coverage = [Coverage(chunk_id(1), 60 * S, 119_600, RUN, 1), Coverage(chunk_id(2), 120 * S, 180 * S, RUN, 2)]
    (dialogue,) = sessionize([Segment(chunk_id(1), 20 * S, 50 * S, 80 * S, 110 * S)], coverage, RULES)
    first = Arrival(chunk_id(1), 60 * S, 119_600, Fate.AUDIBLE, 121 * S, 181 * S)
    assert close_at(dialogue, [first, arrival(2)], RULES) == ALREADY


def test_a_device_that_owes_nothing_before_some_instant_holds_nothing_before_it() -> None:
    (dialogue,) = heard([Span(80 * S, 115 * S)], [1])
    assert close_at(dialogue, [arrival(1)], RULES, owed_from_ms=120 * S) != ALREADY
    assert close_at(dialogue, [arrival(1)], RULES, owed_from_ms=200 * S) == ALREADY


def test_what_sounds_in_another_lane_does_not_fill_a_hole() -> None:
    coverage = [
        Coverage(chunk_id(1), 60 * S, 120 * S, RUN, 1),
        Coverage(chunk_id(2), 100 * S, 300 * S, SessionId(UUID(int=2)), 1),
    ]
    (dialogue,) = sessionize([Segment(chunk_id(1), 20 * S, 55 * S, 80 * S, 115 * S)], coverage, RULES)
    other = Arrival(chunk_id(2), 100 * S, 300 * S, Fate.AUDIBLE, 301 * S, 301 * S)
    assert close_at(dialogue, [arrival(1), other], RULES) == arrival(1).followed_ms + RULES.lateness_ms


@pytest.mark.parametrize(("revision", "expected"), [(1, 5), (2, 130_000)])
def test_only_a_revised_dialogue_rests_after_its_last_change(revision: int, expected: int) -> None:
    assert rested_at(5, revision, 10 * S, RULES) == expected
    assert rested_at(None, revision, 10 * S, RULES) is None


MINUTES = st.lists(st.sampled_from(Fate), min_size=8, max_size=8)


@given(st.lists(st.integers(0, 95), min_size=1, max_size=60, unique=True), MINUTES, st.data())
def test_settling_a_chunk_never_postpones_the_closing_of_an_unchanged_dialogue(
    fives: list[int], fates: list[Fate], data: st.DataObject
) -> None:
    """Speech in steps of 5 s over 8 minutes; one pending minute turns out silent, or dead."""
    said = [Span(5 * S * n, 5 * S * n + 4 * S) for n in sorted(fives)]
    pending = [m for m, fate in enumerate(fates) if fate is Fate.PENDING]
    if not pending:
        return
    settled = data.draw(st.sampled_from(pending))
    after = [*fates]
    after[settled] = data.draw(st.sampled_from([Fate.AUDIBLE, Fate.DEAD]))

    def closings(fates: list[Fate]) -> dict[tuple[Segment, ...], float]:
        audible = [m for m, fate in enumerate(fates) if fate is Fate.AUDIBLE]
        arrivals = [arrival(m, fate) for m, fate in enumerate(fates)]
        found = heard([s for s in said if s.start_ms // MIN in audible and s.start_ms // MIN != settled], audible)
        instants = {d.segments: close_at(d, arrivals, RULES) for d in found}
        return {segments: float("inf") if at is None else at for segments, at in instants.items()}

    later = closings(after)
    assert all(later[segments] <= at for segments, at in closings(fates).items())
