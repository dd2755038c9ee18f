"""The ledger's chunks: rows to dataclasses and back. Every function runs inside the caller's transaction."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from recorder.chunk import Chunk, Identity, Moment
from recorder.fate import ChunkState, Condition
from recorder.ledger.accounting import CONTIGUOUS_MS
from recorder.ledger.ledger_boots import Boots, mark

_READ = """SELECT session_id, seq, point_id, register_id, device_id, boot_id, start_boot_ms, start_wall_ms, length_ms,
    sample_rate, channels, size_bytes, sha256, salvaged, rms_dbfs, peak_dbfs, codec, state, detail, start_ms
    FROM chunks JOIN origins ON origins.number = origin JOIN boots ON boots.number = boot """


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger knows of a chunk. `start_ms`: wall time of its first sample; of a delivered chunk what the
    server was told."""

    chunk: Chunk
    state: ChunkState
    detail: str
    start_ms: int

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.chunk.length_ms


def add(db: sqlite3.Connection, boots: Boots, chunk: Chunk) -> None:
    """A chunk that waits; one that is there already stays as it is."""
    if find(db, chunk.session_id, chunk.seq):
        return
    boot = boots.see(db, chunk.start, lasted_ms=chunk.length_ms)
    start_ms = boots.wall_ms(db, chunk.start)
    db.execute(
        "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            _origin(db, boot, chunk),
            chunk.seq,
            chunk.start.boot_ms,
            chunk.start.wall_ms,
            chunk.length_ms,
            chunk.size_bytes,
            chunk.sha256,
            chunk.salvaged,
            chunk.rms_dbfs,
            chunk.peak_dbfs,
            ChunkState.WAITING,
            "",
            start_ms,
        ),
    )
    mark(db, _unsettled_from(db, start_ms))


def set_state(db: sqlite3.Connection, key: str, state: ChunkState, detail: str, start_ms: int | None) -> None:
    """Raises KeyError where there is no such chunk."""
    entry = find(db, *_parts(key))
    if entry is None:
        raise KeyError(key)
    session_id, seq = _parts(key)
    new_start_ms = entry.start_ms if start_ms is None else start_ms
    db.execute(
        """UPDATE chunks SET state = ?, detail = ?, start_ms = ?
           WHERE seq = ? AND origin IN (SELECT number FROM origins WHERE session_id = ?)""",
        (state, detail, new_start_ms, seq, session_id),
    )
    if (state, new_start_ms) != (entry.state, entry.start_ms):
        mark(db, _unsettled_from(db, min(entry.start_ms, new_start_ms)))


def find(db: sqlite3.Connection, session_id: str, seq: int) -> Entry | None:
    row = db.execute(_READ + "WHERE session_id = ? AND seq = ?", (session_id, seq)).fetchone()
    return row and _entry(row)


def by_key(db: sqlite3.Connection, key: str) -> Entry | None:
    return find(db, *_parts(key))


def in_state(db: sqlite3.Connection, state: ChunkState, *, newest_first: bool, limit: int | None) -> list[Entry]:
    order = "DESC" if newest_first else "ASC"
    undelivered = "" if state is ChunkState.DELIVERED else " AND state != 'delivered'"  # names the partial index
    query = f"{_READ} WHERE state = ?{undelivered} ORDER BY start_ms {order}, seq {order} LIMIT ?"
    return [_entry(row) for row in db.execute(query, (state, -1 if limit is None else limit))]


def waiting_of(db: sqlite3.Connection, device_id: str, *, newest_first: bool, limit: int | None) -> list[Entry]:
    order = "DESC" if newest_first else "ASC"
    query = f"""{_READ} WHERE state = ? AND state != 'delivered' AND device_id = ?
        ORDER BY start_ms {order}, seq {order} LIMIT ?"""
    values = (ChunkState.WAITING, device_id, -1 if limit is None else limit)
    return [_entry(row) for row in db.execute(query, values)]


def waiting_devices(db: sqlite3.Connection) -> list[str]:
    query = """SELECT DISTINCT device_id FROM origins WHERE number IN
        (SELECT origin FROM chunks WHERE state = ? AND state != 'delivered')"""
    return [str(device_id) for (device_id,) in db.execute(query, (ChunkState.WAITING,))]


def _origin(db: sqlite3.Connection, boot: int, chunk: Chunk) -> int:
    who = chunk.identity
    said = (chunk.session_id, boot, who.point_id, who.register_id, who.device_id)
    common = (*said, chunk.sample_rate, chunk.channels, chunk.codec)
    db.execute("INSERT OR IGNORE INTO origins VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", common)
    (number,) = db.execute(
        """SELECT number FROM origins WHERE (session_id, boot, point_id, register_id, device_id, sample_rate, channels,
           codec) = (?, ?, ?, ?, ?, ?, ?, ?)""",
        common,
    ).fetchone()
    return int(number)


def waiting_sizes(db: sqlite3.Connection) -> dict[str, int]:
    query = """SELECT session_id, seq, size_bytes FROM chunks JOIN origins ON origins.number = origin
               WHERE state = 'waiting' AND state != 'delivered'"""
    return {f"{session_id}-{seq:06d}": size_bytes for session_id, seq, size_bytes in db.execute(query)}


def _unsettled_from(db: sqlite3.Connection, start_ms: int) -> int:
    """A chunk at `start_ms` also decides what the hole before it is: not yet in a chunk, or in none."""
    (previous,) = db.execute(
        """SELECT max(start_ms + length_ms)
           FROM (SELECT start_ms, length_ms FROM chunks WHERE start_ms < ? ORDER BY start_ms DESC LIMIT 2)""",
        (start_ms,),
    ).fetchone()
    (span,) = db.execute(
        "SELECT max(start_ms) FROM spans WHERE condition = ? AND start_ms <= ?", (Condition.RECORDING, start_ms)
    ).fetchone()
    earlier = max((known for known in (previous, span) if known is not None), default=start_ms)
    return min(start_ms, earlier) - CONTIGUOUS_MS


def _parts(key: str) -> tuple[str, int]:
    """Of what is no key, what no chunk has."""
    session_id, _, seq = key.rpartition("-")
    return session_id, int(seq) if seq.isdecimal() else -1


def _entry(row: tuple[Any, ...]) -> Entry:
    session_id, seq, point_id, register_id, device_id, boot_id, boot_ms, wall_ms, length_ms, *more = row
    sample_rate, channels, size_bytes, sha256, salvaged, rms_dbfs, peak_dbfs, codec, state, detail, start_ms = more
    chunk = Chunk(
        session_id,
        seq,
        Identity(point_id, register_id, device_id),
        Moment(boot_id, boot_ms, wall_ms),
        length_ms,
        sample_rate,
        channels,
        size_bytes,
        sha256,
        bool(salvaged),
        rms_dbfs,
        peak_dbfs,
        codec,
    )
    return Entry(chunk, ChunkState(state), detail, start_ms)
