"""Every effect of the spool, its process killed before each change that it makes to the disk."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recorder.fate import ChunkState
from recorder.ledger.ledger import Ledger
from recorder.spool.spool import Mended, Spool
from tests.integration.recorder.spool_effects import DELIVERED, EFFECTS, NEW, REFUSED, WAITING, prepare
from tests.integration.recorder.spooling import cut, files, opened, states, told_ms

FOLDERS = {
    ChunkState.WAITING: "outbox",
    ChunkState.DELIVERED: "acked",
    ChunkState.QUARANTINED: "quarantine",
    ChunkState.EVICTED: None,
    ChunkState.OUT_OF_HOURS: None,
}
BEFORE = {WAITING: ChunkState.WAITING, DELIVERED: ChunkState.DELIVERED, REFUSED: ChunkState.QUARANTINED}


def crashed(name: str, prepared: Path, results: Path) -> list[Path]:
    """The spools that the killed processes left, in the order of the changes; the last is that of one not killed."""
    results.mkdir()
    command = [sys.executable, "-m", "tests.integration.recorder.spool_effects", name, str(prepared), str(results)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[3])
    return [results / str(number) for number in range(len(list(results.iterdir())) - 1)] + [results / "whole"]


def restarted(root: Path) -> tuple[Spool, Ledger]:
    """As after the crash: reconciled, and what lies in recording/ is salvaged."""
    spool, ledger = opened(root)
    spool.reconcile()
    if (root / "recording" / "session" / f"{NEW:06d}.ogg").exists():
        spool.complete(cut(root, NEW))
    return spool, ledger


def check_whole(spool: Spool, ledger: Ledger, root: Path) -> dict[int, ChunkState]:
    """Each chunk is where its state says, whole and once; nothing is left to mend and no litter lies about."""
    known = states(ledger)
    found = files(root)
    for seq, state in known.items():
        if state is not ChunkState.DELIVERED or seq in found:  # Our copy of a delivered one may be gone.
            assert found.pop(seq, None) == FOLDERS[state], (seq, state)
    assert found == {}
    assert spool.reconcile() == Mended()
    for folder in spool.folders.of_chunks:
        keys = {path.stem for path in folder.glob("*.ogg")}
        assert {path.name.partition(".")[0] for path in folder.iterdir()} == keys
    return known


@pytest.mark.parametrize("name", EFFECTS)
def test_a_kill_before_any_change_loses_and_doubles_nothing(name: str, tmp_path: Path) -> None:
    effect, changes = EFFECTS[name]
    prepare(tmp_path / "prepared")
    left = crashed(name, tmp_path / "prepared", tmp_path / "killed")
    assert len(left) > 3
    before, after = BEFORE | {NEW: ChunkState.WAITING}, BEFORE | {NEW: ChunkState.WAITING} | changes
    for root in left:
        spool, ledger = restarted(root)
        known = check_whole(spool, ledger, root)
        assert known.keys() == before.keys()
        assert all(state in (before[seq], after[seq]) for seq, state in known.items()), (root, known)
        if name not in ("evict", "discard", "sweep"):  # They would go on to the chunk that is new.
            effect(spool, ledger)
            assert check_whole(spool, ledger, root) == after, root
        ledger.close()
    assert known == after


def make_halves(root: Path) -> None:
    """Six chunks, one for each half that an effect can leave, and the litter that goes with them."""
    spool, ledger = opened(root)
    chunks = {seq: spool.complete(cut(root, seq)) for seq in range(10, 16)}
    spool.reconcile()
    ledger.set_state(chunks[10].key, ChunkState.DELIVERED, "chunk-id", told_ms(chunks[10]))
    ledger.set_state(chunks[11].key, ChunkState.EVICTED, "no space")
    ledger.set_state(chunks[12].key, ChunkState.QUARANTINED, "422")
    spool.path(chunks[13]).unlink()
    ledger.set_state(chunks[14].key, ChunkState.DELIVERED, "chunk-id", told_ms(chunks[14]))
    (root / "outbox" / f"{chunks[14].key}.json").rename(root / "acked" / f"{chunks[14].key}.json")
    ledger.close()
    rowless = cut(root, 20)
    rowless.chunk_path.rename(root / "outbox" / f"{rowless.chunk.key}.ogg")
    (root / "outbox" / f"{rowless.chunk.key}.json").write_text(rowless.chunk.to_json())
    (root / "outbox" / ".session-000021.json.77.tmp").write_text("{")
    (root / "outbox" / "session-000021.json").write_text("{")


EXPECTED = {
    10: ChunkState.DELIVERED,
    11: ChunkState.EVICTED,
    12: ChunkState.QUARANTINED,
    13: ChunkState.MISSING,
    14: ChunkState.DELIVERED,
    15: ChunkState.WAITING,
    20: ChunkState.WAITING,
}


def test_every_half_is_finished_and_what_was_mended_is_told(tmp_path: Path) -> None:
    make_halves(tmp_path / "spool")
    spool, ledger = opened(tmp_path / "spool")
    assert spool.reconcile() == Mended(adopted=1, moved=3, deleted=1, missing=1)
    assert files(tmp_path / "spool") == {10: "acked", 12: "quarantine", 14: "acked", 15: "outbox", 20: "outbox"}
    assert states(ledger) == EXPECTED
    assert spool.reconcile() == Mended()
    assert not list((tmp_path / "spool" / "outbox").glob("*000021*"))
    ledger.close()


def test_a_kill_while_mending_is_mended_too(tmp_path: Path) -> None:
    make_halves(tmp_path / "halves")
    for root in crashed("reconcile", tmp_path / "halves", tmp_path / "killed"):
        spool, ledger = opened(root)
        spool.reconcile()
        assert states(ledger) == EXPECTED
        assert files(root) == {10: "acked", 12: "quarantine", 14: "acked", 15: "outbox", 20: "outbox"}
        ledger.close()


def test_a_new_ledger_learns_of_every_chunk_from_the_folders(tmp_path: Path) -> None:
    """As where the old one was corrupt and replaced."""
    root = tmp_path / "spool"
    prepare(root)
    for path in root.glob("ledger.db*"):
        path.unlink()
    spool, ledger = restarted(root)
    assert check_whole(spool, ledger, root) == BEFORE | {NEW: ChunkState.WAITING}
    delivered = ledger.entry(f"session-{DELIVERED:06d}")
    assert delivered
    assert delivered.start_ms == told_ms(delivered.chunk)
    ledger.close()


def test_audio_that_lost_its_size_or_sidecar_is_put_aside_and_said(tmp_path: Path) -> None:
    root = tmp_path / "spool"
    shutil.rmtree(root, ignore_errors=True)
    prepare(root)
    (root / "outbox" / f"session-{WAITING:06d}.ogg").write_bytes(b"short")
    (root / "outbox" / "session-000099.ogg").write_bytes(b"whose?")
    spool, ledger = opened(root)
    mended = spool.reconcile()
    assert (mended.damaged, mended.unknown) == (1, 1)
    assert states(ledger)[WAITING] is ChunkState.MISSING
    assert {path.stem for path in (root / "quarantine").glob("*.ogg")} == {
        f"session-{seq:06d}" for seq in (WAITING, REFUSED, 99)
    }
    assert spool.reconcile() == Mended()
    ledger.close()
