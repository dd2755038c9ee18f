"""How far back the ledger reaches. Every function runs inside the caller's transaction."""

import sqlite3

from recorder.chunk import Moment
from recorder.ledger.ledger_boots import Boots

_FORGET = (
    "DELETE FROM chunks WHERE start_ms < :horizon_ms AND state NOT IN ('waiting', 'quarantined')",
    "DELETE FROM spans WHERE end_ms < :horizon_ms AND ending != 'open'",
    "DELETE FROM pauses WHERE until_ms < :horizon_ms",
    "DELETE FROM origins WHERE number NOT IN (SELECT origin FROM chunks)",
    """DELETE FROM boots WHERE number < (SELECT min(boot) FROM
       (SELECT boot FROM spans UNION ALL SELECT boot FROM origins UNION ALL SELECT boot FROM pauses))""",
    "DELETE FROM anchors WHERE boot NOT IN (SELECT number FROM boots)",
    "UPDATE meta SET value = max(value, :horizon_ms) WHERE key = 'pruned_ms'",
)


def begin(db: sqlite3.Connection, boots: Boots, now: Moment) -> None:
    """Remembers from when on this file knows something."""
    if db.execute("SELECT 1 FROM meta WHERE key = 'begun_boot'").fetchone() is None:
        boots.see(db, now)
        db.execute("INSERT INTO meta VALUES ('begun_boot', ?), ('begun_boot_ms', ?)", (now.boot_id, now.boot_ms))


def known_from_ms(db: sqlite3.Connection, boots: Boots) -> int:
    meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
    if "begun_boot" not in meta:
        return int(meta["pruned_ms"])
    begun = Moment(meta["begun_boot"], meta["begun_boot_ms"], 0)
    return max(boots.wall_ms(db, begun), int(meta["pruned_ms"]))


def forget(db: sqlite3.Connection, horizon_ms: int) -> None:
    """What is older, but no chunk that is still somewhere."""
    for statement in _FORGET:
        db.execute(statement, {"horizon_ms": horizon_ms})
