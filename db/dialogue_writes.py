"""What the dialogues stage writes: dialogues, their segments by revision, and what became of the old ones."""

from collections.abc import Mapping, Sequence
from itertools import islice

from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogue_store import Place, to_instant
from domain.drafts import Draft
from domain.ids import ChunkId, DeviceId, DialogueId
from domain.revisions import possible_ids
from domain.status import DialogueState
from domain.timeline import Segment

_FIRST_CANDIDATES = 4

REBUILD = text(
    """
    UPDATE dialogues SET
        revision = :revision, point_id = :point_id, register_id = :register_id, start_ts = :start_ts, end_ts = :end_ts,
        state = :state, close_at = :close_at, closed_at = :closed_at, changed_at = :changed_at, language = NULL,
        asr_status = 'PENDING', asr_pass = NULL, asr_model = NULL, asr_reasons = '[]'::jsonb,
        analysis_status = 'PENDING', skip_reason = NULL, error = NULL
    WHERE dialogue_id = :dialogue_id
    """
)
CLOSE = text(
    """
    UPDATE dialogues SET state = :state, close_at = :close_at, closed_at = :closed_at WHERE dialogue_id = :dialogue_id
    """
)
SUPERSEDE = text(
    """
    UPDATE dialogues SET state = 'superseded', alias_of = :heir, close_at = NULL, changed_at = :changed_at
    WHERE dialogue_id = :dialogue_id
    """
)
INHERIT_ALIASES = text(
    """
    UPDATE dialogues SET alias_of = :heir WHERE alias_of = :dialogue_id
    """
)


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
    """Creates, rebuilds or closes, by id so that locks are taken in one order. A dialogue is where its first chunk was
    recorded."""
    drafts = sorted(drafts, key=lambda draft: str(draft.dialogue_id))
    created = [draft for draft in drafts if draft.is_new]
    rebuilt = [draft for draft in drafts if draft.is_changed and not draft.is_new]
    waiting = [draft for draft in drafts if not draft.is_changed]
    if created:
        rows = [{"device_id": device_id, **_values(draft, places, now_ms)} for draft in created]
        await tx.execute(insert(t.dialogues), rows)
    if rebuilt:
        await tx.execute(REBUILD, [_values(draft, places, now_ms) for draft in rebuilt])
    if waiting:
        await tx.execute(CLOSE, [_closing(draft, now_ms) for draft in waiting])
    await _write_segments(tx, [*created, *rebuilt])


async def supersede(tx: AsyncConnection, heirs: Sequence[tuple[DialogueId, DialogueId | None]], now_ms: int) -> None:
    """Retires dialogues, each an alias of its heir where there is one; what was an alias of it follows."""
    if not heirs:
        return
    rows = [
        {"dialogue_id": old, "heir": heir, "changed_at": to_instant(now_ms)} for old, heir in sorted(heirs, key=str)
    ]
    await tx.execute(SUPERSEDE, rows)
    inherited = [{"dialogue_id": row["dialogue_id"], "heir": row["heir"]} for row in rows if row["heir"] is not None]
    if inherited:
        await tx.execute(INHERIT_ALIASES, inherited)


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
