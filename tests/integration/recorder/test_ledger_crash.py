"""Killed, cut off in the middle of a write, or damaged: what was committed is there, and nothing else."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from simulated import HOUR, MINUTE, NOON, Machine, chunk, fates

from recorder.fate import ChunkState, Condition
from recorder.ledger.ledger import Ledger, LedgerCorrupt
from recorder.ledger.ledger_file import PAGE_BYTES
from recorder.steps import Step

WRITER = """
import pathlib, sys
from recorder.chunk import Chunk, Identity
from recorder.timing.clock import SystemClock, moment
from recorder.ledger.ledger import Ledger
from recorder.steps import from_environment
clock = SystemClock()
ledger = Ledger(pathlib.Path(sys.argv[1]), clock, from_environment())
who, seq = Identity("p", "r", "d"), len(ledger.waiting())
while True:
    ledger.add_chunk(Chunk("s", seq, who, moment(clock), 10, 48000, 1, 100, "00"))
    print(seq, flush=True)
    seq += 1
"""
WAL_HEADER, FRAME = 32, 24 + PAGE_BYTES


def writer(path: Path, **env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, env={**os.environ, **env}
    )


def kill(process: "subprocess.Popen[str]") -> list[int]:
    """What it said to be written."""
    process.kill()
    said, _ = process.communicate()
    return [int(line) for line in said.split()]


def test_a_writer_killed_before_the_commit_leaves_what_it_had_committed(tmp_path: Path) -> None:
    path, stops = tmp_path / "ledger.db", tmp_path / "stops"
    stops.mkdir()
    process = writer(path, RECORDER_PAUSE_DIR=str(stops))
    assert process.stdout is not None
    first = [int(process.stdout.readline()) for _ in range(3)]
    (stops / Step.MID_LEDGER_WRITE).touch()
    stopped = stops / f"{Step.MID_LEDGER_WRITE}.stopped"
    deadline = time.monotonic() + 60
    while not stopped.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert int(stopped.read_text()) == process.pid
    written = first + kill(process)
    ledger = Ledger(path, Machine())
    assert [made.seq for made in ledger.waiting()] == written
    assert ledger.replaced is None
    ledger.close()


def test_a_writer_killed_at_any_moment_loses_nothing_that_it_said_to_be_written(tmp_path: Path) -> None:
    path, written = tmp_path / "ledger.db", 0
    for attempt in range(4):
        process = writer(path)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.03 * attempt)
        written += 1 + len(kill(process))
        ledger = Ledger(path, Machine())
        there = [made.seq for made in ledger.waiting()]
        assert there == list(range(len(there)))
        assert len(there) - written in (0, 1)
        written = len(there)
        assert ledger.replaced is None
        ledger.close()


@pytest.fixture
def wal(tmp_path: Path) -> tuple[Path, list[int]]:
    """A ledger as it lies on the disk when the power goes, and the WAL's length after each of its commits."""
    machine, path, lengths = Machine(), tmp_path / "live" / "ledger.db", []
    path.parent.mkdir()
    ledger = Ledger(path, machine)
    for seq in range(8):
        ledger.add_chunk(chunk(machine.now(), seq))
        machine.pass_time(MINUTE)
        lengths.append(path.with_name("ledger.db-wal").stat().st_size)
    shutil.copytree(path.parent, tmp_path / "cut")
    ledger.close()
    return tmp_path / "cut" / "ledger.db", lengths


def survivors(path: Path, tmp_path: Path) -> list[int]:
    copy = tmp_path / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(path.with_name(path.name + suffix), copy)
    ledger = Ledger(copy / path.name, Machine())
    assert ledger.replaced is None
    seqs = [made.seq for made in ledger.waiting()]
    ledger.close()
    return seqs


def test_a_write_ahead_log_cut_anywhere_leaves_the_commits_before_the_cut(
    wal: tuple[Path, list[int]], tmp_path: Path
) -> None:
    path, lengths = wal
    log = path.with_name("ledger.db-wal")
    borders = range(WAL_HEADER, lengths[-1] + 1, FRAME)
    assert lengths[-1] in borders
    for border in reversed(borders):
        for cut in (border, border - 1) if border > lengths[0] else ():
            os.truncate(log, cut)
            assert survivors(path, tmp_path) == list(range(sum(length <= cut for length in lengths)))


def test_a_write_ahead_log_with_a_page_that_never_reached_the_disk_ends_before_it(
    wal: tuple[Path, list[int]], tmp_path: Path
) -> None:
    path, lengths = wal
    log = path.with_name("ledger.db-wal")
    with log.open("r+b") as file:
        file.seek(lengths[4] + FRAME // 2)
        file.write(os.urandom(512))
    assert survivors(path, tmp_path) == list(range(5))


def damaged(path: Path, machine: Machine) -> str:
    """A ledger whose pages were overwritten; its id."""
    ledger = Ledger(path, machine)
    for seq in range(50):
        ledger.add_chunk(chunk(machine.now(), seq))
        machine.pass_time(MINUTE)
    ledger_id = ledger.ledger_id
    ledger._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.close()
    with path.open("r+b") as file:
        file.seek(PAGE_BYTES)
        file.write(os.urandom(path.stat().st_size - 2 * PAGE_BYTES))
    return ledger_id


def test_a_damaged_ledger_is_set_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    machine, path = Machine(), tmp_path / "ledger.db"
    old_id = damaged(path, machine)
    with pytest.raises(LedgerCorrupt), closing(Ledger.attach(path, machine)) as beside:
        beside.waiting()
    ledger = Ledger(path, machine)
    assert ledger.ledger_id != old_id
    assert ledger.replaced == tmp_path / "ledger-corrupt.db"
    assert ledger.replaced.stat().st_size > PAGE_BYTES
    assert ledger.known_from_ms == NOON + 50 * MINUTE
    ledger.add_chunk(chunk(machine.now(), 50))
    assert [made.seq for made in ledger.waiting()] == [50]
    ledger.close()
    again = Ledger(path, machine)
    assert again.replaced is None
    again.close()


@pytest.mark.parametrize("content", [b"this is no database at all" * 300, os.urandom(9000)])
def test_a_file_that_is_no_ledger_is_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    ledger = Ledger(path, Machine())
    assert ledger.replaced is not None
    assert ledger.replaced.read_bytes() == content
    ledger.close()


def test_a_creation_that_was_cut_off_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.touch()
    Ledger(path, Machine()).close()
    half = tmp_path / "half.db"
    db = sqlite3.connect(half)
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    Ledger(half, Machine()).close()


def test_damage_that_shows_while_running_says_so_and_opening_again_mends_it(tmp_path: Path) -> None:
    machine, path = Machine(), tmp_path / "ledger.db"
    ledger = Ledger(path, machine)
    damaged(path, machine)
    ledger._file.db.execute("PRAGMA shrink_memory")
    with pytest.raises(LedgerCorrupt):
        ledger.waiting()
    with pytest.raises(LedgerCorrupt):
        ledger.add_chunk(chunk(machine.now(), 99))
    with suppress(LedgerCorrupt):
        ledger.close()
    again = Ledger(path, machine)
    assert again.replaced is not None
    again.close()


def test_chunks_of_a_lost_ledger_get_their_rows_and_times_again(tmp_path: Path) -> None:
    machine, path = Machine(), tmp_path / "ledger.db"
    earlier = chunk(machine.now(), 0, session="earlier")
    machine.reboot(off_ms=HOUR, error_ms=0)
    ledger = Ledger(path, machine)
    ledger.enter(Condition.STARTING, machine.now())
    ledger.add_chunk(earlier)
    machine.pass_time(MINUTE)
    ledger.add_chunk(chunk(machine.now(), 0, session="later"))
    assert [made.session_id for made in ledger.waiting()] == ["earlier", "later"]
    assert [boot.boot_id for boot in ledger.boots()] == [earlier.start.boot_id, machine.boot_id]
    ledger.set_state(earlier.key, ChunkState.DELIVERED, start_ms=NOON)
    assert fates(ledger, NOON + HOUR)[0] == (0, 1, "recorded")
    ledger.close()


def test_a_stopped_process_goes_on_when_it_is_continued(tmp_path: Path) -> None:
    process = writer(tmp_path / "ledger.db", RECORDER_PAUSE_DIR=str(tmp_path))
    assert process.stdout is not None
    process.stdout.readline()
    (tmp_path / Step.MID_LEDGER_WRITE).touch()
    deadline = time.monotonic() + 60
    while not (tmp_path / f"{Step.MID_LEDGER_WRITE}.stopped").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGCONT)
    for _ in range(3):
        assert process.stdout.readline()
    kill(process)
