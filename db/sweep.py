"""The sweep: files that no row names, left by an upload that broke off between its file and its row."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from audio.store import AudioStore
from db.chunks import has_any, paths_of
from db.engine import Database
from domain.chunks import chunk_id_of
from domain.ids import ChunkId

log = logging.getLogger(__name__)

BATCH = 1000


async def sweep_orphans(db: Database, store: AudioStore, older_than: timedelta, now: datetime) -> int:
    """Deletes chunk files without a row that were last written more than `older_than` before `now`; returns how many.

    The age keeps it from an upload that has its file but not yet its row; files with other names are not ours. A
    database that knows no chunk at all is taken for the wrong one, and nothing is deleted.
    Raises Unavailable where the store or the database is down; running it again takes up what is left.
    """
    async with db.begin() as tx:
        if not await has_any(tx):
            log.info("sweep_skipped", extra={"reason": "the database knows no chunk; does the store belong to it?"})
            return 0
    files, swept = _old_files(store, now - older_than), 0
    while batch := await asyncio.to_thread(lambda: list(islice(files, BATCH))):
        swept += await _sweep(db, store, batch)
    if swept:
        log.info("orphans_swept", extra={"files": swept})
    return swept


def _old_files(store: AudioStore, before: datetime) -> Iterator[tuple[str, ChunkId]]:
    for file in store.walk():
        chunk_id = chunk_id_of(file.path)
        if chunk_id is not None and file.modified_at < before:
            yield file.path, chunk_id


async def _sweep(db: Database, store: AudioStore, files: list[tuple[str, ChunkId]]) -> int:
    async with db.begin() as tx:
        named = await paths_of(tx, [chunk_id for _, chunk_id in files])
    orphans = [path for path, _ in files if path not in named]
    await asyncio.to_thread(_delete, store, orphans)
    return len(orphans)


def _delete(store: AudioStore, paths: list[str]) -> None:
    for path in paths:
        store.delete(path)
