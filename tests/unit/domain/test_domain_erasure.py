"""What of a stretch of audio is erased: to the millisecond, and nothing beside it."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.erasure import MARGIN_MS, Reach, around_dialogue, reach, what_stays, within_chunk
from domain.ids import ChunkId
from domain.timeline import Segment, Span

CHUNK = Span(1_000, 61_000)
CHUNK_ID = ChunkId(UUID(int=1))
spans = st.tuples(st.integers(0, 70_000), st.integers(1, 70_000)).map(lambda s: Span(s[0], s[0] + s[1]))


@pytest.mark.parametrize(
    ("erased", "reaches"),
    [
        ([], Reach.NOT),
        ([Span(0, 1_000)], Reach.NOT),
        ([Span(0, 1_001)], Reach.PARTLY),
        ([Span(1_000, 61_000)], Reach.WHOLLY),
        ([Span(0, 30_000), Span(30_000, 90_000)], Reach.WHOLLY),
        ([Span(0, 30_000), Span(30_001, 90_000)], Reach.PARTLY),
    ],
)
def test_how_far_erased_time_reaches_into_a_chunk(erased: list[Span], reaches: Reach) -> None:
    assert reach(CHUNK, erased) is reaches


def test_erased_parts_count_from_the_first_sample_and_are_joined() -> None:
    erased = [Span(0, 3_000), Span(2_000, 5_000), Span(60_000, 99_000), Span(70_000, 80_000)]
    assert within_chunk(CHUNK, erased) == [Span(0, 4_000), Span(59_000, 60_000)]


@given(st.lists(spans, max_size=5), spans)
@settings(max_examples=60)
def test_speech_stays_outside_of_the_erased_time_and_only_there(speech: list[Span], erased: Span) -> None:
    segments = [Segment(CHUNK_ID, s.start_ms - 500, s.end_ms - 500, s.start_ms, s.end_ms) for s in speech]
    stays = what_stays(segments, [erased])
    assert all(s.end_ms <= erased.start_ms or s.start_ms >= erased.end_ms for s in stays)
    assert all(s.start_ms - s.offset_start_ms == 500 == s.end_ms - s.offset_end_ms for s in stays)
    kept = sum(s.end_ms - s.start_ms for s in stays)
    common = sum(max(0, min(s.end_ms, erased.end_ms) - max(s.start_ms, erased.start_ms)) for s in speech)
    assert kept == sum(s.end_ms - s.start_ms for s in speech) - common


def test_a_dialogue_is_erased_with_a_margin_that_ends_in_the_middle_of_the_pause_to_its_neighbour() -> None:
    dialogue = Span(10_000, 20_000)
    assert around_dialogue(dialogue, []) == dialogue.widened(MARGIN_MS)
    assert around_dialogue(dialogue, [Span(0, 9_600), Span(20_301, 30_000)]) == Span(9_800, 20_150)
    assert around_dialogue(dialogue, [Span(12_000, 14_000)]) == dialogue.widened(MARGIN_MS), "another lane at that time"
