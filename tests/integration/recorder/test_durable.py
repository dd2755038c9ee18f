"""Writing, moving and removing so that it lasts."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from recorder import durable


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_is_written_whole_with_its_mode_and_nothing_beside_it(tmp_path: Path) -> None:
    durable.write(tmp_path / "a", b"one")
    durable.write(tmp_path / "a", b"two", 0o600)
    assert (tmp_path / "a").read_bytes() == b"two"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["a"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    durable.write(tmp_path / "a", b"one")

    def fails(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(OSError, match="Input/output error"):
        durable.write(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert names(tmp_path) == ["a"]


def test_threads_that_write_the_same_file_leave_one_of_their_contents(tmp_path: Path) -> None:
    contents = [bytes([number]) * 10_000 for number in range(8)]
    writers = [threading.Thread(target=durable.write, args=(tmp_path / "a", content)) for content in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (tmp_path / "a").read_bytes() in contents
    assert names(tmp_path) == ["a"]


def test_a_file_is_moved_and_removed(tmp_path: Path) -> None:
    durable.make_folder(tmp_path / "deep" / "er")
    (tmp_path / "a").write_bytes(b"one")
    durable.move(tmp_path / "a", tmp_path / "deep" / "er" / "b")
    assert (tmp_path / "deep" / "er" / "b").read_bytes() == b"one"
    durable.remove(tmp_path / "deep" / "er" / "b")
    durable.remove(tmp_path / "deep" / "er" / "b")
    assert names(tmp_path / "deep" / "er") == []
    with pytest.raises(FileNotFoundError):
        durable.move(tmp_path / "a", tmp_path / "b")


def test_a_lock_is_held_alone_and_goes_with_a_killed_holder(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from recorder import durable\n"
        "with durable.locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    taken = threading.Event()

    def take() -> None:
        with durable.locked(tmp_path):
            taken.set()

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        taker = threading.Thread(target=take)
        taker.start()
        assert not taken.wait(0.2)
        holder.send_signal(signal.SIGKILL)
        assert taken.wait(60)
        taker.join()
