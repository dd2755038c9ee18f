"""The ledger: what is known of every chunk, of what the agent was doing, of pauses and of the time of every boot.

It holds evidence; the fate of a second is derived from it (accounting.py). What has been seen and cannot be
seen again (conditions, pauses, new chunks, notes, counters) is never refused: where nothing can be written it stays in
memory and is written with the next success. What an effect depends on (`set_state`, `settle_boot`) raises instead.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from recorder.chunk import Chunk, Moment
from recorder.fate import ChunkState, Condition
from recorder.ledger import ledger_chunks, ledger_reach, ledger_spans
from recorder.ledger.accounting import Interval, account, merged, union
from recorder.ledger.ledger_boots import Boots, earliest_change
from recorder.ledger.ledger_chunks import Entry
from recorder.ledger.ledger_file import LedgerCorrupt, LedgerError, LedgerFile, LedgerUnwritable
from recorder.steps import Reached, pass_through
from recorder.timing.boot_time import Anchor, Boot, Source
from recorder.timing.clock import Clock, moment

__all__ = ["Entry", "Ledger", "LedgerCorrupt", "LedgerError", "LedgerUnwritable"]

DAY_MS = 86_400_000
KEPT_DAYS = 400
"""A year and a month: long enough to compare a week with last year's; 70 MB."""


class Ledger:
    """For any thread. Every method may raise LedgerCorrupt: end the process; opening it again replaces the file."""

    def __init__(self, path: Path, clock: Clock, reached: Reached = pass_through) -> None:
        """The agent's: makes the file where there is none, and replaces a corrupt one (see `replaced`).

        Raises LedgerUnwritable, and LedgerError where a newer version wrote the file.
        """
        self._open(LedgerFile(path, reached, own=True), clock)
        begun = moment(clock)
        self._file.keep(lambda db: ledger_reach.begin(db, self._boots, begun))

    @classmethod
    def attach(cls, path: Path, clock: Clock) -> Self:
        """For a second process beside the agent (the command line): reads, and sets states.

        Raises LedgerError where there is no ledger, or it cannot be read.
        """
        ledger = cls.__new__(cls)
        ledger._open(LedgerFile(path, pass_through, own=False), clock)
        return ledger

    def _open(self, file: LedgerFile, clock: Clock) -> None:
        self._file, self._clock = file, clock
        self._boots = Boots(file, clock.boot_id)
        self._entered = False

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything written inside is one transaction, one fsync, all or nothing. Raises LedgerUnwritable."""
        with self._file.transaction():
            yield

    # Chunks

    def add_chunk(self, chunk: Chunk) -> None:
        """It is durable in the outbox and waits. One that is known already stays as it is."""
        self._file.keep(lambda db: ledger_chunks.add(db, self._boots, chunk))

    def set_state(self, key: str, state: ChunkState, detail: str = "", start_ms: int | None = None) -> None:
        """Durable when it returns. `start_ms`: what the server was told, with DELIVERED.

        Raises KeyError for an unknown chunk, LedgerUnwritable.
        """
        with self._file.transaction() as db:
            ledger_chunks.set_state(db, key, state, detail, start_ms)

    def entry(self, key: str) -> Entry | None:
        """The chunk with its state and time."""
        with self._file.reading() as db:
            return ledger_chunks.by_key(db, key)

    def chunk(self, key: str) -> Chunk | None:
        entry = self.entry(key)
        return None if entry is None else entry.chunk

    def state(self, key: str) -> ChunkState | None:
        entry = self.entry(key)
        return None if entry is None else entry.state

    def entries(self, state: ChunkState, *, newest_first: bool = False, limit: int | None = None) -> list[Entry]:
        """The chunks in that state by time. A full spool has 100,000 of them: say a limit where a few will do."""
        with self._file.reading() as db:
            return ledger_chunks.in_state(db, state, newest_first=newest_first, limit=limit)

    def waiting_of(self, device_id: str, *, newest_first: bool = False, limit: int | None = None) -> list[Entry]:
        """Those that one device recorded."""
        with self._file.reading() as db:
            return ledger_chunks.waiting_of(db, device_id, newest_first=newest_first, limit=limit)

    def waiting_devices(self) -> list[str]:
        """Ids of the devices whose chunks wait: of this one, and of those that this recorder was before."""
        with self._file.reading() as db:
            return ledger_chunks.waiting_devices(db)

    def waiting(self, *, newest_first: bool = False, limit: int | None = None) -> list[Chunk]:
        """By time, the oldest first unless told otherwise."""
        entries = self.entries(ChunkState.WAITING, newest_first=newest_first, limit=limit)
        return [entry.chunk for entry in entries]

    def waiting_sizes(self) -> dict[str, int]:
        """Bytes of every chunk that waits by key: little enough to hold for all of a full spool."""
        with self._file.reading() as db:
            return ledger_chunks.waiting_sizes(db)

    # What the agent is doing

    def enter(self, condition: Condition, at: Moment, detail: str = "") -> None:
        """From `at` on the agent is in this condition; `at` may lie a little back, as where a stall is noticed late."""
        own, self._entered = self._entered, True
        self._file.keep(lambda db: ledger_spans.enter(db, self._boots, condition, detail, at, own=own))

    def tick(self, at: Moment) -> None:
        """The condition still holds. Once a minute: what follows the last tick is `off` after a kill."""
        own = self._entered
        self._file.keep(lambda db: ledger_spans.tick(db, self._boots, at, own=own))

    def leave(self, at: Moment) -> None:
        """The agent ends in good order."""
        own = self._entered
        self._file.keep(lambda db: ledger_spans.leave(db, self._boots, at, own=own))

    def pause(self, started: Moment, until_ms: int, lasts_ms: int | None = None) -> None:
        """Nothing is to be recorded from `started` to `until_ms` (Unix time) or for `lasts_ms`, be the machine on or
        off. Said again it changes nothing."""
        self._file.keep(lambda db: ledger_spans.pause(db, self._boots, started, until_ms, lasts_ms))

    def end_pause(self, at: Moment) -> None:
        """Before its time, or at it."""
        self._file.keep(lambda db: ledger_spans.end_pauses(db, self._boots, at))

    # Time

    def wall_ms(self, at: Moment) -> int:
        """Unix time of that instant, as well as it is known now."""
        with self._file.reading() as db:
            return self._boots.wall_ms(db, at)

    def boots(self) -> list[Boot]:
        """In order; the last one is the running one once something was entered."""
        with self._file.reading() as db:
            return self._boots.all(db)

    def settle_boot(
        self, boot_id: str, offset_ms: int, source: Source, *, at_boot_ms: int | None = None, drifted: bool = False
    ) -> None:
        """Wall time of that boot is boot time + `offset_ms`, as known at `at_boot_ms` (now): for all of it, or where
        its clock `drifted` from then on. Moves the times of all that is not delivered. Raises LedgerUnwritable."""
        with self._file.transaction() as db:
            now = moment(self._clock)
            if boot_id == now.boot_id:
                self._boots.see(db, now)
            anchor = Anchor(now.boot_ms if at_boot_ms is None else at_boot_ms, offset_ms)
            self._boots.settle(db, boot_id, anchor, source, drifted=drifted)

    # Accounts

    def account(self, windows: Sequence[tuple[int, int]], now_ms: int) -> list[Interval]:
        """The fate of every millisecond of the windows (Unix time) up to `now_ms`; 6 ms a day. Other threads get their
        turn after every day, so ask for the revision first: what changes meanwhile is told again."""
        intervals: list[Interval] = []
        for from_ms, until_ms in _days(windows):
            with self._file.reading() as db:
                known = ledger_spans.evidence(db, self._boots, from_ms, until_ms, now_ms, self._clock.boot_id)
            intervals += account(known, [(from_ms, until_ms)], now_ms)
        return merged(intervals)

    @property
    def ledger_id(self) -> str:
        """UUID of this file: a new one after the file was replaced."""
        return str(self._meta("ledger_id"))

    @property
    def revision(self) -> int:
        """Grows with every change of any fate."""
        return int(str(self._meta("revision")))

    @property
    def known_from_ms(self) -> int:
        """The ledger knows nothing of earlier times; that is not to say that they are lost."""
        with self._file.reading() as db:
            return ledger_reach.known_from_ms(db, self._boots)

    def changed_since(self, revision: int) -> int | None:
        """The earliest wall time whose fate changed after that revision, but not before `known_from_ms`; None if none
        did. From 0: `known_from_ms`."""
        with self._file.reading() as db:
            from_ms = earliest_change(db, revision)
            return None if from_ms is None else max(from_ms, ledger_reach.known_from_ms(db, self._boots))

    # Odds and ends

    def count(self, name: str, n: int = 1) -> None:
        """Written with the next write of something else."""
        sql = "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
        self._file.keep(lambda db: _run(db, sql, (name, n)), at_once=False)

    def counters(self) -> dict[str, int]:
        with self._file.reading() as db:
            return dict(db.execute("SELECT name, value FROM counters").fetchall())

    def remember(self, key: str, value: str) -> None:
        sql = "INSERT OR REPLACE INTO notes VALUES (?, ?)"
        if self.recall(key) != value:
            self._file.keep(lambda db: _run(db, sql, (key, value)))

    def recall(self, key: str) -> str | None:
        with self._file.reading() as db:
            row = db.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
            return row and str(row[0])

    @property
    def path(self) -> Path:
        return self._file.path

    @property
    def replaced(self) -> Path | None:
        """Where the corrupt file went that this one replaced at start."""
        return self._file.replaced

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written now; None while all is well."""
        return self._file.trouble

    def prune(self, now_ms: int, keep_days: int = KEPT_DAYS) -> None:
        """Forgets what is older, but no chunk that is still somewhere. Call it once a day, and only while the clock is
        known to be right. Raises LedgerUnwritable."""
        with self._file.transaction() as db:
            ledger_reach.forget(db, now_ms - keep_days * DAY_MS)

    def _meta(self, key: str) -> object:
        with self._file.reading() as db:
            return db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0]


def _run(db: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> None:
    db.execute(sql, values)


def _days(windows: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The windows without overlaps, cut so that no piece needs much memory."""
    for start_ms, end_ms in union(windows):
        for piece_ms in range(start_ms, end_ms, DAY_MS):
            yield piece_ms, min(piece_ms + DAY_MS, end_ms)
