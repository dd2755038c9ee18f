"""Revisions: ids stay with the speech, closed dialogues change only as new revisions."""

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.drafts import Moment, draft
from domain.ids import ChunkId, DeviceId, DialogueId
from domain.revisions import Stored, is_same, match, possible_ids
from domain.status import DialogueState
from domain.timeline import Arrival, Chain, Coverage, Dialogue, Fate, Rules, Segment

RULES = Rules()
CHUNK = ChunkId(UUID(int=7))
S = 1000


def segments(*starts_s: int) -> tuple[Segment, ...]:
    """Four seconds of speech from each of these seconds on, all in one chunk."""
    return tuple(Segment(CHUNK, a * S, (a + 4) * S, a * S, (a + 4) * S) for a in starts_s)


def stored(number: int, *starts_s: int, state: DialogueState = DialogueState.CLOSED, revision: int = 1) -> Stored:
    """An old dialogue; a lower number is older."""
    return Stored(DialogueId(UUID(int=number)), revision, state, number, 0, segments(*starts_s))


def rebuilt(*starts_s: int) -> Dialogue:
    return Dialogue(Chain((), segments(*starts_s)), 0, len(starts_s))


def partition(starts: Sequence[int], cuts: set[int]) -> list[tuple[int, ...]]:
    parts: list[list[int]] = [[]]
    for n, start in enumerate(starts):
        if n in cuts and parts[-1]:
            parts.append([])
        parts[-1].append(start)
    return [tuple(p) for p in parts]


def test_a_dialogue_that_grows_keeps_its_id() -> None:
    old = stored(1, 0, 5)
    matching = match([old], [rebuilt(0, 5, 10)])
    assert matching.kept == {0: old}
    assert matching.leftover == []


def test_the_greatest_overlap_wins() -> None:
    small, large = stored(1, 0), stored(2, 5, 10)
    matching = match([small, large], [rebuilt(0, 5, 10)])
    assert matching.kept == {0: large}
    assert matching.leftover == [(small, 0)]


def test_a_tie_goes_to_the_older() -> None:
    younger, older = stored(9, 0), stored(2, 5)
    matching = match([younger, older], [rebuilt(0, 5)])
    assert matching.kept == {0: older}
    assert matching.leftover == [(younger, 0)]


def test_of_two_halves_the_larger_keeps_the_id_and_the_other_is_new() -> None:
    old = stored(1, 0, 5, 10)
    assert match([old], [rebuilt(0), rebuilt(5, 10)]).kept == {1: old}


def test_a_dialogue_whose_speech_is_gone_has_no_heir() -> None:
    old = stored(1, 0)
    assert match([old], [rebuilt(50)]).leftover == [(old, None)]


def test_speech_at_the_same_time_in_another_lane_is_no_overlap() -> None:
    old = stored(1, 0)
    there = Segment(ChunkId(UUID(int=8)), 0, 4 * S, 0, 4 * S)
    assert match([old], [Dialogue(Chain((), (there,)), 0, 1)]).kept == {}


def test_possible_ids_depend_on_device_start_and_number_only() -> None:
    device = DeviceId(UUID(int=5))
    (first,) = segments(3)
    ids = list(islice(possible_ids(device, first), 3))
    assert len(set(ids)) == 3
    assert ids == list(islice(possible_ids(device, Segment(ChunkId(UUID(int=99)), 0, 9, first.start_ms, 9)), 3))
    assert ids[0] != next(possible_ids(DeviceId(UUID(int=6)), first))


STARTS = st.lists(st.integers(0, 100), min_size=1, max_size=20, unique=True).map(lambda n: sorted(5 * i for i in n))


@given(STARTS, st.sets(st.integers(1, 19)), st.sets(st.integers(1, 19)))
def test_every_old_dialogue_lives_on_in_at_most_one_place_and_unchanged_ones_stay(
    starts: list[int], old_cuts: set[int], new_cuts: set[int]
) -> None:
    old = [stored(n, *part) for n, part in enumerate(partition(starts, old_cuts))]
    new = [rebuilt(*part) for part in partition(starts, new_cuts)]
    matching = match(old, new)
    ids = [s.dialogue_id for s in matching.kept.values()] + [s.dialogue_id for s, _ in matching.leftover]
    assert sorted(ids, key=str) == sorted((s.dialogue_id for s in old), key=str)
    for n, dialogue in enumerate(new):
        same = [s for s in old if is_same(s, dialogue)]
        assert not same or matching.kept[n] == same[0]
    assert all(n is not None for _, n in matching.leftover)


FOUND = Arrival(CHUNK, 0, 600 * S, Fate.AUDIBLE, 601 * S, 601 * S)


def drafted(old: Stored | None, dialogue: Dialogue, now_s: int) -> tuple[int, DialogueState, bool] | None:
    result = draft(DialogueId(UUID(int=1)), dialogue, old, [FOUND], Moment(now_s * S), RULES)
    return None if result is None else (result.revision, result.state, result.is_changed)


def test_an_open_dialogue_changes_under_its_own_revision() -> None:
    old = stored(1, 20, state=DialogueState.OPEN)
    assert drafted(old, in_audio(20, 25), 700) == (1, DialogueState.CLOSED, True)


def test_a_closed_dialogue_that_changes_opens_as_the_next_revision_and_rests() -> None:
    assert drafted(stored(1, 20), in_audio(20, 25), 700) == (2, DialogueState.OPEN, True)


def test_a_revised_dialogue_closes_when_it_has_rested() -> None:
    old = Stored(DialogueId(UUID(int=1)), 2, DialogueState.OPEN, 0, 700 * S, segments(20, 25))
    assert drafted(old, in_audio(20, 25), 819) == (2, DialogueState.OPEN, False)
    assert drafted(old, in_audio(20, 25), 820) == (2, DialogueState.CLOSED, False)


def test_a_closed_dialogue_that_does_not_change_is_left_alone() -> None:
    assert drafted(stored(1, 20), in_audio(20), 700) is None


def in_audio(*starts_s: int) -> Dialogue:
    """Like `rebuilt`, in ten minutes of audio."""
    return Dialogue(Chain((Coverage(CHUNK, 0, 600 * S),), segments(*starts_s)), 0, len(starts_s))
