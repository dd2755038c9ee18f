"""A spool with a real ledger, and chunks to put into it: what the tests of the spool share."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from recorder.chunk import Chunk, Identity, Moment
from recorder.fate import ChunkState
from recorder.ledger.ledger import Ledger
from recorder.spool.spool import Spool
from recorder.steps import Reached, pass_through

WALL_MS = 1_795_000_000_000
SESSION = "session"
IDENTITY = Identity("p", "r", "d")


class StillClock:
    """A clock that a test sets."""

    def __init__(self, boot_id: str = "boot-1") -> None:
        self.boot_id = boot_id
        self.now_ms = 10_000_000

    def wall_ms(self) -> int:
        return WALL_MS + self.now_ms

    def boot_ms(self) -> int:
        return self.now_ms

    def is_synchronised(self) -> bool:
        return True


@dataclass(frozen=True)
class Finished:
    chunk_path: Path
    chunk: Chunk


def content_of(seq: int, size_bytes: int = 4000) -> bytes:
    return hashlib.sha256(str(seq).encode()).digest() * (size_bytes // 32)


def cut(root: Path, seq: int, size_bytes: int = 4000) -> Finished:
    """What the capture hands over: a file in recording/, not synced."""
    folder = root / "recording" / SESSION
    folder.mkdir(parents=True, exist_ok=True)
    content = content_of(seq, size_bytes)
    path = folder / f"{seq:06d}.ogg"
    path.write_bytes(content)
    start = Moment("boot-1", seq * 60_000, WALL_MS + seq * 60_000)
    sha256 = hashlib.sha256(content).hexdigest()
    return Finished(path, Chunk(SESSION, seq, IDENTITY, start, 60_000, 48000, 1, len(content), sha256))


def opened(root: Path, reached: Reached = pass_through) -> tuple[Spool, Ledger]:
    """As the agent opens it; the caller closes the ledger."""
    root.mkdir(parents=True, exist_ok=True)
    clock = StillClock()
    ledger = Ledger(root / "ledger.db", clock, reached)
    spool = Spool(root, ledger, clock, reached)
    spool.prepare()
    return spool, ledger


def told_ms(chunk: Chunk) -> int:
    return chunk.start.wall_ms


def states(ledger: Ledger) -> dict[int, ChunkState]:
    """By number."""
    return {entry.chunk.seq: state for state in ChunkState for entry in ledger.entries(state)}


def files(root: Path) -> dict[int, str]:
    """Audio by number, and the folder it lies in; each must lie in one, whole and with its own sidecar."""
    found: dict[int, str] = {}
    for folder in ("outbox", "acked", "quarantine"):
        for path in (root / folder).glob("*.ogg"):
            seq = int(path.stem.rpartition("-")[2])
            assert seq not in found, f"{path} lies in {found[seq]} too"
            chunk = Chunk.from_json(path.with_suffix(".json").read_text())
            assert path.read_bytes() == content_of(seq, chunk.size_bytes)
            assert replace(chunk, length_ms=0).seq == seq
            found[seq] = folder
    return found
