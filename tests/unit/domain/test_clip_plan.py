"""Which stretches of which chunks make a clip."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.clip import GAP_MS, JOIN_MS, PADDING_MS, ClipChunk, plan_clip


def chunk(start_ms: int, length_ms: int, path: str = "") -> ClipChunk:
    return ClipChunk(path or f"chunk at {start_ms}", "sha", start_ms, length_ms)


def test_a_clip_runs_over_a_chunk_border_without_a_seam_and_with_padding() -> None:
    plan = plan_clip([chunk(0, 60_000), chunk(60_000, 60_000)], 58_000, 63_000)
    assert [(p.offset_ms, p.length_ms, p.clip_ms) for p in plan.pieces] == [(57_500, 2_500, 0), (0, 3_500, 2_500)]
    assert plan.duration_ms == 5_000 + 2 * PADDING_MS
    assert plan.clip_ms(60_000) == 2_500


def test_missing_audio_is_a_short_silence_however_long_it_was() -> None:
    plan = plan_clip([chunk(0, 10_000), chunk(18_000, 10_000)], 9_000, 19_000)
    first, second = plan.pieces
    assert second.clip_ms == first.length_ms + GAP_MS
    assert plan.clip_ms(15_000) == first.length_ms
    assert plan.clip_ms(18_000) == second.clip_ms


def test_a_clock_that_creeps_makes_neither_a_gap_nor_an_echo() -> None:
    behind, ahead = (plan_clip([chunk(0, 60_000), chunk(60_000 + d, 60_000)], 50_000, 70_000) for d in (JOIN_MS, -300))
    assert [p.clip_ms for p in behind.pieces] == [0, 10_500]
    assert ahead.pieces[1].offset_ms == 300
    assert ahead.duration_ms == 21_000


def test_without_audio_times_are_as_if_all_of_it_were_there() -> None:
    plan = plan_clip([], 10_000, 20_000)
    assert plan.duration_ms == 0
    assert plan.clip_ms(10_000) == PADDING_MS
    assert plan.clip_ms(15_000) == 5_000 + PADDING_MS


@given(
    st.lists(st.tuples(st.integers(0, 100_000), st.integers(1, 30_000)), max_size=6),
    st.integers(0, 90_000),
    st.integers(1, 60_000),
)
def test_pieces_ascend_in_time_and_in_the_clip_and_stay_inside(
    chunks: list[tuple[int, int]], start_ms: int, length_ms: int
) -> None:
    plan = plan_clip([chunk(*c, path=str(i)) for i, c in enumerate(chunks)], start_ms, start_ms + length_ms)
    for one, following in pairwise(plan.pieces):
        assert one.at_ms + one.length_ms <= following.at_ms
        assert following.clip_ms - (one.clip_ms + one.length_ms) in (0, GAP_MS)
    for piece in plan.pieces:
        begin, end = start_ms - PADDING_MS, start_ms + length_ms + PADDING_MS
        assert begin <= piece.at_ms < piece.at_ms + piece.length_ms <= end
        assert plan.clip_ms(piece.at_ms) == piece.clip_ms
    times = [plan.clip_ms(at) for at in range(start_ms, start_ms + length_ms, 997)]
    assert times == sorted(times)
    assert all(0 <= at <= plan.duration_ms for at in times) or not plan.pieces
