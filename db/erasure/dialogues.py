"""The dialogues of erased time: what lies inside goes, what reaches in is cut, and nothing keeps their words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.stage_store import to_instant, to_ms
from domain.erasure import what_stays
from domain.ids import ChunkId, DeviceId, DialogueId
from domain.status import DialogueState
from domain.timeline import Segment, Span

LONGEST = timedelta(hours=1)
"""No dialogue is longer, whatever `dialogues.max_dialogue_s` says now."""
_d, _s = t.dialogues.c, t.dialogue_segments.c

_TOUCHING = text(
    """
    SELECT dialogue_id FROM dialogues
    WHERE device_id = :device_id AND start_ts > :earliest AND start_ts < :until
      AND (end_ts > :since OR start_ts >= :since)
    UNION
    SELECT dialogue_id FROM dialogue_segments
    WHERE chunk_id = ANY (:chunk_ids) AND start_ts < :until AND end_ts > :since
    """
)
"""Earlier revisions count: their results are kept, with their words."""
_FORGET = tuple(
    text(f"DELETE FROM {table} WHERE dialogue_id = ANY (:ids)")
    for table in ("dialogue_transcripts", "dialogue_upsell_analysis", "dialogue_search")
)
_FORGET_REPLACED = text("DELETE FROM run_replaced WHERE dialogue_id = ANY (:ids)")
"""What a promotion replaced has the words of its time; without it that promotion stays for this dialogue."""
_EACH_STAGE = """
    WITH RECURSIVE stages AS (
        (SELECT stage FROM stage_results ORDER BY stage LIMIT 1)
        UNION ALL
        SELECT (SELECT r.stage FROM stage_results r WHERE r.stage > s.stage ORDER BY r.stage LIMIT 1)
        FROM stages s WHERE s.stage IS NOT NULL
    )
"""
"""The index of results begins with the stage: a probe apiece, whatever stages there are."""
_FORGET_RESULTS = text(
    _EACH_STAGE
    + """
    DELETE FROM stage_results r USING stages
    WHERE r.stage = stages.stage AND r.stage <> :but AND r.subject_id = ANY (:subjects)
    """
)
_FORGET_RESULTS_OF = text(
    _EACH_STAGE
    + """
    DELETE FROM stage_results r
    USING stages, unnest(CAST(:subjects AS text[]), CAST(:revisions AS int[])) AS gone (id, revision)
    WHERE r.stage = stages.stage AND r.subject_id = gone.id AND r.subject_rev = gone.revision
    """
)
_FORGET_ANSWERS = text("UPDATE idempotency_keys SET body = NULL WHERE body LIKE ANY (:patterns)")
"""Answers kept for repeated requests may quote a note."""
_RETIRE = text(
    """
    UPDATE dialogues SET state = 'superseded', close_at = NULL, changed_at = now(), error = NULL, skip_reason = NULL
    WHERE dialogue_id = ANY (:ids)
    """
)
_CUT = text(
    """
    UPDATE dialogues SET
        revision = :revision, state = 'open', start_ts = :start_ts, end_ts = :end_ts, close_at = now(),
        closed_at = NULL, changed_at = now(), language = NULL, asr_status = 'PENDING', asr_pass = NULL,
        asr_model = NULL, asr_reasons = '[]'::jsonb, analysis_status = 'PENDING', skip_reason = NULL, error = NULL
    WHERE dialogue_id = :dialogue_id
    """
)
"""A new revision, so that no result of the old one counts; open, so that the dialogues stage looks at it."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A dialogue that the erased time touches now, or touched in one of the revisions in `before`.

    `stays`: speech of the current revision less the erased time; None where the current one is untouched.
    """

    dialogue_id: DialogueId
    revision: int
    state: DialogueState
    has_heir: bool
    stays: tuple[Segment, ...] | None
    before: tuple[int, ...]

    @property
    def is_cut(self) -> bool:
        """Some of it stays, to be heard and judged anew."""
        return bool(self.stays) and self.state is not DialogueState.SUPERSEDED

    @property
    def is_gone(self) -> bool:
        return self.stays is not None and not self.is_cut


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much went. `erased` counts current dialogues, not those that were history already."""

    dialogues_erased: int = 0
    dialogues_cut: int = 0
    transcripts: int = 0
    results: int = 0
    reviews: int = 0


async def dialogues_touching(
    tx: AsyncConnection, device_id: DeviceId, span: Span, chunk_ids: Sequence[ChunkId]
) -> list[DialogueId]:
    """Dialogues that the time touches, in any of their revisions. `chunk_ids`: the chunks that reach into it."""
    where = {
        "device_id": device_id,
        "since": to_instant(span.start_ms),
        "until": to_instant(span.end_ms),
        "earliest": to_instant(span.start_ms) - LONGEST,
        "chunk_ids": list(chunk_ids),
    }
    return [DialogueId(row) for row in (await tx.execute(_TOUCHING, where)).scalars()]


async def read_touched(tx: AsyncConnection, ids: Sequence[DialogueId], erased: Span) -> list[Touched]:
    """What the erased time does to these dialogues, which are held."""
    rows = (await tx.execute(select(t.dialogues).where(_d.dialogue_id.in_(ids)).order_by(_d.dialogue_id))).all()
    speech = await _speech_by_revision(tx, ids)
    found = [_touched(row, speech[row.dialogue_id], erased) for row in rows]
    return [dialogue for dialogue in found if dialogue.stays is not None or dialogue.before]


async def forget(tx: AsyncConnection, touched: Sequence[Touched]) -> Forgotten:
    """Takes the words away and retires or cuts the dialogues. They are held."""
    gone = [d for d in touched if d.is_gone]
    cut = [d for d in touched if d.is_cut]
    ids = [d.dialogue_id for d in (*gone, *cut)]
    transcripts, *_ = [(await tx.execute(statement, {"ids": ids})).rowcount for statement in _FORGET]
    results = await _forget_results(tx, ids, touched)
    await tx.execute(_FORGET_REPLACED, {"ids": [d.dialogue_id for d in touched]})
    reviews = await _forget_reviews(tx, gone, touched)
    await tx.execute(_FORGET_ANSWERS, {"patterns": [f"%{d.dialogue_id}%" for d in touched]})
    await tx.execute(_RETIRE, {"ids": [d.dialogue_id for d in gone]})
    await tx.execute(delete(t.dialogue_segments).where(_s.dialogue_id.in_(ids)))
    for dialogue in touched:
        await _forget_revisions(tx, dialogue)
    for dialogue in cut:
        await _cut(tx, dialogue)
    erased = sum(d.state is not DialogueState.SUPERSEDED for d in gone)
    return Forgotten(erased, len(cut), transcripts, results, reviews)


async def forget_results(tx: AsyncConnection, subjects: Iterable[object], but: str = "") -> int:
    """Deletes every result about these, of every stage `but` one; returns how many."""
    given = {"subjects": [str(subject) for subject in subjects], "but": but}
    return (await tx.execute(_FORGET_RESULTS, given)).rowcount


async def _forget_results(tx: AsyncConnection, ids: Sequence[DialogueId], touched: Sequence[Touched]) -> int:
    whole = await forget_results(tx, ids)
    old = [(str(d.dialogue_id), revision) for d in touched if d.stays is None for revision in d.before]
    columns = {"subjects": [subject for subject, _ in old], "revisions": [revision for _, revision in old]}
    return whole + (await tx.execute(_FORGET_RESULTS_OF, columns)).rowcount


async def _forget_reviews(tx: AsyncConnection, gone: Iterable[Touched], touched: Iterable[Touched]) -> int:
    """Reviews of what is gone go with it; one that counts for what is left loses its note."""
    r = t.reviews.c
    lost = [d.dialogue_id for d in gone if not d.has_heir]
    deleted = (await tx.execute(delete(t.reviews).where(r.dialogue_id.in_(lost)))).rowcount
    kept = [d.dialogue_id for d in touched]
    await tx.execute(update(t.reviews).where(r.dialogue_id.in_(kept)).values(note=""))
    return deleted


async def _forget_revisions(tx: AsyncConnection, dialogue: Touched) -> None:
    """Where the speech of earlier revisions lay."""
    if dialogue.stays is None:
        old = (_s.dialogue_id == dialogue.dialogue_id, _s.revision.in_(dialogue.before))
        await tx.execute(delete(t.dialogue_segments).where(*old))


async def _cut(tx: AsyncConnection, dialogue: Touched) -> None:
    assert dialogue.stays
    revision = dialogue.revision + 1
    span = {
        "start_ts": to_instant(dialogue.stays[0].start_ms),
        "end_ts": to_instant(max(s.end_ms for s in dialogue.stays)),
    }
    await tx.execute(_CUT, {"dialogue_id": dialogue.dialogue_id, "revision": revision, **span})
    rows = [
        {
            "dialogue_id": dialogue.dialogue_id,
            "revision": revision,
            "idx": idx,
            "chunk_id": segment.chunk_id,
            "offset_start_ms": segment.offset_start_ms,
            "offset_end_ms": segment.offset_end_ms,
            "start_ts": to_instant(segment.start_ms),
            "end_ts": to_instant(segment.end_ms),
        }
        for idx, segment in enumerate(dialogue.stays)
    ]
    await tx.execute(insert(t.dialogue_segments), rows)


async def _speech_by_revision(
    tx: AsyncConnection, ids: Sequence[DialogueId]
) -> dict[DialogueId, dict[int, list[Segment]]]:
    query = select(t.dialogue_segments).where(_s.dialogue_id.in_(ids)).order_by(_s.dialogue_id, _s.revision, _s.idx)
    speech: dict[DialogueId, dict[int, list[Segment]]] = defaultdict(lambda: defaultdict(list))
    for row in await tx.execute(query):
        ends = row.offset_start_ms, row.offset_end_ms, to_ms(row.start_ts), to_ms(row.end_ts)
        speech[row.dialogue_id][row.revision].append(Segment(row.chunk_id, *ends))
    return speech


def _touched(row: Row[Any], speech: dict[int, list[Segment]], erased: Span) -> Touched:
    """A dialogue without any speech on record is taken by its own time, and cannot be cut."""
    left = {revision: what_stays(segments, [erased]) for revision, segments in speech.items()}
    start_ms, end_ms = to_ms(row.start_ts), to_ms(row.end_ts)
    if row.revision in left:
        is_touched = left[row.revision] != speech[row.revision]
    else:
        is_touched = start_ms < erased.end_ms and max(end_ms, start_ms + 1) > erased.start_ms
    return Touched(
        DialogueId(row.dialogue_id),
        row.revision,
        DialogueState(row.state),
        row.alias_of is not None,
        tuple(left.get(row.revision, ())) if is_touched else None,
        tuple(revision for revision, stays in left.items() if revision != row.revision and stays != speech[revision]),
    )
