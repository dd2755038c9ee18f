"""What a promotion replaced: kept exactly, and put back exactly.

`before`: the rows as they stood, as JSON of PostgreSQL's own making, which it reads back without a loss. `after`: when
the promotion was, and a mark of what it left: whoever changes one of these rows later changes the mark as well.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, DateTime, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

STATUS = ("language", "asr_status", "asr_pass", "asr_model", "asr_reasons", "analysis_status", "skip_reason", "error")
"""Columns of `dialogues` that the stages asr and analysis write."""
_STATUS_NOW = f"jsonb_build_object({', '.join(f'{name!r}, d.{name}' for name in STATUS)})"
_RESULTS = """
    LEFT JOIN dialogue_transcripts tr ON tr.dialogue_id = d.dialogue_id
    LEFT JOIN dialogue_upsell_analysis an ON an.dialogue_id = d.dialogue_id
"""
_MARK = f"""jsonb_build_object(
    'dialogue', jsonb_build_array({_STATUS_NOW}, d.revision, d.state),
    'transcript', jsonb_build_array(tr.revision, tr.transcript_sha256, tr.created_at, tr.dropped_at),
    'analysis', jsonb_build_array(an.revision, an.transcript_sha256, an.created_at)
)"""
_RUN = bindparam("run_id", type_=Uuid)
_IDS = bindparam("dialogue_ids", type_=ARRAY(Uuid))
_KEEP = text(
    f"""
    INSERT INTO run_replaced (run_id, dialogue_id, before, after)
    SELECT :run_id, d.dialogue_id,
           jsonb_build_object('dialogue', {_STATUS_NOW}, 'analysis', to_jsonb(an), 'counted_at', day.refreshed_at)
           || CASE WHEN :is_heard THEN jsonb_build_object('transcript', to_jsonb(tr)) ELSE '{{}}' END,
           '{{}}'
    FROM dialogues d {_RESULTS}
    LEFT JOIN dialogue_facts f ON f.dialogue_id = d.dialogue_id
    LEFT JOIN report_days day ON day.point_id = f.point_id AND day.day = f.day
    WHERE d.dialogue_id = ANY (:dialogue_ids)
    """
).bindparams(_RUN, _IDS, bindparam("is_heard", type_=Boolean))
"""A transcript is kept only where the run brings another; a row that was not there is null."""
_SEAL = text(
    f"""
    UPDATE run_replaced r
    SET after = jsonb_build_object('promoted_at', CAST(:at AS timestamptz), 'counted_at', now(), 'mark', {_MARK})
    FROM dialogues d {_RESULTS}
    WHERE r.run_id = :run_id AND r.dialogue_id = ANY (:dialogue_ids) AND d.dialogue_id = r.dialogue_id
    """
).bindparams(_RUN, _IDS, bindparam("at", type_=DateTime(timezone=True)))
_LOCK = text(
    """
    SELECT FROM dialogues WHERE dialogue_id IN (SELECT dialogue_id FROM run_replaced WHERE run_id = :run_id)
    ORDER BY dialogue_id FOR NO KEY UPDATE
    """
).bindparams(_RUN)
_LEAVE = text(
    f"""
    DELETE FROM run_replaced r USING dialogues d {_RESULTS}
    WHERE r.run_id = :run_id AND d.dialogue_id = r.dialogue_id AND r.after -> 'mark' IS DISTINCT FROM {_MARK}
    """
).bindparams(_RUN)
_COUNTED = text(
    """
    SELECT f.point_id, f.day, min(CAST(r.before ->> 'counted_at' AS timestamptz)) AS refreshed_at
    FROM run_replaced r
    JOIN dialogue_facts f ON f.dialogue_id = r.dialogue_id
    JOIN report_days day ON day.point_id = f.point_id AND day.day = f.day
    WHERE r.run_id = :run_id
    GROUP BY f.point_id, f.day
    HAVING bool_and(CAST(r.after ->> 'counted_at' AS timestamptz) = day.refreshed_at)
    """
).bindparams(_RUN)
_RECALL_COUNT = text(
    "UPDATE report_days SET refreshed_at = :refreshed_at WHERE point_id = :point_id AND day = :day"
).bindparams(bindparam("point_id", type_=Uuid), bindparam("refreshed_at", type_=DateTime(timezone=True)))


def _restore(table: str, part: str) -> tuple[str, str]:
    """Takes what stands out, puts in what stood, where the promotion has touched this part."""
    of_run = f"FROM run_replaced r WHERE r.run_id = :run_id AND r.before ? '{part}'"
    return (
        f"DELETE FROM {table} WHERE dialogue_id IN (SELECT r.dialogue_id {of_run})",
        f"""
        INSERT INTO {table}
        SELECT old.* FROM (SELECT r.before -> '{part}' AS was {of_run}) AS r
        CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS {table}), r.was) AS old
        WHERE jsonb_typeof(r.was) = 'object'
        """,
    )


_RESTORE = tuple(
    text(statement).bindparams(_RUN)
    for statement in (
        f"""
        UPDATE dialogues d SET {", ".join(f"{name} = old.{name}" for name in STATUS)}
        FROM run_replaced r
        CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS dialogues), r.before -> 'dialogue') AS old
        WHERE r.run_id = :run_id AND d.dialogue_id = r.dialogue_id
        """,
        *_restore("dialogue_transcripts", "transcript"),
        *_restore("dialogue_upsell_analysis", "analysis"),
    )
)
_DROP = text("DELETE FROM run_replaced WHERE run_id = :run_id RETURNING dialogue_id").bindparams(_RUN)


async def keep(tx: AsyncConnection, run_id: UUID, dialogue_ids: Sequence[UUID], *, is_heard: bool) -> None:
    """Keeps the rows of these dialogues, which are held. `is_heard`: their transcripts are going to be replaced too."""
    await tx.execute(_KEEP, {"run_id": run_id, "dialogue_ids": list(dialogue_ids), "is_heard": is_heard})


async def seal(tx: AsyncConnection, run_id: UUID, dialogue_ids: Sequence[UUID], at: datetime) -> None:
    """Notes what the promotion has left in their place. Figures are counted in the same transaction."""
    await tx.execute(_SEAL, {"run_id": run_id, "dialogue_ids": list(dialogue_ids), "at": at})


async def leave_changed(tx: AsyncConnection, run_id: UUID) -> int:
    """Holds the dialogues and forgets what was replaced of those that somebody has changed since: they stay as they
    are. Returns how many."""
    await tx.execute(_LOCK, {"run_id": run_id})
    return (await tx.execute(_LEAVE, {"run_id": run_id})).rowcount


async def counted_before(tx: AsyncConnection, run_id: UUID) -> list[dict[str, Any]]:
    """Days of points that nobody has counted anew since the promotion, and when they were counted before it."""
    rows = await tx.execute(_COUNTED, {"run_id": run_id})
    return [dict(row) for row in rows.mappings()]


async def recall_count(tx: AsyncConnection, days: Sequence[dict[str, Any]]) -> None:
    """Their figures are those of then again."""
    if days:
        await tx.execute(_RECALL_COUNT, list(days))


async def restore(tx: AsyncConnection, run_id: UUID) -> list[UUID]:
    """Puts back what is kept of the run, and keeps it no longer. Returns whose it was."""
    for statement in _RESTORE:
        await tx.execute(statement, {"run_id": run_id})
    return sorted((await tx.execute(_DROP, {"run_id": run_id})).scalars())
