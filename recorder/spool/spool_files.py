"""The folders of the spool, and what lies in them.

    recording/   <session>/: what ffmpeg writes now, and what a killed one left
    outbox/      chunks that wait to be sent
    acked/       chunks that the server has
    quarantine/  chunks that the server refuses for good, the answer beside each, and files that are damaged

A chunk is `<key>.ogg` with its sidecar `<key>.json`. Which folder it lies in follows from its state in the ledger.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from recorder import durable
from recorder.chunk import Chunk
from recorder.durable import TEMPORARY_SUFFIX
from recorder.fate import ChunkState

AUDIO, SIDECAR, ANSWER = ".ogg", ".json", ".answer.json"
LEDGER = "ledger.db"
RESERVE = ".reserve"
RESERVE_BYTES = 256 * 1024
"""A file of so much is given up when the disk is full, so that the ledger can still say what is evicted."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A chunk's audio. `modified_ms`: Unix time; of a delivered chunk its start as the server was told."""

    key: str
    size_bytes: int
    modified_ms: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A chunk with all its files. `modified_ms`: of the audio."""

    key: str
    size_bytes: int
    modified_ms: int


@dataclass(frozen=True, slots=True)
class Folders:
    root: Path
    recording: Path = field(init=False)
    outbox: Path = field(init=False)
    acked: Path = field(init=False)
    quarantine: Path = field(init=False)

    def __post_init__(self) -> None:
        for name in ("recording", "outbox", "acked", "quarantine"):
            object.__setattr__(self, name, self.root / name)

    @property
    def of_chunks(self) -> tuple[Path, Path, Path]:
        return self.outbox, self.acked, self.quarantine

    @property
    def ledger(self) -> Path:
        return self.root / LEDGER

    @property
    def reserve(self) -> Path:
        return self.root / RESERVE

    def make(self) -> None:
        """Raises OSError."""
        for folder in (self.recording, *self.of_chunks):
            durable.make_folder(folder)

    def of_state(self, state: ChunkState) -> Path | None:
        """Where the files of a chunk in that state belong; None: nowhere, they are deleted."""
        match state:
            case ChunkState.WAITING:
                return self.outbox
            case ChunkState.DELIVERED:
                return self.acked
            case ChunkState.QUARANTINED | ChunkState.MISSING:
                return self.quarantine
            case ChunkState.EVICTED | ChunkState.OUT_OF_HOURS:
                return None


def transfer(key: str, source: Path, target: Path) -> bool:
    """Moves the chunk's files, the sidecar first: audio without one must not be. False where there is no audio to move.
    Raises OSError."""
    audio = source / f"{key}{AUDIO}"
    if source == target or not audio.exists():
        return False
    sidecar = source / f"{key}{SIDECAR}"
    if sidecar.exists():
        sidecar.replace(target / sidecar.name)
    audio.replace(target / audio.name)
    durable.sync_folder(target)
    durable.sync_folder(source)
    return True


def delete(keys: list[str], folder: Path) -> None:
    """The chunks' files and the answers beside them, the audio first: a sidecar alone is known for litter.
    Raises OSError."""
    for key in keys:
        for suffix in (AUDIO, SIDECAR, ANSWER):
            (folder / f"{key}{suffix}").unlink(missing_ok=True)
    durable.sync_folder(folder)


def write_sidecar(chunk: Chunk, folder: Path) -> None:
    """Raises OSError."""
    durable.write(folder / f"{chunk.key}{SIDECAR}", chunk.to_json().encode())


def write_answer(key: str, folder: Path, document: Mapping[str, object]) -> None:
    """Why it lies there. Raises OSError."""
    durable.write(folder / f"{key}{ANSWER}", json.dumps(document, ensure_ascii=False, indent=1).encode())


def read_sidecar(key: str, folder: Path) -> Chunk | None:
    """None where there is none, or it is damaged or another chunk's. Raises OSError where it can't be read."""
    try:
        chunk = Chunk.from_json((folder / f"{key}{SIDECAR}").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return chunk if chunk.key == key else None


def audio(folder: Path) -> Iterator[Audio]:
    """The chunks in the folder, in any order. Raises OSError."""
    for name, status in _entries(folder, AUDIO):
        yield Audio(name.removesuffix(AUDIO), status.st_size, status.st_mtime_ns // 1_000_000)


def listed(folder: Path) -> list[Stored]:
    """The chunks in the folder with the size of all their files, the oldest first. Raises OSError."""
    sizes: Counter[str] = Counter()
    times: dict[str, int] = {}
    for name, status in _entries(folder):
        key = name.partition(".")[0]
        sizes[key] += status.st_size
        if name.endswith(AUDIO):
            times[key] = status.st_mtime_ns // 1_000_000
    found = (Stored(key, sizes[key], modified_ms) for key, modified_ms in times.items())
    return sorted(found, key=lambda stored: (stored.modified_ms, stored.key))


def totals(folder: Path) -> tuple[int, int]:
    """Number of chunks, and the bytes of all files in the folder. Raises OSError."""
    chunks, size_bytes = 0, 0
    for name, status in _entries(folder):
        chunks += name.endswith(AUDIO)
        size_bytes += status.st_size
    return chunks, size_bytes


def litter(folder: Path) -> list[Path]:
    """What a crash left: files half written, and what belongs to no audio. Raises OSError."""
    names = [name for name, _ in _entries(folder)]
    keys = {name.removesuffix(AUDIO) for name in names if name.endswith(AUDIO)}
    return [folder / name for name in names if name.endswith(TEMPORARY_SUFFIX) or name.partition(".")[0] not in keys]


def _entries(folder: Path, suffix: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """The files in it. One that goes away meanwhile was not there."""
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.name.endswith(suffix) and entry.is_file(follow_symlinks=False):
                    yield entry.name, entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
