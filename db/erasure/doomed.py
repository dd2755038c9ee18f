"""Files that have to go: noted in the transaction that lets go of them, deleted after it, by whoever comes by."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from audio.store import AudioStore
from db import tables as t
from db.engine import Database
from db.erasure.steps import Reached, Step, pass_through

BATCH = 500
_f = t.doomed_files.c


async def doom(tx: AsyncConnection, paths: Iterable[str], erasure_id: UUID | None = None) -> None:
    """Notes files that no row names any more once this transaction commits."""
    rows = [{"stored_path": path, "erasure_id": erasure_id} for path in sorted(set(paths))]
    if rows:
        await tx.execute(insert(t.doomed_files).on_conflict_do_nothing(), rows)


async def delete_doomed(
    db: Database, store: AudioStore, erasure_id: UUID | None = None, reached: Reached = pass_through
) -> int:
    """Deletes noted files, of one erasure or all, then their notes; returns how many.

    Killed in between it leaves notes of files that are gone, which is no error the next time. Raises Unavailable where
    the store or the database is down.
    """
    deleted = 0
    last = ""
    while True:
        query = select(_f.stored_path).where(_f.stored_path > last).order_by(_f.stored_path).limit(BATCH)
        if erasure_id is not None:
            query = query.where(_f.erasure_id == erasure_id)
        async with db.begin() as tx:
            paths = list((await tx.execute(query)).scalars())
        if not paths:
            return deleted
        await asyncio.to_thread(_delete, store, paths, reached)
        reached(Step.FILES_DELETED)
        async with db.begin() as tx:
            await tx.execute(delete(t.doomed_files).where(_f.stored_path.in_(paths)))
        deleted, last = deleted + len(paths), paths[-1]


def _delete(store: AudioStore, paths: list[str], reached: Reached) -> None:
    for path in paths:
        store.delete(path)
        reached(Step.FILE_DELETED)
