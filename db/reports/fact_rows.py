"""Rows of `dialogue_facts`: one a dialogue, whatever its state, as its transcript, verdict and reviews now stand.

The review that counts is the newest that was neither undone nor asked for only to compare reviewers; those of dialogues
that were merged into this one count for it as well.
"""

from collections.abc import Sequence

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.reports.hours import Hour
from domain.ids import DialogueId, PointId

OPINIONS = """
    SELECT d.dialogue_id, d.point_id, d.register_id, d.device_id, d.start_ts, d.end_ts, d.revision,
           date_trunc('hour', d.start_ts, p.zone) AS hour_ts, CAST(d.start_ts AT TIME ZONE p.zone AS date) AS day,
           d.state = 'superseded' AS is_superseded,
           CASE WHEN d.asr_status IN ('ERROR', 'SKIPPED') THEN d.asr_status ELSE d.analysis_status END AS status,
           coalesce(tr.language, d.language) AS language,
           an.kind AS machine_kind, an.attempted AS machine_attempted, an.quality_score AS machine_quality_score,
           an.categories AS machine_categories, an.customer_reaction AS machine_reaction, an.closing_question,
           an.analysis_model AS engine, an.confidence, an.cost_usd,
           r.review_id, r.reviewer, r.created_at AS reviewed_at, r.kind AS review_kind,
           r.attempted AS review_attempted, r.quality_score AS review_quality_score, r.categories AS review_categories,
           r.customer_reaction AS review_reaction,
           (r.dialogue_id, r.revision) IS DISTINCT FROM (d.dialogue_id, d.revision) AS is_stale
    FROM dialogues d
    JOIN points p USING (point_id)
    LEFT JOIN dialogue_transcripts tr ON tr.dialogue_id = d.dialogue_id AND tr.revision = d.revision
    LEFT JOIN dialogue_upsell_analysis an
        ON an.dialogue_id = d.dialogue_id AND an.revision = d.revision
        AND an.transcript_sha256 = tr.transcript_sha256 AND d.analysis_status = 'DONE'
    LEFT JOIN LATERAL (
        SELECT reviews.*
        FROM (
            SELECT d.dialogue_id UNION ALL SELECT merged.dialogue_id FROM dialogues merged
            WHERE merged.alias_of = d.dialogue_id
        ) AS of_it
        JOIN reviews USING (dialogue_id)
        WHERE undone_at IS NULL AND reason <> 'second'
        ORDER BY created_at DESC, review_id DESC LIMIT 1
    ) AS r ON d.state <> 'superseded'
"""
"""A transcript of an older revision and a verdict on another text are history, not the current result."""

_FACTS = f"""
    SELECT dialogue_id, point_id, register_id, device_id, start_ts, end_ts, hour_ts, day, revision,
           CASE
               WHEN is_superseded THEN 'superseded'
               WHEN review_id IS NULL AND status = 'SKIPPED' THEN 'skipped'
               WHEN review_id IS NULL AND status = 'ERROR' THEN 'failed'
               WHEN review_id IS NULL AND (status <> 'DONE' OR machine_kind IS NULL) THEN 'pending'
               WHEN coalesce(review_kind, machine_kind) = 'unclear' THEN 'unclear_kind'
               WHEN coalesce(review_kind, machine_kind) <> 'sale' THEN coalesce(review_kind, machine_kind)
               ELSE coalesce(review_attempted, machine_attempted)
           END AS place,
           coalesce(review_kind, machine_kind) AS kind,
           coalesce(review_attempted, machine_attempted) AS attempted,
           coalesce(review_quality_score, machine_quality_score) AS quality_score,
           ARRAY(
               SELECT DISTINCT category
               FROM jsonb_array_elements_text(coalesce(review_categories, machine_categories, '[]')) AS category
               ORDER BY category
           ) AS categories,
           coalesce(review_reaction, machine_reaction) AS customer_reaction,
           closing_question, engine, CAST(confidence AS real) AS confidence, language,
           review_id, reviewer, reviewed_at, review_id IS NOT NULL AND is_stale AS is_stale,
           coalesce(cost_usd, 0) AS cost_usd
    FROM ({OPINIONS} WHERE {{which}}) AS opinions
"""
COLUMNS = [column.name for column in t.dialogue_facts.columns]
_ALL, _REST = ", ".join(COLUMNS), ", ".join(COLUMNS[1:])
_WHICH = "d.dialogue_id = ANY (:dialogue_ids) AND (CAST(:point_id AS uuid) IS NULL OR d.point_id = :point_id)"
_GIVEN = (bindparam("dialogue_ids", type_=ARRAY(Uuid)), bindparam("point_id", type_=Uuid))
FACTS = _FACTS.format(which="d.point_id = :point_id AND d.start_ts >= :since AND d.start_ts < :until")
"""The facts as they should be, of one point between two instants."""
FACTS_NOW = text(_FACTS.format(which="d.dialogue_id = ANY (:dialogue_ids)")).bindparams(
    bindparam("dialogue_ids", type_=ARRAY(Uuid))
)
"""The facts of single dialogues as they stand this moment, whatever was written of them."""

_MISSING = """
    d.dialogue_id = ANY (:dialogue_ids) AND (CAST(:point_id AS uuid) IS NULL OR d.point_id = :point_id)
    AND NOT EXISTS (SELECT FROM dialogue_facts known WHERE known.dialogue_id = d.dialogue_id)
"""
_ADD = text(
    f"""
    INSERT INTO dialogue_facts ({_ALL})
    SELECT {_ALL} FROM ({_FACTS.format(which=_MISSING)}) AS facts ORDER BY dialogue_id
    ON CONFLICT DO NOTHING
    """
).bindparams(*_GIVEN)
_HOLD = text(
    """
    SELECT dialogue_id, point_id, hour_ts FROM dialogue_facts WHERE dialogue_id = ANY (:dialogue_ids)
    ORDER BY dialogue_id FOR UPDATE
    """
).bindparams(_GIVEN[0])
_UPDATE = text(
    f"""
    UPDATE dialogue_facts AS f SET ({_REST}) = ROW({", ".join(f"facts.{name}" for name in COLUMNS[1:])})
    FROM ({_FACTS.format(which=_WHICH)}) AS facts
    WHERE f.dialogue_id = facts.dialogue_id
      AND ({", ".join(f"f.{name}" for name in COLUMNS[1:])})
          IS DISTINCT FROM ({", ".join(f"facts.{name}" for name in COLUMNS[1:])})
    RETURNING f.dialogue_id, f.point_id, f.hour_ts
    """
).bindparams(*_GIVEN)


async def write_facts(
    tx: AsyncConnection, dialogue_ids: Sequence[DialogueId], point_id: PointId | None = None
) -> frozenset[Hour]:
    """Brings the facts of these dialogues up to date; with `point_id` of those that are this point's now, and leaves
    the others to their own point's job. Returns the hours where the facts were before and are now.

    In this order: rows that are not there yet, then the lock of each, then what they should be by a snapshot younger
    than the locks. So a slower writer never puts an older state over a newer one.
    """
    given = {"dialogue_ids": list(dialogue_ids), "point_id": point_id}
    await tx.execute(_ADD, given)
    before = (await tx.execute(_HOLD, {"dialogue_ids": given["dialogue_ids"]})).all()
    after = (await tx.execute(_UPDATE, given)).all()
    return frozenset(Hour(PointId(row.point_id), row.hour_ts) for row in (*before, *after))
