"""What scaling goes by: the audio that waits, by class, and what came lately."""

from sqlalchemy import text

from db.queue import NewJob, Queue
from db.stage_loads import ARRIVALS_S, stage_loads
from domain.status import JobClass, JobState


async def put(queue: Queue, *jobs: NewJob) -> None:
    async with queue.db.begin() as tx:
        await queue.enqueue(tx, jobs)


async def test_queued_and_running_audio_is_counted_by_class_and_what_waits_for_its_time_is_not(queue: Queue) -> None:
    await put(
        queue,
        NewJob("asr", "a", audio_ms=10_000),
        NewJob("asr", "b", audio_ms=20_000),
        NewJob("asr", "c", audio_ms=5_000, job_class=JobClass.BACKFILL),
        NewJob("asr", "d", audio_ms=7_000, delay_s=60.0),
        NewJob("vad", "e", audio_ms=60_000),
        NewJob("report", "f"),
    )
    await queue.claim("asr", 1, "w")
    async with queue.db.begin() as tx:
        await tx.execute(text("UPDATE jobs SET run_after = now() - interval '90 s' WHERE subject_id = 'b'"))
    loads = await stage_loads(queue.db)
    live = loads["asr"].waiting[JobClass.LIVE]
    assert live.audio_s == 30
    assert 90 <= live.oldest_s < 100
    assert loads["asr"].waiting[JobClass.BACKFILL].audio_s == 5
    assert JobClass.REANALYSIS not in loads["asr"].waiting
    assert loads["vad"].waiting[JobClass.LIVE].audio_s == 60
    assert loads["report"].waiting == {}


async def test_what_came_lately_counts_also_when_it_is_done(queue: Queue) -> None:
    await put(
        queue,
        NewJob("asr", "new", audio_ms=60_000),
        NewJob("asr", "old", audio_ms=60_000),
        NewJob("asr", "history", audio_ms=60_000, job_class=JobClass.REANALYSIS),
    )
    for job in await queue.claim("asr", 2, "w"):
        async with queue.db.begin() as tx:
            await queue.complete(tx, job, JobState.DONE)
    async with queue.db.begin() as tx:
        await tx.execute(text("UPDATE jobs SET enqueued_at = now() - interval '1 day' WHERE subject_id = 'old'"))
    loads = await stage_loads(queue.db)
    assert loads["asr"].arriving == 60 / ARRIVALS_S
