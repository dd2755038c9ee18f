"""A disk that is full, read-only, forbidden or gone: clear words, nothing lost, and on again when it has passed."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.fate import ChunkState
from recorder.spool.janitor import Janitor
from recorder.spool.retention import Limits
from recorder.spool.spool import DiskFull, Mended, SpoolUnwritable
from recorder.spool.spool_files import RESERVE_BYTES
from tests.integration.recorder.disks import mounted, no_mounts
from tests.integration.recorder.spooling import WALL_MS, cut, files, opened, states, told_ms

needs_mounts = pytest.mark.skipif(no_mounts() is not None, reason=str(no_mounts()))
DISK_BYTES = 4 << 20


@pytest.fixture
def disk() -> Iterator[Path]:
    """A disk of 4 MB."""
    with mounted("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs") as folder:
        yield folder


def fill(disk: Path, name: str = "others") -> Path:
    """Somebody else takes all that is left."""
    path = disk / name
    with path.open("ab", buffering=0) as file:
        while True:
            try:
                file.write(b"x" * 4096)
            except OSError:
                return path


@needs_mounts
def test_disk_full_nothing_is_lost_and_it_goes_on_when_there_is_room(disk: Path) -> None:
    spool, ledger = opened(disk / "spool")
    kept = spool.complete(cut(disk / "spool", 1))
    finished = cut(disk / "spool", 2)
    (disk / "spool" / ".reserve").unlink()
    others = fill(disk)
    with pytest.raises(DiskFull, match=r"no space left on the disk of .*max_spool_gb"):
        spool.complete(finished)
    with pytest.raises(DiskFull):
        spool.prepare()
    assert files(disk / "spool") == {1: "outbox"}
    assert finished.chunk_path.exists()
    others.unlink()
    spool.prepare()
    spool.complete(finished)
    spool.acknowledge(kept, told_ms(kept))
    assert files(disk / "spool") == {1: "acked", 2: "outbox"}
    assert spool.reconcile() == Mended()
    ledger.close()


@needs_mounts
def test_disk_full_the_reserve_lets_a_chunk_be_kept_and_an_acknowledgement_be_written(disk: Path) -> None:
    spool, ledger = opened(disk / "spool")
    one = spool.complete(cut(disk / "spool", 1))
    finished = cut(disk / "spool", 2)
    assert (disk / "spool" / ".reserve").stat().st_blocks * 512 >= RESERVE_BYTES
    others = fill(disk)
    spool.complete(finished)
    spool.acknowledge(one, told_ms(one))
    assert files(disk / "spool") == {1: "acked", 2: "outbox"}
    assert states(ledger) == {1: ChunkState.DELIVERED, 2: ChunkState.WAITING}
    assert not (disk / "spool" / ".reserve").exists()
    others.unlink()
    spool.refresh()
    assert (disk / "spool" / ".reserve").exists()
    ledger.close()


@needs_mounts
def test_disk_full_the_janitor_makes_room_and_says_what_went(disk: Path) -> None:
    spool, ledger = opened(disk / "spool")
    for seq in range(20):
        chunk = spool.complete(cut(disk / "spool", seq, 64_000))
        if seq < 5:
            spool.acknowledge(chunk, told_ms(chunk))
    fill(disk)
    swept = Janitor(spool, ledger, Limits(99, 10**9, 0), lambda: WALL_MS).run_once()
    assert swept.acked == 5
    assert swept.unsent > 0
    assert len(files(disk / "spool")) == 15 - swept.unsent
    assert sorted(files(disk / "spool"))[0] == 5 + swept.unsent
    spool.complete(cut(disk / "spool", 99, 64_000))
    assert list(states(ledger).values()).count(ChunkState.EVICTED) == swept.unsent
    ledger.close()


@needs_mounts
def test_a_disk_that_becomes_read_only_is_said_and_goes_on_when_it_is_writable_again(disk: Path) -> None:
    spool, ledger = opened(disk / "spool")
    waiting, finished = spool.complete(cut(disk / "spool", 1)), cut(disk / "spool", 2)
    # A bind mount: a file system with files open for writing cannot be remounted, while a dying card's can.
    subprocess.run(["mount", "--bind", disk / "spool", disk / "spool"], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", disk / "spool"], check=True)
        for attempt in (spool.prepare, lambda: spool.complete(finished)):
            with pytest.raises(SpoolUnwritable, match="is read-only now: the card or disk may be worn out"):
                attempt()
        assert spool.usage().waiting_files == 1
        assert spool.oldest_first() == [waiting]
    finally:
        subprocess.run(["umount", disk / "spool"], check=True)
    spool.prepare()
    spool.complete(finished)
    assert files(disk / "spool") == {1: "outbox", 2: "outbox"}
    ledger.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become a user without permission")
def test_no_permission_is_said_with_what_mends_it() -> None:
    program = """if True:
        import os, sys
        from pathlib import Path
        from recorder.spool.spool_errors import SpoolUnwritable, explained
        from recorder.spool.spool_files import Folders
        root = Path(sys.argv[1])
        os.setgroups([]), os.setgid(65534), os.setuid(65534)
        try:
            with explained(root):
                Folders(root).make()
        except SpoolUnwritable as error:
            print(error)
    """
    root = Path(tempfile.mkdtemp(prefix="recorder-forbidden-"))
    try:
        root.chmod(0o755)
        command = [sys.executable, "-c", program, str(root)]
        said = subprocess.check_output(command, cwd=Path(__file__).parents[3], text=True)
    finally:
        root.rmdir()
    assert said.strip() == f"no permission in {root}: sudo chown -R recorder-agent: {root}"


def test_a_spool_that_is_gone_is_said(tmp_path: Path) -> None:
    spool, ledger = opened(tmp_path / "spool")
    finished = cut(tmp_path / "elsewhere", 1)
    (tmp_path / "spool" / "outbox").rmdir()
    with pytest.raises(SpoolUnwritable, match="outbox: No such file or directory"):
        spool.complete(finished)
    spool.prepare()
    spool.complete(finished)
    assert files(tmp_path / "spool") == {1: "outbox"}
    ledger.close()
