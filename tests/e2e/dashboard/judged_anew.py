"""A run over the seeded shop that says otherwise of every third sale, and one that is under way."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from sqlalchemy import insert, select

from db import tables as t
from db.engine import Database
from domain.runs import Judging, RunFilters, RunSettings
from domain.status import Attempted, Kind, Reaction
from domain.verdict import AnalysisResult, Evidence, Provenance, Verdict

FLIPS_EVERY = 3


async def judge_anew(db: Database, name: str = "rules-2 on all") -> UUID:
    """A shadow run that is done: the present verdict, and otherwise of each third."""
    a, run_id = t.dialogue_upsell_analysis, uuid4()
    async with db.begin() as tx:
        rows = (await tx.execute(select(a).order_by(a.c.dialogue_id))).all()
        await tx.execute(insert(t.runs).values(_run(run_id, name, "done", len(rows))))
        fed = {"fed_at": datetime.now(UTC)}
        subjects = [{"run_id": run_id, "dialogue_id": row.dialogue_id, "revision": 1, **fed} for row in rows]
        await tx.execute(insert(t.run_subjects), subjects)
        await tx.execute(insert(t.stage_results), [_result(run_id, row, place) for place, row in enumerate(rows)])
    return run_id


async def begin_run(db: Database, name: str = "slow one", planned: int = 8) -> UUID:
    """A run that has been fed with all its dialogues and has judged none."""
    run_id = uuid4()
    async with db.begin() as tx:
        ids = (await tx.execute(select(t.dialogues.c.dialogue_id).limit(planned))).scalars().all()
        await tx.execute(insert(t.runs).values(_run(run_id, name, "running", len(ids))))
        await tx.execute(insert(t.run_subjects), [{"run_id": run_id, "dialogue_id": one, "revision": 1} for one in ids])
    return run_id


async def go_on(db: Database, run_id: UUID, n: int) -> None:
    """Judges that many more of its dialogues."""
    a, s = t.dialogue_upsell_analysis, t.run_subjects.c
    async with db.begin() as tx:
        done = select(t.stage_results.c.subject_id).where(t.stage_results.c.run_id == run_id)
        known = set((await tx.execute(done)).scalars())
        query = select(a).join(t.run_subjects, s.dialogue_id == a.c.dialogue_id).where(s.run_id == run_id)
        rows = [row for row in await tx.execute(query) if str(row.dialogue_id) not in known][:n]
        await tx.execute(insert(t.stage_results), [_result(run_id, row, 1) for row in rows])


def _run(run_id: UUID, name: str, state: str, planned: int) -> dict[str, Any]:
    settings = RunSettings(Judging("rules", "rules-2"))
    return {
        "run_id": run_id,
        "name": name,
        "stage": "analysis",
        "state": state,
        "is_shadow": True,
        "filters": TypeAdapter(RunFilters).dump_python(RunFilters(), mode="json"),
        "settings": TypeAdapter(RunSettings).dump_python(settings, mode="json"),
        "planned": planned,
        "planned_audio_ms": 0,
        "created_by": "analyst",
        "started_at": datetime.now(UTC) - timedelta(minutes=2),
    }


def _result(run_id: UUID, row: Any, place: int) -> dict[str, Any]:
    says_yes = (row.attempted == "yes") is (place % FLIPS_EVERY != 0)
    quote = Evidence(row.evidence_quotes[0]["quote"] if row.evidence_quotes else "Круассан к кофе?", 0, 0, 1)
    verdict = Verdict(
        Kind(row.kind),
        Attempted.YES if says_yes else Attempted.NO,
        2 if says_yes else 0,
        ("pastry",) if says_yes else (),
        customer_reaction=Reaction.ACCEPTED if says_yes else Reaction.UNCLEAR,
        evidence=(quote,) if says_yes else (),
        summary=row.summary,
        confidence=0.5 + (place % 10) / 20,
    )
    provenance = Provenance("rules-2", "2", "q" * 64, row.transcript_sha256, {}, 300, 60, 0.0002)
    result = AnalysisResult(row.transcript_sha256, verdict=verdict, provenance=provenance)
    return {
        "stage": "analysis",
        "subject_id": str(row.dialogue_id),
        "subject_rev": 1,
        "run_id": run_id,
        "job_id": 1,
        "payload": TypeAdapter(AnalysisResult).dump_python(result, mode="json"),
    }
