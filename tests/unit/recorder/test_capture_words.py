import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.capture.ending import classify, is_fatal
from recorder.capture.ffmpeg import CaptureSpec, Level, LevelLines, bound_to_this_process, command, finished_seq
from recorder.capture.levels import ChunkLevels
from recorder.capture.progress import Progress, verdict
from recorder.capture.sample_clock import SampleClock
from recorder.capture.session import Session
from recorder.chunk import Identity, Moment
from recorder.fate import Condition

SPEC = CaptureSpec("plughw:CARD=Mic,DEV=0", 48_000, 60, 24, Identity("p", "r", "d"))
BLOCK = """frame:2    pts:96000   pts_time:2
lavfi.astats.Overall.Peak_level=-15.782341
lavfi.astats.Overall.RMS_level=-28.173943
lavfi.astats.Overall.Number_of_samples=48000.000000"""
ZEROS = """frame:3    pts:144000   pts_time:3
lavfi.astats.Overall.Peak_level=-inf
lavfi.astats.Overall.RMS_level=-nan
lavfi.astats.Overall.Number_of_samples=4800.000000"""


def test_the_command_names_the_microphone_and_cuts_by_the_clock_of_samples() -> None:
    words = command(SPEC, Path("/spool/100%/recording"), 11, 12)
    text = " ".join(words)
    assert "-f alsa -sample_rate 48000 -channels 1 -i plughw:CARD=Mic,DEV=0" in text
    assert "-c:a libopus -b:a 24k -application voip" in text
    assert "-segment_time 60" in text
    assert "asetpts=N/SR/TB" in text
    assert "/spool/100%%/recording/%06d.ogg" in words
    assert bound_to_this_process(words)[-len(words) :] == words


@pytest.mark.parametrize(("asked", "encoded"), [(8000, 8000), (16000, 16000), (22050, 24000), (44100, 48000)])
def test_the_encoder_gets_a_rate_that_opus_knows_and_that_loses_nothing(asked: int, encoded: int) -> None:
    assert replace(SPEC, sample_rate=asked).encoded_rate == encoded


def test_a_block_of_lines_is_the_level_of_a_second() -> None:
    lines = LevelLines()
    levels = [level for line in f"{BLOCK}\n{ZEROS}".split("\n") if (level := lines.take(line))]
    assert levels == [Level(144_000, -28.173943, -15.782341), Level(148_800, -math.inf, -math.inf)]


def test_a_line_of_the_list_names_a_finished_file() -> None:
    assert finished_seq("000007.ogg,420.000000,480.000000") == 7
    with pytest.raises(ValueError, match="invalid literal"):
        finished_seq("what")


def test_a_chunks_level_is_the_mean_power_and_the_highest_peak_of_its_seconds() -> None:
    levels = ChunkLevels(2 * 48_000)
    for samples, rms, peak in ((48_000, -20, -10), (96_000, -20, -3), (144_000, -math.inf, -math.inf)):
        levels.add(Level(samples, rms, peak))
    assert levels.take(0) == (-20, -3)
    assert levels.take(1) == (-120, -120)
    assert levels.take(2) == (None, None)


@pytest.mark.parametrize(
    ("line", "condition"),
    [
        ("[alsa @ 0x55] cannot open audio device hw:1 (No such file or directory)", Condition.NO_MICROPHONE),
        ("[alsa @ 0x55] cannot open audio device hw:1 (No such device)", Condition.NO_MICROPHONE),
        ("[alsa @ 0x55] cannot open audio device hw:1 (Permission denied)", Condition.NO_MICROPHONE),
        ("[alsa @ 0x55] cannot open audio device hw:1 (Device or resource busy)", Condition.MICROPHONE_BUSY),
        ("[alsa @ 0x55] ALSA read error: No such device", Condition.NO_MICROPHONE),
        ("[alsa @ 0x55] cannot set channel count to 1 (Invalid argument)", Condition.CAPTURE_FAILED),
        ("av_interleaved_write_frame(): No space left on device", Condition.DISK_FULL),
        ("[segment @ 0x55] Failed to open segment '/spool/000001.ogg'", Condition.SPOOL_UNWRITABLE),
        ("Unknown encoder 'libopus'", Condition.CAPTURE_FAILED),
        ("sh: 1: exec: ffmpeg: not found", Condition.CAPTURE_FAILED),
        ("nobody has seen this before", Condition.CAPTURE_FAILED),
    ],
)
def test_the_last_words_of_ffmpeg_say_why_it_ended(line: str, condition: Condition) -> None:
    ending = classify(1, ["Guessed Channel Layout", line, "hw:1: Input/output error"], told_to_end=False)
    assert ending.condition is condition
    assert ending.detail
    assert line in ending.stderr


def test_the_end_that_was_asked_for_is_no_fault() -> None:
    assert classify(255, ["ALSA read error"], told_to_end=True).condition is None


def test_an_ffmpeg_that_was_killed_says_so_by_its_signal() -> None:
    assert "signal 9" in classify(-9, [], told_to_end=False).detail


def test_a_sound_that_cannot_be_written_is_not_a_microphone_that_cannot_be_read() -> None:
    assert is_fatal("av_interleaved_write_frame(): Input/output error")
    assert not is_fatal("hw:1: Input/output error")


GOOD = Progress(48_000, 0, samples=480_000, last_line_boot_ms=10_200, rms_dbfs=-40, peak_dbfs=-30, grown_boot_ms=10_000)


@pytest.mark.parametrize(
    ("progress", "now_ms", "condition"),
    [
        (GOOD, 11_000, None),
        (GOOD, 10_200 + 12_001, Condition.MICROPHONE_DEAD),
        (Progress(48_000, 0), 20_000, None),
        (Progress(48_000, 0), 20_001, Condition.MICROPHONE_DEAD),
        (replace(GOOD, zero_s=59), 11_000, None),
        (replace(GOOD, zero_s=60), 11_000, Condition.MICROPHONE_DEAD),
        (replace(GOOD, samples=48_000 * 17), 11_000, Condition.MICROPHONE_DEAD),
        (replace(GOOD, last_line_boot_ms=26_000), 26_000, Condition.CAPTURE_FAILED),
    ],
)
def test_a_capture_that_gives_no_sound_is_told_from_one_that_does(
    progress: Progress, now_ms: int, condition: Condition | None
) -> None:
    found = verdict(progress, now_ms)
    assert (found and found.condition) == condition


def test_progress_counts_zeros_and_growth() -> None:
    silent = GOOD.after(Level(528_000, -math.inf, -math.inf), 11_200, 5000)
    assert (silent.zero_s, silent.samples, silent.grown_boot_ms) == (1, 528_000, 11_200)
    still = silent.after(Level(576_000, -80, -90.3), 12_200, 5000)
    assert (still.zero_s, still.grown_boot_ms, still.last_line_boot_ms) == (0, 11_200, 12_200)


@given(st.lists(st.integers(0, 900), min_size=30, max_size=60), st.floats(-50, 50))
@settings(max_examples=50)
def test_the_start_is_known_to_the_least_delay_of_a_minute_and_never_early(delays: list[int], drift_ppm: float) -> None:
    clock = SampleClock(48_000)
    for second, delay in enumerate(delays, start=1):
        clock.observe(second * 48_000, round(7000 + second * 1000 * (1 + drift_ppm / 1e6)) + delay)
    start = clock.start_ms()
    assert start is not None
    assert 7000 - 5 <= start <= 7000 + min(delays) + 5


def test_samples_lost_by_the_card_move_the_start_as_soon_as_it_tells() -> None:
    clock = SampleClock(48_000)
    assert clock.start_ms() is None
    for second in range(1, 11):
        clock.observe(second * 48_000, 5000 + second * 1000)
    clock.restart()
    assert clock.start_ms() == 5000
    for second in range(11, 15):
        clock.observe(second * 48_000, 8000 + second * 1000)
    assert clock.start_ms() == 8000


def test_the_files_of_a_session_follow_each_other_without_a_gap() -> None:
    session = Session.of("s", SPEC, Moment("boot", 1000, 10_000))
    assert session.start_of(0) == Moment("boot", 1000, 10_000)
    assert session.start_of(1) == Moment("boot", 1000 + 59_994, 10_000 + 59_994)
    assert session.start_of(2).boot_ms - session.start_of(1).boot_ms == 60_000
    later = replace(session, seq=5, start=Moment("boot", 301_000, 400_000))
    assert later.start_of(6).boot_ms == 361_000
    assert later.start_of(4).wall_ms == 340_000
    assert session.full_samples(0) == 60 * 48_000 - 312
    assert session.full_samples(1) == 60 * 48_000
