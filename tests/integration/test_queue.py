"""The queue's rules, one at a time."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from configs.sections import JobSettings
from db import tables as t
from db.engine import Database
from db.queue import Job, NewJob, Queue
from domain.errors import LeaseLost
from domain.status import JobClass, JobState

RUN = UUID(int=7)


async def put(queue: Queue, *jobs: NewJob, following: Job | None = None) -> None:
    async with queue.db.begin() as tx:
        await queue.enqueue(tx, jobs, following)


async def complete(queue: Queue, job: Job, state: JobState = JobState.DONE) -> None:
    async with queue.db.begin() as tx:
        await queue.complete(tx, job, state)


async def fail(queue: Queue, job: Job, *, retry: bool = True) -> JobState:
    async with queue.db.begin() as tx:
        return await queue.fail(tx, job, "it broke", retry=retry)


async def give_back(queue: Queue, job: Job, retry_after_s: float, *, pause: bool = True) -> None:
    async with queue.db.begin() as tx:
        await queue.give_back(tx, job, "the model is down", retry_after_s, pause=pause)


async def one(queue: Queue, stage: str = "vad") -> Job:
    (job,) = await queue.claim(stage, 1, "worker")
    return job


async def row(queue: Queue, job: Job) -> dict[str, object]:
    async with queue.db.begin() as tx:
        found = (await tx.execute(select(t.jobs).where(t.jobs.c.job_id == job.job_id))).mappings().one()
    return dict(found)


async def rewind_pause(queue: Queue) -> None:
    async with queue.db.begin() as tx:
        await tx.execute(text("UPDATE stage_pauses SET until = now() - interval '1 second'"))


class TestEnqueue:
    async def test_a_queued_twin_is_joined_not_doubled(self, queue: Queue) -> None:
        await put(queue, NewJob("asr", "d1", subject_rev=1, job_class=JobClass.BACKFILL, delay_s=60, audio_ms=100))
        await put(queue, NewJob("asr", "d1", subject_rev=2, job_class=JobClass.LIVE, audio_ms=200))
        await put(queue, NewJob("asr", "d1", subject_rev=1, job_class=JobClass.REANALYSIS, delay_s=60, audio_ms=100))
        job = await one(queue, "asr")
        assert (job.subject_rev, job.job_class, job.audio_ms) == (2, JobClass.LIVE, 200)
        assert await queue.claim("asr", 1, "worker") == []

    async def test_a_newer_revision_starts_with_all_its_attempts(self, queue: Queue) -> None:
        await put(queue, NewJob("asr", "d1", subject_rev=1))
        await fail(queue, await one(queue, "asr"))
        await put(queue, NewJob("asr", "d1", subject_rev=2))
        assert (await one(queue, "asr")).attempts == 1

    async def test_a_follower_inherits_class_device_and_run_and_may_name_its_own(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1", job_class=JobClass.BACKFILL, fair_key="device 1", run_id=RUN))
        upstream = await one(queue)
        own = NewJob("own", "d1", job_class=JobClass.LIVE, fair_key="device 2", run_id=UUID(int=8))
        await put(queue, NewJob("heir", "d1"), own, following=upstream)
        heir, chosen = await one(queue, "heir"), await one(queue, "own")
        assert (heir.job_class, heir.fair_key, heir.run_id) == (JobClass.BACKFILL, "device 1", RUN)
        assert (chosen.job_class, chosen.fair_key, chosen.run_id) == (JobClass.LIVE, "device 2", UUID(int=8))

    async def test_a_job_rolled_back_was_never_queued(self, queue: Queue) -> None:
        async with queue.db.engine.connect() as tx:
            await queue.enqueue(tx, [NewJob("vad", "c1")])
            await tx.rollback()
        assert await queue.claim("vad", 1, "worker") == []

    async def test_nothing_to_enqueue_is_nothing_done(self, queue: Queue) -> None:
        await put(queue)
        assert await queue.summary() == []


class TestClaim:
    async def test_a_delayed_job_waits_for_its_time(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1", delay_s=0.3))
        assert await queue.claim("vad", 1, "worker") == []
        assert (await queue.backlog("vad")).delayed == 1
        await asyncio.sleep(0.35)
        assert (await one(queue)).subject_id == "c1"

    async def test_stages_do_not_see_each_other(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))
        assert await queue.claim("asr", 1, "worker") == []

    async def test_one_job_per_lock_key_within_a_claim_and_beside_a_running_one(self, queue: Queue) -> None:
        await put(queue, *(NewJob("vad", f"c{n}", lock_key="device 1") for n in range(3)), NewJob("vad", "free"))
        claimed = await queue.claim("vad", 10, "worker")
        assert sorted(job.lock_key for job in claimed) == [":device 1", ":free"]
        assert await queue.claim("vad", 10, "worker") == []
        for job in claimed:
            await complete(queue, job)
        assert [job.lock_key for job in await queue.claim("vad", 10, "worker")] == [":device 1"]

    async def test_a_reanalysis_does_not_wait_for_the_live_job_of_its_subject(self, queue: Queue) -> None:
        await put(queue, NewJob("asr", "d1"), NewJob("asr", "d1", run_id=RUN))
        assert len(await queue.claim("asr", 10, "worker")) == 2

    async def test_a_new_job_may_be_queued_beside_its_running_twin_and_runs_after_it(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))
        running = await one(queue)
        await put(queue, NewJob("vad", "c1"))
        assert await queue.claim("vad", 1, "worker") == []
        await complete(queue, running)
        assert (await one(queue)).job_id != running.job_id

    async def test_the_hook_works_inside_the_claims_transaction(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))

        async def refuse(_: object, jobs: list[Job]) -> None:
            assert [job.subject_id for job in jobs] == ["c1"]
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await queue.claim("vad", 1, "worker", refuse)
        assert (await one(queue)).attempts == 1

    async def test_a_claim_for_no_slots_takes_nothing(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))
        assert await queue.claim("vad", 0, "worker") == []


class TestEnds:
    async def test_a_job_ends_once_and_only_by_its_own_lease(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))
        job = await one(queue)
        await complete(queue, job, JobState.SUPERSEDED)
        assert (await row(queue, job))["state"] == "superseded"
        with pytest.raises(LeaseLost):
            await complete(queue, job)
        with pytest.raises(LeaseLost):
            await fail(queue, job)
        with pytest.raises(LeaseLost):
            await fail(queue, job, retry=False)
        with pytest.raises(LeaseLost):
            await give_back(queue, job, 1)

    async def test_a_failing_job_is_tried_five_times_and_then_is_dead_with_its_error(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))
        states = []
        for attempt in range(1, 6):
            await asyncio.sleep(0.002)
            job = await one(queue)
            assert job.attempts == attempt
            states.append(await fail(queue, job))
        assert states == [JobState.QUEUED] * 4 + [JobState.DEAD]
        assert (await row(queue, job))["last_error"] == "it broke"
        assert await queue.claim("vad", 1, "worker") == []

    async def test_a_failed_job_backs_off_by_the_jitter(self, db: Database, job_settings: JobSettings) -> None:
        slow = job_settings.model_copy(update={"backoff_s": 100.0, "backoff_max_s": 1000.0})
        queue = Queue(db, slow, jitter=lambda: 0.5)
        await put(queue, NewJob("vad", "c1"))
        job = await one(queue)
        await fail(queue, job)
        async with db.begin() as tx:
            wait_s = await tx.scalar(text("SELECT extract(epoch FROM run_after - now()) FROM jobs"))
        assert 49 < float(wait_s) <= 50

    async def test_what_can_never_work_is_dead_at_once(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))
        assert await fail(queue, await one(queue), retry=False) is JobState.DEAD

    async def test_a_failed_job_with_a_queued_twin_ends_superseded(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))
        job = await one(queue)
        await put(queue, NewJob("vad", "c1"))
        assert await fail(queue, job) is JobState.SUPERSEDED
        twin = await one(queue)
        assert (twin.job_id != job.job_id, twin.attempts) == (True, 1)

    async def test_a_job_given_back_with_a_queued_twin_ends_superseded(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))
        job = await one(queue)
        await put(queue, NewJob("vad", "c1"))
        await give_back(queue, job, 0)
        assert (await row(queue, job))["state"] == "superseded"

    async def test_dead_jobs_are_retried_with_all_their_attempts(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"), NewJob("asr", "d1"))
        for stage in ("vad", "asr"):
            await fail(queue, await one(queue, stage), retry=False)
        assert await queue.retry_dead(stage="vad") == 1
        assert (await one(queue)).attempts == 1
        assert await queue.claim("asr", 1, "worker") == []
        assert await queue.retry_dead() == 1
        assert await queue.retry_dead() == 0

    async def test_only_the_dead_jobs_named_are_retried(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"), NewJob("vad", "c2"))
        first, second = await queue.claim("vad", 2, "worker")
        for job in (first, second):
            await fail(queue, job, retry=False)
        assert await queue.retry_dead(job_ids=[second.job_id]) == 1
        assert (await one(queue)).job_id == second.job_id

    async def test_of_several_dead_twins_the_newest_runs_and_the_rest_end_superseded(self, queue: Queue) -> None:
        for _ in range(3):
            await put(queue, NewJob("vad", "c1"))
            last = await one(queue)
            await fail(queue, last, retry=False)
        assert await queue.retry_dead() == 3
        assert [job.job_id for job in await queue.claim("vad", 5, "worker")] == [last.job_id]
        assert (await queue.summary())[0].superseded_1h == 2


class TestPause:
    async def test_a_job_given_back_keeps_its_attempts_and_pauses_the_stage(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"), NewJob("vad", "c2"), NewJob("asr", "d1"))
        await give_back(queue, await one(queue), 60)
        assert await queue.claim("vad", 5, "worker") == []
        assert len(await queue.claim("asr", 5, "worker")) == 1
        (asr, vad) = await queue.summary()
        assert (asr.paused_until, vad.pause_reason) == (None, "the model is down")

    async def test_after_a_pause_one_probe_goes_and_its_success_frees_the_stage(self, queue: Queue) -> None:
        await put(queue, *(NewJob("vad", f"c{n}") for n in range(5)))
        await give_back(queue, await one(queue), 60)
        await rewind_pause(queue)
        (probe,) = await queue.claim("vad", 5, "worker")
        assert probe.attempts == 1
        assert await queue.claim("vad", 5, "worker") == []
        await complete(queue, probe)
        assert len(await queue.claim("vad", 5, "worker")) == 4

    async def test_a_probe_that_is_given_back_pauses_anew(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"), NewJob("vad", "c2"))
        await give_back(queue, await one(queue), 60)
        for _ in range(3):
            await rewind_pause(queue)
            await give_back(queue, await one(queue), 60)
            assert await queue.claim("vad", 5, "worker") == []

    async def test_a_probe_that_fails_by_its_own_fault_lets_the_next_job_probe_at_once(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"), NewJob("vad", "c2"))
        await give_back(queue, await one(queue), 60)
        await rewind_pause(queue)
        probe = await one(queue)
        await fail(queue, probe, retry=False)
        assert (await one(queue)).job_id != probe.job_id

    async def test_a_probe_whose_worker_vanished_is_followed_by_another(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"), NewJob("vad", "c2"))
        await give_back(queue, await one(queue), 60)
        await rewind_pause(queue)
        await one(queue)
        await asyncio.sleep(queue.settings.lease_s + 0.05)
        assert len(await queue.claim("vad", 5, "worker")) == 1

    async def test_no_pause_is_longer_than_the_limit(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))
        await give_back(queue, await one(queue), 10_000)
        await asyncio.sleep(queue.settings.pause_max_s + 0.05)
        assert len(await queue.claim("vad", 5, "worker")) == 1

    async def test_a_shutdown_gives_back_without_pausing(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))
        job = await one(queue)
        await give_back(queue, job, 0, pause=False)
        again = await one(queue)
        assert (again.job_id, again.attempts) == (job.job_id, 1)

    async def test_a_job_that_waits_alone_lets_the_others_go_on(self, queue: Queue) -> None:
        await put(queue, NewJob("vad", "c1"))
        await give_back(queue, await one(queue), 60, pause=False)
        await put(queue, NewJob("vad", "c2"))
        assert (await one(queue)).subject_id == "c2"
        assert await queue.claim("vad", 1, "worker") == []

    async def test_a_rerun_ends_a_pause_only_as_its_probe(self, queue: Queue) -> None:
        """It may not need what the others wait for."""
        rerun = NewJob("vad", "c1", run_id=uuid4(), job_class=JobClass.REANALYSIS)
        await put(queue, rerun)
        in_flight = await one(queue)
        await put(queue, NewJob("vad", "c2"))
        await give_back(queue, await one(queue), 60)
        await complete(queue, in_flight)
        assert await queue.claim("vad", 1, "worker") == []
        await rewind_pause(queue)
        await complete(queue, await one(queue))
        assert (await queue.summary())[0].paused_until is None


class TestUpkeep:
    async def test_purge_deletes_old_finished_jobs_and_keeps_the_dead_and_the_young(self, queue: Queue) -> None:
        await put(queue, *(NewJob("vad", f"c{n}") for n in range(4)))
        old, superseded, dead, young = await queue.claim("vad", 4, "worker")
        await complete(queue, old)
        await complete(queue, superseded, JobState.SUPERSEDED)
        await fail(queue, dead, retry=False)
        async with queue.db.begin() as tx:
            await tx.execute(text("UPDATE jobs SET finished_at = now() - interval '3 days 1 minute'"))
        await complete(queue, young)
        assert await queue.purge() == 2
        async with queue.db.begin() as tx:
            left = (await tx.execute(select(t.jobs.c.job_id).order_by(t.jobs.c.job_id))).scalars().all()
        assert left == [dead.job_id, young.job_id]

    async def test_purge_goes_on_until_nothing_old_is_left(self, queue: Queue) -> None:
        fill = """
            INSERT INTO jobs (stage, subject_id, lock_key, state, finished_at)
            SELECT 'vad', n, n, 'done', now() - interval '9 days' FROM generate_series(1, 12000) AS n
        """
        async with queue.db.begin() as tx:
            await tx.execute(text(fill))
        assert await queue.purge() == 12_000

    async def test_the_backlog_counts_what_may_run_now_in_jobs_and_audio(self, queue: Queue) -> None:
        await put(queue, NewJob("asr", "d1", audio_ms=1500), NewJob("asr", "d2", audio_ms=2000))
        await put(queue, NewJob("asr", "d3", audio_ms=9000, delay_s=60), NewJob("vad", "c1", audio_ms=60_000))
        await one(queue, "asr")
        await asyncio.sleep(0.05)
        backlog = await queue.backlog("asr")
        assert (backlog.queued, backlog.running, backlog.delayed, backlog.audio_s) == (1, 1, 1, 2.0)
        assert 0.05 <= backlog.oldest_s < 5

    async def test_the_backlog_of_nothing_is_nothing(self, queue: Queue) -> None:
        backlog = await queue.backlog("vad")
        assert (backlog.queued, backlog.running, backlog.audio_s, backlog.oldest_s) == (0, 0, 0.0, 0.0)

    async def test_the_summary_shows_every_stage_that_has_jobs(self, queue: Queue) -> None:
        await put(queue, *(NewJob("vad", f"c{n}", audio_ms=60_000) for n in range(3)), NewJob("asr", "d1", delay_s=60))
        done, dead = await queue.claim("vad", 2, "worker")
        await complete(queue, done)
        await fail(queue, dead, retry=False)
        asr, vad = await queue.summary()
        assert (asr.stage, asr.queued, asr.delayed, asr.oldest_s) == ("asr", 0, 1, 0.0)
        assert (vad.queued, vad.running, vad.done_1h, vad.dead, vad.audio_s_1h) == (1, 0, 1, 1, 60.0)


async def test_a_lease_token_of_another_claim_does_not_open_the_fence(queue: Queue) -> None:
    await put(queue, NewJob("vad", "c1"))
    job = await one(queue)
    forged = Job(**{**{name: getattr(job, name) for name in Job.__slots__}, "lease_token": uuid4()})
    with pytest.raises(LeaseLost):
        await complete(queue, forged)
    await complete(queue, job)
