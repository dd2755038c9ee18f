"""What becomes of chunks in the spool when nothing goes wrong."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.fate import ChunkState
from recorder.ledger.ledger import Ledger
from recorder.spool.spool import EVICTED_UNSENT, ChunkGone, Mended, Spool
from tests.integration.recorder.spooling import SESSION, cut, files, opened, states, told_ms


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def kept(root: Path) -> Iterator[tuple[Spool, Ledger]]:
    spool, ledger = opened(root)
    yield spool, ledger
    ledger.close()


def test_a_completed_chunk_waits_in_the_outbox_with_its_sidecar(kept: tuple[Spool, Ledger], root: Path) -> None:
    spool, ledger = kept
    chunk = spool.complete(cut(root, 1))
    assert files(root) == {1: "outbox"}
    assert states(ledger) == {1: ChunkState.WAITING}
    assert not (root / "recording" / SESSION / "000001.ogg").exists()
    assert spool.path(chunk).name == "session-000001.ogg"
    assert spool.oldest_first() == [chunk]


def test_an_acknowledged_chunk_is_kept_in_acked_under_the_time_that_was_told(
    kept: tuple[Spool, Ledger], root: Path
) -> None:
    spool, ledger = kept
    chunk = spool.complete(cut(root, 1))
    spool.acknowledge(chunk, told_ms(chunk) + 1000, "chunk-id")
    assert files(root) == {1: "acked"}
    entry = ledger.entry(chunk.key)
    assert entry
    assert (entry.state, entry.detail, entry.start_ms) == (ChunkState.DELIVERED, "chunk-id", told_ms(chunk) + 1000)
    assert (root / "acked" / f"{chunk.key}.ogg").stat().st_mtime == told_ms(chunk) / 1000 + 1


def test_a_refused_chunk_lies_in_quarantine_with_the_answer_and_can_be_queued_again(
    kept: tuple[Spool, Ledger], root: Path
) -> None:
    spool, ledger = kept
    chunk = spool.complete(cut(root, 1))
    spool.quarantine(chunk, 422, '{"detail": "звук"}')
    answer = root / "quarantine" / f"{chunk.key}.answer.json"
    assert files(root) == {1: "quarantine"}
    assert states(ledger) == {1: ChunkState.QUARANTINED}
    assert json.loads(answer.read_text()) == {"status": 422, "answer": '{"detail": "звук"}'}
    assert spool.requeue(chunk)
    assert files(root) == {1: "outbox"}
    assert states(ledger) == {1: ChunkState.WAITING}
    assert not answer.exists()
    assert not spool.requeue(chunk)


def test_an_evicted_chunk_is_gone_and_counted(kept: tuple[Spool, Ledger], root: Path) -> None:
    spool, ledger = kept
    chunks = [spool.complete(cut(root, seq)) for seq in (1, 2, 3)]
    waiting = ledger.entries(ChunkState.WAITING)
    spool.acknowledge(chunks[0], told_ms(chunks[0]))
    assert spool.evict(waiting[:2], "no space") == [chunks[1]]  # The first is no longer what it was.
    assert files(root) == {1: "acked", 3: "outbox"}
    assert states(ledger) == {1: ChunkState.DELIVERED, 2: ChunkState.EVICTED, 3: ChunkState.WAITING}
    assert ledger.counters() == {EVICTED_UNSENT: 1}


def test_a_chunk_that_is_delivered_while_it_is_evicted_counts_as_delivered(
    kept: tuple[Spool, Ledger], root: Path
) -> None:
    spool, ledger = kept
    chunk = spool.complete(cut(root, 1))
    spool.evict(ledger.entries(ChunkState.WAITING), "no space")
    spool.acknowledge(chunk, told_ms(chunk))
    assert states(ledger) == {1: ChunkState.DELIVERED}
    assert files(root) == {}


def test_a_chunk_that_is_evicted_while_the_server_refuses_it_stays_evicted(
    kept: tuple[Spool, Ledger], root: Path
) -> None:
    spool, ledger = kept
    chunk = spool.complete(cut(root, 1))
    spool.evict(ledger.entries(ChunkState.WAITING), "no space")
    spool.quarantine(chunk, 422, "no")
    spool.damaged(chunk, "its file is gone")
    assert not spool.requeue(chunk)
    assert states(ledger) == {1: ChunkState.EVICTED}
    assert not list((root / "quarantine").iterdir())


def test_a_chunk_recorded_out_of_hours_is_deleted_without_being_counted_as_evicted(
    kept: tuple[Spool, Ledger], root: Path
) -> None:
    spool, ledger = kept
    spool.complete(cut(root, 1))
    spool.discard(ledger.entries(ChunkState.WAITING), "the clock was wrong")
    assert (files(root), states(ledger), ledger.counters()) == ({}, {1: ChunkState.OUT_OF_HOURS}, {})


def test_a_damaged_chunk_is_lost_and_what_is_left_of_it_is_put_aside(kept: tuple[Spool, Ledger], root: Path) -> None:
    spool, ledger = kept
    one, two = (spool.complete(cut(root, seq)) for seq in (1, 2))
    spool.damaged(one, "its SHA-256 differs")
    spool.path(two).unlink()
    spool.damaged(two, "its file is gone")
    assert states(ledger) == {1: ChunkState.MISSING, 2: ChunkState.MISSING}
    assert files(root) == {1: "quarantine"}


def test_completing_the_same_chunk_twice_is_one_chunk(kept: tuple[Spool, Ledger], root: Path) -> None:
    """As when the salvage finds a file that was kept already."""
    spool, ledger = kept
    chunk = spool.complete(cut(root, 1))
    assert spool.complete(cut(root, 1)) == chunk
    spool.acknowledge(chunk, told_ms(chunk))
    again = cut(root, 1)
    assert spool.complete(again) == chunk
    assert not again.chunk_path.exists()
    assert (files(root), states(ledger)) == ({1: "acked"}, {1: ChunkState.DELIVERED})


def test_a_captured_file_that_vanished_is_said(kept: tuple[Spool, Ledger], root: Path) -> None:
    spool, ledger = kept
    finished = cut(root, 1)
    finished.chunk_path.unlink()
    with pytest.raises(ChunkGone):
        spool.complete(finished)
    assert (files(root), states(ledger)) == ({}, {})


def test_usage_follows_what_happens_without_a_look_through_the_folders(kept: tuple[Spool, Ledger], root: Path) -> None:
    spool, _ = kept
    chunks = [spool.complete(cut(root, seq)) for seq in range(5)]
    spool.acknowledge(chunks[0], told_ms(chunks[0]))
    spool.quarantine(chunks[1], 400, "")
    followed = spool.usage()
    assert (followed.files, followed.waiting_files, followed.quarantined_files) == (5, 3, 1)
    spool.reconcile()  # This looks.
    counted = spool.usage()
    assert (followed.files, followed.waiting_bytes) == (counted.files, counted.waiting_bytes)
    assert abs(counted.bytes - followed.bytes) < 200  # The answer beside the refused one.
    assert counted.free_bytes == pytest.approx(os.statvfs(root).f_bavail * os.statvfs(root).f_frsize, rel=0.1)


def test_a_spool_that_is_whole_needs_no_mending(kept: tuple[Spool, Ledger], root: Path) -> None:
    spool, _ = kept
    chunks = [spool.complete(cut(root, seq)) for seq in range(3)]
    spool.acknowledge(chunks[0], told_ms(chunks[0]))
    spool.quarantine(chunks[1], 400, "")
    assert spool.reconcile() == Mended()
    assert spool.reconcile() == Mended()
