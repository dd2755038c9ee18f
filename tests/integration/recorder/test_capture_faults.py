"""What goes wrong with a microphone, a disk or ffmpeg, and what a capture says of it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alsa_microphone import AlsaMicrophone
from taping import RATE, agent, capture, decoded, noise, processes_with, until

from recorder.capture.capture import Captured, Ending, verdict
from recorder.fate import Condition
from recorder.timing.clock import SystemClock

NO_SOUND_FOR_MS = 13_000


@pytest.fixture
def microphone(tmp_path: Path) -> Iterator[AlsaMicrophone]:
    with AlsaMicrophone(tmp_path, noise(60)) as microphone:
        yield microphone


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Room for some seconds of sound."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24k", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def ending_of(microphone: AlsaMicrophone, folder: Path, **extra: str) -> Ending:
    recording = capture(microphone, folder / "recording", extra=extra)
    recording.start()
    until(lambda: recording.ending)
    assert recording.ending is not None
    return recording.ending


def test_a_microphone_that_is_not_there(microphone: AlsaMicrophone, tmp_path: Path) -> None:
    microphone.unplug()
    ending = ending_of(microphone, tmp_path)
    assert ending.condition is Condition.NO_MICROPHONE
    assert ending.detail == "there is no such microphone"
    assert list((tmp_path / "recording").iterdir()) == []


def test_a_microphone_that_another_program_holds(microphone: AlsaMicrophone, tmp_path: Path) -> None:
    microphone.occupy()
    assert ending_of(microphone, tmp_path).condition is Condition.MICROPHONE_BUSY


def test_a_machine_without_ffmpeg(microphone: AlsaMicrophone, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("setpriv", "sh"):
        (programs / name).symlink_to(str(shutil.which(name)))
    ending = ending_of(microphone, tmp_path, PATH=str(programs))
    assert ending.condition is Condition.CAPTURE_FAILED
    assert "apt install ffmpeg" in ending.detail


def test_an_ffmpeg_without_libopus(microphone: AlsaMicrophone, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    poor = programs / "ffmpeg"
    # The real one, asked for an encoder that it does not have.
    poor.write_text(f"""#!/bin/bash\nexec {shutil.which("ffmpeg")} "${{@/#libopus/libopus_of_none}}"\n""")
    poor.chmod(0o755)
    ending = ending_of(microphone, tmp_path, PATH=f"{programs}:{os.environ['PATH']}")
    assert ending.condition is Condition.CAPTURE_FAILED
    assert "libopus" in ending.detail


def test_unplugging_ends_the_capture_with_all_the_sound_kept(microphone: AlsaMicrophone, tmp_path: Path) -> None:
    chunks: list[Captured] = []
    recording = capture(microphone, tmp_path / "recording", chunks.append)
    recording.start()
    until(lambda: recording.progress.samples >= 3 * RATE)
    microphone.unplug()
    until(lambda: recording.ending)
    assert recording.ending is not None
    assert recording.ending.condition is Condition.NO_MICROPHONE
    assert "unplugged" in recording.ending.detail
    assert sum(len(decoded(c.chunk_path)) for c in chunks) >= recording.progress.samples - RATE // 10
    microphone.plug()
    again = capture(microphone, tmp_path / "recording")
    again.start()
    until(lambda: again.progress.samples >= RATE)
    again.stop()


def test_a_hanging_microphone_is_noticed_and_the_capture_stops_in_time(
    microphone: AlsaMicrophone, tmp_path: Path
) -> None:
    chunks: list[Captured] = []
    recording = capture(microphone, tmp_path / "recording", chunks.append)
    recording.start()
    until(lambda: recording.progress.samples >= 3 * RATE)
    clock = SystemClock()
    assert verdict(recording.progress, clock.boot_ms()) is None
    microphone.hang()
    time.sleep(1.5)
    found = verdict(recording.progress, clock.boot_ms() + NO_SOUND_FOR_MS)
    assert found is not None
    assert found.condition is Condition.MICROPHONE_DEAD
    began = time.monotonic()
    recording.stop()
    assert time.monotonic() - began < 10
    assert processes_with(f"{recording.folder}/") == []
    assert sum(c.chunk.length_ms for c in chunks) >= 2000


def test_a_microphone_that_hangs_from_the_start_stops_in_time(microphone: AlsaMicrophone, tmp_path: Path) -> None:
    microphone.hang()
    recording = capture(microphone, tmp_path / "recording")
    recording.start()
    time.sleep(2)
    found = verdict(recording.progress, SystemClock().boot_ms() + 2 * NO_SOUND_FOR_MS)
    assert found is not None
    assert found.condition is Condition.MICROPHONE_DEAD
    began = time.monotonic()
    recording.stop()
    assert time.monotonic() - began < 10
    assert recording.ending is not None


def test_a_muted_microphone_is_known_by_its_zeros(microphone: AlsaMicrophone, tmp_path: Path) -> None:
    microphone.mute()
    recording = capture(microphone, tmp_path / "recording")
    recording.start()
    until(lambda: recording.progress.zero_s >= 2)
    assert recording.progress.peak_dbfs == float("-inf")
    microphone.unmute()
    until(lambda: recording.progress.zero_s == 0)
    recording.stop()


def test_a_full_disk_ends_the_capture_and_keeps_what_was_recorded(
    microphone: AlsaMicrophone, tmp_path: Path, small_disk: Path
) -> None:
    chunks: list[Captured] = []
    recording = capture(microphone, small_disk / "recording", chunks.append)
    recording.start()
    until(lambda: recording.ending)
    assert recording.ending is not None
    assert recording.ending.condition is Condition.DISK_FULL
    assert [c.chunk.seq for c in chunks] == list(range(len(chunks)))
    assert all(len(decoded(c.chunk_path)) * 1000 / RATE == pytest.approx(c.chunk.length_ms, abs=1) for c in chunks)
    assert sum(c.chunk.length_ms for c in chunks) > 2000


def test_a_consumer_that_breaks_ends_the_capture_and_leaves_the_chunk(
    microphone: AlsaMicrophone, tmp_path: Path
) -> None:
    def broken(captured: Captured) -> None:
        raise OSError(28, "No space left on device")

    recording = capture(microphone, tmp_path / "recording", broken)
    recording.start()
    until(lambda: recording.ending)
    assert recording.ending is not None
    assert recording.ending.condition is Condition.DISK_FULL
    assert (recording.folder / "000000.ogg").exists()
    assert processes_with(f"{recording.folder}/") == []


def test_an_agent_killed_while_its_microphone_hangs_leaves_no_ffmpeg_behind(
    microphone: AlsaMicrophone, tmp_path: Path
) -> None:
    process = agent(microphone, tmp_path / "recording")
    until(lambda: len(microphone.heard) > 50)
    microphone.hang()
    time.sleep(0.5)
    process.kill()
    process.wait()
    until(lambda: not processes_with(f"{tmp_path}/recording/"), 10)
