"""What became of a dialogue over time: every text that was heard in it, every verdict on it, every review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.detail import Stored
from db.reviewing.reviews import Review
from domain.review import Judgement
from domain.status import Attempted, Kind, Reaction

MOST = 200
"""Results that are shown, the newest."""


class What(StrEnum):
    """REVISION: the dialogue was cut anew, or for the first time; SKIPPED: not judged, the text says why."""

    REVISION = "revision"
    TRANSCRIPT = "transcript"
    VERDICT = "verdict"
    SKIPPED = "skipped"
    REVIEW = "review"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Event:
    """is_current: what it brought still stands; by: a model or a reviewer; text: what was heard, a summary, a reason or
    a note; cost_usd: of a verdict."""

    what: What
    at: datetime
    revision: int
    is_current: bool
    by: str | None = None
    opinion: Judgement | None = None
    text: str | None = None
    cost_usd: float | None = None


_RESULTS = (
    text(
        """
    SELECT stage, subject_rev, is_superseded, payload, at FROM (
        SELECT r.*, coalesce(CAST(replaced.after ->> 'promoted_at' AS timestamptz), r.created_at) AS at,
               row_number() OVER (PARTITION BY r.run_id, r.stage ORDER BY r.result_id DESC) AS place
        FROM stage_results r
        LEFT JOIN run_replaced replaced ON replaced.run_id = r.run_id
            AND replaced.dialogue_id = CAST(:dialogue_id AS uuid)
        WHERE r.stage IN ('asr', 'analysis') AND r.subject_id = :dialogue_id
          AND (r.run_id IS NULL OR replaced.run_id IS NOT NULL)
    ) AS results
    WHERE run_id IS NULL OR place = 1
    ORDER BY at DESC, result_id DESC LIMIT :most
    """
    )
    .bindparams(bindparam("dialogue_id", type_=Text))
    .columns(payload=JSONB)
)
"""A run's result has its place in the history from its promotion on, and none once that is rolled back."""


async def read_history(
    tx: AsyncConnection, dialogue_id: UUID, revision: int, stored: Stored, reviews: Sequence[Review]
) -> list[Event]:
    """The newest first."""
    events = _revisions(revision, stored)
    standing = {"asr", "analysis"}
    for row in await tx.execute(_RESULTS, {"dialogue_id": str(dialogue_id), "most": MOST}):
        is_current = row.stage in standing and row.subject_rev == revision and not row.is_superseded
        standing -= {row.stage} if is_current else set()
        of = _heard if row.stage == "asr" else _judged
        events.append(of(row.payload, row.at, row.subject_rev, is_current))
    return sorted([*events, *_reviewed(reviews)], key=lambda event: event.at, reverse=True)


def _revisions(revision: int, stored: Stored) -> list[Event]:
    first = Event(What.REVISION, stored.created_at, 1, revision == 1)
    return [first] if revision == 1 else [first, Event(What.REVISION, stored.changed_at, revision, True)]


def _heard(payload: Mapping[str, Any], at: datetime, revision: int, is_current: bool) -> Event:
    transcript = payload.get("transcript") or {}
    said = "\n".join(utterance["text"].strip() for utterance in transcript.get("utterances", ()))
    return Event(What.TRANSCRIPT, at, revision, is_current, by=payload.get("model"), text=said)


def _judged(payload: Mapping[str, Any], at: datetime, revision: int, is_current: bool) -> Event:
    verdict, provenance = payload.get("verdict"), payload.get("provenance") or {}
    if not verdict:
        return Event(What.SKIPPED, at, revision, is_current, text=payload.get("skip_reason"))
    opinion = Judgement(
        Kind(verdict["kind"]),
        Attempted(verdict["attempted"]),
        verdict["quality_score"],
        tuple(verdict.get("categories", ())),
        Reaction(verdict.get("customer_reaction", Reaction.UNCLEAR)),
    )
    model, cost_usd = provenance.get("model"), provenance.get("cost_usd")
    return Event(What.VERDICT, at, revision, is_current, model, opinion, verdict.get("summary"), cost_usd)


def _reviewed(reviews: Sequence[Review]) -> list[Event]:
    events = []
    for review in reviews:
        given = (review.revision, review.is_counting, review.reviewer, review.judgement, review.judgement.note)
        events.append(Event(What.REVIEW, review.created_at, *given))
        if review.undone_at is not None:
            events.append(Event(What.UNDONE, review.undone_at, review.revision, True, by=review.undone_by))
    return events
