"""Both voice detectors on real audio, against the sample day's truth."""

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sounds import NOISES, RATE_HZ, Sound, at_dbfs, music

from audio.decode import decode
from audio.vad import VoiceDetector
from cluster.truth import Truth, read_truth
from domain.evaluation import Evaluation, Predicted, evaluate
from domain.sessionize import split_speech
from domain.speech import SpeechRules
from domain.timeline import Rules, Span

CHUNK_MS = 60_000


@pytest.fixture(scope="module")
def detector() -> VoiceDetector:
    return VoiceDetector(SpeechRules())


@pytest.fixture(scope="module")
def truth(samples: Path) -> Truth:
    return read_truth(samples / "ground_truth.json")


@pytest.fixture(scope="module")
def day(samples: Path) -> list[Sound]:
    """The chunks in order of time."""
    chunks = (samples / "chunks").glob("*.ogg")
    return [decode(chunk, max_s=61) for chunk in sorted(chunks, key=lambda path: path.stem.split("_")[-1])]


@pytest.fixture(scope="module")
def heard(detector: VoiceDetector, day: list[Sound]) -> list[list[Span]]:
    return [detector.speech(chunk) for chunk in day]


def judge(truth: Truth, chunks: Sequence[Sequence[Span]]) -> Evaluation:
    rules = Rules()
    spans = [
        (truth.start_ms + number * CHUNK_MS + s.start_ms, truth.start_ms + number * CHUNK_MS + s.end_ms)
        for number, chunk in enumerate(chunks)
        for s in chunk
    ]
    return evaluate(truth.spans(rules), [Predicted(s.start_ms, s.end_ms) for s in split_speech(spans, rules)])


def test_the_days_dialogues_are_found_with_their_bounds(truth: Truth, heard: list[list[Span]]) -> None:
    result = judge(truth, heard)
    assert result.dialogues.f1 is not None
    assert result.dialogues.f1 >= 0.97
    assert result.boundary_error_ms is not None
    assert result.boundary_error_ms <= 300


def test_nearly_all_true_speech_is_inside_what_was_heard(truth: Truth, heard: list[list[Span]]) -> None:
    grid = np.zeros((2, round(truth.total_seconds * 100)), bool)
    for start_s, end_s in truth.speech_segments:
        grid[0, round(start_s * 100) : round(end_s * 100)] = True
    for number, chunk in enumerate(heard):
        for span in chunk:
            grid[1, number * 6000 + span.start_ms // 10 : number * 6000 + span.end_ms // 10] = True
    assert (grid[0] & grid[1]).sum() / grid[0].sum() > 0.96
    assert (grid[0] & grid[1]).sum() / grid[1].sum() > 0.88


def test_chunks_of_noise_hold_no_speech(truth: Truth, heard: list[list[Span]]) -> None:
    def is_noise(number: int) -> bool:
        start_s, end_s = number * 60, number * 60 + 60
        return not any(s < end_s and e > start_s for s, e in truth.speech_segments)

    noisy = [number for number in range(len(heard)) if is_noise(number)]
    assert len(noisy) == 8
    assert [heard[number] for number in noisy] == [[]] * 8


@pytest.mark.parametrize("kind", NOISES)
def test_minutes_of_noise_at_any_level_hold_no_speech(detector: VoiceDetector, kind: str) -> None:
    rng = np.random.default_rng(5)
    for dbfs in (-60, -45, -34, -20, -10):
        assert detector.speech(at_dbfs(NOISES[kind](60, rng), dbfs)) == [], f"at {dbfs} dBFS"


@pytest.mark.parametrize("fainter_db", [20, 30])
def test_a_quiet_day_is_understood_as_well(
    detector: VoiceDetector, truth: Truth, day: list[Sound], fainter_db: float
) -> None:
    quiet = [np.round(chunk * 10 ** (-fainter_db / 20) * 32768).astype(np.float32) / 32768 for chunk in day]
    result = judge(truth, [detector.speech(chunk) for chunk in quiet])
    assert result.dialogues.f1 is not None
    assert result.dialogues.f1 >= 0.95


def test_speech_over_music_at_10_db_is_heard(detector: VoiceDetector, truth: Truth, day: list[Sound]) -> None:
    rng = np.random.default_rng(11)
    whole = np.concatenate(day)
    spoken = np.concatenate([whole[round(s * RATE_HZ) : round(e * RATE_HZ)] for s, e in truth.speech_segments])
    dbfs = 10 * np.log10(np.mean(np.square(spoken))) - 10
    result = judge(truth, [detector.speech(chunk + at_dbfs(music(60, rng), dbfs)) for chunk in day])
    assert result.dialogues.f1 is not None
    assert result.dialogues.f1 >= 0.95


def test_endless_talk_is_cut_into_pieces_of_at_most_30_s(
    detector: VoiceDetector, truth: Truth, day: list[Sound]
) -> None:
    whole = np.concatenate(day)
    talk = np.concatenate([whole[round(s * RATE_HZ) : round(e * RATE_HZ)] for s, e in truth.speech_segments])
    spans = detector.speech(talk)
    assert max(s.end_ms - s.start_ms for s in spans) <= 30_000
    assert sum(s.end_ms - s.start_ms for s in spans) > 0.9 * len(talk) / 16
    assert any(a.end_ms == b.start_ms for a, b in itertools.pairwise(spans)), "some had to be cut"


@pytest.mark.parametrize("count", [0, 1, 159, 480, 511, 512, 513, 16_000])
def test_a_chunk_of_any_length_is_heard_without_complaint(
    detector: VoiceDetector, day: list[Sound], count: int
) -> None:
    for samples in (np.zeros(count, np.float32), day[0][14 * RATE_HZ + 3_000 :][:count]):
        assert all(0 <= s.start_ms < s.end_ms <= count // 16 for s in detector.speech(samples))


def test_the_samples_are_left_as_they_were(detector: VoiceDetector, day: list[Sound]) -> None:
    before = day[0].copy()
    detector.speech(day[0])
    assert np.array_equal(before, day[0])


def test_threads_that_share_a_detector_hear_the_same(
    detector: VoiceDetector, day: list[Sound], heard: list[list[Span]]
) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detector.speech, day[:8])) == heard[:8]


def test_without_silero_noise_passes_for_speech(day: list[Sound]) -> None:
    rng = np.random.default_rng(5)
    webrtc_alone = VoiceDetector(SpeechRules(), confirm=False)
    assert webrtc_alone.speech(at_dbfs(NOISES["pink noise"](60, rng), -34)), "the reason for the second detector"
