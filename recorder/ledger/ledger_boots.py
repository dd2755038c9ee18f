"""The ledger's boots, and the wall time of everything in it."""

import sqlite3

from recorder.chunk import Moment
from recorder.ledger.ledger_file import LedgerFile
from recorder.timing.boot_time import Anchor, Boot, Source, offset_at, settled

STEP_MS = 500
"""The system clock of a boot whose time is not known has stepped, not drifted."""
_APART = 1000
"""Between the numbers of two boots: room for earlier ones that become known later, from chunks found on disk."""
_KEPT_CHANGES = 20_000


def mark(db: sqlite3.Connection, from_ms: int) -> None:
    """The fate of [from_ms, now) is no longer what it was."""
    db.execute("DELETE FROM changes WHERE from_ms >= ?", (from_ms,))
    (revision,) = db.execute("UPDATE meta SET value = value + 1 WHERE key = 'revision' RETURNING value").fetchone()
    db.execute("INSERT INTO changes VALUES (?, ?)", (revision, from_ms))
    db.execute("DELETE FROM changes WHERE revision <= ?", (revision - _KEPT_CHANGES,))


def earliest_change(db: sqlite3.Connection, revision: int) -> int | None:
    """None: nothing changed after that revision. 0: everything may have, from the first revision or one long ago."""
    (current,) = db.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
    if not max(1, current - _KEPT_CHANGES) <= revision <= current:
        return 0
    (from_ms,) = db.execute("SELECT min(from_ms) FROM changes WHERE revision > ?", (revision,)).fetchone()
    return None if from_ms is None else int(from_ms)


class Boots:
    """Every method that takes `db` runs inside the caller's transaction."""

    def __init__(self, file: LedgerFile, boot_id: str) -> None:
        self._file, self._boot_id = file, boot_id
        self._anchors: dict[int, tuple[Anchor, ...]] = {}
        self._numbers: dict[str, int] = {}
        self._read_at: tuple[int, int, int] | None = None
        file.db.create_function("wall_ms", 2, self._wall_ms)

    def all(self, db: sqlite3.Connection) -> list[Boot]:
        """In the order in which the machine booted."""
        anchors: dict[int, list[Anchor]] = {}
        for number, boot_ms, offset_ms in db.execute("SELECT boot, boot_ms, offset_ms FROM anchors ORDER BY 1, 2"):
            anchors.setdefault(number, []).append(Anchor(boot_ms, offset_ms))
        rows = db.execute("SELECT number, boot_id, last_boot_ms, system_offset_ms, source FROM boots ORDER BY number")
        return [
            Boot(boot_id, last_boot_ms, offset_ms, source and Source(source), tuple(anchors.get(number, ())))
            for number, boot_id, last_boot_ms, offset_ms, source in rows
        ]

    def wall_ms(self, db: sqlite3.Connection, moment: Moment) -> int:
        """As the ledger knows it; of a boot that it never saw, as the system clock said then."""
        self._refresh(db)
        number = self._numbers.get(moment.boot_id)
        return moment.wall_ms if number is None else self._wall_ms(number, moment.boot_ms)

    def see(self, db: sqlite3.Connection, moment: Moment, *, lasted_ms: int = 0) -> int:
        """The boot's number; it is remembered that it lasted at least until `moment` + `lasted_ms`."""
        number = self._numbers_of(db).get(moment.boot_id)
        until, system_ms = moment.boot_ms + lasted_ms, moment.wall_ms - moment.boot_ms
        if number is None:
            number = self._next_number(db, moment.boot_id)
            values = (number, moment.boot_id, until, system_ms)
            db.execute("INSERT INTO boots VALUES (?, ?, ?, ?, NULL)", values)
            self._refresh(db)
            return number
        db.execute("UPDATE boots SET last_boot_ms = ? WHERE number = ? AND last_boot_ms < ?", (until, number, until))
        if moment.boot_id == self._boot_id and not lasted_ms:
            self._follow_system_clock(db, number, system_ms)
        return number

    def settle(self, db: sqlite3.Connection, boot_id: str, anchor: Anchor, source: Source, *, drifted: bool) -> None:
        """From now on the boot's time is known; `drifted` keeps what was known of its earlier times."""
        before = self._all_anchors(db)
        number = self._numbers[boot_id]
        if not drifted:
            db.execute("DELETE FROM anchors WHERE boot = ?", (number,))
        db.execute("INSERT OR REPLACE INTO anchors VALUES (?, ?, ?)", (number, anchor.boot_ms, anchor.offset_ms))
        db.execute("UPDATE boots SET source = ? WHERE number = ?", (source, number))
        self._move(db, before)

    def _follow_system_clock(self, db: sqlite3.Connection, number: int, system_ms: int) -> None:
        before = self._all_anchors(db)
        moved = db.execute(
            "UPDATE boots SET system_offset_ms = ? WHERE number = ? AND abs(system_offset_ms - ?) > ?",
            (system_ms, number, system_ms, STEP_MS),
        )
        if moved.rowcount:
            self._move(db, before)

    def _move(self, db: sqlite3.Connection, before: dict[int, tuple[Anchor, ...]]) -> None:
        """Brings the wall times of everything up to date that happened in boots whose offset changed."""
        after = self._all_anchors(db)
        for number in (number for number, anchors in after.items() if anchors != before.get(number)):
            earliest = []
            for select, update in _MOVES:
                earliest += db.execute(select, {"boot": number}).fetchone()
                db.execute(update, {"boot": number})
            known = [from_ms for from_ms in earliest if from_ms is not None]
            if known:
                mark(db, min(known))

    def _next_number(self, db: sqlite3.Connection, boot_id: str) -> int:
        if boot_id == self._boot_id:
            (last,) = db.execute("SELECT coalesce(max(number), 0) FROM boots").fetchone()
            return int(last) + _APART
        query = "SELECT coalesce(max(number), 0) FROM boots WHERE boot_id != ?"
        (last,) = db.execute(query, (self._boot_id,)).fetchone()
        return int(last) + 1

    def _wall_ms(self, number: int, boot_ms: int) -> int:
        return boot_ms + offset_at(self._anchors[number], boot_ms)

    def _numbers_of(self, db: sqlite3.Connection) -> dict[str, int]:
        self._refresh(db)
        return self._numbers

    def _all_anchors(self, db: sqlite3.Connection) -> dict[int, tuple[Anchor, ...]]:
        self._refresh(db)
        return self._anchors

    def _refresh(self, db: sqlite3.Connection) -> None:
        (others,) = db.execute("PRAGMA data_version").fetchone()
        now = (others, db.total_changes, self._file.epoch)
        if now == self._read_at:
            return
        self._numbers = dict(db.execute("SELECT boot_id, number FROM boots").fetchall())
        self._anchors = {self._numbers[boot_id]: anchors for boot_id, anchors in settled(self.all(db)).items()}
        self._read_at = now


_MOVES = (
    (
        """SELECT min(min(start_ms, wall_ms(boot, start_boot_ms))) FROM spans WHERE boot = :boot
           AND (start_ms != wall_ms(boot, start_boot_ms) OR end_ms != wall_ms(boot, end_boot_ms))""",
        """UPDATE spans SET start_ms = wall_ms(boot, start_boot_ms), end_ms = wall_ms(boot, end_boot_ms)
           WHERE boot = :boot""",
    ),
    (
        """SELECT min(min(start_ms, wall_ms(:boot, start_boot_ms))) FROM chunks WHERE state != 'delivered'
           AND origin IN (SELECT number FROM origins WHERE boot = :boot)
           AND start_ms != wall_ms(:boot, start_boot_ms)""",
        """UPDATE chunks SET start_ms = wall_ms(:boot, start_boot_ms) WHERE state != 'delivered'
           AND origin IN (SELECT number FROM origins WHERE boot = :boot)""",
    ),
    (
        """SELECT min(min(start_ms, wall_ms(boot, start_boot_ms))) FROM pauses WHERE boot = :boot
           AND start_ms != wall_ms(boot, start_boot_ms)""",
        """UPDATE pauses SET start_ms = wall_ms(boot, start_boot_ms),
           until_ms = coalesce(wall_ms(boot, start_boot_ms) + lasts_ms, until_ms) WHERE boot = :boot""",
    ),
)
"""What happened in one boot: the earliest wall time that is no longer true, and how to put it right."""
