"""What the dialogues stage writes: dialogues, their segments by revision, and what became of the old ones."""

from collections.abc import Mapping, Sequence
from itertools import islice

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues import stage_sql as sql
from db.dialogues.stage_store import Place, to_instant
from domain.drafts import Draft
from domain.ids import ChunkId, DeviceId, DialogueId
from domain.revisions import possible_ids
from domain.status import DialogueState
from domain.timeline import Segment

_FIRST_CANDIDATES = 4


async def unused_ids(tx: AsyncConnection, device_id: DeviceId, firsts: Sequence[Segment]) -> list[DialogueId]:
    """An id never used before for each new dialogue, given its first segment."""
    depth = _FIRST_CANDIDATES
    while True:
        candidates = [list(islice(possible_ids(device_id, first), depth)) for first in firsts]
        query = select(t.dialogues.c.dialogue_id).where(
            t.dialogues.c.dialogue_id.in_({c for cs in candidates for c in cs})
        )
        used = set((await tx.execute(query)).scalars())
        chosen: list[DialogueId] = []
        for choices in candidates:
            free = next((c for c in choices if c not in used), None)
            if free is None:
                break
            used.add(free)
            chosen.append(free)
        else:
            return chosen
        depth *= 4


async def write_drafts(
    tx: AsyncConnection, device_id: DeviceId, drafts: Sequence[Draft], places: Mapping[ChunkId, Place], now_ms: int
) -> None:
    """Creates, rebuilds or closes. A dialogue is where its first chunk was recorded. Old ones are locked before."""
    created = [draft for draft in drafts if draft.is_new]
    rebuilt = [draft for draft in drafts if draft.is_changed and not draft.is_new]
    waiting = [draft for draft in drafts if not draft.is_changed]
    if created:
        rows = [{"device_id": device_id, **_values(draft, places, now_ms)} for draft in created]
        await tx.execute(insert(t.dialogues), rows)
    if rebuilt:
        await tx.execute(sql.REBUILD, [_values(draft, places, now_ms) for draft in rebuilt])
    if waiting:
        await tx.execute(sql.CLOSE, [_closing(draft, now_ms) for draft in waiting])
    await _write_segments(tx, [*created, *rebuilt])


async def supersede(tx: AsyncConnection, heirs: Sequence[tuple[DialogueId, DialogueId | None]], now_ms: int) -> None:
    """Retires dialogues, each an alias of its heir where there is one; what was an alias of it follows."""
    if not heirs:
        return
    rows = [
        {"dialogue_id": old, "heir": heir, "changed_at": to_instant(now_ms)} for old, heir in sorted(heirs, key=str)
    ]
    await tx.execute(sql.SUPERSEDE, rows)
    inherited = [{"dialogue_id": row["dialogue_id"], "heir": row["heir"]} for row in rows if row["heir"] is not None]
    if inherited:
        await tx.execute(sql.INHERIT_ALIASES, inherited)


async def _write_segments(tx: AsyncConnection, drafts: Sequence[Draft]) -> None:
    if not drafts:
        return
    s = t.dialogue_segments.c
    for draft in drafts:
        if not draft.is_new:
            await tx.execute(
                delete(t.dialogue_segments).where(s.dialogue_id == draft.dialogue_id, s.revision == draft.revision)
            )
    rows = [
        {
            "dialogue_id": draft.dialogue_id,
            "revision": draft.revision,
            "idx": idx,
            "chunk_id": segment.chunk_id,
            "offset_start_ms": segment.offset_start_ms,
            "offset_end_ms": segment.offset_end_ms,
            "start_ts": to_instant(segment.start_ms),
            "end_ts": to_instant(segment.end_ms),
        }
        for draft in drafts
        for idx, segment in enumerate(draft.dialogue.segments)
    ]
    await tx.execute(insert(t.dialogue_segments), rows)


def _values(draft: Draft, places: Mapping[ChunkId, Place], now_ms: int) -> dict[str, object]:
    place = places[draft.dialogue.segments[0].chunk_id]
    span = draft.dialogue.span
    return {
        **_closing(draft, now_ms),
        "revision": draft.revision,
        "point_id": place.point_id,
        "register_id": place.register_id,
        "start_ts": to_instant(span.start_ms),
        "end_ts": to_instant(span.end_ms),
        "changed_at": to_instant(now_ms),
    }


def _closing(draft: Draft, now_ms: int) -> dict[str, object]:
    is_closed = draft.state is DialogueState.CLOSED
    return {
        "dialogue_id": draft.dialogue_id,
        "state": draft.state.value,
        "close_at": None if is_closed or draft.close_ms is None else to_instant(draft.close_ms),
        "closed_at": to_instant(now_ms) if is_closed else None,
    }
