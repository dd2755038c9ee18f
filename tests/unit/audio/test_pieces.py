"""Padding of pieces, and names for what is not audio."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.cut import Piece, padded
from audio.sniff import describe
from audio.vad import LOUD_DBFS, MAX_GAIN_DB, amplify
from domain.timeline import Span

pieces = st.lists(
    st.builds(
        lambda path, start, length: Piece(path, start, start + length),
        st.sampled_from("ab"),
        st.integers(0, 2000),
        st.integers(1, 300),
    ),
    max_size=8,
)


@given(pieces, st.integers(0, 400))
@settings(max_examples=200)
def test_padding_keeps_each_piece_whole_and_adds_at_most_its_length(pieces: list[Piece], padding_ms: int) -> None:
    for piece, span in zip(pieces, padded(pieces, padding_ms), strict=True):
        assert max(0, piece.start_ms - padding_ms) <= span.start_ms <= piece.start_ms
        assert piece.end_ms <= span.end_ms <= piece.end_ms + padding_ms


def test_two_pieces_of_one_chunk_share_a_short_pause_and_two_chunks_do_not() -> None:
    near = [Piece("a", 500, 800), Piece("a", 900, 1000), Piece("b", 900, 1000)]
    assert padded(near, 200) == [Span(300, 850), Span(850, 1200), Span(700, 1200)]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"", "an empty file"),
        (bytes(8), "zero bytes only"),
        ("чек № 7".encode()[:-1], "text"),
        ("кофе ☕".encode()[:-1], "text"),
        (b"\x00\x00\x00\x20ftypM4A ", "a damaged MP4 file"),
        (b"\x01\x02\xff\xfe", "unknown data (it begins with 01 02 ff fe)"),
    ],
)
def test_a_file_is_named_by_its_first_bytes(head: bytes, name: str) -> None:
    assert describe(head) == name


def level_dbfs(samples: np.ndarray) -> float:  # type: ignore[type-arg]
    return float(10 * np.log10(np.mean(np.square(samples))))


@pytest.mark.parametrize(
    ("given_dbfs", "expected_dbfs"), [(-6, -6), (-20, -20), (-36, LOUD_DBFS), (-70, -70 + MAX_GAIN_DB)]
)
def test_only_quiet_audio_is_amplified_and_not_without_limit(given_dbfs: float, expected_dbfs: float) -> None:
    sine = np.sin(np.arange(16_000) * 0.3).astype(np.float32) * np.float32(2**0.5)
    louder = amplify((sine * 10 ** (given_dbfs / 20)).astype(np.float32))
    assert louder.dtype == np.float32
    assert level_dbfs(louder) == pytest.approx(expected_dbfs, abs=0.3)


def test_digital_silence_and_no_samples_stay_what_they_are() -> None:
    assert not amplify(np.zeros(16_000, np.float32)).any()
    assert len(amplify(np.zeros(0, np.float32))) == 0
