"""The dialogues that wait for a review: which they are and why, in whose hands, and what a reviewer gets to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text, Uuid

from domain.ids import DialogueId
from domain.review_queue import LESSONS, LOW_CONFIDENCE, RANDOM_SHARE, SAMPLE, SECOND_SHARE, Candidate, Reason

HOLD_S = 300
"""As long as somebody has a dialogue open nobody else is given it; longer than it takes to hear one and judge it."""
MAX_PER_REASON = 200
"""Candidates of each reason that one look at the queue weighs: the newest."""
MAX_COUNTED = 1_000
"""Waiting ones are counted up to here."""

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

_CANDIDATES = text(
    """
    SELECT q.*
    FROM unnest(:reasons) AS wanted (reason)
    CROSS JOIN LATERAL (
        SELECT dialogue_id, reason, start_ts, confidence,
            coalesce(held_by <> :reviewer AND held_until > now(), false) AS is_held,
            EXISTS (SELECT FROM reviews r WHERE r.dialogue_id = waiting.dialogue_id AND r.reviewer = :reviewer
                AND r.undone_at IS NULL) AS is_mine
        FROM review_queue waiting
        WHERE waiting.reason = wanted.reason
            AND (CAST(:points AS uuid[]) IS NULL OR point_id = ANY (:points))
            AND NOT dialogue_id = ANY (:exclude)
        ORDER BY start_ts DESC LIMIT :limit
    ) q
    """
).bindparams(
    bindparam("reasons", type_=ARRAY(Text)),
    bindparam("points", type_=ARRAY(Uuid)),
    bindparam("exclude", type_=ARRAY(Uuid)),
)

_WAITING = text(
    """
    SELECT wanted.reason, counted.n
    FROM unnest(:reasons) AS wanted (reason)
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM (
            SELECT FROM review_queue q
            WHERE q.reason = wanted.reason AND (CAST(:points AS uuid[]) IS NULL OR point_id = ANY (:points))
            LIMIT :limit
        ) AS these
    ) counted
    """
).bindparams(bindparam("reasons", type_=ARRAY(Text)), bindparam("points", type_=ARRAY(Uuid)))

_HOLD = text(
    """
    UPDATE review_queue SET held_by = :reviewer, held_until = now() + make_interval(secs => :hold_s)
    WHERE dialogue_id = :dialogue_id
        AND (held_by IS NULL OR held_by = :reviewer OR held_until IS NULL OR held_until <= now())
    RETURNING held_until
    """
)
_RELEASE = text(
    """
    UPDATE review_queue SET held_by = NULL, held_until = NULL WHERE dialogue_id = :dialogue_id AND held_by = :reviewer
    """
)
_WAITS = text("SELECT point_id FROM review_queue WHERE dialogue_id = :dialogue_id")

_ITEMS = text(
    """
    SELECT d.dialogue_id, d.point_id, p.name AS point, p.zone, p.catalogue, p.shows_registers,
        rg.name AS register, d.start_ts, d.end_ts, d.revision, coalesce(tr.language, d.language) AS language, a.kind, a.attempted, a.quality_score, a.categories,
        a.customer_reaction, a.confidence, a.summary, a.analysis_model AS engine
    FROM dialogues d
    JOIN points p ON p.point_id = d.point_id
    JOIN registers rg ON rg.register_id = d.register_id
    JOIN dialogue_transcripts tr ON tr.dialogue_id = d.dialogue_id AND tr.revision = d.revision
    JOIN dialogue_upsell_analysis a ON a.dialogue_id = d.dialogue_id AND a.revision = d.revision
    WHERE d.dialogue_id = ANY (:dialogue_ids)
    """
).bindparams(bindparam("dialogue_ids", type_=ARRAY(Uuid)))


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine's verdict as it stands."""

    kind: str
    attempted: str
    quality_score: int
    categories: Sequence[str]
    customer_reaction: str
    confidence: float
    summary: str
    engine: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """One dialogue of the queue. `catalogue` None: the default one."""

    dialogue_id: DialogueId
    point_id: UUID
    point: str
    zone: str
    register: str
    shows_registers: bool
    start_ts: datetime
    end_ts: datetime
    revision: int
    language: str | None
    catalogue: Sequence[str] | None
    reason: Reason
    machine: Machine


async def refresh_queue(tx: AsyncConnection, dialogue_ids: Sequence[UUID]) -> None:
    """Says anew which of these wait for a review, and why: after a verdict, a revision, a review or its undoing.

    A dialogue whose reason stays keeps its place and its holder.
    """
    if not dialogue_ids:
        return
    shares = {"random_share": RANDOM_SHARE, "second_share": SECOND_SHARE, "low_confidence": LOW_CONFIDENCE}
    await tx.execute(_REFRESH, {"dialogue_ids": sorted(set(dialogue_ids)), **shares})


async def find_candidates(
    tx: AsyncConnection,
    reviewer: str,
    points: Sequence[UUID] | None,
    reasons: Sequence[Reason] = (),
    exclude: Sequence[UUID] = (),
) -> list[Candidate]:
    """What waits at these points (None: all) for these reasons (none given: any), in no order."""
    rows = await tx.execute(
        _CANDIDATES,
        {
            "reviewer": reviewer,
            "points": points,
            "reasons": _reasons(reasons),
            "exclude": list(exclude),
            "limit": MAX_PER_REASON,
        },
    )
    return [
        Candidate(row.dialogue_id, Reason(row.reason), row.start_ts, row.confidence, row.is_mine, row.is_held)
        for row in rows
    ]


async def read_items(tx: AsyncConnection, chosen: Sequence[Candidate]) -> list[Waiting]:
    """The dialogues of `chosen`, in its order; one that changed meanwhile is left out."""
    found = await tx.execute(_ITEMS, {"dialogue_ids": [one.dialogue_id for one in chosen]})
    rows = {row.dialogue_id: row for row in found}
    return [_waiting(rows[one.dialogue_id], one.reason) for one in chosen if one.dialogue_id in rows]


async def count_waiting(tx: AsyncConnection, points: Sequence[UUID] | None) -> dict[Reason, int]:
    """How many wait, by reason, each counted up to MAX_COUNTED."""
    given = {"points": points, "reasons": _reasons(()), "limit": MAX_COUNTED}
    return {Reason(row.reason): row.n for row in await tx.execute(_WAITING, given)}


async def point_of_waiting(tx: AsyncConnection, dialogue_id: UUID) -> UUID | None:
    """Where the dialogue was; None where it does not wait."""
    point_id: UUID | None = (await tx.execute(_WAITS, {"dialogue_id": dialogue_id})).scalar_one_or_none()
    return point_id


async def hold(tx: AsyncConnection, dialogue_id: UUID, reviewer: str) -> datetime | None:
    """Keeps the dialogue from other reviewers until the instant returned; None where another one holds it, or where it
    does not wait any more. The holder may hold it again."""
    given = {"dialogue_id": dialogue_id, "reviewer": reviewer, "hold_s": HOLD_S}
    until: datetime | None = (await tx.execute(_HOLD, given)).scalar_one_or_none()
    return until


async def release(tx: AsyncConnection, dialogue_id: UUID, reviewer: str) -> None:
    """Gives the dialogue back to the others, where `reviewer` holds it."""
    await tx.execute(_RELEASE, {"dialogue_id": dialogue_id, "reviewer": reviewer})


def _reasons(asked: Sequence[Reason]) -> list[str]:
    return [reason.value for reason in asked or (*SAMPLE, *LESSONS)]


def _waiting(row: Row[Any], reason: Reason) -> Waiting:
    values = row._mapping
    machine = Machine(**{name: values[name] for name in Machine.__dataclass_fields__})
    own = {name: values[name] for name in Waiting.__dataclass_fields__ if name in values}
    return Waiting(**own, reason=reason, machine=machine)
