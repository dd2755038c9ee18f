"""What somebody means by an id or the name of a stored file, and its way."""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import Column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.trace.chunk import chunk_way
from db.trace.dialogue import dialogue_way
from domain.errors import NotFound
from domain.trace import Way

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


async def way_of(tx: AsyncConnection, asked: str) -> Way:
    """`asked`: the id of a chunk or a dialogue, or a stored file's path or name. Raises NotFound."""
    ids = [match.group() for match in _UUID.finditer(asked)]
    if not ids:
        raise NotFound(
            f"'{asked}' holds no id; give a chunk's or a dialogue's id, or the name of a stored file "
            "(chunk_<start>_<id>.ogg)"
        )
    found = UUID(ids[-1])  # a path names point and register first, and its chunk last
    if await _exists(tx, t.audio_chunks.c.chunk_id, found):
        return await chunk_way(tx, found)
    if await _exists(tx, t.dialogues.c.dialogue_id, found):
        return await dialogue_way(tx, found)
    raise NotFound(
        f"no chunk and no dialogue has the id {found}: it was never received here, or its dialogue was erased"
    )


async def _exists(tx: AsyncConnection, column: Column[Any], value: UUID) -> bool:
    return (await tx.execute(select(column).where(column == value))).first() is not None
