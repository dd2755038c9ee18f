"""The ledger's conditions and pauses, and the evidence that the accounts need of a stretch of time.

Every function runs inside the caller's transaction.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any

from recorder.chunk import Moment
from recorder.fate import ChunkState, Condition
from recorder.ledger.accounting import CONTIGUOUS_MS, Ending, Evidence, PauseInterval, Recording, Span
from recorder.ledger.ledger_boots import Boots, mark

SILENT_MS = 180_000
"""The agent ticks once a minute. One that has not ticked for so long does not run."""
_LONGEST_CHUNK_MS = 660_000
"""`chunk_seconds` is 600 at most."""


@dataclass(frozen=True, slots=True)
class _Open:
    number: int
    boot_id: str
    condition: Condition
    detail: str
    start_boot_ms: int
    end_boot_ms: int
    start_ms: int
    end_ms: int


def enter(db: sqlite3.Connection, boots: Boots, condition: Condition, detail: str, at: Moment, *, own: bool) -> None:
    """`own`: this process opened the open span; else it belongs to one that died without a word."""
    boot = boots.see(db, at)
    before = _open(db)
    start_boot_ms = at.boot_ms
    if before:
        if own and (before.boot_id, before.condition, before.detail) == (at.boot_id, condition, detail):
            _extend(db, boots, before, at)
            return
        _end(db, boots, before, at, condition, own=own)
        if before.boot_id == at.boot_id:
            start_boot_ms = max(at.boot_ms, before.start_boot_ms if own else before.end_boot_ms)
    start_ms = boots.wall_ms(db, Moment(at.boot_id, start_boot_ms, at.wall_ms))
    row = (boot, condition, detail, start_boot_ms, start_boot_ms, Ending.OPEN, start_ms, start_ms)
    db.execute("INSERT INTO spans VALUES (NULL, ?, ?, ?, ?, ?, ?, NULL, ?, ?)", row)
    mark(db, start_ms)


def leave(db: sqlite3.Connection, boots: Boots, at: Moment, *, own: bool) -> None:
    """The agent stops in good order."""
    boots.see(db, at)
    before = _open(db)
    if before:
        _end(db, boots, before, at, None, own=own)


def tick(db: sqlite3.Connection, boots: Boots, at: Moment, *, own: bool) -> None:
    """The agent still does what it did."""
    boots.see(db, at)
    before = _open(db)
    if before and own and before.boot_id == at.boot_id:
        _extend(db, boots, before, at)


def pause(db: sqlite3.Connection, boots: Boots, started: Moment, until_ms: int, lasts_ms: int | None) -> None:
    """From `started` until then; said again it changes nothing."""
    boot = boots.see(db, started)
    start_ms = boots.wall_ms(db, started)
    if lasts_ms is not None:
        until_ms = start_ms + lasts_ms
    row = (boot, started.boot_ms, lasts_ms, start_ms, until_ms)
    known = db.execute("SELECT * FROM pauses WHERE boot = ? AND start_boot_ms = ?", row[:2]).fetchone()
    if known != row:
        _end_others(db, boot, started.boot_ms, start_ms)
        db.execute("INSERT OR REPLACE INTO pauses VALUES (?, ?, ?, ?, ?)", row)
        mark(db, start_ms)


def _end_others(db: sqlite3.Connection, boot: int, start_boot_ms: int, start_ms: int) -> None:
    """A new pause takes the place of one that holds."""
    db.execute(
        """UPDATE pauses SET until_ms = :at_ms, lasts_ms = :at_ms - start_ms WHERE until_ms > :at_ms
           AND start_ms <= :at_ms AND (boot, start_boot_ms) != (:boot, :start_boot_ms)""",
        {"at_ms": start_ms, "boot": boot, "start_boot_ms": start_boot_ms},
    )


def end_pauses(db: sqlite3.Connection, boots: Boots, at: Moment) -> None:
    """Those that would go on after `at`."""
    boots.see(db, at)
    now_ms = boots.wall_ms(db, at)
    ended = db.execute(
        """UPDATE pauses SET until_ms = :now_ms, lasts_ms = :now_ms - start_ms
           WHERE until_ms > :now_ms AND start_ms <= :now_ms""",
        {"now_ms": now_ms},
    )
    if ended.rowcount:
        mark(db, now_ms)


def evidence(db: sqlite3.Connection, boots: Boots, from_ms: int, until_ms: int, now_ms: int, boot_id: str) -> Evidence:
    """Enough to account for [from_ms, until_ms): also the chunk before and the one after, which tell whether a hole is
    the beginning or the end of what was being recorded."""
    spans = db.execute(
        """SELECT start_ms, end_ms, condition, ending, next, boot_id FROM spans JOIN boots ON boots.number = boot
           WHERE (end_ms > ? AND start_ms < ?) OR ending = 'open'""",
        (from_ms, until_ms),
    )
    pauses = db.execute(
        "SELECT start_ms, until_ms FROM pauses WHERE until_ms > ? AND start_ms < ?", (from_ms, until_ms)
    )
    return Evidence(
        _recordings(db, from_ms, until_ms),
        [_span(row, now_ms, boot_id) for row in spans],
        [PauseInterval(*row) for row in pauses],
    )


def _recordings(db: sqlite3.Connection, from_ms: int, until_ms: int) -> list[Recording]:
    read = """SELECT session_id, seq, start_ms, start_ms + length_ms, state FROM chunks
              JOIN origins ON origins.number = origin WHERE state != 'out_of_hours' AND """
    first, last = from_ms - _LONGEST_CHUNK_MS, until_ms + CONTIGUOUS_MS
    rows = db.execute(read + "start_ms BETWEEN ? AND ?", (first, last)).fetchall()
    rows += db.execute(read + "start_ms < ? ORDER BY start_ms DESC LIMIT 1", (first,)).fetchall()
    rows += db.execute(read + "start_ms > ? ORDER BY start_ms LIMIT 1", (last,)).fetchall()
    return [Recording(session, seq, start, end, ChunkState(state)) for session, seq, start, end, state in rows]


def _span(row: tuple[Any, ...], now_ms: int, boot_id: str) -> Span:
    start_ms, end_ms, condition, ending, following, of_boot = row
    if ending == Ending.OPEN:
        if of_boot == boot_id and now_ms <= end_ms + SILENT_MS:
            end_ms = max(end_ms, now_ms)
        else:
            ending = Ending.CUT
    return Span(start_ms, end_ms, Condition(condition), Ending(ending), following and Condition(following))


def _open(db: sqlite3.Connection) -> _Open | None:
    row = db.execute(
        """SELECT spans.number, boot_id, condition, detail, start_boot_ms, end_boot_ms, start_ms, end_ms
           FROM spans JOIN boots ON boots.number = boot WHERE ending = 'open'"""
    ).fetchone()
    return row and _Open(row[0], row[1], Condition(row[2]), *row[3:])


def _extend(db: sqlite3.Connection, boots: Boots, span: _Open, at: Moment) -> None:
    if at.boot_ms > span.end_boot_ms:
        row = (at.boot_ms, boots.wall_ms(db, at), span.number)
        db.execute("UPDATE spans SET end_boot_ms = ?, end_ms = ? WHERE number = ?", row)
        mark(db, span.end_ms)


def _end(
    db: sqlite3.Connection, boots: Boots, span: _Open, at: Moment, following: Condition | None, *, own: bool
) -> None:
    if not own or span.boot_id != at.boot_id:
        db.execute("UPDATE spans SET ending = ? WHERE number = ?", (Ending.CUT, span.number))
        mark(db, _tail_start(db, span))
        return
    end_boot_ms = max(at.boot_ms, span.start_boot_ms)
    end_ms = boots.wall_ms(db, Moment(at.boot_id, end_boot_ms, at.wall_ms))
    if end_boot_ms == span.start_boot_ms:
        db.execute("DELETE FROM spans WHERE number = ?", (span.number,))
    else:
        row = (end_boot_ms, end_ms, Ending.LEFT, following, span.number)
        db.execute("UPDATE spans SET end_boot_ms = ?, end_ms = ?, ending = ?, next = ? WHERE number = ?", row)
    mark(db, min(_tail_start(db, span), end_ms))


def _tail_start(db: sqlite3.Connection, span: _Open) -> int:
    """From where on the end of the span changes fates: what no chunk holds was waiting, and is now lost."""
    if span.condition is not Condition.RECORDING:
        return span.end_ms
    (last,) = db.execute(
        """SELECT start_ms + length_ms FROM chunks WHERE start_ms BETWEEN ? AND ? AND state != 'out_of_hours'
           ORDER BY start_ms DESC LIMIT 1""",
        (span.start_ms - CONTIGUOUS_MS, span.end_ms),
    ).fetchone() or (span.start_ms,)
    return min(int(last), span.end_ms)
