"""A shop with judged dialogues and runs over them, as the pipeline leaves both, for tests that compare and promote."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from review_dialogues import Judged, outside_shares, store
from shop import ADMIN, Shop
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.dialogues.exports import Selection, current_dialogues
from db.reports.facts import refresh_facts
from domain.access import OPERATOR, Principal, Role
from domain.asr import Outcome
from domain.ids import DialogueId
from domain.runs import Judging, RunSettings, RunState
from domain.status import AsrPass, Attempted, Kind, Reaction
from domain.transcript import Transcript, Utterance, Word
from domain.verdict import AnalysisResult, Evidence, Provenance, Verdict
from serve_apps.application import Deps

BOSS = Principal(OPERATOR, None, Role.ADMIN, None)
FIRST = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAYS = {"from": "2026-03-01", "to": "2026-03-10"}
HEARD_SHA = "a" * 64
"""Of the transcripts that `review_dialogues.store` writes."""


def offered(**changes: Any) -> AnalysisResult:
    """A run's verdict: a specific offer that was taken."""
    values = {
        "kind": Kind.SALE,
        "attempted": Attempted.YES,
        "quality_score": 2,
        "categories": ("dessert",),
        "customer_reaction": Reaction.ACCEPTED,
        "evidence": (Evidence("Возьмите торт", 0, 1_000, 2_000),),
        "summary": "A cake was offered.",
        "confidence": 0.75,
    }
    sha256 = changes.pop("sha256", HEARD_SHA)
    return AnalysisResult(sha256, verdict=Verdict(**values | changes), provenance=provenance(sha256))


def provenance(sha256: str = HEARD_SHA) -> Provenance:
    return Provenance("rules-2", "2", "c" * 64, sha256, {"temperature": 0}, 100, 20, 0.001)


def heard(text: str = "Кофе и торт", said_ms: int = 1_000) -> Outcome:
    """What a run of asr hears."""
    words = tuple(Word(said_ms, said_ms + 500, f" {word}", 0.9) for word in text.split())
    utterance = Utterance(said_ms, said_ms + 2_000, text, words, -0.25, 0.01, 1.1)
    return Outcome(Transcript("ru", (utterance,)), AsrPass.ACCURATE, "small@1", ("rerun",), -0.25, 0.01)


@dataclass
class RunScene:
    """`dialogues`: closed and judged `no` by rules-1, one an hour through some days."""

    shop: Shop
    dialogues: list[UUID] = field(default_factory=list)

    @property
    def deps(self) -> Deps:
        return self.shop.deps

    async def judge(self, n: int, **verdict: Any) -> list[UUID]:
        """That many more dialogues, three an hour."""
        ids = list(islice(outside_shares(), len(self.dialogues), len(self.dialogues) + n))
        made = [
            Judged(one, FIRST + timedelta(minutes=20 * (len(self.dialogues) + at)), verdict=verdict)
            for at, one in enumerate(ids)
        ]
        async with self.deps.db.begin() as tx:
            await store(tx, self.shop.device, made)
        self.dialogues += ids
        return ids

    async def run(
        self,
        name: str,
        verdicts: Mapping[UUID, AnalysisResult | None],
        outcomes: Mapping[UUID, Outcome] | None = None,
        state: RunState = RunState.DONE,
    ) -> UUID:
        """A run that has judged these; None: it failed. `outcomes`: it began with asr."""
        run_id = uuid4()
        async with self.deps.db.begin() as tx:
            row = {
                "run_id": run_id,
                "name": name,
                "stage": "analysis" if outcomes is None else "asr",
                "state": state.value,
                "is_shadow": True,
                "filters": {},
                "settings": TypeAdapter(RunSettings).dump_python(RunSettings(Judging("rules", "rules-2")), mode="json"),
                "planned": len(verdicts),
                "planned_audio_ms": 0,
                "created_by": "boss",
                "started_at": FIRST,
            }
            await tx.execute(insert(t.runs).values(row))
            of_run = [{"run_id": run_id, "dialogue_id": one, "revision": 1, "fed_at": FIRST} for one in verdicts]
            await tx.execute(insert(t.run_subjects), of_run)
            for dialogue_id, outcome in (outcomes or {}).items():
                await add_result(tx, run_id, dialogue_id, "asr", TypeAdapter(Outcome).dump_python(outcome, mode="json"))
            for dialogue_id, result in verdicts.items():
                if result is not None:
                    await self.result(tx, run_id, dialogue_id, result)
        return run_id

    async def result(self, tx: AsyncConnection, run_id: UUID, dialogue_id: UUID, result: AnalysisResult) -> None:
        payload = TypeAdapter(AnalysisResult).dump_python(result, mode="json")
        revision = select(t.run_subjects.c.revision).where(
            t.run_subjects.c.run_id == run_id, t.run_subjects.c.dialogue_id == dialogue_id
        )
        await add_result(tx, run_id, dialogue_id, "analysis", payload, await tx.scalar(revision) or 1)

    async def figures(self) -> dict[str, str]:
        """Every report and export, as the bytes that a reader gets."""
        asked = {
            "/api/v1/reports/overview": DAYS,
            "/api/v1/reports/today": {"day": "2026-03-02"},
            "/api/v1/dialogues/rows": {},
            "/api/v1/dialogues/export.csv": {},
        }
        said = {}
        for path, query in asked.items():
            answer = await self.shop.client.get(path, params=query, headers=ADMIN)
            assert answer.status_code == 200, (path, answer.text)
            said[path] = answer.text
        async with self.deps.db.begin() as tx:
            said["export"] = "".join([one.model_dump_json() async for one in current_dialogues(tx, Selection())])
        return said

    async def rows(self, *tables: str) -> dict[str, list[str]]:
        """All rows of the tables, of every column."""
        found = {}
        async with self.deps.db.begin() as tx:
            for name in tables:
                found[name] = sorted(str(row) for row in await tx.execute(select(t.metadata.tables[name])))
        return found

    async def state(self, run_id: UUID) -> str:
        async with self.deps.db.begin() as tx:
            return str(await tx.scalar(select(t.runs.c.state).where(t.runs.c.run_id == run_id)))

    async def rates(self) -> tuple[int, int]:
        """Offers and sales of the period."""
        answer = await self.shop.client.get("/api/v1/reports/overview", params=DAYS, headers=ADMIN)
        rate = answer.json()["figures"]["rate"]
        return rate["hits"], rate["n"]

    async def change(self, dialogue_id: UUID, **values: Any) -> None:
        """As live work would, with its facts."""
        async with self.deps.db.begin() as tx:
            if values:
                await tx.execute(update(t.dialogues).where(t.dialogues.c.dialogue_id == dialogue_id).values(values))
            await refresh_facts(tx, [DialogueId(dialogue_id)])


async def add_result(
    tx: AsyncConnection, run_id: UUID, dialogue_id: UUID, stage: str, payload: Any, revision: int = 1
) -> None:
    of = {"stage": stage, "subject_id": str(dialogue_id), "subject_rev": revision, "run_id": run_id, "job_id": 1}
    await tx.execute(insert(t.stage_results).values(**of, payload=payload))


async def end_run(scene: RunScene, run_id: UUID) -> None:
    """As the supervisor does when nothing of it waits any more."""
    async with scene.deps.db.begin() as tx:
        await tx.execute(update(t.runs).where(t.runs.c.run_id == run_id).values(state=RunState.DONE.value))


@asynccontextmanager
async def held_point(scene: RunScene) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Nobody counts roll-ups meanwhile; what is yielded waits until somebody wants to."""
    async with scene.deps.db.begin() as tx:
        await tx.execute(select(t.points.c.point_id).with_for_update())

        async def is_waited_for() -> None:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
            while not await tx.scalar(text(waiting)):
                await asyncio.sleep(0.02)

        yield is_waited_for
