"""The sweep: files that no row names, left by an upload that broke off between its file and its row."""

import asyncio
import logging
from datetime import datetime, timedelta

from audio.store import AudioStore, StoredFile
from db.chunks import paths_with_rows
from db.engine import Database

log = logging.getLogger(__name__)

BATCH = 1000


async def sweep_orphans(db: Database, store: AudioStore, older_than: timedelta, now: datetime) -> int:
    """Deletes files without a row that were last written more than `older_than` before `now`; returns how many.

    The age keeps it from an upload that has its file but not yet its row. Raises Unavailable where the store or the
    database is down; running it again takes up what is left.
    """
    old = await asyncio.to_thread(lambda: [f for f in store.walk() if f.modified_at < now - older_than])
    swept = 0
    for first in range(0, len(old), BATCH):
        swept += await _sweep(db, store, old[first : first + BATCH])
    if swept:
        log.info("orphans_swept", extra={"files": swept})
    return swept


async def _sweep(db: Database, store: AudioStore, files: list[StoredFile]) -> int:
    async with db.begin() as tx:
        named = await paths_with_rows(tx, [f.path for f in files])
    orphans = [f.path for f in files if f.path not in named]
    await asyncio.to_thread(lambda: [store.delete(path) for path in orphans])
    return len(orphans)
