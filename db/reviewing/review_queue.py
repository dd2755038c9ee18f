"""The queue as a reviewer sees it: what waits, in whose hands it is, and what is to be judged."""

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
from domain.review_queue import LESSONS, SAMPLE, Candidate, Reason

HOLD_S = 300
"""As long as somebody has a dialogue open nobody else is given it; longer than it takes to hear one and judge it."""
MAX_PER_REASON = 200
"""Candidates of each reason that one look at the queue weighs: the newest."""
MAX_COUNTED = 1_000
"""Waiting ones are counted up to here."""

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
    SELECT d.dialogue_id, d.point_id, p.name AS point, p.zone, p.catalogue, p.shows_registers, rg.name AS register,
        d.start_ts, d.end_ts, d.revision, coalesce(tr.language, d.language) AS language,
        a.kind, a.attempted, a.quality_score, a.categories, a.customer_reaction, a.confidence, a.summary,
        a.analysis_model AS engine
    FROM dialogues d
    JOIN points p ON p.point_id = d.point_id
    JOIN registers rg ON rg.register_id = d.register_id
    LEFT JOIN dialogue_transcripts tr ON tr.dialogue_id = d.dialogue_id AND tr.revision = d.revision
    LEFT JOIN dialogue_upsell_analysis a ON a.dialogue_id = d.dialogue_id AND a.revision = d.revision
        AND a.transcript_sha256 = tr.transcript_sha256 AND d.analysis_status = 'DONE'
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
    """A dialogue to judge. `catalogue` None: the default one; `machine` None: it has no verdict."""

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
    machine: Machine | None


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
    items = [_waiting(rows[one.dialogue_id], one.reason) for one in chosen if one.dialogue_id in rows]
    return [item for item in items if item.machine is not None]


async def read_item(tx: AsyncConnection, dialogue_id: UUID) -> Waiting | None:
    """Any dialogue, to be judged by choice; None where there is none."""
    row = (await tx.execute(_ITEMS, {"dialogue_ids": [dialogue_id]})).one_or_none()
    return None if row is None else _waiting(row, Reason.MANUAL)


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
    machine = Machine(**{name: values[name] for name in Machine.__dataclass_fields__}) if row.kind else None
    own = {name: values[name] for name in Waiting.__dataclass_fields__ if name in values}
    return Waiting(**own, reason=reason, machine=machine)
