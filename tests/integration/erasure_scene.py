"""A counter with three dialogues whose words can be searched for everywhere: in the database and in the store."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from shop import ADMIN, Shop
from sqlalchemy import select, text, update

from audio.decode import decode
from cluster.stage import Stage, StageContext
from cluster.worker import Worker
from db import tables as t
from db.dialogues.stage_store import to_instant, to_ms
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import Queue
from db.reports.facts import refresh_facts
from domain.ids import DialogueId

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
RATE = 16_000


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@dataclass
class Talk:
    """A dialogue with words of its own. `spans`: its speech, in seconds of the scene."""

    name: str
    spans: tuple[tuple[float, float], ...]
    dialogue_id: UUID
    revision: int = 2

    @property
    def words(self) -> str:
        return f"{self.name}quax"  # a word that every stemmer leaves alone

    @property
    def span(self) -> tuple[float, float]:
        return self.spans[0][0], self.spans[-1][1]


class Scene:
    """Four minutes of real audio of one device, received and heard; `first` lies in the first minute, `middle` reaches
    from it into the second, `last` lies in the third. All are judged and reviewed."""

    def __init__(self, shop: Shop, chunk_ids: list[UUID]) -> None:
        self.shop = shop
        self.db: Database = shop.deps.db
        self.chunk_ids = chunk_ids
        self.first = Talk("first", ((5.0, 20.0), (22.0, 40.0)), uuid4())
        self.middle = Talk("middle", ((45.0, 60.0), (60.0, 80.0)), uuid4())
        self.last = Talk("last", ((130.0, 150.0),), uuid4())

    @property
    def talks(self) -> list[Talk]:
        return [self.first, self.middle, self.last]

    async def erase(self, **body: Any) -> Any:
        """Orders it over HTTP; the answer."""
        return await self.shop.client.post("/api/v1/erasures", headers=ADMIN, json=body)

    async def interval(self, start_s: float, end_s: float, **more: Any) -> Any:
        body = {"kind": "interval", "point_id": str(self.shop.device.point_id), **more}
        return await self.erase(**body, **{"from": at(start_s).isoformat(), "to": at(end_s).isoformat()})

    async def rows(self, table: str) -> list[dict[str, Any]]:
        async with self.db.begin() as tx:
            return [dict(row._mapping) for row in await tx.execute(t.metadata.tables[table].select())]

    async def row(self, talk: Talk) -> Any:
        async with self.db.begin() as tx:
            query = select(t.dialogues).where(t.dialogues.c.dialogue_id == talk.dialogue_id)
            return (await tx.execute(query)).one()

    async def mentions(self, words: str) -> list[str]:
        """Tables that hold the words anywhere: in text, JSON, arrays or lexemes."""
        async with self.db.begin() as tx:
            tables = [table.name for table in t.metadata.sorted_tables]
            counted = {
                name: (
                    await tx.execute(
                        text(f"SELECT count(*) FROM {name} AS r WHERE r::text ILIKE :words"), {"words": f"%{words}%"}
                    )
                ).scalar_one()
                for name in tables
            }
        return [name for name, found in counted.items() if found]

    async def heard(self, start_s: float, end_s: float) -> float:
        """The loudest sample between, of what the rows of that time name; 0.0 where they name no file."""
        loudest = 0.0
        for chunk in await self.rows("audio_chunks"):
            begins = (chunk["start_ts"] - START).total_seconds()
            if chunk["stored_path"] is None or begins + 60 <= start_s or begins >= end_s:
                continue
            samples = decode(self.shop.deps.store.read(chunk["stored_path"]), max_s=61)
            first, last = max(0.0, start_s - begins), min(60.0, end_s - begins)
            loudest = max(loudest, float(abs(samples[int(first * RATE) : int(last * RATE)]).max(initial=0.0)))
        return loudest

    async def is_silent(self, start_s: float, end_s: float) -> bool:
        """But for the first and last 50 ms, into which the codec smears what is kept beside: a tail below 1 %."""
        return await self.heard(start_s + 0.05, end_s - 0.05) < 1e-3

    def holds(self, piece: bytes) -> list[Path]:
        """Files of the store that hold these bytes."""
        return [path for path in self.shop.files() if piece in path.read_bytes()]


@asynccontextmanager
async def working(scene: Scene, *stages: Stage) -> AsyncIterator[Worker]:
    """A worker of these stages, until the block ends. Dialogues close at once: nobody waits for late audio."""
    deps = scene.shop.deps
    jobs = deps.settings.jobs.model_copy(update={"poll_s": 0.05})
    dialogues = deps.settings.dialogues.model_copy(update={"lateness_s": 0.0, "revise_wait_s": 0.0})
    settings = deps.settings.model_copy(update={"jobs": jobs, "dialogues": dialogues})
    known = {stage.name: stage for stage in stages}
    ctx = StageContext(deps.db, deps.store, settings)
    renewer = LeaseRenewer(deps.db.url, jobs)
    worker = Worker(f"w{uuid4()}", ctx, Queue(deps.db, jobs), renewer, known, list(known))
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.drain(2)
        await task


async def until_done(scene: Scene, *stages: str) -> None:
    """Waits until nothing of these stages is waiting for its time or running."""
    async with asyncio.timeout(10):
        while True:
            jobs = [job for job in await scene.rows("jobs") if job["stage"] in stages]
            now = datetime.now(UTC)
            due = [job for job in jobs if job["state"] == "queued" and job["run_after"] <= now]
            if jobs and not due and not any(job["state"] == "running" for job in jobs):
                return
            await asyncio.sleep(0.02)


async def scene_at(shop: Shop, samples: Path) -> Scene:
    """Four uploaded minutes with their dialogues, as if the pipeline had run."""
    minutes = [path.read_bytes() for path in sorted((samples / "chunks").glob("dev_ru_*.ogg"))[:4]]
    run = uuid4()
    chunk_ids = []
    for seq, minute in enumerate(minutes):
        times = {"start_ts": at(60 * seq).isoformat(), "end_ts": at(60 * seq + 60).isoformat()}
        answer = await shop.upload(minute, session_id=run, seq=seq, **times)
        chunk_ids.append(UUID(answer.json()["chunk_id"]))
    scene = Scene(shop, chunk_ids)
    async with scene.db.begin() as tx:
        await tx.execute(text("DELETE FROM jobs"))
        heard = {"status": "DONE", "settled_status": "DONE", "decoded_ms": 60_000}
        await tx.execute(update(t.audio_chunks).values(heard))
        for talk in scene.talks:
            await _tell(tx, shop, chunk_ids, talk)
        await refresh_facts(tx, [DialogueId(talk.dialogue_id) for talk in scene.talks])
    return scene


async def _tell(tx: Any, shop: Shop, chunk_ids: list[UUID], talk: Talk) -> None:
    place = {name: getattr(shop.device, name) for name in ("device_id", "point_id", "register_id")}
    start, end = talk.span
    await tx.execute(
        t.dialogues.insert().values(
            dialogue_id=talk.dialogue_id, start_ts=at(start), end_ts=at(end), revision=talk.revision, state="closed",
            asr_status="DONE", analysis_status="DONE", language="en", closed_at=at(300), error=talk.words, **place,
        )
    )  # fmt: skip
    known: dict[UUID, int] = {}
    for idx, (first, last) in enumerate(talk.spans):
        minute = int(first // 60)
        chunk_id = chunk_ids[minute]
        where = {
            "chunk_id": chunk_id, "offset_start_ms": round((first - 60 * minute) * 1000),
            "offset_end_ms": round((last - 60 * minute) * 1000), "start_ts": at(first), "end_ts": at(last),
        }  # fmt: skip
        query = text("SELECT count(*) FROM speech_segments WHERE chunk_id = :chunk_id")
        known[chunk_id] = (await tx.execute(query, {"chunk_id": chunk_id})).scalar_one()
        await tx.execute(
            t.speech_segments.insert().values(idx=known[chunk_id], device_id=shop.device.device_id, **where)
        )
        for revision in range(1, talk.revision + 1):
            row = {"dialogue_id": talk.dialogue_id, "revision": revision, "idx": idx, **where}
            await tx.execute(t.dialogue_segments.insert().values(row))
    await _judge(tx, talk)


async def _judge(tx: Any, talk: Talk) -> None:
    start_ms = to_ms(at(talk.span[0]))
    said = f"Would you like {talk.words} with it?"
    word = {"start_ms": start_ms, "end_ms": start_ms + 900, "word": talk.words, "probability": 0.9}
    utterance = {"start_ms": start_ms, "end_ms": start_ms + 900, "text": said, "words": [word]}
    of = {"dialogue_id": talk.dialogue_id, "revision": talk.revision}
    sha256 = talk.name.ljust(64, "0")
    await tx.execute(
        t.dialogue_transcripts.insert().values(
            language="en", text=said, segments_json=[utterance], transcript_sha256=sha256, **of
        )
    )
    quote = {"quote": talk.words, "utterance": 0, "start_ms": start_ms, "end_ms": start_ms + 900}
    verdict = {
        "kind": "sale", "attempted": "yes", "quality_score": 2, "categories": ["dessert"], "closing_question": False,
        "customer_reaction": "accepted", "summary": f"Offers {talk.words}.", "confidence": 0.9,
    }  # fmt: skip
    model = {"analysis_model": "rules-2", "prompt_version": "1", "prompt_sha256": "0", "transcript_sha256": sha256}
    analysis = {**verdict, **model, "evidence_quotes": [quote]}
    await tx.execute(t.dialogue_upsell_analysis.insert().values(**analysis, **of))
    for revision in range(1, talk.revision + 1):
        for stage in ("asr", "analysis", "sentiment"):
            payload = (
                {"transcript_sha256": sha256, "verdict": {**verdict, "evidence": [quote]}}
                if stage == "analysis"
                else {"text": said}
            )
            row = {"stage": stage, "subject_id": str(talk.dialogue_id), "subject_rev": revision, "job_id": 1}
            await tx.execute(t.stage_results.insert().values(**row, payload=payload))
    review = {name: verdict[name] for name in ("kind", "attempted", "quality_score", "categories", "customer_reaction")}
    who = {"review_id": uuid4(), "reviewer": "ann", "reason": "random", "note": f"She said {talk.words}!"}
    await tx.execute(t.reviews.insert().values(**review, **who, **of))
    dead = {"stage": "sentiment", "subject_id": str(talk.dialogue_id), "lock_key": str(talk.dialogue_id)}
    for state in ("dead", "done"):
        await tx.execute(
            t.jobs.insert().values(
                **dead, state=state, last_error=f"the model answered {talk.words}", finished_at=to_instant(start_ms)
            )
        )
    run = {"run_id": uuid4(), "name": f"run of {talk.name}", "stage": "asr", "is_shadow": False, "state": "promoted"}
    await tx.execute(
        t.runs.insert().values(**run, filters={}, settings={}, planned=1, planned_audio_ms=0, created_by="ann")
    )
    row = {"run_id": run["run_id"], "dialogue_id": talk.dialogue_id}
    await tx.execute(t.run_replaced.insert().values(**row, before={"text": said}, after={"text": said}))
    kept = {"actor": "ann", "key": talk.name, "request_sha256": "0", "status": 201}
    body = {"dialogue_id": str(talk.dialogue_id), "note": talk.words}
    await tx.execute(t.idempotency_keys.insert().values(**kept, body=json.dumps(body)))
