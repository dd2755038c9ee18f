"""How much room the spool takes and has, known without looking through its folders; and a reserve for hard times."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from recorder.chunk import Chunk
from recorder.spool.spool_files import RESERVE_BYTES, Folders, Stored, totals


@dataclass(frozen=True, slots=True)
class Usage:
    """`files`: chunks in the spool; `bytes`: of all files in it but the ledger. `free_bytes`: for anyone but root."""

    files: int
    bytes: int
    free_bytes: int
    waiting_files: int
    waiting_bytes: int
    quarantined_files: int


@dataclass(slots=True)
class _Tally:
    files: int = 0
    bytes: int = 0

    def add(self, files: int, size_bytes: int) -> None:
        self.files, self.bytes = max(0, self.files + files), max(0, self.bytes + size_bytes)


class Space:
    """Not safe from several threads by itself. Methods raise OSError."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._tallies = {folder: _Tally() for folder in folders.of_chunks}
        self._recording_bytes = 0

    def count(self) -> None:
        """Looks through the folders."""
        for folder in self._folders.of_chunks:
            self._tallies[folder] = _Tally(*totals(folder))
        sessions = [folder for folder in self._folders.recording.iterdir() if folder.is_dir()]
        self._recording_bytes = sum(totals(folder)[1] for folder in sessions)

    def gone(self, stored: Iterable[Stored], folder: Path) -> None:
        """They were deleted."""
        for one in stored:
            self._tallies[folder].add(-1, -one.size_bytes)

    def moved(self, chunk: Chunk, source: Path | None, target: Path | None) -> None:
        """The chunk's files went from one folder to another; None: from or to nowhere."""
        size_bytes = chunk.size_bytes + len(chunk.to_json())
        if source:
            self._tallies[source].add(-1, -size_bytes)
        if target:
            self._tallies[target].add(1, size_bytes)

    def usage(self) -> Usage:
        waiting, _, quarantined = (self._tallies[folder] for folder in self._folders.of_chunks)
        tallies = self._tallies.values()
        return Usage(
            files=sum(tally.files for tally in tallies),
            bytes=sum(tally.bytes for tally in tallies) + self._recording_bytes,
            free_bytes=self._free_bytes(),
            waiting_files=waiting.files,
            waiting_bytes=waiting.bytes,
            quarantined_files=quarantined.files,
        )

    def keep_reserve(self) -> None:
        """A file of `RESERVE_BYTES` that really takes its room, where there is plenty."""
        if self._folders.reserve.exists() or self._free_bytes() < 4 * RESERVE_BYTES:
            return
        with self._folders.reserve.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)

    def give_reserve(self) -> bool:
        """False where it is given already."""
        if not self._folders.reserve.exists():
            return False
        self._folders.reserve.unlink()
        return True

    def _free_bytes(self) -> int:
        disk = os.statvfs(self._folders.root)
        return disk.f_bavail * disk.f_frsize
