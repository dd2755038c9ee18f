import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.recordings.split import LONGEST_S, SLACK_S, TARGET_S, Pcm, quietest_border, split

RATE = 100
"""Samples a second: small, so that hours are cheap; every rule is in seconds."""


def noise(seconds: float, seed: int = 0) -> Pcm:
    return np.random.default_rng(seed).integers(-9000, 9000, int(seconds * RATE), dtype=np.int16)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40 * RATE), max_size=12), st.integers(0, 1000))
def test_chunks_joined_are_the_recording_and_none_is_too_long(sizes: list[int], seed: int) -> None:
    blocks = [noise(n / RATE, seed + i) for i, n in enumerate(sizes)]
    chunks = list(split(blocks, RATE))
    assert np.array_equal(
        np.concatenate([np.empty(0, np.int16), *chunks]), np.concatenate([np.empty(0, np.int16), *blocks])
    )
    assert all(0 < len(chunk) <= LONGEST_S * RATE for chunk in chunks)
    assert all(abs(len(chunk) / RATE - TARGET_S) <= SLACK_S for chunk in chunks[:-1])
    if len(chunks) > 1:
        assert len(chunks[-1]) >= 5 * RATE


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5 * RATE), st.integers(0, 1000))
def test_how_the_decoder_cuts_its_blocks_does_not_matter(size: int, seed: int) -> None:
    sound = noise(200, seed)
    pieces = [sound[at : at + size] for at in range(0, len(sound), size)]
    assert [len(c) for c in split(pieces, RATE)] == [len(c) for c in split([sound], RATE)]


def test_a_border_falls_into_a_pause() -> None:
    sound = noise(LONGEST_S)
    sound[int(66.2 * RATE) : int(67.0 * RATE)] = 0
    assert 66.2 * RATE < quietest_border(sound, RATE) < 67.0 * RATE


def test_pure_silence_is_cut_at_the_target() -> None:
    assert abs(quietest_border(np.zeros(LONGEST_S * RATE, np.int16), RATE) - TARGET_S * RATE) <= RATE * 0.02


def test_loud_sound_does_not_overflow_the_energy() -> None:
    sound = np.full(LONGEST_S * 16000, -32768, np.int16)
    sound[62 * 16000 : 63 * 16000] = 100
    assert 62 * 16000 < quietest_border(sound, 16000) < 63 * 16000


def test_a_recording_of_a_minute_stays_whole() -> None:
    assert [len(c) for c in split([noise(61)], RATE)] == [61 * RATE]


def test_no_sound_gives_no_chunk() -> None:
    assert list(split([], RATE)) == []
