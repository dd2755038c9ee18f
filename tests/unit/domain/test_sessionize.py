"""Sessionisation: which speech belongs together, whatever way the audio came."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.closing import window
from domain.ids import ChunkId, SessionId
from domain.sessionize import sessionize, split_speech
from domain.timeline import Coverage, Dialogue, Rules, Segment, Span

RULES = Rules()
RUN, OTHER_RUN = SessionId(UUID(int=1)), SessionId(UUID(int=2))
S = 1000


def chunk_id(number: int) -> ChunkId:
    return ChunkId(UUID(int=1000 + number))


def record(
    speech: Sequence[Span], borders: Sequence[int], run: SessionId | None = RUN, first_id: int = 0
) -> tuple[list[Segment], list[Coverage]]:
    """A recording cut at `borders`; speech is cut with it."""
    coverage = [
        Coverage(chunk_id(first_id + i), start, end, run, None if run is None else i)
        for i, (start, end) in enumerate(pairwise(borders))
    ]
    return [s for c in coverage for s in heard_in(c, speech)], coverage


def heard_in(chunk: Coverage, speech: Sequence[Span]) -> list[Segment]:
    parts = [Span(max(s.start_ms, chunk.start_ms), min(s.end_ms, chunk.end_ms)) for s in speech]
    return [
        Segment(chunk.chunk_id, p.start_ms - chunk.start_ms, p.end_ms - chunk.start_ms, p.start_ms, p.end_ms)
        for p in parts
        if p.end_ms > p.start_ms
    ]


def spans(dialogues: Sequence[Dialogue]) -> list[Span]:
    return [d.span for d in dialogues]


@st.composite
def speech(draw: st.DrawFn, max_size: int = 60) -> list[Span]:
    """Rush hours and quiet ones: pauses mostly short, some at the very limit, some long."""
    pauses = st.one_of(st.integers(0, 3 * S), st.sampled_from([0, 11_999, 12_000, 12_001]), st.integers(0, 40 * S))
    lengths = st.one_of(st.integers(1, 6 * S), st.just(30 * S))
    at, found = draw(st.integers(0, 20 * S)), []
    for pause, length in draw(st.lists(st.tuples(pauses, lengths), min_size=1, max_size=max_size)):
        found.append(Span(at + pause, at + pause + length))
        at += pause + length
    return found


@st.composite
def recordings(draw: st.DrawFn) -> tuple[list[Segment], list[Coverage]]:
    """Chunks of up to three capture runs: holes, restarts, jumps of the clock both ways, old recorders without runs."""
    said = draw(speech())
    segments: list[Segment] = []
    coverage: list[Coverage] = []
    at = 0
    for number, run in enumerate(draw(st.lists(st.sampled_from([RUN, OTHER_RUN, None]), min_size=1, max_size=3))):
        seq = 1000 * number
        for _ in range(draw(st.integers(1, 12))):
            at = max(0, at + draw(st.sampled_from([0, 0, 0, 0, 200, -200, 4 * S, -6 * S, 60 * S, -90 * S])))
            length = draw(st.sampled_from([60 * S, 60 * S, 60 * S, 7 * S, 100, 10]))
            if draw(st.integers(0, 9)):
                chunk = Coverage(chunk_id(len(coverage)), at, at + length, run, None if run is None else seq)
                coverage.append(chunk)
                segments += heard_in(chunk, said)
            at, seq = at + length, seq + 1
    return segments, coverage


def test_speech_that_continues_over_a_chunk_border_is_one_dialogue() -> None:
    segments, coverage = record([Span(50 * S, 75 * S)], [0, 60 * S, 120 * S])
    assert len(segments) == 2
    assert spans(sessionize(segments, coverage, RULES)) == [Span(50 * S, 75 * S)]


def test_a_pause_of_exactly_twelve_seconds_holds_together_and_one_millisecond_more_splits() -> None:
    assert split_speech([(0, S), (13 * S, 14 * S)], RULES) == [Span(0, 14 * S)]
    assert split_speech([(0, S), (13 * S + 1, 14 * S)], RULES) == [Span(0, S), Span(13 * S + 1, 14 * S)]


def test_too_long_a_dialogue_splits_at_its_longest_pause_and_at_the_earliest_of_equals() -> None:
    said = [(0, 50 * S), (52 * S, 90 * S), (95 * S, 130 * S), (135 * S, 140 * S)]
    assert split_speech(said, RULES) == [Span(0, 90 * S), Span(95 * S, 140 * S)]


def test_missing_audio_counts_as_silence() -> None:
    segments, coverage = record([Span(40 * S, 160 * S)], [0, 60 * S, 120 * S, 180 * S])
    heard = [s for s in segments if s.chunk_id != chunk_id(1)]
    with_hole = sessionize(heard, [c for c in coverage if c.chunk_id != chunk_id(1)], RULES)
    assert spans(with_hole) == [Span(40 * S, 60 * S), Span(120 * S, 160 * S)]


def test_two_runs_over_one_time_are_never_merged_and_nothing_is_counted_twice() -> None:
    said = [Span(10 * S, 50 * S)]
    one, one_coverage = record(said, [0, 60 * S], RUN)
    other, other_coverage = record(said, [5 * S, 65 * S], OTHER_RUN, first_id=10)
    dialogues = sessionize([*one, *other], [*one_coverage, *other_coverage], RULES)
    assert [d.segments for d in dialogues] == [tuple(one), tuple(other)]


def test_a_restart_of_the_recorder_within_a_few_seconds_does_not_split_a_dialogue() -> None:
    one, one_coverage = record([Span(40 * S, 60 * S)], [0, 60 * S], RUN)
    other, other_coverage = record([Span(63 * S, 80 * S)], [63 * S, 123 * S], OTHER_RUN, first_id=10)
    dialogues = sessionize([*other, *one], [*other_coverage, *one_coverage], RULES)
    assert spans(dialogues) == [Span(40 * S, 80 * S)]


def test_a_lane_joins_the_one_that_ends_nearest_before_it() -> None:
    one, a = record([Span(50 * S, 60 * S)], [0, 60 * S], RUN)
    two, b = record([Span(66 * S, 80 * S)], [66 * S, 120 * S], OTHER_RUN, first_id=10)
    three, c = record([Span(61 * S, 64 * S)], [55 * S, 65 * S], None, first_id=20)
    dialogues = sessionize([*one, *two, *three], [*a, *b, *c], RULES)
    assert spans(dialogues) == [Span(50 * S, 60 * S), Span(61 * S, 80 * S)]


def test_lanes_with_a_third_between_do_not_join() -> None:
    one, a = record([Span(50 * S, 60 * S)], [0, 60 * S], RUN)
    two, b = record([Span(66 * S, 80 * S)], [66 * S, 120 * S], OTHER_RUN, first_id=10)
    three, c = record([], [20 * S, 150 * S], None, first_id=20)
    dialogues = sessionize([*one, *two, *three], [*a, *b, *c], RULES)
    assert spans(dialogues) == [Span(50 * S, 60 * S), Span(66 * S, 80 * S)]


def test_a_jump_back_of_the_clock_starts_another_lane() -> None:
    one, a = record([Span(50 * S, 60 * S)], [0, 60 * S], RUN)
    again = Coverage(chunk_id(9), 55 * S, 115 * S, RUN, 1)
    dialogues = sessionize([*one, *heard_in(again, [Span(60 * S, 70 * S)])], [*a, again], RULES)
    assert spans(dialogues) == [Span(50 * S, 60 * S), Span(60 * S, 70 * S)]


def test_chunks_that_overlap_by_codec_padding_are_contiguous() -> None:
    one, a = record([Span(50 * S, 60 * S)], [0, 60 * S], RUN)
    following = Coverage(chunk_id(9), 59_600, 119_600, RUN, 1)
    dialogues = sessionize([*one, *heard_in(following, [Span(59_700, 70 * S)])], [*a, following], RULES)
    assert spans(dialogues) == [Span(50 * S, 70 * S)]


@given(recordings())
@settings(max_examples=80)
def test_every_segment_is_in_exactly_one_dialogue(recording: tuple[list[Segment], list[Coverage]]) -> None:
    segments, coverage = recording
    found = [s for d in sessionize(segments, coverage, RULES) for s in d.segments]
    assert len(found) == len(segments)
    assert set(found) == set(segments)


@given(recordings(), st.randoms())
def test_the_order_of_arrival_does_not_matter(recording: tuple[list[Segment], list[Coverage]], random: object) -> None:
    segments, coverage = recording
    expected = {d.segments for d in sessionize(segments, coverage, RULES)}
    random.shuffle(segments)  # type: ignore[attr-defined]
    random.shuffle(coverage)  # type: ignore[attr-defined]
    assert {d.segments for d in sessionize(segments, coverage, RULES)} == expected


@given(recordings())
def test_no_dialogue_is_too_long_or_holds_a_silence(recording: tuple[list[Segment], list[Coverage]]) -> None:
    for dialogue in sessionize(*recording, RULES):
        assert dialogue.span.end_ms - dialogue.span.start_ms <= RULES.max_ms
        heard_until = list(accumulate((s.end_ms for s in dialogue.segments), max))  # codec padding overlaps
        following = [s.start_ms for s in dialogue.segments[1:]]
        assert all(at - end <= RULES.silence_ms for end, at in zip(heard_until, following, strict=False))


@given(speech(), st.lists(st.integers(0, 59), max_size=8), st.lists(st.integers(0, 59), max_size=8))
def test_cutting_the_same_recording_in_other_silences_changes_nothing(
    said: list[Span], some: list[int], others: list[int]
) -> None:
    def dialogues(cuts: list[int]) -> list[tuple[Span, list[Span]]]:
        ends = {said[i % len(said)].end_ms for i in cuts}
        segments, coverage = record(said, sorted({0, said[-1].end_ms + S} | ends))
        found = sessionize(segments, coverage, RULES)
        return [(d.span, [Span(s.start_ms, s.end_ms) for s in d.segments]) for d in found]

    assert dialogues(some) == dialogues(others)
    assert [span for span, _ in dialogues(some)] == split_speech(said, RULES)


@given(recordings(), st.data())
@settings(max_examples=80)
def test_a_change_touches_nothing_beyond_its_reach_and_its_window_suffices_to_rebuild(
    recording: tuple[list[Segment], list[Coverage]], data: st.DataObject
) -> None:
    segments, coverage = recording
    if not coverage:
        return
    late = data.draw(st.sampled_from(coverage))
    change = Span(late.start_ms, late.end_ms)
    before = {d.segments for d in sessionize(segments, [c for c in coverage if c != late], RULES)}
    after = sessionize(segments, coverage, RULES)
    affected, window = RULES.affected(change), RULES.window(change)

    changed = [d for d in after if d.segments not in before]
    gone = before - {d.segments for d in after}
    assert all(affected.contains(d.span) for d in changed)
    assert all(affected.contains(Span(g[0].start_ms, max(s.end_ms for s in g))) for g in gone)

    near = [c for c in coverage if c.end_ms > window.start_ms and c.start_ms < window.end_ms]
    seen = [s for s in segments if s.end_ms > window.start_ms and s.start_ms < window.end_ms]
    rebuilt = {d.segments for d in sessionize(seen, near, RULES) if affected.contains(d.span)}
    assert rebuilt == {d.segments for d in after if affected.contains(d.span)}


@given(recordings(), st.data())
@settings(max_examples=80)
def test_audio_that_comes_outside_a_dialogues_closing_window_leaves_it_as_it_is(
    recording: tuple[list[Segment], list[Coverage]], data: st.DataObject
) -> None:
    segments, coverage = recording
    if not coverage:
        return
    late = data.draw(st.sampled_from(coverage))
    before = sessionize(segments, [c for c in coverage if c != late], RULES)
    after = {d.segments for d in sessionize(segments, coverage, RULES)}
    for dialogue in before:
        if not window(dialogue, RULES).widened(RULES.contiguity_ms).touches(Span(late.start_ms, late.end_ms)):
            assert dialogue.segments in after
