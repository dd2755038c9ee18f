"""The ledger's file: opened, checked, replaced when it is corrupt; and its transactions.

SQLite in WAL mode with synchronous=FULL (docs/decisions/recorder-ledger.md): a commit is one fsync of the WAL, and a
killed process or lost power leaves every committed transaction and nothing of any other.
"""

import logging
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recorder.ledger.ledger_schema import SCHEMA, VERSION
from recorder.steps import Reached, Step

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 5.0
PAGE_BYTES = 1024
"""A commit writes every page that it touched, six or so, into the WAL: with SQLite's default of 4096 that was 74 MB a
day for 0.15 MB of news, with this 21 MB (benchmarks/recorder_ledger.py)."""
WAL_PAGES = 2000
"""The WAL is written back into the file when it is this long (2 MB), and is cut to that where it grew beyond."""


class LedgerError(Exception):
    """The ledger cannot be used.

    LedgerError
    ├── LedgerUnwritable   disk full, read-only, no permission: nothing is broken, and it may pass
    └── LedgerCorrupt      the file is damaged: open it anew (that replaces it)
    """


class LedgerUnwritable(LedgerError):
    """Nothing can be written now: disk full, read-only file system, no permission."""


class LedgerCorrupt(LedgerError):
    """The file is not the ledger that was written."""


_NONE_YET = "there is no ledger yet: the agent has not run"

Act = Callable[[sqlite3.Connection], None]


class LedgerFile:
    """One connection behind one lock; safe from several threads."""

    def __init__(self, path: Path, reached: Reached, *, own: bool) -> None:
        """`own`: the agent's; it makes the file where there is none and replaces a corrupt one. A second process
        (own=False) uses what is there.

        Raises LedgerUnwritable where the file cannot be opened, LedgerError where a newer version wrote it;
        only with own=False LedgerCorrupt.
        """
        self.path = path
        self.replaced: Path | None = None
        """Where the corrupt file went that this one replaces."""
        self.trouble: str | None = None
        """Why the last write failed; None while writes succeed."""
        self.epoch = 0
        """Grows whenever something read before may no longer hold."""
        self._reached = reached
        self._lock = threading.RLock()
        self._depth = 0
        self._kept: list[Act] = []
        with _translated(path):
            try:
                self.db = _open(path, own=own)
            except LedgerCorrupt as error:
                if not own:
                    raise
                self.replaced = _set_aside(path)
                log.error("ledger_replaced", extra={"error": str(error), "corrupt_file": str(self.replaced)})
                self.db = _open(path, own=True)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, durable at the end; those inside it join it. Raises LedgerUnwritable, LedgerCorrupt."""
        with self._lock:
            if self._depth:
                yield self.db
                return
            self._depth = 1
            try:
                with _translated(self.path):
                    self.db.execute("BEGIN IMMEDIATE")
                    for act in self._kept:
                        act(self.db)
                    yield self.db
                    self._reached(Step.MID_LEDGER_WRITE)
                    self.db.execute("COMMIT")
                self._kept.clear()
                self.trouble = None
            except BaseException as error:
                if isinstance(error, LedgerError):
                    self.trouble = str(error)
                self.epoch += 1
                raise
            finally:
                self._depth = 0
                self._roll_back()

    def keep(self, act: Act, *, at_once: bool = True) -> None:
        """Writes what was seen and would be gone otherwise; where nothing can be written it stays in memory, counts in
        every reading, and is written with the next success. `at_once=False` waits for the next write of something else.
        """
        with self._lock:
            self._kept.append(act)
            if self._depth:
                act(self.db)
            elif at_once:
                with suppress(LedgerUnwritable), self.transaction():
                    pass

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent state, with what is only in memory so far. Raises LedgerUnwritable, LedgerCorrupt."""
        with self._lock, _translated(self.path):
            if self._depth:
                yield self.db
                return
            self._depth = 1
            try:
                self.db.execute("BEGIN")
                self._apply_kept()
                yield self.db
            finally:
                self._depth = 0
                self._roll_back()

    def _apply_kept(self) -> None:
        """Into this reading's transaction only. It is in memory until a commit, so a full disk does not hinder it."""
        try:
            for act in self._kept:
                act(self.db)
        except sqlite3.OperationalError:  # somebody else is writing, or the file is read-only: what is on disk must do
            self._roll_back()
            self.db.execute("BEGIN")

    def _roll_back(self) -> None:
        if self._kept:  # was applied, and is now undone
            self.epoch += 1
        if self.db.in_transaction:
            with suppress(sqlite3.Error):  # the file is at fault; ending the transaction frees the lock
                self.db.execute("ROLLBACK")

    def close(self) -> None:
        """Raises LedgerUnwritable where what is only in memory cannot be written."""
        with self._lock:
            try:
                if self._kept:
                    with self.transaction():
                        pass
            finally:
                self.db.close()


def _open(path: Path, *, own: bool) -> sqlite3.Connection:
    if not own and not path.exists():
        raise LedgerError(_NONE_YET)
    mode = "rwc" if own else "rw"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _prepare(db, own=own)
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.DatabaseError) and _is_corruption(error):
            raise LedgerCorrupt(f"{path} is damaged: {error}") from error
        raise
    return db


def _prepare(db: sqlite3.Connection, *, own: bool) -> None:
    db.execute("PRAGMA synchronous = FULL")
    if own:
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a file that is made now
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        db.execute(f"PRAGMA journal_size_limit = {WAL_PAGES * PAGE_BYTES}")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise LedgerError(f"the ledger was written by a newer version (format {version}); install that version again")
    if version == 0:
        if not own:
            raise LedgerError(_NONE_YET)
        _create(db)
    elif own:
        (said,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise LedgerCorrupt(f"the ledger is damaged: {said}")


def _create(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA.split(";\n"):
        db.execute(statement)
    db.execute("INSERT INTO meta VALUES ('ledger_id', ?), ('revision', 0), ('pruned_ms', 0)", (str(uuid.uuid4()),))
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def _set_aside(path: Path) -> Path:
    """Renames the file; one older corrupt file is given up for it."""
    aside = path.with_name(f"{path.stem}-corrupt{path.suffix}")
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside


def _is_corruption(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if _is_corruption(error):
            raise LedgerCorrupt(f"{path} is damaged: {error}") from error
        if isinstance(error, sqlite3.OperationalError):
            raise LedgerUnwritable(f"{path}: {error}") from error
        raise
