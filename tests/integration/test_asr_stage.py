"""The asr stage on a real database: what it asks of Whisper, what it keeps of the answer."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from audio.store import FileStore
from cluster.stage import StageContext
from cluster.stages.asr import Asr, error_of, read_item
from configs import settings
from db import tables as t
from db.engine import Database
from db.queue import Backlog, Job
from domain.asr import Failure, FailureKind, Outcome, SpeechRef
from domain.errors import Rejected, Transient, Unavailable
from domain.status import AsrPass, JobClass
from domain.transcript import Transcript, Utterance, Word

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
TRANSCRIPT = Transcript(
    "en", (Utterance(START_MS, START_MS + 900, "Hi.", (Word(START_MS, START_MS + 900, " Hi.", 0.9),)),)
)
OUTCOME = Outcome(TRANSCRIPT, AsrPass.ACCURATE, "base@1, int8", ("low_logprob",), -0.2, 0.1)
SILENCE = Outcome(Transcript("en", ()), AsrPass.FAST, "base@1, int8", ("no_words",), 0.0, 0.0)


@dataclass
class Talk:
    """A closed dialogue over two chunks, in its second revision."""

    db: Database
    dialogue_id: UUID
    point_id: UUID

    def job(self, attempts: int = 1, *, lease_expired_before: bool = False) -> Job:
        return Job(
            1, "asr", str(self.dialogue_id), 2, None, "", JobClass.LIVE, "", attempts, uuid4(), 0, lease_expired_before
        )


@pytest.fixture
async def talk(db: Database) -> Talk:
    point_id, register_id, device_id, dialogue_id = (uuid4() for _ in range(4))
    device = {"device_id": device_id, "point_id": point_id, "register_id": register_id}
    async with db.begin() as tx:
        await tx.execute(t.points.insert().values(point_id=point_id, name="shop", language="en"))
        await tx.execute(t.registers.insert().values(register_id=register_id, point_id=point_id, name="till"))
        await tx.execute(t.devices.insert().values(name="pi", **device))
        await tx.execute(
            t.dialogues.insert().values(
                dialogue_id=dialogue_id, start_ts=START, end_ts=START, revision=2, state="closed", **device
            )
        )
        for i in range(2):
            at = START + timedelta(seconds=60 * i)
            chunk_id = uuid4()
            await tx.execute(
                t.audio_chunks.insert().values(
                    chunk_id=chunk_id, start_ts=at, end_ts=at + timedelta(seconds=60), codec="opus", sample_rate=48000,
                    channels=1, sha256=f"{i}" * 64, size_bytes=1, stored_path=f"audio/{i}.ogg", **device,
                )
            )  # fmt: skip
            for revision in (1, 2):
                begin = 1000 * revision
                await tx.execute(
                    t.dialogue_segments.insert().values(
                        dialogue_id=dialogue_id, revision=revision, idx=i, chunk_id=chunk_id,
                        offset_start_ms=begin, offset_end_ms=5000, start_ts=at + timedelta(milliseconds=begin),
                        end_ts=at + timedelta(seconds=5),
                    )
                )  # fmt: skip
    return Talk(db, dialogue_id, point_id)


async def test_whisper_is_asked_by_reference_for_the_jobs_revision_in_the_points_language(talk: Talk) -> None:
    async with talk.db.begin() as tx:
        item = await read_item(tx, talk.job(), "ru")
    assert item.language == "en"
    assert not item.alone
    assert item.speech == (
        SpeechRef("audio/0.ogg", "0" * 64, 2000, 5000, START_MS + 2000),
        SpeechRef("audio/1.ogg", "1" * 64, 2000, 5000, START_MS + 62_000),
    )


async def test_whoever_failed_or_vanished_before_runs_alone(talk: Talk) -> None:
    async with talk.db.begin() as tx:
        assert (await read_item(tx, talk.job(attempts=2), "ru")).alone
        assert (await read_item(tx, talk.job(lease_expired_before=True), "ru")).alone


async def test_erased_audio_is_rejected(talk: Talk) -> None:
    async with talk.db.begin() as tx:
        await tx.execute(update(t.audio_chunks).values(stored_path=None))
        with pytest.raises(Rejected, match="erased"):
            await read_item(tx, talk.job(), "ru")


async def test_a_second_result_replaces_the_first(talk: Talk) -> None:
    stage, job = Asr(), talk.job()
    async with talk.db.begin() as tx:
        await stage.apply(tx, job, OUTCOME)
    async with talk.db.begin() as tx:
        assert await stage.apply(tx, job, SILENCE) == []
        row = (await tx.execute(select(t.dialogue_transcripts))).one()
        dialogue = (await tx.execute(select(t.dialogues))).one()
    assert (row.revision, row.language, row.text, row.segments_json) == (2, "en", "", [])
    assert (dialogue.asr_pass, dialogue.asr_model, dialogue.asr_reasons) == ("fast", "base@1, int8", ["no_words"])


async def test_a_dead_job_leaves_no_verdict_to_wait_for_until_a_transcript_comes_after_all(talk: Talk) -> None:
    stage, job = Asr(), talk.job()
    verdict = select(t.dialogues.c.analysis_status, t.dialogues.c.skip_reason)
    async with talk.db.begin() as tx:
        await stage.on_dead(tx, job)
        assert tuple((await tx.execute(verdict)).one()) == ("SKIPPED", "no transcript")
        await stage.apply(tx, job, OUTCOME)
        assert tuple((await tx.execute(verdict)).one()) == ("PENDING", None)


async def test_the_transcript_is_kept_with_its_words_and_its_hash(talk: Talk) -> None:
    async with talk.db.begin() as tx:
        await Asr().apply(tx, talk.job(), OUTCOME)
        row = (await tx.execute(select(t.dialogue_transcripts))).one()
        dialogue = (await tx.execute(select(t.dialogues))).one()
    assert row.transcript_sha256 == TRANSCRIPT.sha256
    assert row.segments_json[0]["words"][0]["word"] == " Hi."
    assert (row.avg_logprob, row.no_speech_prob) == (-0.2, 0.1)
    assert (dialogue.language, dialogue.asr_pass, dialogue.asr_reasons) == ("en", "accurate", ["low_logprob"])


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FailureKind.REJECTED, Rejected),
        (FailureKind.UNAVAILABLE, Unavailable),
        (FailureKind.TRANSIENT, Transient),
    ],
)
def test_a_failure_becomes_the_error_that_it_stands_for(kind: FailureKind, error: type[Exception]) -> None:
    raised = error_of(Failure(kind, "because", 7.0))
    assert type(raised) is error
    assert str(raised) == "because"
    assert getattr(raised, "retry_after_s", 7.0) == 7.0


async def test_the_window_follows_the_replicas(talk: Talk, tmp_path: Path) -> None:
    config = settings.load({"SALESCONTROL_HOME": str(tmp_path)})
    stage, waiting = Asr(), Backlog(9_000, 0, 200_000.0, 3_000.0)
    await stage.start(StageContext(talk.db, FileStore(tmp_path), config))
    for replicas, in_flight in ((0, 1), (1, 1), (5, 5)):
        stage._whisper.replicas = replicas
        assert stage.window(waiting) == in_flight * config.asr.max_window
