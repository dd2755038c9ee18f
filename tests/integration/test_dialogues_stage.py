"""The dialogues stage on a real database: closing, late data, revisions, aliases."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from dialogue_days import DAY_START_MS, Clip, S
from dialogue_delivery import MIN, Delivery
from sqlalchemy import Row, delete, func, insert, select, update

from db import tables as t
from db.dialogues.stage_store import owe_nothing_before, to_instant, to_ms
from db.dialogues.stage_writes import supersede
from db.engine import Database
from domain.ids import DialogueId, SessionId
from domain.timeline import Span

RUN = SessionId(UUID(int=77))
LATENESS = 10 * MIN


class SteadyRandom(Random):
    """No crashes, no jobs left waiting."""

    def random(self) -> float:
        return 0.5


@pytest.fixture
async def counter(db: Database) -> Delivery:
    delivery = Delivery(db, SteadyRandom())
    await delivery.install()
    return delivery


def minute(number: int, *speech_s: tuple[float, float]) -> Clip:
    """Minute `number` of the day, with speech between these seconds of it."""
    speech = tuple(Span(round(a * S), round(b * S)) for a, b in speech_s)
    return Clip(number, RUN, number, DAY_START_MS + number * MIN, MIN, MIN, speech)


def at(minutes: float) -> int:
    return DAY_START_MS + round(minutes * MIN)


async def hear(counter: Delivery, now: float, *clips: Clip) -> None:
    """Received, heard, and taken into account at minute `now` of the day."""
    for clip in clips:
        await counter.step(at(now), "receive", clip)
        await counter.step(at(now), "hear", clip)
    await counter.work(at(now))


async def rows(counter: Delivery, *states: str) -> Sequence[Row[Any]]:
    """The device's dialogues in these states, by start."""
    d = t.dialogues.c
    query = select(d).where(d.device_id == counter.device_id, d.state.in_(states)).order_by(d.start_ts, d.created_at)
    async with counter.db.begin() as tx:
        return (await tx.execute(query)).all()


async def segments(counter: Delivery, dialogue_id: UUID, revision: int) -> int:
    s = t.dialogue_segments.c
    query = select(s.idx).where(s.dialogue_id == dialogue_id, s.revision == revision)
    async with counter.db.begin() as tx:
        return len((await tx.execute(query)).all())


async def test_speech_over_a_chunk_border_is_one_dialogue_that_goes_to_asr_once(counter: Delivery) -> None:
    await hear(counter, 1, minute(0))
    await hear(counter, 2, minute(1, (40, 60)))
    (growing,) = await rows(counter, "open")
    await hear(counter, 3, minute(2, (0, 15)))
    (closed,) = await rows(counter, "closed")
    assert (to_ms(closed.start_ts), to_ms(closed.end_ts)) == (at(1) + 40 * S, at(2) + 15 * S)
    assert (closed.dialogue_id, closed.revision) == (growing.dialogue_id, 1)
    assert counter.sent_to_asr == [(str(closed.dialogue_id), 1)]


async def test_an_open_dialogue_has_no_asr_job_and_the_stage_asks_to_be_woken_for_it(counter: Delivery) -> None:
    await hear(counter, 2, minute(0), minute(1, (40, 60)))
    (waiting,) = await rows(counter, "open")
    assert counter.sent_to_asr == []
    assert counter.job_at_ms == to_ms(waiting.close_at) == at(2) + LATENESS


async def test_audio_never_received_is_waited_for_from_the_receipt_of_what_followed(counter: Delivery) -> None:
    await hear(counter, 2, minute(0), minute(1, (40, 60)))
    await hear(counter, 5, minute(3))
    await counter.work(at(2) + LATENESS)
    (waiting,) = await rows(counter, "open")
    assert to_ms(waiting.close_at) == at(5) + LATENESS
    await counter.work(at(5) + LATENESS)
    assert len(await rows(counter, "closed")) == 1


async def test_a_received_chunk_holds_for_as_long_as_it_is_neither_heard_nor_dead(counter: Delivery) -> None:
    await counter.step(at(2), "receive", minute(2))
    await hear(counter, 2, minute(0), minute(1, (40, 60)))
    await counter.work(at(500))
    (held,) = await rows(counter, "open")
    assert held.close_at is None
    await counter.step(at(501), "die", minute(2))
    await counter.work(at(501))
    assert [row.dialogue_id for row in await rows(counter, "closed")] == [held.dialogue_id]


async def test_a_retried_dead_chunk_is_late_data(counter: Delivery) -> None:
    late = minute(2, (5, 10))
    await counter.step(at(2), "receive", late)
    await counter.step(at(2), "die", late)
    await hear(counter, 2, minute(0), minute(1, (40, 60)), minute(3))
    (closed,) = await rows(counter, "closed")
    await counter.step(at(30), "retry", late)
    await counter.step(at(31), "hear", late)
    await counter.work(at(31))
    (revised,) = await rows(counter, "open")
    assert (revised.dialogue_id, revised.revision) == (closed.dialogue_id, 2)
    assert to_ms(revised.end_ts) == at(2) + 10 * S


async def test_late_data_makes_a_new_revision_and_keeps_the_old_ones_speech_and_transcript(counter: Delivery) -> None:
    await hear(counter, 3, minute(0), minute(1, (20, 30), (35, 60)), minute(3))
    await counter.work(at(3) + LATENESS)
    (first,) = await rows(counter, "closed")
    transcript = {"revision": 1, "language": "ru", "text": "а", "segments_json": [], "transcript_sha256": "0"}
    finished = {"asr_status": "DONE", "analysis_status": "SKIPPED", "skip_reason": "too short", "language": "ru"}
    async with counter.db.begin() as tx:
        await tx.execute(insert(t.dialogue_transcripts).values(dialogue_id=first.dialogue_id, **transcript))
        await tx.execute(update(t.dialogues).where(t.dialogues.c.dialogue_id == first.dialogue_id).values(finished))

    await hear(counter, 40, minute(2, (3, 20)))
    (revised,) = await rows(counter, "open")
    assert (revised.dialogue_id, revised.revision, revised.asr_status) == (first.dialogue_id, 2, "PENDING")
    assert (revised.analysis_status, revised.skip_reason, revised.language) == ("PENDING", None, None)
    assert await segments(counter, first.dialogue_id, 1) == 2
    assert await segments(counter, first.dialogue_id, 2) == 3
    async with counter.db.begin() as tx:
        assert (await tx.execute(select(t.dialogue_transcripts.c.text))).scalar_one() == "а"


async def test_a_revision_goes_to_asr_two_minutes_after_its_last_change(counter: Delivery) -> None:
    await hear(counter, 3, minute(0), minute(1, (20, 30), (35, 60)), minute(4))
    await counter.work(at(3) + LATENESS)
    counter.sent_to_asr.clear()
    await hear(counter, 40, minute(2, (3, 30), (32, 55)))
    assert counter.job_at_ms == at(42)
    await hear(counter, 41, minute(3, (1, 9)))
    await counter.work(at(42))
    assert counter.sent_to_asr == []
    assert counter.job_at_ms == at(43)
    await counter.work(at(43))
    (closed,) = await rows(counter, "closed")
    assert counter.sent_to_asr == [(str(closed.dialogue_id), 2)]


async def test_two_dialogues_that_late_audio_joins_become_one_and_an_alias(counter: Delivery) -> None:
    await hear(counter, 4, minute(0), minute(1, (50, 58)), minute(3, (2, 30)), minute(4))
    await counter.work(at(4) + LATENESS)
    short, long = await rows(counter, "closed")
    await hear(counter, 40, minute(2, (5, 15), (25, 35), (45, 55)))
    (joined,) = await rows(counter, "open")
    (alias,) = await rows(counter, "superseded")
    assert (joined.dialogue_id, joined.revision) == (long.dialogue_id, 2)
    assert (alias.dialogue_id, alias.alias_of) == (short.dialogue_id, long.dialogue_id)


async def test_an_alias_follows_when_its_heir_becomes_an_alias_itself(counter: Delivery) -> None:
    a, b, c = minute(1, (50, 58)), minute(3, (2, 30)), minute(5, (1, 59))
    await hear(counter, 6, minute(0), a, b, c, minute(6))
    await counter.work(at(6) + LATENESS)
    first, second, third = await rows(counter, "closed")
    await hear(counter, 40, minute(2, (5, 15), (25, 35), (45, 55)))
    await counter.work(at(42))
    d = t.dialogues.c
    async with counter.db.begin() as tx:  # as if the second had been merged into the third
        assert (await tx.execute(select(d.alias_of).where(d.dialogue_id == first.dialogue_id))).scalar_one() == (
            second.dialogue_id
        )
        await supersede(tx, [(DialogueId(second.dialogue_id), DialogueId(third.dialogue_id))], at(50))
        found = (await tx.execute(select(d.alias_of).where(d.dialogue_id == first.dialogue_id))).scalar_one()
    assert found == third.dialogue_id


async def test_a_dialogue_whose_audio_is_erased_is_superseded_without_an_heir_and_its_id_never_used_again(
    counter: Delivery,
) -> None:
    clip = minute(1, (20, 40))
    await hear(counter, 3, minute(0), clip, minute(2))
    (closed,) = await rows(counter, "closed")
    chunk_id = (t.audio_chunks.c.device_id == counter.device_id) & (t.audio_chunks.c.size_bytes == 1)
    async with counter.db.begin() as tx:
        s = t.speech_segments.c
        await tx.execute(delete(t.speech_segments).where(s.device_id == counter.device_id))
        await tx.execute(update(t.audio_chunks).where(chunk_id).values(settled_status=None))
    await counter.work(at(5))
    (gone,) = await rows(counter, "superseded")
    assert (gone.dialogue_id, gone.alias_of) == (closed.dialogue_id, None)

    await counter.step(at(6), "hear", clip)
    await counter.work(at(6))
    (again,) = await rows(counter, "closed")
    assert again.dialogue_id != closed.dialogue_id
    assert again.start_ts == closed.start_ts


async def test_what_a_device_says_that_it_has_delivered_is_not_waited_for(counter: Delivery) -> None:
    await hear(counter, 2, minute(0), minute(1, (40, 60)))
    async with counter.db.begin() as tx:
        await tx.execute(update(t.dialogues).values(close_at=func.now() + timedelta(minutes=1)))
        job = await owe_nothing_before(tx, counter.device_id, to_instant(at(3)))
        await tx.execute(update(t.dialogues).values(close_at=to_instant(at(2.5))))  # the driver's clock, not now()
        assert await owe_nothing_before(tx, counter.device_id, to_instant(at(3))) is None, "nothing waits any more"
    assert job is not None
    assert (job.stage, job.subject_id) == ("dialogues", str(counter.device_id))
    await counter.work(at(2.5))
    assert len(await rows(counter, "closed")) == 1


async def test_hearing_a_chunk_again_with_the_same_result_changes_nothing(counter: Delivery) -> None:
    await hear(counter, 3, minute(0), minute(1, (20, 40)), minute(2))
    before = await rows(counter, "closed")
    await counter.step(at(9), "hear", minute(1, (20, 40)))
    await counter.work(at(9))
    assert await rows(counter, "closed") == before
    assert len(counter.sent_to_asr) == 1


async def test_more_changes_than_one_job_takes_are_left_to_the_next_which_is_queued_at_once(counter: Delivery) -> None:
    clips = [minute(n, (20, 40)) for n in range(60)]
    for clip in clips:
        await counter.step(at(60), "receive", clip)
        await counter.step(at(60), "hear", clip)
    await counter.work(at(60))
    assert len(await rows(counter, "open", "closed")) == 50
    assert counter.job_at_ms == at(60)
    await counter.work(at(60))
    assert len(await rows(counter, "open", "closed")) == 60
