"""The analysis stage on a real database: from a transcript to the current verdict, by rules or a language model."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from openai_server import OpenAIServer, always, error, honest, openai_server
from sqlalchemy import delete, select, update

from audio.store import FileStore
from cluster.stage import StageContext
from cluster.stages.analysis import Analysis
from cluster.worker import Worker
from configs import settings
from configs.sections import JobSettings
from db import tables as t
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import NewJob, Queue
from domain.errors import ConfigError
from domain.transcript import Transcript, Utterance, Word

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
OFFER = (
    "Good morning, what can I get you?",
    "A latte, please.",
    "Shall I add a cinnamon roll for you?",
    "Yes, please.",
)
SMALL_TALK = ("Good morning, what can I get you?", "A latte, please.", "Do you need a receipt?", "No, thanks.")


def transcript(lines: Sequence[str], language: str = "en") -> Transcript:
    utterances = []
    for i, line in enumerate(lines):
        at = START_MS + 4000 * i
        words = tuple(Word(at + 200 * n, at + 200 * n + 150, f" {w}", 0.9) for n, w in enumerate(line.split()))
        utterances.append(Utterance(at, at + 3000, f" {line}", words))
    return Transcript(language, tuple(utterances))


@dataclass
class Shop:
    """A database with dialogues, and a worker that analyses them."""

    db: Database
    queue: Queue
    ctx: StageContext

    async def dialogue(self, lines: Sequence[str] = OFFER, language: str = "en", catalogue: Any = None) -> UUID:
        """A closed dialogue with its transcript and an analysis job."""
        ids = {name: uuid4() for name in ("point_id", "register_id", "device_id", "dialogue_id")}
        register = {"register_id": ids["register_id"], "point_id": ids["point_id"], "name": "till"}
        async with self.db.begin() as tx:
            await tx.execute(t.points.insert().values(point_id=ids["point_id"], name="shop", catalogue=catalogue))
            await tx.execute(t.registers.insert().values(register))
            await tx.execute(t.devices.insert().values({**register, "device_id": ids["device_id"], "name": "pi"}))
            times = {"start_ts": START, "end_ts": START + timedelta(seconds=20)}
            await tx.execute(t.dialogues.insert().values(**ids, **times, state="closed", language=language))
            await tx.execute(t.dialogue_transcripts.insert().values(self._row(ids["dialogue_id"], lines, language)))
            await self.queue.enqueue(tx, [NewJob("analysis", str(ids["dialogue_id"]), subject_rev=1)])
        return ids["dialogue_id"]

    async def retranscribe(self, dialogue: UUID, lines: Sequence[str], *, enqueue: bool = True) -> None:
        async with self.db.begin() as tx:
            row = self._row(dialogue, lines, "en")
            table = t.dialogue_transcripts
            await tx.execute(update(table).where(table.c.dialogue_id == dialogue).values(row))
            if enqueue:
                await self.queue.enqueue(tx, [NewJob("analysis", str(dialogue), subject_rev=1)])

    @staticmethod
    def _row(dialogue: UUID, lines: Sequence[str], language: str) -> dict[str, Any]:
        said = transcript(lines, language)
        return {
            "dialogue_id": dialogue,
            "revision": 1,
            "language": language,
            "text": said.text,
            "segments_json": [asdict(u) for u in said.utterances],
            "transcript_sha256": said.sha256,
        }

    async def status(self, dialogue: UUID) -> tuple[str, str | None]:
        async with self.db.begin() as tx:
            columns = (t.dialogues.c.analysis_status, t.dialogues.c.skip_reason)
            row = (await tx.execute(select(*columns).where(t.dialogues.c.dialogue_id == dialogue))).one()
        return row.analysis_status, row.skip_reason

    async def verdict(self, dialogue: UUID) -> Any:
        async with self.db.begin() as tx:
            table = t.dialogue_upsell_analysis
            return (await tx.execute(select(table).where(table.c.dialogue_id == dialogue))).one_or_none()

    async def settled(self, dialogue: UUID, wanted: str = "DONE") -> None:
        """Waits until the dialogue has this status and no job of the stage waits."""
        async with asyncio.timeout(10):
            while (await self.status(dialogue))[0] != wanted or await self._waiting():
                await asyncio.sleep(0.02)

    async def _waiting(self) -> bool:
        async with self.db.begin() as tx:
            j = t.jobs.c
            query = select(j.job_id).where(j.stage == "analysis", j.state.in_(["queued", "running"]))
            return (await tx.execute(query)).first() is not None


@pytest.fixture
async def shop(db: Database, job_settings: JobSettings, tmp_path: Path) -> Shop:
    return _shop(db, job_settings, tmp_path, {})


def _shop(db: Database, jobs: JobSettings, folder: Path, env: dict[str, str]) -> Shop:
    config = settings.load({"SALESCONTROL_HOME": str(folder), **env})
    config = config.model_copy(update={"jobs": jobs.model_copy(update={"poll_s": 0.05})})
    return Shop(db, Queue(db, config.jobs), StageContext(db, FileStore(folder / "audio"), config))


class Running:
    """A worker with the analysis stage."""

    def __init__(self, shop: Shop) -> None:
        renewer = LeaseRenewer(shop.db.url, shop.ctx.settings.jobs)
        self.worker = Worker("w", shop.ctx, shop.queue, renewer, {"analysis": Analysis()}, ["analysis"])

    async def __aenter__(self) -> "Running":
        self.task = asyncio.create_task(self.worker.run())
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.worker.drain(2)
        await self.task


async def test_a_transcript_becomes_the_current_verdict_with_its_quotes_in_time(shop: Shop) -> None:
    dialogue = await shop.dialogue()
    async with Running(shop):
        await shop.settled(dialogue)
    verdict = await shop.verdict(dialogue)
    assert (verdict.kind, verdict.attempted, verdict.customer_reaction) == ("sale", "yes", "accepted")
    assert (verdict.analysis_model, verdict.prompt_version, verdict.categories) == ("rules-2", "rules-2", ["pastry"])
    assert verdict.transcript_sha256 == transcript(OFFER).sha256
    (quote,) = verdict.evidence_quotes
    assert quote["quote"] == "Shall I add a cinnamon roll for you?"
    assert (quote["utterance"], quote["start_ms"], quote["end_ms"]) == (2, START_MS + 8000, START_MS + 9550)


async def test_a_points_own_catalogue_names_the_category(shop: Shop) -> None:
    lines = ("Which pump?", "Number three, please.", "Would you like to add a car wash today?", "No, thanks.")
    dialogue = await shop.dialogue(lines, catalogue=["car_wash", "snack"])
    async with Running(shop):
        await shop.settled(dialogue)
    assert (await shop.verdict(dialogue)).categories == ["car_wash"]


@pytest.mark.parametrize(
    ("lines", "reason"), [(("[music]", "Thanks for watching!"), "no_words"), (("Hello.", "Hi."), "too_short")]
)
async def test_a_dialogue_not_worth_judging_is_skipped_with_a_reason(
    shop: Shop, lines: Sequence[str], reason: str
) -> None:
    dialogue = await shop.dialogue(lines)
    async with Running(shop):
        await shop.settled(dialogue, "SKIPPED")
    assert (await shop.status(dialogue), await shop.verdict(dialogue)) == (("SKIPPED", reason), None)


async def test_a_dialogue_that_turns_out_to_say_nothing_loses_its_verdict_and_one_that_speaks_its_reason(
    shop: Shop,
) -> None:
    dialogue = await shop.dialogue()
    async with Running(shop):
        await shop.settled(dialogue)
        await shop.retranscribe(dialogue, ["[music]"])
        await shop.settled(dialogue, "SKIPPED")
        assert await shop.verdict(dialogue) is None
        await shop.retranscribe(dialogue, SMALL_TALK)
        await shop.settled(dialogue)
    assert (await shop.verdict(dialogue)).attempted == "no"
    assert await shop.status(dialogue) == ("DONE", None)


async def test_a_verdict_about_a_transcript_that_has_changed_is_not_current(shop: Shop) -> None:
    dialogue = await shop.dialogue()
    stage = Analysis()
    await stage.start(shop.ctx)
    (job,) = await shop.queue.claim("analysis", 1, "w")
    result = await stage.run(shop.ctx, job)
    async with shop.db.begin() as tx:
        assert await stage.is_current(tx, job, result)
    await shop.retranscribe(dialogue, SMALL_TALK, enqueue=False)
    async with shop.db.begin() as tx:
        assert not await stage.is_current(tx, job, result)


async def test_a_dialogue_without_a_transcript_is_dead_at_once(shop: Shop) -> None:
    dialogue = await shop.dialogue()
    async with shop.db.begin() as tx:
        await tx.execute(delete(t.dialogue_transcripts).where(t.dialogue_transcripts.c.dialogue_id == dialogue))
    async with Running(shop):
        await shop.settled(dialogue, "ERROR")


@pytest.fixture
async def llm(db: Database, job_settings: JobSettings, tmp_path: Path) -> AsyncIterator[tuple[Shop, OpenAIServer]]:
    with openai_server() as server:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.url}
        yield _shop(db, job_settings, tmp_path, env), server


async def test_a_language_model_that_is_down_leaves_dialogues_pending_and_judges_them_when_it_is_back(
    llm: tuple[Shop, OpenAIServer],
) -> None:
    shop, server = llm
    server.behave = always(error(503, "loading", retry_after="0"))
    dialogues = [await shop.dialogue(), await shop.dialogue(SMALL_TALK)]
    async with Running(shop):
        async with asyncio.timeout(10):
            while len(server.requests) < 4:
                await asyncio.sleep(0.02)
        for dialogue in dialogues:
            assert await shop.verdict(dialogue) is None
            assert (await shop.status(dialogue))[0] in ("PENDING", "PROCESSING")
        server.behave = honest
        for dialogue in dialogues:
            await shop.settled(dialogue)
    verdicts = [await shop.verdict(dialogue) for dialogue in dialogues]
    assert [(v.attempted, v.analysis_model) for v in verdicts] == [("yes", "gpt-4o-mini"), ("no", "gpt-4o-mini")]
    async with shop.db.begin() as tx:
        attempts = (await tx.execute(select(t.jobs.c.attempts).where(t.jobs.c.stage == "analysis"))).scalars().all()
    assert set(attempts) == {1}


def test_naming_openai_without_a_key_or_a_server_is_a_clear_error(
    db: Database, job_settings: JobSettings, tmp_path: Path
) -> None:
    shop = _shop(db, job_settings, tmp_path, {"SALESCONTROL_ANALYSIS__ENGINE": "openai"})
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        asyncio.run(Analysis().start(shop.ctx))
