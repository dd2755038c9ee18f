"""Recordings that came after the backup: the restored database does not know them, and the sweep would take them."""

import asyncio
from itertools import islice
from pathlib import Path

from audio.store import AudioStore
from cluster.backup.recordings import write_whole
from db.chunks import paths_of
from db.engine import Database
from domain.chunks import chunk_id_of

BATCH = 1000


async def keep_unnamed(db: Database, store: AudioStore, folder: Path) -> int:
    """Copies them into `folder`, from where `salescontrol import` takes them. Returns how many there are."""
    files = (file.path for file in store.walk() if chunk_id_of(file.path) is not None)
    kept = 0
    while batch := await asyncio.to_thread(lambda: list(islice(files, BATCH))):
        async with db.begin() as tx:
            named = await paths_of(tx, [chunk_id for path in batch if (chunk_id := chunk_id_of(path))])
        kept += await asyncio.to_thread(_copy, store, await asyncio.to_thread(_unknown, store, batch, named), folder)
    return kept


def _unknown(store: AudioStore, paths: list[str], named: set[str]) -> list[str]:
    """Those whose recording no row has: one that was written anew, as an erasure does, has its first file's row."""
    whole = {chunk_id_of(path) for path in named if store.exists(path)}
    return [path for path in paths if path not in named and chunk_id_of(path) not in whole]


def _copy(store: AudioStore, paths: list[str], folder: Path) -> int:
    for path in paths:
        if not (folder / path).exists():
            write_whole(folder / path, store.read(path))
    return len(paths)
