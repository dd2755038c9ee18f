"""Dialogues with a verdict, as the pipeline leaves them, for tests that review them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.accounts.user_tokens import open_session
from db.engine import Database
from db.reports.facts import refresh_facts
from domain.ids import DialogueId
from domain.review_queue import RANDOM_SHARE, SECOND_SHARE, share_position

DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def ids_between(low: float, high: float) -> Iterator[UUID]:
    """Dialogue ids that lie there by their hash."""
    return (UUID(int=n) for n in count(1) if low <= share_position(UUID(int=n)) < high)


def outside_shares() -> Iterator[UUID]:
    return ids_between(RANDOM_SHARE, 1.0)


def in_random_share() -> Iterator[UUID]:
    """Those that nobody judges twice."""
    return ids_between(SECOND_SHARE, RANDOM_SHARE)


def in_second_share() -> Iterator[UUID]:
    return ids_between(0.0, SECOND_SHARE)


@dataclass(frozen=True)
class Judged:
    """A closed dialogue and what the machine says of it. verdict: columns of `dialogue_upsell_analysis` to change."""

    dialogue_id: UUID = field(default_factory=uuid4)
    start_ts: datetime = DAY
    verdict: dict[str, Any] = field(default_factory=dict)
    dialogue: dict[str, Any] = field(default_factory=dict)


async def store(tx: AsyncConnection, device: Any, dialogues: Sequence[Judged]) -> None:
    """Writes them with transcript and verdict, and their facts. `device`: with point_id, register_id, device_id."""
    place = {"point_id": device.point_id, "register_id": device.register_id, "device_id": device.device_id}
    for one in dialogues:
        row = {
            "dialogue_id": one.dialogue_id,
            **place,
            "start_ts": one.start_ts,
            "end_ts": one.start_ts + timedelta(seconds=40),
            "state": "closed",
            "asr_status": "DONE",
            "analysis_status": "DONE",
        }
        await tx.execute(insert(t.dialogues).values({**row, **one.dialogue}))
        transcript = {"language": "ru", "text": "Кофе", "segments_json": [], "transcript_sha256": "a" * 64}
        await tx.execute(insert(t.dialogue_transcripts).values(dialogue_id=one.dialogue_id, revision=1, **transcript))
        verdict = {
            "kind": "sale",
            "attempted": "no",
            "quality_score": 0,
            "categories": [],
            "closing_question": False,
            "customer_reaction": "unclear",
            "evidence_quotes": [],
            "summary": "",
            "confidence": 0.9,
            "analysis_model": "rules-1",
            "prompt_version": "1",
            "prompt_sha256": "b" * 64,
            "transcript_sha256": "a" * 64,
        }
        await tx.execute(
            insert(t.dialogue_upsell_analysis).values(
                {"dialogue_id": one.dialogue_id, "revision": 1, **verdict, **one.verdict}
            )
        )
    await refresh_facts(tx, [DialogueId(one.dialogue_id) for one in dialogues])


async def store_engine(tx: AsyncConnection, dialogue_id: UUID, model: str, attempted: str) -> None:
    """What one engine said in a run of its own."""
    payload = {
        "transcript_sha256": "a" * 64,
        "skip_reason": None,
        "verdict": {"kind": "sale", "attempted": attempted},
        "provenance": {"model": model},
    }
    row = {"stage": "analysis", "subject_id": str(dialogue_id), "subject_rev": 1, "job_id": 1, "payload": payload}
    await tx.execute(insert(t.stage_results).values(row))
    await refresh_facts(tx, [DialogueId(dialogue_id)])


async def person(
    db: Database, login: str, role: str = "reviewer", points: Sequence[UUID] | None = None
) -> dict[str, str]:
    """The header of a new user of that role, with these points; None: all."""
    user = {"user_id": uuid4(), "login": login, "name": login, "role": role, "all_points": points is None}
    async with db.begin() as tx:
        await tx.execute(insert(t.users).values(user))
        for point_id in points or ():
            await tx.execute(insert(t.user_points).values(user_id=user["user_id"], point_id=point_id))
        token = await open_session(tx, user["user_id"], timedelta(hours=1))
    return {"Authorization": f"Bearer {token}"}
