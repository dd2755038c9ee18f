"""What reviewers hold about dialogues: written, undone, and read back with who and when.

The review that counts for a dialogue is the newest that is not undone and is no second opinion. Every write locks the
dialogue first, so that two reviewers take turns and "the newest" means the last that was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.reports.facts import refresh_facts
from db.reviewing.review_queue import release
from domain.access import Principal
from domain.errors import Conflict
from domain.ids import DialogueId
from domain.review import Judgement
from domain.review_queue import RANDOM_SHARE, SECOND_SHARE, Reason, share_position
from domain.status import Attempted, DialogueState, Kind, Reaction
from domain.verdict import DEFAULT_CATALOGUE


@dataclass(frozen=True, slots=True)
class Subject:
    """A dialogue under review, its row locked. `catalogue`: what its point can offer."""

    dialogue_id: DialogueId
    point_id: UUID
    revision: int
    state: DialogueState
    alias_of: UUID | None
    catalogue: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """One review as it stands. is_counting: figures rest on it; is_stale: the dialogue was rebuilt after it."""

    review_id: UUID
    dialogue_id: DialogueId
    point_id: UUID
    revision: int
    reviewer: str
    reviewer_id: UUID | None
    reason: Reason
    judgement: Judgement
    created_at: datetime
    undone_at: datetime | None
    undone_by: str | None
    is_counting: bool
    is_stale: bool


_LISTED = text(
    """
    SELECT r.*, d.point_id, d.state = 'superseded' OR r.revision < d.revision AS is_stale,
        EXISTS (SELECT FROM dialogue_facts f
            WHERE f.dialogue_id = coalesce(d.alias_of, d.dialogue_id) AND f.review_id = r.review_id) AS is_counting
    FROM reviews r JOIN dialogues d USING (dialogue_id)
    WHERE d.dialogue_id = :dialogue_id OR d.alias_of = :dialogue_id OR r.review_id = :review_id
    ORDER BY r.created_at DESC, r.review_id DESC
    """
)
"""Those of dialogues that were merged into this one are its own as well. Which of them counts, its fact says."""


async def lock_subject(tx: AsyncConnection, dialogue_id: UUID) -> Subject | None:
    """Locks the dialogue; None where there is none."""
    d = t.dialogues.c
    query = (
        select(d.dialogue_id, d.point_id, d.revision, d.state, d.alias_of, t.points.c.catalogue)
        .join(t.points, t.points.c.point_id == d.point_id)
        .where(d.dialogue_id == dialogue_id)
        .with_for_update(of=t.dialogues, key_share=True)
    )
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        return None
    catalogue = tuple(row.catalogue or DEFAULT_CATALOGUE)
    return Subject(row.dialogue_id, row.point_id, row.revision, DialogueState(row.state), row.alias_of, catalogue)


async def find_point_of(tx: AsyncConnection, dialogue_id: UUID) -> UUID | None:
    """The dialogue's point; None where there is no such dialogue."""
    d = t.dialogues.c
    point_id: UUID | None = await tx.scalar(select(d.point_id).where(d.dialogue_id == dialogue_id))
    return point_id


async def add_review(
    tx: AsyncConnection,
    subject: Subject,
    judgement: Judgement,
    caller: Principal,
    reason: Reason = Reason.MANUAL,
) -> tuple[Review, bool]:
    """Writes a review and moves every figure. False: the caller's last word was the same and stands, and nothing is
    written.

    Raises Conflict where the dialogue or the reason does not allow it.
    """
    _check_state(subject)
    before = await list_reviews(tx, subject.dialogue_id)
    same = next((one for one in before if one.undone_at is None and _is_by(one, caller)), None)
    stands = same is not None and (same.is_counting or reason is Reason.SECOND)
    if same and stands and (same.judgement, same.reason, same.revision) == (judgement, reason, subject.revision):
        return same, False
    _check_reason(subject, reason, before, caller)
    review_id = uuid4()
    values = {
        "review_id": review_id,
        "dialogue_id": subject.dialogue_id,
        "revision": subject.revision,
        "reviewer": caller.actor,
        "reviewer_id": caller.user_id,
        "reason": reason,
        "kind": judgement.kind,
        "attempted": judgement.attempted,
        "quality_score": judgement.quality_score,
        "categories": list(judgement.categories),
        "customer_reaction": judgement.customer_reaction,
        "note": judgement.note,
        # not now(): a transaction that began earlier may have waited for our lock and must not count as older
        "created_at": func.clock_timestamp(),
    }
    await tx.execute(insert(t.reviews).values(values))
    await refresh_facts(tx, [subject.dialogue_id])
    await release(tx, subject.dialogue_id, caller.actor)  # after the point's lock: whoever holds that takes these rows
    written = await find_review(tx, review_id)
    assert written is not None
    return written, True


async def undo_review(tx: AsyncConnection, review: Review, caller: Principal) -> Review:
    """Takes a review back: what counted before it counts again. One that is undone stays as it was undone."""
    d = t.dialogues.c
    heir = await tx.scalar(select(d.alias_of).where(d.dialogue_id == review.dialogue_id))
    touched = sorted({review.dialogue_id, heir or review.dialogue_id})
    for dialogue_id in touched:
        await lock_subject(tx, dialogue_id)
    undone = (
        update(t.reviews)
        .where(t.reviews.c.review_id == review.review_id, t.reviews.c.undone_at.is_(None))
        .values(undone_at=func.clock_timestamp(), undone_by=caller.actor)
    )
    if (await tx.execute(undone)).rowcount:
        await refresh_facts(tx, touched)
    return await find_review(tx, review.review_id) or review


async def find_review(tx: AsyncConnection, review_id: UUID) -> Review | None:
    row = (await tx.execute(_LISTED, {"dialogue_id": None, "review_id": review_id})).one_or_none()
    return None if row is None else _review(row)


async def list_reviews(tx: AsyncConnection, dialogue_id: UUID) -> list[Review]:
    """All of a dialogue, the undone included, newest first."""
    rows = await tx.execute(_LISTED, {"dialogue_id": dialogue_id, "review_id": None})
    return [_review(row) for row in rows]


def _check_state(subject: Subject) -> None:
    if subject.state is DialogueState.OPEN:
        raise Conflict("This dialogue is not closed yet; review it when its recording is complete.")
    if subject.state is DialogueState.SUPERSEDED:
        where = f"it went into dialogue {subject.alias_of}; review that one" if subject.alias_of else "it is history"
        raise Conflict(f"This dialogue does not exist any more: {where}.")


def _check_reason(subject: Subject, reason: Reason, before: Sequence[Review], caller: Principal) -> None:
    """Only what is in the shares may count for them: else whoever picks dialogues would measure what he picked."""
    position = share_position(subject.dialogue_id)
    if reason is Reason.RANDOM and position >= RANDOM_SHARE:
        raise Conflict("This dialogue is not of the random share; send the reason manual.")
    if reason is not Reason.SECOND:
        return
    first = next((one for one in before if _is_first(one, subject)), None)
    if position >= SECOND_SHARE or first is None:
        raise Conflict("Nobody asked for a second opinion on this dialogue; send the reason manual.")
    if _is_by(first, caller):
        raise Conflict("A second opinion comes from another person than the first; leave it to a colleague.")


def _is_first(review: Review, subject: Subject) -> bool:
    return review.undone_at is None and review.reason is Reason.RANDOM and review.revision == subject.revision


def _is_by(review: Review, caller: Principal) -> bool:
    return review.reviewer == caller.actor


def _review(row: Row[Any]) -> Review:
    values = row._mapping
    judgement = Judgement(
        Kind(row.kind),
        Attempted(row.attempted),
        row.quality_score,
        tuple(row.categories),
        Reaction(row.customer_reaction),
        row.note,
    )
    own = {name: values[name] for name in Review.__dataclass_fields__ if name in values}
    return Review(**{**own, "reason": Reason(row.reason)}, judgement=judgement)
