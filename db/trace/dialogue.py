"""A dialogue's steps: spoken, cut, closed, transcribed, judged, reviewed, counted. Runs over history are named."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.stage_store import database_now
from db.trace.queue import jobs_about
from domain.status import DialogueState, StageStatus
from domain.trace import HowFar, JobSeen, Step, Way, dialogue_waits_for

DIALOGUE = text("""
    SELECT d.*, f.place, f.day, days.refreshed_at,
           (SELECT count(*) FROM dialogue_segments s
            WHERE s.dialogue_id = d.dialogue_id AND s.revision = d.revision) AS segments,
           (SELECT array_agg(DISTINCT s.chunk_id) FROM dialogue_segments s
            WHERE s.dialogue_id = d.dialogue_id AND s.revision = d.revision) AS chunks,
           (SELECT array_agg(a.dialogue_id) FROM dialogues a WHERE a.alias_of = d.dialogue_id) AS aliases
    FROM dialogues d
    LEFT JOIN dialogue_facts f USING (dialogue_id)
    LEFT JOIN report_days days ON days.point_id = f.point_id AND days.day = f.day
    WHERE d.dialogue_id = :dialogue_id
""")
RESULTS = text("""
    SELECT s.stage, s.subject_rev, s.is_superseded, s.job_id, s.created_at, s.payload, r.name AS run
    FROM stage_results s LEFT JOIN runs r USING (run_id)
    WHERE s.stage IN ('asr', 'analysis') AND s.subject_id = CAST(CAST(:dialogue_id AS uuid) AS text)
    ORDER BY s.result_id
""")
REVIEWS = text("SELECT * FROM reviews WHERE dialogue_id = :dialogue_id ORDER BY created_at")


async def dialogue_way(tx: AsyncConnection, dialogue_id: UUID) -> Way:
    """Of a dialogue that exists."""
    asked = {"dialogue_id": dialogue_id}
    row = (await tx.execute(DIALOGUE, asked)).one()
    jobs = await jobs_about(tx, ("asr", "analysis"), [str(dialogue_id)])
    steps = [*_cut(row), *_results((await tx.execute(RESULTS, asked)).all(), jobs)]
    for review in await tx.execute(REVIEWS, asked):
        steps += _reviewed(review)
    how_far = HowFar(
        state=DialogueState(row.state),
        alias_of=None if row.alias_of is None else str(row.alias_of),
        close_at=row.close_at,
        asr=StageStatus(row.asr_status),
        analysis=StageStatus(row.analysis_status),
    )
    waits_for = dialogue_waits_for(how_far, jobs, await database_now(tx))
    return Way("dialogue", str(dialogue_id), sorted(steps, key=lambda step: step.at), waits_for)


def _cut(row: Any) -> Iterator[Step]:
    length_s = (row.end_ts - row.start_ts).total_seconds()
    spoken = {"length_s": length_s, "segments": row.segments, "chunks": [str(chunk) for chunk in row.chunks or ()]}
    yield Step(row.start_ts, "spoken", spoken)
    yield Step(row.created_at, "cut", {"revision": 1})
    if row.state == DialogueState.SUPERSEDED:
        yield Step(row.changed_at, "superseded", {"now_part_of": row.alias_of})
    elif row.revision > 1:
        aliases = [str(alias) for alias in row.aliases or ()]
        yield Step(row.changed_at, "revised", {"revision": row.revision, "aliases": aliases})
    if row.closed_at is not None:
        yield Step(row.closed_at, "closed", {"revision": row.revision})
    if row.refreshed_at is not None:
        yield Step(row.refreshed_at, "counted", {"day": row.day, "place": row.place})


def _results(rows: Sequence[Any], jobs: Sequence[JobSeen]) -> Iterator[Step]:
    for row in rows:
        facts = _heard(row.payload) if row.stage == "asr" else _judged(row.payload)
        job = next((j for j in jobs if j.job_id == row.job_id), None)
        whole = {"job_id": row.job_id, "revision": row.subject_rev, "run": row.run, **facts}
        if job is not None:
            whole |= {"attempts": job.attempts, "worker": job.worker, "last_error": job.last_error}
        yield Step(row.created_at, row.stage, whole | ({"superseded": True} if row.is_superseded else {}))


def _heard(payload: dict[str, Any]) -> dict[str, Any]:
    words = sum(len(u.get("words", ())) for u in (payload.get("transcript") or {}).get("utterances", ()))
    kept = {name: payload.get(name) for name in ("asr_pass", "model", "reasons", "avg_logprob")}
    return {**kept, "words": words}


def _judged(payload: dict[str, Any]) -> dict[str, Any]:
    verdict, provenance = payload.get("verdict"), payload.get("provenance") or {}
    if not verdict:
        return {"skipped": payload.get("skip_reason")}
    said = {name: verdict.get(name) for name in ("kind", "attempted", "quality_score", "customer_reaction")}
    kept = {name: provenance.get(name) for name in ("model", "prompt_version", "tokens_in", "tokens_out", "cost_usd")}
    return {**said, "quotes": len(verdict.get("evidence", ())), **kept}


def _reviewed(review: Any) -> Iterator[Step]:
    said = {name: getattr(review, name) for name in ("kind", "attempted", "quality_score", "customer_reaction")}
    yield Step(review.created_at, "review", {"by": review.reviewer, "revision": review.revision, **said})
    if review.undone_at is not None:
        yield Step(review.undone_at, "review undone", {"by": review.undone_by})
