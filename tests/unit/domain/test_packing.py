"""The packing plan and the way back."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.packing import (
    HeardWord,
    PackingRules,
    Piece,
    Placed,
    Window,
    carry_back,
    holes,
    joined,
    pack,
    whole_words,
    widen,
)
from domain.transcript import Word

RULES = PackingRules()
patient = settings(max_examples=50, deadline=None)


@st.composite
def batches(draw: st.DrawFn) -> list[Piece]:
    """Speech of a few dialogues: ascending and disjoint pieces, some longer than a window."""
    pieces: list[Piece] = []
    for owner in range(draw(st.integers(1, 4))):
        at_ms = draw(st.integers(0, 10**9))
        for pause_ms, length_ms in draw(
            st.lists(st.tuples(st.integers(0, 12_000), st.integers(1, 45_000)), max_size=8)
        ):
            pieces.append(Piece(owner, at_ms + pause_ms, at_ms + pause_ms + length_ms))
            at_ms = pieces[-1].end_ms
    return pieces


@patient
@given(batches())
def test_every_millisecond_of_speech_is_heard_exactly_once_and_in_order(pieces: list[Piece]) -> None:
    laid = [placed.piece for window in pack(pieces, RULES) for placed in window.placed]
    assert laid == sorted(laid)
    assert joined_by_owner(laid) == joined_by_owner(pieces)


@patient
@given(batches())
def test_windows_are_no_longer_than_allowed_and_their_pieces_do_not_overlap(pieces: list[Piece]) -> None:
    for window in pack(pieces, RULES):
        assert 0 < window.length_ms <= RULES.max_window_ms
        for left, right in zip(window.placed, window.placed[1:], strict=False):
            pause_ms = right.offset_ms - left.end_ms
            assert 0 <= pause_ms <= RULES.gap_ms
            if left.piece.owner != right.piece.owner:
                assert pause_ms == RULES.gap_ms


@patient
@given(batches())
def test_a_piece_that_fits_into_a_window_is_never_split(pieces: list[Piece]) -> None:
    laid = {placed.piece for window in pack(pieces, RULES) for placed in window.placed}
    assert {piece for piece in pieces if piece.length_ms <= RULES.max_window_ms} <= laid


@patient
@given(batches())
def test_the_same_speech_gives_the_same_plan(pieces: list[Piece]) -> None:
    assert pack(pieces, RULES) == pack(list(pieces), RULES)


def test_a_full_window_is_broken_at_the_longest_pause_near_its_end() -> None:
    turns = [Piece(0, 0, 24_000), Piece(0, 26_000, 27_500), Piece(0, 27_600, 28_900), Piece(0, 29_000, 35_000)]
    first, second = pack(turns, RULES)
    assert [placed.piece for placed in first.placed] == turns[:1]
    assert [placed.piece for placed in second.placed] == turns[1:]


@st.composite
def heard_windows(draw: st.DrawFn) -> tuple[Window, list[HeardWord]]:
    windows = pack(draw(batches().filter(bool)), RULES)
    window = draw(st.sampled_from(windows))
    times = sorted(draw(st.lists(st.integers(-500, window.length_ms + 500), max_size=40)))
    words = [HeardWord(a, b, f" w{i}", 0.5) for i, (a, b) in enumerate(zip(times[::2], times[1::2], strict=False))]
    return window, words


@patient
@given(heard_windows())
def test_words_are_carried_back_none_lost_none_doubled(case: tuple[Window, list[HeardWord]]) -> None:
    window, words = case
    assert [word.word for _, word in carry_back(window, words)] == [word.word for word in words]


@patient
@given(heard_windows())
def test_carried_words_lie_inside_speech_and_never_run_backwards(case: tuple[Window, list[HeardWord]]) -> None:
    window, words = case
    pieces = [placed.piece for placed in window.placed]
    carried = carry_back(window, words)
    for owner, word in carried:
        assert any(p.owner == owner and p.start_ms <= word.start_ms <= word.end_ms <= p.end_ms for p in pieces)
    for owner in {piece.owner for piece in pieces}:
        mine = [word for who, word in carried if who == owner]
        assert all(left.end_ms <= right.start_ms for left, right in itertools.pairwise(mine))


def test_a_word_in_a_gap_goes_to_the_nearest_piece() -> None:
    window = Window((Placed(Piece(0, 5_000, 6_000), 0), Placed(Piece(1, 90_000, 91_000), 1_300)))
    heard = [HeardWord(1_000, 1_100, " near", 0.9), HeardWord(1_200, 1_290, " far", 0.9)]
    assert [(owner, word.start_ms) for owner, word in carry_back(window, heard)] == [(0, 6_000), (1, 90_000)]


@patient
@given(batches())
def test_speech_without_words_is_one_hole_for_each_stretch(pieces: list[Piece]) -> None:
    mine = joined([piece for piece in pieces if piece.owner == 0])
    assert holes(mine, [], 1) == mine


def test_only_long_stretches_without_words_are_holes() -> None:
    words = [Word(200, 900, " a", 1.0), Word(5_000, 9_800, " b", 1.0)]
    assert holes([Piece(3, 0, 10_000)], words, 1_500) == [Piece(3, 900, 5_000)]


@patient
@given(batches(), st.integers(0, 400), st.integers(0, 900))
def test_padded_pieces_hold_their_speech_and_stay_apart(pieces: list[Piece], padding_ms: int, join_ms: int) -> None:
    mine = [piece for piece in pieces if piece.owner == 0]
    padded = widen(mine, padding_ms, join_ms)
    assert all(p.start_ms <= m.start_ms and m.end_ms <= p.end_ms for p, m in zip(padded, mine, strict=True))
    assert all(left.end_ms <= right.start_ms for left, right in itertools.pairwise(padded))


def test_neighbours_nearer_than_the_joining_pause_meet_half_way() -> None:
    padded = widen([Piece(0, 1_000, 2_000), Piece(0, 2_800, 4_000)], 200, 500)
    assert padded == [Piece(0, 800, 2_400), Piece(0, 2_400, 4_200)]


def test_parts_of_a_word_are_joined() -> None:
    parts = [
        HeardWord(i * 100, i * 100 + 90, w, 1 - i / 10) for i, w in enumerate([" $6", ".40", " что", "-то", " да"])
    ]
    words = whole_words(parts)
    assert [word.word for word in words] == [" $6.40", " что-то", " да"]
    assert (words[0].start_ms, words[0].end_ms, words[0].probability) == (0, 190, 0.9)


def joined_by_owner(pieces: list[Piece]) -> list[Piece]:
    owners = sorted({piece.owner for piece in pieces})
    return [piece for owner in owners for piece in joined([p for p in pieces if p.owner == owner])]
