"""The spool: what becomes of a chunk's files, in an order that no kill and no power cut can spoil.

The ledger's row is the truth and the files follow: first the row says what the chunk is, then its files move where such
chunks belong, or go. Only a new chunk is the other way round: its files are durable in the outbox before a row says so.
Whatever half of an effect stands after a crash, `reconcile` (recorder/spool/reconcile.py) finishes it.
"""

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from recorder import durable
from recorder.chunk import Chunk
from recorder.fate import ChunkState
from recorder.ledger.ledger import Entry, Ledger, LedgerUnwritable
from recorder.spool.reconcile import Mended, reconcile
from recorder.spool.spool_errors import ChunkGone, DiskFull, SpoolError, SpoolUnwritable, explained, is_full
from recorder.spool.spool_files import (
    ANSWER,
    AUDIO,
    Folders,
    Stored,
    delete,
    listed,
    transfer,
    write_answer,
    write_sidecar,
)
from recorder.spool.spool_space import Space, Usage
from recorder.steps import Reached, Step, pass_through
from recorder.timing.clock import Clock

__all__ = ["ChunkGone", "DiskFull", "Mended", "Spool", "SpoolError", "SpoolUnwritable", "Usage"]

EVICTED_UNSENT = "evicted_unsent"
"""Counter of the ledger."""

_PROBE_BYTES = 4096
"""A block: an empty file fits on a full disk."""
_COUNT_EVERY_MS = 3_600_000
"""A spool that nobody could empty for months holds 200,000 files."""

log = logging.getLogger(__name__)
T = TypeVar("T")


class Cut(Protocol):
    """A chunk fresh from the capture: its file, not yet fsynced, and what is known of it."""

    @property
    def chunk_path(self) -> Path: ...
    @property
    def chunk(self) -> Chunk: ...


class Spool:
    """For any thread, and for the command line beside the agent. Methods that write raise DiskFull or SpoolUnwritable;
    said again later they do the rest."""

    def __init__(self, root: Path, ledger: Ledger, clock: Clock, reached: Reached = pass_through) -> None:
        self.folders = Folders(root)
        self._ledger, self._clock, self._reached = ledger, clock, reached
        self._lock = threading.RLock()
        self._space = Space(self.folders)
        self._is_half_done = False
        self._counted_boot_ms = -_COUNT_EVERY_MS

    def prepare(self) -> None:
        """The folders are there and can be written. Asks the disk, so that a fault that has passed is seen."""
        with self._lock, explained(self.folders.root):
            self.folders.make()
            durable.write(self.folders.root / ".probe", bytes(_PROBE_BYTES))
            self._space.keep_reserve()

    def reconcile(self) -> Mended:
        """Finishes what a crash left half done. Once at start, before chunks are completed, sent or evicted."""
        with self._lock, explained(self.folders.root):
            self.folders.make()
            mended = self._do(lambda: reconcile(self.folders, self._ledger))
            self._is_half_done = False
            self._count()
        return mended

    def complete(self, captured: Cut) -> Chunk:
        """From now on the chunk exists: file, sidecar and names are on the disk, then the ledger's row.

        Raises ChunkGone where somebody took the file away.
        """
        return self._do(lambda: self._complete(captured))

    def oldest_first(self, limit: int | None = None) -> list[Chunk]:
        """The chunks that wait."""
        return self._ledger.waiting(limit=limit)

    def path(self, chunk: Chunk) -> Path:
        """Of the audio of a chunk that waits."""
        return self.folders.outbox / f"{chunk.key}{AUDIO}"

    def acknowledge(self, chunk: Chunk, start_ms: int, receipt: str = "") -> None:
        """The server has it. `start_ms`: what the server was told; the file bears that time from now on."""
        self._become(chunk, ChunkState.DELIVERED, receipt, start_ms=start_ms)
        with suppress(OSError):  # It only decides when our copy goes.
            os.utime(self.folders.acked / f"{chunk.key}{AUDIO}", (start_ms / 1000, start_ms / 1000))

    def quarantine(self, chunk: Chunk, status: int, answer: str) -> None:
        """The server refuses it for good; its answer is kept beside the file. Not if it was evicted meanwhile."""
        beside = {"status": status, "answer": answer}
        self._become(chunk, ChunkState.QUARANTINED, str(status), only_from=ChunkState.WAITING, beside=beside)

    def damaged(self, chunk: Chunk, reason: str) -> None:
        """Its file is gone, or no longer what was recorded; what is left of it goes to the quarantine. Not if it was
        evicted meanwhile."""
        log.error("chunk_damaged", extra={"key": chunk.key, "reason": reason})
        beside = {"damaged": reason} if self.path(chunk).exists() else None
        self._become(chunk, ChunkState.MISSING, reason, only_from=ChunkState.WAITING, beside=beside)

    def requeue(self, chunk: Chunk) -> bool:
        """Out of the quarantine, to be sent again; False where it is not there."""
        if not (self.folders.quarantine / f"{chunk.key}{AUDIO}").exists():
            return False
        if not self._become(chunk, ChunkState.WAITING, "", only_from=ChunkState.QUARANTINED):
            return False
        self._do(lambda: durable.remove(self.folders.quarantine / f"{chunk.key}{ANSWER}"))
        return True

    def evict(self, entries: Sequence[Entry], detail: str) -> list[Chunk]:
        """Deletes undelivered audio for want of space, and says so in the ledger first. Returns what went; those that
        are no longer what the entries say are left alone."""
        evicted = self._drop(entries, ChunkState.EVICTED, detail)
        self._ledger.count(EVICTED_UNSENT, len(evicted))
        return evicted

    def discard(self, entries: Sequence[Entry], detail: str) -> list[Chunk]:
        """Deletes audio that never was to be recorded (out of hours, under a wrong clock)."""
        return self._drop(entries, ChunkState.OUT_OF_HOURS, detail)

    def forget(self, stored: Sequence[Stored], folder: Path) -> None:
        """Deletes files that the ledger needn't tell of: our copies in acked/, damaged ones in quarantine/."""
        if stored:
            self._do(lambda: delete([one.key for one in stored], folder))
            self._space.gone(stored, folder)

    def stored(self, folder: Path) -> list[Stored]:
        """What lies in one of the folders, the oldest first."""
        with explained(self.folders.root):
            return listed(folder)

    def usage(self) -> Usage:
        """Without looking through the folders: they are counted now and then, and what happens is added."""
        with self._lock, explained(self.folders.root):
            return self._space.usage()

    def refresh(self) -> None:
        """Finishes what a fault of the disk left half done, takes the reserve back where there is room, and once in a
        while looks through the folders."""
        with self._lock, explained(self.folders.root):
            if self._is_half_done:
                self.reconcile()
            elif self._clock.boot_ms() - self._counted_boot_ms > _COUNT_EVERY_MS:
                self._count()
            with suppress(OSError):
                self._space.keep_reserve()

    def _complete(self, captured: Cut) -> Chunk:
        chunk, target = captured.chunk, self.path(captured.chunk)
        self._reached(Step.AFTER_CUT)
        known = self._ledger.entry(chunk.key)
        if known and (known.state is not ChunkState.WAITING or target.exists()):
            log.warning("chunk_known_already", extra={"key": chunk.key, "state": known.state})
            captured.chunk_path.unlink(missing_ok=True)
            return known.chunk
        if not target.exists():
            if not captured.chunk_path.exists():
                raise ChunkGone(f"{captured.chunk_path} is gone")
            durable.sync_file(captured.chunk_path)
            write_sidecar(chunk, self.folders.outbox)
            durable.move(captured.chunk_path, target)
            self._space.moved(chunk, None, self.folders.outbox)
        self._reached(Step.AFTER_FSYNC)
        self._ledger.add_chunk(chunk)
        return chunk

    def _become(
        self,
        chunk: Chunk,
        state: ChunkState,
        detail: str,
        *,
        start_ms: int | None = None,
        only_from: ChunkState | None = None,
        beside: Mapping[str, object] | None = None,
    ) -> bool:
        """The row, then the files; where these are gone (evicted meanwhile) the row alone. `beside`: what is to lie
        beside the file in the quarantine. False where the chunk is no longer what it must be (`only_from`)."""
        target = self.folders.of_state(state)

        def act() -> bool:
            if only_from and self._ledger.state(chunk.key) not in (only_from, state):
                return False
            if beside:
                write_answer(chunk.key, self.folders.quarantine, beside)
            self._ledger.set_state(chunk.key, state, detail, start_ms)
            self._is_half_done = True  # Until the files have followed.
            for source in self.folders.of_chunks:
                if target and transfer(chunk.key, source, target):
                    self._space.moved(chunk, source, target)
            self._is_half_done = False
            return True

        return self._do(act)

    def _drop(self, entries: Sequence[Entry], state: ChunkState, detail: str) -> list[Chunk]:
        gone: list[tuple[Chunk, Path]] = []

        def act() -> None:
            gone.clear()
            with self._ledger.together():
                for entry in entries:
                    folder, now = self.folders.of_state(entry.state), self._ledger.entry(entry.chunk.key)
                    if folder and now and now.state is entry.state:
                        self._ledger.set_state(entry.chunk.key, state, detail)
                        gone.append((entry.chunk, folder))
            self._is_half_done = True
            self._reached(Step.MID_EVICTION)
            for folder in self.folders.of_chunks:
                delete([chunk.key for chunk, of in gone if of == folder], folder)
            self._is_half_done = False

        self._do(act)
        for chunk, folder in gone:
            self._space.moved(chunk, folder, None)
        return [chunk for chunk, _ in gone]

    def _do(self, action: Callable[[], T]) -> T:
        """Alone; not within itself. Where the disk is full the reserve is given up and the action, which takes being
        done twice, done again."""
        with self._lock, explained(self.folders.root), durable.locked(self.folders.outbox):
            try:
                return action()
            except (OSError, LedgerUnwritable) as error:
                if not is_full(self.folders.root, error) or not self._space.give_reserve():
                    raise
                log.warning("spool_reserve_used", extra={"reason": str(error)})
            return action()

    def _count(self) -> None:
        self._space.count()
        self._counted_boot_ms = self._clock.boot_ms()
