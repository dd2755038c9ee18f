"""Disk full, read-only, locked: nothing crashes, nothing seen is forgotten, and it is written when it can be."""

import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from simulated import HOUR, MINUTE, NOON, Build, Machine, chunk, fates

from recorder.fate import ChunkState, Condition
from recorder.ledger import ledger_file
from recorder.ledger.ledger import Ledger, LedgerUnwritable

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system of a known size takes root")


@contextmanager
def no_room_for(path: Path) -> Iterator[None]:
    """No file of this process may grow beyond what the ledger's files are: the kernel refuses the write."""
    sizes = [path.with_name(path.name + suffix).stat().st_size for suffix in ("", "-wal")]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max(sizes), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_was_seen_while_nothing_could_be_written_counts_and_is_written_later(
    ledger: Ledger, machine: Machine
) -> None:
    first = chunk(machine.now(), 0)
    ledger.enter(Condition.RECORDING, machine.now())
    ledger.add_chunk(first)
    with no_room_for(ledger.path):
        machine.pass_time(MINUTE)
        ledger.tick(machine.now())
        ledger.enter(Condition.DISK_FULL, machine.now())
        ledger.add_chunk(chunk(machine.now(), 1))
        ledger.count("disk_full")
        ledger.remember("why", "full")
        machine.pass_time(4 * MINUTE)
        ledger.tick(machine.now())
        with pytest.raises(LedgerUnwritable):
            ledger.set_state(first.key, ChunkState.DELIVERED, start_ms=NOON)
        assert ledger.trouble is not None
        assert ledger.state(first.key) is ChunkState.WAITING
        assert [made.seq for made in ledger.waiting()] == [0, 1]
        assert ledger.counters() == {"disk_full": 1}
        assert ledger.recall("why") == "full"
        assert fates(ledger, NOON + 5 * MINUTE) == [(0, 2, "waiting"), (2, 5, "disk_full")]
        untouched = Ledger.attach(ledger.path, machine)
        assert [made.seq for made in untouched.waiting()] == [0]
        untouched.close()
    ledger.tick(machine.now())
    assert ledger.trouble is None
    again = Ledger.attach(ledger.path, machine)
    assert [made.seq for made in again.waiting()] == [0, 1]
    assert fates(again, NOON + 5 * MINUTE) == [(0, 2, "waiting"), (2, 5, "disk_full")]
    assert again.counters() == {"disk_full": 1}
    again.close()


def test_the_time_is_known_although_the_ledger_cannot_be_told(build: Build) -> None:
    recorder = build(Machine(-HOUR))
    made = recorder.record()
    with no_room_for(recorder.ledger.path):
        recorder.ask_server()
        assert max(map(abs, recorder.errors_ms())) <= 50
        assert abs(recorder.keeper.now_ms() - recorder.machine.true_ms) <= 50
    recorder.machine.pass_time(MINUTE)
    recorder.keeper.poll()
    assert abs(recorder.ledger.wall_ms(made.start) - NOON) <= 50


def test_a_ledger_locked_by_somebody_else_is_unwritable_for_a_while(
    tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "BUSY_TIMEOUT_S", 0.05)
    ledger = Ledger(tmp_path / "ledger.db", machine)
    other = sqlite3.connect(ledger.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger.add_chunk(chunk(machine.now()))
    assert ledger.trouble is not None
    assert "locked" in ledger.trouble
    assert ledger.waiting() == []
    other.execute("ROLLBACK")
    other.close()
    ledger.tick(machine.now())
    assert len(ledger.waiting()) == 1
    ledger.close()


def test_a_ledger_that_cannot_be_opened_says_so(tmp_path: Path, machine: Machine) -> None:
    with pytest.raises(LedgerUnwritable, match="unable to open"):
        Ledger(tmp_path / "no_such_folder" / "ledger.db", machine)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@needs_root
def test_a_full_disk_refuses_states_and_keeps_the_rest(small_disk: Path, machine: Machine) -> None:
    ledger = Ledger(small_disk / "ledger.db", machine)
    first = chunk(machine.now(), 0)
    ledger.add_chunk(first)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    for seq in range(1, 40):
        machine.pass_time(MINUTE)
        ledger.add_chunk(chunk(machine.now(), seq))
    with pytest.raises(LedgerUnwritable, match="full"):
        ledger.set_state(first.key, ChunkState.DELIVERED)
    assert len(ledger.waiting()) == 40
    ballast.unlink()
    ledger.set_state(first.key, ChunkState.DELIVERED)
    ledger.close()
    again = Ledger(small_disk / "ledger.db", machine)
    assert len(again.waiting()) == 39
    again.close()


@needs_root
def test_a_ledger_on_a_read_only_file_system_cannot_be_opened(small_disk: Path, machine: Machine) -> None:
    ledger = Ledger(small_disk / "ledger.db", machine)
    ledger.add_chunk(chunk(machine.now()))
    ledger.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(LedgerUnwritable):
        Ledger(small_disk / "ledger.db", machine)
