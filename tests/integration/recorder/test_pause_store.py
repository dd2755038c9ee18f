"""The pause's file: written by one process, seen by another."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from recorder.chunk import Moment
from recorder.timing.pause import Pause, PauseStore, Request

NOW = Moment("boot-1", 5_000_000, 1_795_000_000_000)
QUARTER = Request(NOW.wall_ms + 900_000, 900_000)
AFTERWARDS = replace(NOW, boot_ms=NOW.boot_ms + 900_000, wall_ms=NOW.wall_ms + 900_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pause.json"


def test_no_file_is_no_pause(path: Path) -> None:
    assert PauseStore(path).active(NOW, NOW.wall_ms) is None
    assert not PauseStore(path).resume()


def test_another_process_pauses_and_resumes_and_the_next_look_sees_it(path: Path) -> None:
    agent = PauseStore(path)
    assert agent.active(NOW, NOW.wall_ms) is None
    code = (
        "import sys; from pathlib import Path; from recorder.chunk import Moment\n"
        "from recorder.timing.pause import PauseStore, Request; store = PauseStore(Path(sys.argv[1]))\n"
        f"store.resume() if sys.argv[2] == 'resume' else store.start({QUARTER!r}, {NOW!r})"
    )
    subprocess.run([sys.executable, "-c", code, path, "start"], check=True)
    assert agent.active(NOW, NOW.wall_ms) == Pause(NOW, QUARTER.until_ms, QUARTER.lasts_ms)
    subprocess.run([sys.executable, "-c", code, path, "resume"], check=True)
    assert agent.active(NOW, NOW.wall_ms) is None


def test_a_restarted_agent_finds_the_pause(path: Path) -> None:
    pause = PauseStore(path).start(QUARTER, NOW)
    assert PauseStore(path).active(NOW, NOW.wall_ms) == pause


def test_a_new_pause_takes_the_place_of_the_old(path: Path) -> None:
    store = PauseStore(path)
    store.start(QUARTER, NOW)
    longer = store.start(Request(NOW.wall_ms + 1_800_000, 1_800_000), NOW)
    assert store.active(NOW, NOW.wall_ms) == longer


def test_a_pause_that_is_over_is_removed_and_a_clock_that_goes_back_does_not_revive_it(path: Path) -> None:
    store = PauseStore(path)
    store.start(QUARTER, NOW)
    assert store.active(AFTERWARDS, AFTERWARDS.wall_ms) is None
    assert not path.exists()
    assert store.active(Moment("boot-2", 1, NOW.wall_ms), NOW.wall_ms) is None


def test_a_pause_that_starts_while_the_old_one_is_removed_is_kept(path: Path) -> None:
    """The removal looks again once it is alone."""
    agent, command_line = PauseStore(path), PauseStore(path)
    for _ in range(50):
        command_line.start(QUARTER, NOW)
        agent.active(NOW, NOW.wall_ms)
        starting = threading.Thread(
            target=command_line.start, args=(Request(AFTERWARDS.wall_ms + 1000, 1000), AFTERWARDS)
        )
        starting.start()
        agent.active(AFTERWARDS, AFTERWARDS.wall_ms)
        starting.join()
        assert agent.active(AFTERWARDS, AFTERWARDS.wall_ms) == Pause(AFTERWARDS, AFTERWARDS.wall_ms + 1000, 1000)


def test_a_damaged_file_is_no_pause_and_is_said(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(b"\x00" * 100)
    assert PauseStore(path).active(NOW, NOW.wall_ms) is None
    assert "pause_file_unreadable" in caplog.text
    assert PauseStore(path).start(QUARTER, NOW)


def test_what_root_pauses_the_service_can_resume(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to write into another user's folder")
    os.chown(path.parent, 12345, 12345)
    PauseStore(path).start(QUARTER, NOW)
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12345)
