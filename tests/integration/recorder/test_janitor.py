"""Retention on a real spool."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recorder.fate import ChunkState
from recorder.ledger.ledger import Ledger
from recorder.spool.janitor import Janitor, Swept
from recorder.spool.retention import DAY_MS, Limits
from recorder.spool.spool import EVICTED_UNSENT, Spool
from tests.integration.recorder.spooling import WALL_MS, cut, files, opened, states, told_ms

NOW_MS = WALL_MS + 8 * DAY_MS
ROOMY = 10**9
SIZE_BYTES = 4000
Sweep = Callable[[int, int], Swept]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def kept(root: Path) -> Iterator[tuple[Spool, Ledger]]:
    spool, ledger = opened(root)
    yield spool, ledger
    ledger.close()


@pytest.fixture
def sweep(kept: tuple[Spool, Ledger]) -> Sweep:
    """Runs the janitor; `max_bytes` of the spool, and days."""

    def run(max_bytes: int, max_days: int) -> Swept:
        return Janitor(kept[0], kept[1], Limits(max_days, max_bytes, 0), lambda: NOW_MS).run_once()

    return run


def fill(kept: tuple[Spool, Ledger], root: Path, *, delivered: range, refused: range, waiting: range) -> int:
    """Returns the bytes that a chunk takes with its sidecar."""
    spool, _ = kept
    for seq in (*delivered, *refused, *waiting):
        chunk = spool.complete(cut(root, seq, SIZE_BYTES))
        if seq in delivered:
            spool.acknowledge(chunk, told_ms(chunk))
        elif seq in refused:
            spool.quarantine(chunk, 422, "")
    usage = spool.usage()
    return usage.bytes // usage.files


def test_age_deletes_what_was_delivered_and_nothing_else(kept: tuple[Spool, Ledger], root: Path, sweep: Sweep) -> None:
    fill(kept, root, delivered=range(0, 3), refused=range(3, 6), waiting=range(6, 9))
    before = states(kept[1])
    assert sweep(ROOMY, 9) == Swept()
    assert sweep(ROOMY, 7) == Swept(expired=3)
    assert files(root) == dict.fromkeys(range(3, 6), "quarantine") | dict.fromkeys(range(6, 9), "outbox")
    assert states(kept[1]) == before


def test_full_disk_the_oldest_go_until_the_spool_is_smaller_than_its_limit(
    kept: tuple[Spool, Ledger], root: Path, sweep: Sweep
) -> None:
    """The original's row: "disk full: SpoolJanitor deletes the oldest files until total < max_spool_gb"."""
    each = fill(kept, root, delivered=range(0), refused=range(0), waiting=range(10))
    assert sweep(each * 6 + each // 2, 7).unsent == 4
    assert files(root) == dict.fromkeys(range(4, 10), "outbox")
    assert kept[0].usage().bytes < each * 6 + each // 2


def test_delivered_copies_go_first_then_refused_chunks_then_the_oldest_unsent(
    kept: tuple[Spool, Ledger], root: Path, sweep: Sweep
) -> None:
    """However old they are."""
    each = fill(kept, root, waiting=range(0, 3), refused=range(3, 6), delivered=range(6, 9))
    assert sweep(each * 8 + each // 2, 99) == Swept(acked=1)
    assert sorted(files(root)) == [0, 1, 2, 3, 4, 5, 7, 8]
    assert sweep(each * 5 + each // 2, 99) == Swept(acked=2, quarantined=1)
    assert sorted(files(root)) == [0, 1, 2, 4, 5]
    assert sweep(each * 2 + each // 2, 99) == Swept(quarantined=2, unsent=1)
    assert sorted(files(root)) == [1, 2]


def test_every_undelivered_chunk_that_goes_is_in_the_ledger_and_counted(
    kept: tuple[Spool, Ledger], root: Path, sweep: Sweep
) -> None:
    each = fill(kept, root, delivered=range(0, 2), refused=range(2, 4), waiting=range(4, 8))
    swept = sweep(each * 2 + each // 2, 99)
    assert swept == Swept(acked=2, quarantined=2, unsent=2)
    known = states(kept[1])
    assert [seq for seq, state in known.items() if state is ChunkState.EVICTED] == [2, 3, 4, 5]
    assert kept[1].counters()[EVICTED_UNSENT] == 4


def test_damaged_files_go_before_what_could_still_be_sent(kept: tuple[Spool, Ledger], root: Path, sweep: Sweep) -> None:
    each = fill(kept, root, delivered=range(0), refused=range(0, 1), waiting=range(1, 3))
    kept[0].damaged(kept[0].oldest_first()[-1], "its SHA-256 differs")
    assert sweep(each * 2 + each // 2, 99) == Swept()
    assert sorted(files(root)) == [0, 1]
    assert states(kept[1])[2] is ChunkState.MISSING


def test_what_is_still_too_much_when_all_is_gone_is_told(
    kept: tuple[Spool, Ledger], root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(kept, root, delivered=range(0), refused=range(0), waiting=range(1))
    swept = Janitor(kept[0], kept[1], Limits(7, ROOMY, 10**18), lambda: NOW_MS).run_once()
    assert swept.unsent == 1
    assert swept.short_bytes > 10**17
    assert "disk_short" in caplog.text


def test_a_second_sweep_finds_nothing_to_do(kept: tuple[Spool, Ledger], root: Path, sweep: Sweep) -> None:
    each = fill(kept, root, delivered=range(0, 2), refused=range(2, 4), waiting=range(4, 8))
    sweep(each * 3 + each // 2, 7)
    assert sweep(each * 3 + each // 2, 7) == Swept()
