"""What one capture of six borders gives, listened to sample by sample."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pytest
from alsa_microphone import AlsaMicrophone, Samples
from taping import RATE, Sound, capture, decoded, noise, place, until

from recorder.capture.capture import Captured, Ending

CHUNK_S = 2
FRAME = RATE // 50
STRETCH = RATE // 10


@dataclass(frozen=True, slots=True)
class Tape:
    """`heard`: see AlsaMicrophone. `sounds`: of the chunks, decoded."""

    source: Samples
    heard: list[tuple[int, int]]
    chunks: list[Captured]
    sounds: list[Sound]
    ending: Ending | None


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    folder = tmp_path_factory.mktemp("tape")
    chunks: list[Captured] = []
    source = noise(60)
    with AlsaMicrophone(folder, source) as microphone:
        recording = capture(microphone, folder / "recording", chunks.append, chunk_s=CHUNK_S)
        recording.start()
        until(lambda: len(chunks) >= 6 and recording.progress.samples > 6 * CHUNK_S * RATE)
        recording.stop()
        heard = list(microphone.heard)
    return Tape(source, heard, chunks, [decoded(c.chunk_path) for c in chunks], recording.ending)


def places(tape: Tape, stretches: list[Sound], nears: Iterable[int]) -> list[int]:
    """Where in the source each stretch is. `nears`: where in the recording, so about half a second is left to err."""
    begun = tape.heard[0][0]
    return [place(x, tape.source, begun + near, RATE // 2) for x, near in zip(stretches, nears, strict=True)]


def begins(tape: Tape) -> list[int]:
    """Where in the recording each chunk begins, were there no gaps."""
    return [0, *itertools.accumulate(len(sound) for sound in tape.sounds)]


def test_the_microphone_lost_nothing_itself(tape: Tape) -> None:
    firsts = [first for first, _ in tape.heard]
    assert firsts == list(range(firsts[0], firsts[0] + len(firsts) * FRAME, FRAME))


def test_every_sample_comes_once_and_in_order_across_six_borders(tape: Tape) -> None:
    assert [c.chunk.seq for c in tape.chunks] == list(range(len(tape.chunks)))
    joined = np.concatenate(tape.sounds)
    # Half-overlapping stretches, those over the borders among them, but for the last: the encoder fills up its packet.
    begun = range(0, len(joined) - 2 * STRETCH, STRETCH // 2)
    found = places(tape, [joined[at : at + STRETCH] for at in begun], begun)
    shifts = [place - at for place, at in zip(found, begun, strict=True)]
    assert max(shifts) - min(shifts) <= RATE // 1000


def test_neither_gap_nor_overlap_at_a_border_reaches_a_frame(tape: Tape) -> None:
    ends = [at + STRETCH for at in places(tape, [x[-STRETCH:] for x in tape.sounds[:-1]], begins(tape)[1:-1])]
    starts = places(tape, [x[:STRETCH] for x in tape.sounds[1:]], begins(tape)[1:-1])
    gaps = np.array(starts) - np.array(ends)
    assert len(gaps) >= 6
    assert np.abs(gaps).max() <= RATE // 1000, f"gaps in samples: {gaps}"


def test_the_first_and_the_last_heard_sample_are_in_it(tape: Tape) -> None:
    stretches = [tape.sounds[0][:STRETCH], tape.sounds[-1][-2 * STRETCH : -STRETCH]]
    first, last = places(tape, stretches, [0, begins(tape)[-1] - 2 * STRETCH])
    assert first == pytest.approx(tape.heard[0][0], abs=FRAME)
    assert last + 2 * STRETCH == pytest.approx(tape.heard[-1][0], abs=RATE // 2)


def test_a_chunks_length_is_that_of_its_decoded_sound(tape: Tape) -> None:
    for captured, sound in zip(tape.chunks, tape.sounds, strict=True):
        assert captured.chunk.length_ms == pytest.approx(len(sound) * 1000 / RATE, abs=1)
    assert {c.chunk.length_ms for c in tape.chunks[1:-1]} == {CHUNK_S * 1000}


def test_a_chunk_starts_when_its_first_sample_was_heard(tape: Tape) -> None:
    begun = dict(tape.heard)
    found = places(tape, [sound[:STRETCH] for sound in tape.sounds], begins(tape)[:-1])
    for captured, at in zip(tape.chunks, found, strict=True):
        block = round(at / FRAME) * FRAME
        assert captured.chunk.start.boot_ms == pytest.approx(begun[block] - 20, abs=300)


def test_a_chunk_knows_its_bytes_and_its_level(tape: Tape) -> None:
    for captured in tape.chunks[:-1]:
        assert captured.chunk.size_bytes == captured.chunk_path.stat().st_size
        assert captured.chunk.rms_dbfs == pytest.approx(-28, abs=2)
        assert captured.chunk.peak_dbfs == pytest.approx(-15, abs=3)
        assert not captured.chunk.salvaged


def test_a_capture_told_to_stop_ends_without_a_fault(tape: Tape) -> None:
    assert tape.ending is not None
    assert tape.ending.condition is None
