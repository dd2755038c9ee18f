"""Captures that are killed: what is left is salvaged once, decodes, and lacks two seconds at most."""

import itertools
import os
import shutil
import signal
from pathlib import Path

import pytest
from alsa_microphone import AlsaMicrophone
from taping import RATE, agent, capture, decoded, noise, place, processes_with, until

from recorder.capture.capture import Captured
from recorder.capture.salvage import salvage
from recorder.fate import Condition
from recorder.timing.clock import SystemClock

LOST_S = 2.0


def moved(chunks: list[Captured], target: Path) -> list[Captured]:
    """As the spool does it: takes each chunk away."""
    target.mkdir(exist_ok=True)
    for captured in chunks:
        shutil.move(captured.chunk_path, target / f"{captured.chunk.key}.ogg")
    return [Captured(target / f"{c.chunk.key}.ogg", c.chunk) for c in chunks]


def salvaged(recording: Path, target: Path) -> list[Captured]:
    """All that `salvage` gives when each is moved before the next is asked for."""
    return [one for captured in salvage(recording) for one in moved([captured], target)]


def heard_s(microphone: AlsaMicrophone) -> float:
    """How much the reader got."""
    return len(microphone.heard) * 0.02


def length_s(chunks: list[Captured]) -> float:
    return sum(len(decoded(c.chunk_path)) for c in chunks) / RATE


def assert_numbered(chunks: list[Captured], at_least: int) -> None:
    """Each number once, in order, and the last may have been finished or begun meanwhile."""
    assert [c.chunk.seq for c in chunks] == list(range(len(chunks)))
    assert len(chunks) >= at_least


def grown(folder: Path, seq: int) -> bool:
    """The file with that number holds sound."""
    path = folder / f"{seq:06d}.ogg"
    return path.exists() and path.stat().st_size > 3000


def test_killing_ffmpeg_costs_two_seconds_at_most_and_the_rest_is_handed_over(tmp_path: Path) -> None:
    chunks: list[Captured] = []
    with AlsaMicrophone(tmp_path, noise(60)) as microphone:
        recording = capture(microphone, tmp_path / "recording", chunks.append, chunk_s=4)
        recording.start()
        until(lambda: grown(recording.folder, 1))
        (ffmpeg,) = processes_with(f"{recording.folder}/")
        heard = heard_s(microphone)
        os.kill(ffmpeg, signal.SIGKILL)
        until(lambda: recording.ending)
    assert recording.ending is not None
    assert recording.ending.condition is Condition.CAPTURE_FAILED
    assert [c.chunk.seq for c in chunks] == [0, 1]
    assert [c.chunk.salvaged for c in chunks] == [False, True]
    assert heard - LOST_S <= length_s(chunks) <= heard + 0.5
    assert chunks[1].chunk.length_ms == pytest.approx(len(decoded(chunks[1].chunk_path)) * 1000 / RATE, abs=1)
    assert chunks[1].chunk.size_bytes == chunks[1].chunk_path.stat().st_size


def test_an_agent_that_is_killed_takes_its_ffmpeg_along_and_all_but_two_seconds_is_salvaged(tmp_path: Path) -> None:
    recording = tmp_path / "recording"
    with AlsaMicrophone(tmp_path, source := noise(60)) as microphone:
        process = agent(microphone, recording)
        until(lambda: any(grown(folder, 2) for folder in recording.glob("*")))
        assert list(salvage(recording, patience_s=0)) == [], "somebody still records there"
        heard = heard_s(microphone)
        process.kill()
        process.wait()
        until(lambda: not processes_with(f"{recording}/"), 10)
        chunks = salvaged(recording, tmp_path / "kept")
        begun = dict(microphone.heard)
    assert_numbered(chunks, 3)
    assert heard - LOST_S <= length_s(chunks) <= heard + 0.5
    for captured in chunks:
        first = place(decoded(captured.chunk_path)[: RATE // 10], source, RATE * 15, RATE * 15)
        assert captured.chunk.start.boot_ms == pytest.approx(begun[round(first / 960) * 960] - 20, abs=300)
    assert captured.chunk.start.boot_id == SystemClock().boot_id
    assert salvaged(recording, tmp_path / "kept") == []
    assert list(recording.iterdir()) == [], "an empty session's folder goes"


def test_a_file_finished_as_the_agent_is_killed_is_taken_whole_and_once(tmp_path: Path) -> None:
    recording, steps = tmp_path / "recording", tmp_path / "steps"
    steps.mkdir()
    (steps / "after_cut").touch()
    with AlsaMicrophone(tmp_path, noise(60)) as microphone:
        process = agent(microphone, recording, RECORDER_PAUSE_DIR=str(steps))
        until((steps / "after_cut.stopped").exists)
        process.kill()
        process.wait()
        until(lambda: not processes_with(f"{recording}/"), 10)
    first, *others = salvaged(recording, tmp_path / "kept")
    assert (first.chunk.seq, first.chunk.salvaged, first.chunk.length_ms) == (0, False, 1994)
    assert_numbered([first, *others], 1)


def test_ffmpeg_goes_on_while_the_agent_stands_still_and_nothing_is_missed(tmp_path: Path) -> None:
    recording, steps = tmp_path / "recording", tmp_path / "steps"
    steps.mkdir()
    (steps / "after_cut").touch()
    with AlsaMicrophone(tmp_path, noise(60)) as microphone:
        process = agent(microphone, recording, RECORDER_PAUSE_DIR=str(steps))
        until((steps / "after_cut.stopped").exists)
        until(lambda: any(grown(folder, 2) for folder in recording.glob("*")))
        process.send_signal(signal.SIGCONT)
        until(lambda: any(grown(folder, 4) for folder in recording.glob("*")))
        process.kill()
        process.wait()
        until(lambda: not processes_with(f"{recording}/"), 10)
    chunks = salvaged(recording, tmp_path / "kept")
    assert_numbered(chunks, 5)
    starts = [c.chunk.start.boot_ms for c in chunks]
    lengths = [after - before for before, after in itertools.pairwise(starts)]
    assert lengths == pytest.approx([2000] * len(lengths), abs=300)


def test_salvage_cut_short_gives_the_rest_the_next_time(tmp_path: Path) -> None:
    recording = tmp_path / "recording"
    with AlsaMicrophone(tmp_path, noise(60)) as microphone:
        done = capture(microphone, recording)
        done.start()
        until(lambda: grown(done.folder, 2))
        done.stop()
    (one,) = moved([next(salvage(recording))], tmp_path / "kept")
    rest = salvaged(recording, tmp_path / "kept")
    assert_numbered([one, *rest], 3)


def test_a_session_whose_note_is_damaged_is_left_for_a_person(tmp_path: Path) -> None:
    folder = tmp_path / "recording" / "session"
    folder.mkdir(parents=True)
    (folder / "session.json").write_text("{}")
    (folder / "000000.ogg").write_bytes(b"sound")
    assert list(salvage(tmp_path / "recording")) == []
    assert (folder / "000000.ogg").exists()
