"""Reviews: what people hold about dialogues, written, undone and listed; it counts before the machine at once."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from db.reviewing import reviews as store
from domain.access import Permission, Principal, Role
from domain.errors import Conflict, NotFound
from domain.review import contradictions
from serve_apps import auth
from serve_apps.api.reviewing.schemas import ReviewBody, StoredReview, StoredReviews
from serve_apps.application import DepsOf
from serve_apps.problems import Code, FieldError, Problem, documented, fields_problem

router = APIRouter(
    prefix="/api/v1",
    tags=["reviews"],
    responses=documented(
        *auth.CODES, Code.BAD_REQUEST, Code.NOT_FOUND, Code.TOO_LARGE, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE
    ),
)
REVIEW = [auth.require(Permission.REVIEW)]
READ = [auth.require(Permission.READ)]
DialogueOf = Annotated[UUID, Path(description="the dialogue's id")]


@router.post(
    "/dialogues/{dialogue_id}/reviews",
    operation_id="create_review",
    status_code=201,
    dependencies=REVIEW,
    responses={
        200: {"model": StoredReview, "description": "the caller's last word was the same"},
        **documented(Code.CONFLICT, Code.FIELD_MISSING, Code.FIELD_INVALID),
    },
)
async def create_review(
    dialogue_id: DialogueOf, body: ReviewBody, response: Response, deps: DepsOf, caller: auth.Caller
) -> StoredReview:
    """Says what a dialogue truly was. It counts before the machine in every figure from this answer on, except for a
    second opinion, which only measures how far people agree. The same again answers 200 and changes nothing."""
    async with deps.db.begin() as tx:
        subject = await _locked(tx, caller, dialogue_id)
        wrong = contradictions(body.judgement(), subject.catalogue)
        if wrong:
            errors = [FieldError(field=f"body.{name}", message=message) for name, message in wrong.items()]
            raise fields_problem(errors, Code.FIELD_INVALID)
        if body.revision not in (None, subject.revision):
            raise Conflict(
                f"The dialogue has changed since you opened it, to revision {subject.revision}; open it again."
            )
        review, created = await store.add_review(tx, subject, body.judgement(), caller, body.reason)
    response.status_code = 201 if created else 200
    return view_of(review)


@router.get("/dialogues/{dialogue_id}/reviews", operation_id="list_reviews", dependencies=READ)
async def list_reviews(dialogue_id: DialogueOf, deps: DepsOf, caller: auth.Caller) -> StoredReviews:
    """Who said what and when, newest first, the undone included."""
    async with deps.db.begin() as tx:
        point_id = await store.find_point_of(tx, dialogue_id)
        _check_seen(caller, dialogue_id, point_id)
        reviews = await store.list_reviews(tx, dialogue_id)
    return StoredReviews(dialogue_id=dialogue_id, items=[view_of(review) for review in reviews])


@router.delete("/reviews/{review_id}", operation_id="undo_review", dependencies=REVIEW)
async def undo_review(review_id: UUID, deps: DepsOf, caller: auth.Caller) -> StoredReview:
    """Takes a review back, one's own or, as an administrator, anybody's: what counted before it counts again. It stays
    in the history. Undoing what is undone changes nothing."""
    async with deps.db.begin() as tx:
        review = await store.find_review(tx, review_id)
        if review is None or not caller.sees(review.point_id):
            raise NotFound(f"There is no review {review_id}; check the id.")
        if review.reviewer != caller.actor and caller.role is not Role.ADMIN:
            detail = f"This review is {review.reviewer}'s; write your own, or ask an administrator to undo it."
            raise Problem(Code.NOT_PERMITTED, detail)
        undone = await store.undo_review(tx, review, caller)
    return view_of(undone)


def view_of(review: store.Review) -> StoredReview:
    judgement = review.judgement
    return StoredReview(
        review_id=review.review_id,
        dialogue_id=review.dialogue_id,
        revision=review.revision,
        reviewer=review.reviewer,
        reason=review.reason,
        kind=judgement.kind,
        attempted=judgement.attempted,
        quality_score=judgement.quality_score,
        categories=list(judgement.categories),
        customer_reaction=judgement.customer_reaction,
        note=judgement.note,
        created_at=review.created_at,
        undone_at=review.undone_at,
        undone_by=review.undone_by,
        is_counting=review.is_counting,
        is_stale=review.is_stale,
    )


async def _locked(tx: AsyncConnection, caller: Principal, dialogue_id: UUID) -> store.Subject:
    """Raises NotFound."""
    subject = await store.lock_subject(tx, dialogue_id)
    _check_seen(caller, dialogue_id, subject.point_id if subject else None)
    assert subject is not None
    return subject


def _check_seen(caller: Principal, dialogue_id: UUID, point_id: UUID | None) -> None:
    if point_id is None or not caller.sees(point_id):
        raise NotFound(f"There is no dialogue {dialogue_id}; check the id.")
