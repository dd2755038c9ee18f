"""From detectors' frames to stretches of speech."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.speech import SpeechRules, cut_long, regions, smooth, stretches, widen
from domain.timeline import Span

RULES = SpeechRules()
MS = 32
probability = st.floats(0, 1)
frames = st.lists(probability, max_size=300)


def speech(probabilities: list[float]) -> list[Span]:
    return stretches(probabilities, MS, RULES)


@given(st.lists(st.booleans(), max_size=60), st.sampled_from([1, 3, 5, 7]))
@settings(max_examples=100)
def test_smoothing_is_a_majority_vote_around_each_frame(flags: list[bool], width: int) -> None:
    half = width // 2
    expected = [sum(flags[max(0, i - half) : i + half + 1]) > half for i in range(len(flags))]
    assert smooth(flags, width) == expected


def test_smoothing_drops_a_single_flag_and_fills_a_single_hole() -> None:
    assert smooth([False] * 4 + [True] + [False] * 4, 3) == [False] * 9
    assert smooth([True, True, True, False, True, True, True], 3) == [True] * 7


@given(st.lists(st.booleans(), max_size=60))
@settings(max_examples=100)
def test_regions_cover_exactly_the_true_frames(flags: list[bool]) -> None:
    covered = {frame for span in regions(flags, 30) for frame in range(span.start_ms // 30, span.end_ms // 30)}
    assert covered == {i for i, flag in enumerate(flags) if flag}


def test_widened_spans_stay_in_the_chunk_and_join_where_they_touch() -> None:
    spans = [Span(100, 200), Span(900, 1000), Span(5000, 5900)]
    assert widen(spans, 400, limit_ms=6000) == [Span(0, 1400), Span(4600, 6000)]


def test_speech_begins_at_the_threshold_and_lasts_until_the_lower_one() -> None:
    assert speech([0.4] * 5 + [0.6] + [0.9] * 5 + [0.4] * 3 + [0.1] * 20) == [Span(5 * MS, 14 * MS)]


def test_a_short_pause_does_not_end_speech_and_a_longer_one_does() -> None:
    word = [0.95] * 10
    assert len(speech(word + [0.0] * 9 + word)) == 1
    assert speech(word + [0.0] * 10 + word) == [Span(0, 10 * MS), Span(20 * MS, 30 * MS)]


def test_a_brief_loud_frame_is_not_speech_however_sure_it_is() -> None:
    assert speech([0.0] * 10 + [0.6, 0.99, 0.99, 0.99, 0.6] + [0.0] * 10) == []


def test_a_long_half_sure_sound_is_not_speech() -> None:
    assert speech([0.75] * 300) == []


def test_speech_that_lasts_to_the_end_of_the_chunk_is_kept() -> None:
    assert speech([0.0] * 10 + [0.95] * 10) == [Span(10 * MS, 20 * MS)]


@given(frames)
@settings(max_examples=200)
def test_stretches_are_ordered_apart_and_hold_every_long_sure_sound(probabilities: list[float]) -> None:
    found = speech(probabilities)
    pause_ms = RULES.pause_ms
    assert all(a.end_ms + pause_ms <= b.start_ms for a, b in pairwise(found))
    for run in regions([p >= RULES.sure for p in probabilities], MS):
        if run.end_ms - run.start_ms >= RULES.sure_ms:
            assert any(s.start_ms <= run.start_ms and run.end_ms <= s.end_ms for s in found)
    for s in found:
        assert probabilities[s.start_ms // MS] >= RULES.threshold


@given(st.lists(probability, min_size=1, max_size=400), st.integers(200, 3000))
@settings(max_examples=200)
def test_cutting_loses_nothing_and_leaves_no_piece_too_long_nor_a_crumb(
    probabilities: list[float], max_ms: int
) -> None:
    whole = Span(0, len(probabilities) * MS)
    pieces = cut_long([whole], probabilities, MS, SpeechRules(max_ms=max_ms))
    assert pieces[0].start_ms == 0
    assert pieces[-1].end_ms == whole.end_ms
    assert all(a.end_ms == b.start_ms for a, b in pairwise(pieces))
    assert all(0 < piece.end_ms - piece.start_ms <= max_ms for piece in pieces)
    assert len(pieces) == 1 or min(p.end_ms - p.start_ms for p in pieces) >= max_ms // 4 - MS


def test_long_speech_is_cut_in_the_middle_of_its_longest_inner_pause() -> None:
    probabilities = [0.9] * 400 + [0.1] * 4 + [0.9] * 100 + [0.1] * 8 + [0.9] * 488
    first, second = cut_long([Span(0, 1000 * MS)], probabilities, MS, RULES)
    assert first == Span(0, 508 * MS)
    assert second == Span(508 * MS, 1000 * MS)


def test_long_speech_without_a_pause_is_cut_where_it_is_least_sure() -> None:
    probabilities = [0.9] * 450 + [0.6] + [0.9] * 549
    assert cut_long([Span(0, 1000 * MS)], probabilities, MS, RULES)[0] == Span(0, 450 * MS)
