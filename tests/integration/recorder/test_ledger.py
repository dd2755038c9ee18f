"""The ledger keeps what was seen, over restarts, for several threads and a second process."""

import json
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from simulated import HOUR, MINUTE, NOON, WHO, Machine, chunk, fates

from recorder.chunk import Identity
from recorder.fate import ChunkState, Condition
from recorder.ledger.ledger import Entry, Ledger, LedgerError
from recorder.timing.boot_time import Source

DAY = [(NOON - HOUR, NOON + 23 * HOUR)]


def test_a_chunk_comes_back_as_it_went_in(ledger: Ledger, machine: Machine) -> None:
    made = replace(
        chunk(machine.now(), 7),
        identity=Identity("p", "r", "another"),
        salvaged=True,
        rms_dbfs=-31.5,
        peak_dbfs=-3.25,
        codec="flac",
    )
    ledger.add_chunk(made)
    assert ledger.entry(made.key) == Entry(made, ChunkState.WAITING, "", NOON)
    assert ledger.waiting() == [made]


def test_a_chunk_that_is_added_again_keeps_its_state(ledger: Ledger, machine: Machine) -> None:
    made = chunk(machine.now())
    ledger.add_chunk(made)
    ledger.set_state(made.key, ChunkState.QUARANTINED, "403 not yours")
    revision = ledger.revision
    ledger.add_chunk(made)
    entry = ledger.entry(made.key)
    assert entry is not None
    assert (entry.state, entry.detail) == (ChunkState.QUARANTINED, "403 not yours")
    assert ledger.revision == revision


@pytest.mark.parametrize("key", ["session-000009", "nothing", ""])
def test_an_unknown_chunk_has_no_state_and_gets_none(ledger: Ledger, key: str) -> None:
    assert ledger.chunk(key) is None
    assert ledger.state(key) is None
    with pytest.raises(KeyError):
        ledger.set_state(key, ChunkState.DELIVERED)


def test_waiting_chunks_come_by_time_from_either_end(ledger: Ledger, machine: Machine) -> None:
    for seq in range(4):
        ledger.add_chunk(chunk(machine.now(), seq))
        machine.pass_time(MINUTE)
    ledger.set_state("session-000001", ChunkState.DELIVERED, start_ms=NOON)
    assert [c.seq for c in ledger.waiting()] == [0, 2, 3]
    assert [c.seq for c in ledger.waiting(newest_first=True, limit=2)] == [3, 2]
    assert ledger.waiting_sizes() == {f"session-{seq:06}": 180_000 for seq in (0, 2, 3)}


def test_what_is_written_together_is_all_there_or_not_at_all(ledger: Ledger, machine: Machine) -> None:
    made = chunk(machine.now())
    ledger.add_chunk(made)
    with pytest.raises(ZeroDivisionError), ledger.together():
        ledger.set_state(made.key, ChunkState.EVICTED)
        ledger.set_state(made.key, ChunkState.MISSING, str(1 / 0))
    assert ledger.state(made.key) is ChunkState.WAITING
    with ledger.together():
        ledger.set_state(made.key, ChunkState.EVICTED)
        ledger.count("evicted_unsent")
    assert ledger.state(made.key) is ChunkState.EVICTED
    assert ledger.counters() == {"evicted_unsent": 1}


def test_everything_is_there_after_a_restart(machine: Machine, ledger: Ledger) -> None:
    ledger.enter(Condition.RECORDING, machine.now())
    ledger.add_chunk(chunk(machine.now()))
    ledger.remember("microphone", "Device")
    ledger.count("uploaded", 3)
    ledger.settle_boot(machine.boot_id, NOON + HOUR, Source.SERVER)
    again = Ledger(ledger.path, machine)
    assert (again.ledger_id, again.revision) == (ledger.ledger_id, ledger.revision)
    assert (again.recall("microphone"), again.recall("nothing")) == ("Device", None)
    assert again.counters() == {"uploaded": 3}
    assert [c.seq for c in again.waiting()] == [0]
    assert again.wall_ms(machine.now()) == NOON + HOUR
    assert again.replaced is None
    again.close()


def test_a_second_process_reads_while_the_agent_writes_and_may_set_states(machine: Machine, ledger: Ledger) -> None:
    ledger.add_chunk(chunk(machine.now()))
    program = """
import json, pathlib, sys
from recorder.timing.clock import SystemClock
from recorder.fate import ChunkState
from recorder.ledger.ledger import Ledger
beside = Ledger.attach(pathlib.Path(sys.argv[1]), SystemClock())
[made] = beside.waiting()
beside.set_state(made.key, ChunkState.QUARANTINED, "by hand")
print(json.dumps([beside.ledger_id, made.key]))
"""
    with ledger.together():
        ledger.count("uncommitted")
        reader = Ledger.attach(ledger.path, machine)
        assert reader.counters() == {}
        reader.close()
    said = subprocess.run([sys.executable, "-c", program, str(ledger.path)], capture_output=True, check=True, text=True)
    ledger_id, key = json.loads(said.stdout)
    assert ledger_id == ledger.ledger_id
    assert ledger.state(key) is ChunkState.QUARANTINED


def test_a_second_process_says_so_where_there_is_no_ledger(machine: Machine, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no ledger yet"):
        Ledger.attach(tmp_path / "none.db", machine)
    assert not (tmp_path / "none.db").exists()


def test_a_ledger_of_a_newer_version_is_left_alone(machine: Machine, ledger: Ledger) -> None:
    with ledger.together():
        ledger._file.db.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="newer version"):
        Ledger(ledger.path, machine)
    assert ledger.path.exists()


def test_several_threads_write_and_read_at_once(ledger: Ledger, machine: Machine) -> None:
    start, faults = machine.now(), []

    def work(number: int) -> None:
        try:
            for seq in range(20):
                made = chunk(replace(start, boot_ms=start.boot_ms + seq * MINUTE), seq, session=f"s{number}")
                ledger.add_chunk(made)
                ledger.count("made")
                ledger.set_state(made.key, ChunkState.DELIVERED, start_ms=NOON + seq * MINUTE)
                ledger.account(DAY, NOON + HOUR)
        except Exception as fault:  # a thread's fault would be lost otherwise
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert ledger.counters() == {"made": 80}
    assert ledger.waiting() == []
    assert (0, 20, "recorded") in fates(ledger, NOON + HOUR)


def test_old_history_is_forgotten_but_no_chunk_that_is_still_somewhere(ledger: Ledger, machine: Machine) -> None:
    for seq, state in enumerate((ChunkState.DELIVERED, ChunkState.WAITING, ChunkState.QUARANTINED, ChunkState.EVICTED)):
        ledger.enter(Condition.RECORDING, machine.now())
        made = chunk(machine.now(), seq)
        ledger.add_chunk(made)
        ledger.set_state(made.key, state)
        machine.pass_time(MINUTE)
        ledger.enter(Condition.OUT_OF_HOURS, machine.now())
    machine.pass_time(500 * 24 * HOUR)
    now_ms = ledger.wall_ms(machine.now())
    ledger.prune(now_ms)
    kept = [ledger.chunk(f"session-{seq:06d}") is not None for seq in range(4)]
    assert kept == [False, True, True, False]
    assert ledger.known_from_ms == now_ms - 400 * 24 * HOUR
    assert ledger.changed_since(0) == ledger.known_from_ms
    assert WHO.device_id == ledger.waiting()[0].identity.device_id


def test_boots_of_which_nothing_is_left_are_forgotten(tmp_path: Path, machine: Machine) -> None:
    for _ in range(4):
        with closing(Ledger(tmp_path / "ledger.db", machine)) as ledger:
            ledger.enter(Condition.RECORDING, machine.now())
            ledger.settle_boot(machine.boot_id, machine.true_ms - machine.boot_ms(), Source.SERVER)
            machine.pass_time(MINUTE)
            ledger.tick(machine.now())
            ledger.prune(machine.true_ms)
            left = [boot.boot_id[-1] for boot in ledger.boots()]
            with ledger._file.reading() as db:
                assert db.execute("SELECT count(*) FROM anchors").fetchone() == (len(left),)
        machine.reboot(off_ms=300 * 24 * HOUR, error_ms=0)
    assert left == ["3", "4"]


@pytest.mark.parametrize("newest_first", [False, True])
def test_finding_what_waits_reads_an_index_and_sorts_nothing(ledger: Ledger, newest_first: bool) -> None:
    plans: list[str] = []
    with ledger._file.reading() as db:
        db.set_trace_callback(plans.append)
        ledger.entries(ChunkState.WAITING, newest_first=newest_first, limit=1)
        db.set_trace_callback(None)
        [query] = [statement for statement in plans if statement.startswith("SELECT session_id")]
        plan = " ".join(row[3] for row in db.execute("EXPLAIN QUERY PLAN " + query))
    assert "chunks_undelivered" in plan
    assert "SCAN" not in plan
