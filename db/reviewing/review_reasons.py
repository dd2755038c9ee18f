"""Which dialogues wait for a review, and why: kept beside the facts, so that nothing has to be searched for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Uuid

from domain.review_queue import LOW_CONFIDENCE, RANDOM_SHARE, SECOND_SHARE

_REFRESH = text(
    """
    WITH judged AS (
        SELECT d.dialogue_id, d.point_id, d.start_ts, a.kind, a.attempted, a.confidence, r.*, e.engines_disagree,
            ('x' || left(md5(d.dialogue_id::text), 8))::bit(32)::bigint / 4294967296.0::double precision AS position
        FROM dialogues d
        JOIN dialogue_transcripts tr ON tr.dialogue_id = d.dialogue_id AND tr.revision = d.revision
        JOIN dialogue_upsell_analysis a ON a.dialogue_id = d.dialogue_id AND a.revision = d.revision
            AND a.transcript_sha256 = tr.transcript_sha256
        CROSS JOIN LATERAL (
            SELECT coalesce(bool_or(reason = 'random'), false) AS has_random,
                coalesce(bool_or(reason = 'second'), false) AS has_second,
                coalesce(bool_or(reason <> 'second'), false) AS has_any,
                (array_agg(call ORDER BY created_at DESC) FILTER (WHERE reason <> 'second'))[1] AS first_call,
                (array_agg(call ORDER BY created_at DESC) FILTER (WHERE reason = 'second'))[1] AS second_call,
                coalesce(max(created_at) FILTER (WHERE reason = 'reviewers_disagree')
                    > max(created_at) FILTER (WHERE reason = 'second'), false) AS is_settled
            FROM (
                SELECT reason, created_at, CASE kind WHEN 'sale' THEN attempted ELSE 'no_sale' END AS call
                FROM reviews
                WHERE dialogue_id = d.dialogue_id AND revision = d.revision AND undone_at IS NULL
            ) live
        ) r
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT call) > 1 AS engines_disagree
            FROM (
                SELECT DISTINCT ON (payload #>> '{provenance,model}')
                    CASE payload #>> '{verdict,kind}'
                        WHEN 'sale' THEN payload #>> '{verdict,attempted}' ELSE 'no_sale' END AS call
                FROM stage_results
                WHERE stage = 'analysis' AND subject_id = d.dialogue_id::text AND subject_rev = d.revision
                    AND NOT is_superseded AND payload ->> 'transcript_sha256' = tr.transcript_sha256
                    AND payload #>> '{verdict,kind}' IS NOT NULL
                ORDER BY payload #>> '{provenance,model}', result_id DESC
            ) latest
            WHERE call <> 'uncertain'
        ) e
        WHERE d.dialogue_id = ANY (:dialogue_ids) AND d.state = 'closed' AND d.analysis_status = 'DONE'
    ), due AS (
        SELECT *, CASE
            WHEN first_call <> second_call AND NOT is_settled THEN 'reviewers_disagree'
            WHEN position < :random_share AND NOT has_random THEN 'random'
            WHEN position < :second_share AND NOT has_second THEN 'second'
            WHEN has_any THEN NULL
            WHEN engines_disagree THEN 'engines_disagree'
            WHEN kind = 'unclear' OR (kind = 'sale' AND attempted = 'uncertain') THEN 'uncertain'
            WHEN confidence < :low_confidence THEN 'low_confidence'
        END AS reason
        FROM judged
    ), gone AS (
        DELETE FROM review_queue WHERE dialogue_id = ANY (:dialogue_ids)
            AND dialogue_id NOT IN (SELECT dialogue_id FROM due WHERE reason IS NOT NULL)
    )
    INSERT INTO review_queue AS q (dialogue_id, point_id, start_ts, reason, confidence, position)
    SELECT dialogue_id, point_id, start_ts, reason, confidence, position FROM due
    WHERE reason IS NOT NULL ORDER BY dialogue_id
    ON CONFLICT (dialogue_id) DO UPDATE SET point_id = excluded.point_id, start_ts = excluded.start_ts,
        reason = excluded.reason, confidence = excluded.confidence
    WHERE (q.point_id, q.start_ts, q.reason, q.confidence)
        IS DISTINCT FROM (excluded.point_id, excluded.start_ts, excluded.reason, excluded.confidence)
    """
).bindparams(bindparam("dialogue_ids", type_=ARRAY(Uuid)))


async def refresh_queue(tx: AsyncConnection, dialogue_ids: Sequence[UUID]) -> None:
    """Says anew which of these wait for a review, and why: after a verdict, a revision, a review or its undoing.

    A dialogue whose reason stays keeps its place and its holder.
    """
    if not dialogue_ids:
        return
    shares = {"random_share": RANDOM_SHARE, "second_share": SECOND_SHARE, "low_confidence": LOW_CONFIDENCE}
    await tx.execute(_REFRESH, {"dialogue_ids": sorted(set(dialogue_ids)), **shares})
