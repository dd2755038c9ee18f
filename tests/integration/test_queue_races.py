"""The queue's races, with real concurrency: every actor has its own connection to a real server."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from configs.sections import JobSettings
from db.engine import Database
from db.queue import Job, NewJob, Queue
from domain.errors import LeaseLost
from domain.status import JobState

Connect = Callable[[], Queue]


@pytest.fixture
async def connect(database_url: str, job_settings: JobSettings) -> AsyncIterator[Connect]:
    """Makes one more process's queue: an engine of its own, leases that do not run out by themselves."""
    patient = job_settings.model_copy(update={"lease_s": 60.0})
    async with AsyncExitStack() as stack:

        def new() -> Queue:
            database = Database(database_url, pool_size=2)
            stack.push_async_callback(database.dispose)
            return Queue(database, patient)

        yield new


async def put(queue: Queue, *jobs: NewJob) -> None:
    async with queue.db.begin() as tx:
        await queue.enqueue(tx, jobs)


async def expire(queue: Queue) -> None:
    async with queue.db.begin() as tx:
        await tx.execute(text("UPDATE jobs SET lease_until = now() - interval '1 second' WHERE state = 'running'"))


async def is_drained(queue: Queue, stage: str) -> bool:
    backlog = await queue.backlog(stage)
    return backlog.queued + backlog.delayed + backlog.running == 0


async def has_no_jobs(queue: Queue, subject: str) -> bool:
    async with queue.db.begin() as tx:
        query = "SELECT count(*) FROM jobs WHERE subject_id = :s AND state IN ('queued', 'running')"
        return await tx.scalar(text(query), {"s": subject}) == 0


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    while not await holds():
        await asyncio.sleep(0.02)


@asynccontextmanager
async def ended(*tasks: Awaitable[object]) -> AsyncIterator[None]:
    """Runs tasks beside the body and ends them after it; their errors are the test's."""
    running = [asyncio.ensure_future(task) for task in tasks]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        results = await asyncio.gather(*running, return_exceptions=True)
    assert [r for r in results if r is not None and not isinstance(r, asyncio.CancelledError)] == []


async def test_data_committed_while_its_twin_is_queued_or_running_is_always_processed(connect: Connect) -> None:
    """The lost wake-up: a worker that reads before the commit of an enqueue that found the job still queued."""
    subjects, rounds = [f"s{n}" for n in range(3)], 40
    setup = connect()
    async with setup.db.begin() as tx:
        await tx.execute(text("CREATE TABLE versions (subject text PRIMARY KEY, written int, processed int)"))
        await tx.execute(text("INSERT INTO versions SELECT unnest(CAST(:s AS text[])), 0, 0"), {"s": subjects})

    async def versions(queue: Queue, subject: str) -> tuple[int, int]:
        async with queue.db.begin() as tx:
            query = text("SELECT written, processed FROM versions WHERE subject = :s")
            return tuple((await tx.execute(query, {"s": subject})).one())

    async def write(queue: Queue, subject: str) -> None:
        chance = random.Random(subject)
        for _ in range(rounds):
            await put(queue, NewJob("vad", subject))
            async with queue.db.begin() as tx:
                await queue.enqueue(tx, [NewJob("vad", subject)])
                await asyncio.sleep(chance.random() * 0.02)  # time for a worker to slip in before our commit
                await tx.execute(text("UPDATE versions SET written = written + 1 WHERE subject = :s"), {"s": subject})
            await until(lambda: has_no_jobs(queue, subject))
            written, processed = await versions(queue, subject)
            assert written == processed

    async def work(queue: Queue) -> None:
        while True:
            for job in await queue.claim("vad", 2, "worker"):
                seen, _ = await versions(queue, job.subject_id)
                await asyncio.sleep(random.random() * 0.004)
                async with queue.db.begin() as tx:
                    done = "UPDATE versions SET processed = :seen WHERE subject = :s"
                    await tx.execute(text(done), {"seen": seen, "s": job.subject_id})
                    await queue.complete(tx, job)
            await asyncio.sleep(0)

    async with ended(*(work(connect()) for _ in range(3))):
        await asyncio.gather(*(write(connect(), subject) for subject in subjects))


async def test_a_queued_job_being_joined_by_an_open_transaction_is_not_claimed_before_its_commit(
    connect: Connect,
) -> None:
    writer, worker = connect(), connect()
    await put(writer, NewJob("vad", "c1"), NewJob("vad", "c2"))
    async with writer.db.begin() as tx:
        await writer.enqueue(tx, [NewJob("vad", "c1", subject_rev=2)])
        (other,) = await worker.claim("vad", 2, "worker")  # and the lock of one row holds up nobody else
        assert other.subject_id == "c2"
    (joined,) = await worker.claim("vad", 2, "worker")
    assert (joined.subject_id, joined.subject_rev) == ("c1", 2)


async def test_two_of_one_key_never_run_at_once_and_no_job_is_lost(connect: Connect) -> None:
    setup, running, done = connect(), Counter[str](), Counter[str]()
    total, keys = 240, 4
    await put(setup, *(NewJob("dialogues", f"s{n}", lock_key=f"device {n % keys}") for n in range(total)))

    async def work(queue: Queue) -> None:
        while True:
            for job in await queue.claim("dialogues", 3, "worker"):
                running[job.lock_key] += 1
                assert running[job.lock_key] == 1, f"{job.lock_key} runs twice"
                await asyncio.sleep(random.random() * 0.002)
                async with queue.db.begin() as tx:
                    await queue.complete(tx, job)
                    running[job.lock_key] -= 1  # before the commit: from then on the next may start
                done[job.subject_id] += 1
            await asyncio.sleep(0)

    async with ended(*(work(connect()) for _ in range(5))):
        await until(lambda: is_drained(setup, "dialogues"))
    assert len(done) == total
    assert set(done.values()) == {1}


async def test_an_expired_job_goes_to_one_worker_only_and_its_old_holder_is_refused(connect: Connect) -> None:
    queues = [connect() for _ in range(6)]
    await put(queues[0], NewJob("vad", "c1"))
    (old,) = await queues[0].claim("vad", 1, "old")
    await expire(queues[0])
    claims = await asyncio.gather(*(queue.claim("vad", 1, "new") for queue in queues))
    (new,) = [job for jobs in claims for job in jobs]
    assert (new.job_id, new.attempts, new.lease_expired_before) == (old.job_id, 2, True)
    assert new.lease_token != old.lease_token
    async with queues[0].db.begin() as tx:
        with pytest.raises(LeaseLost):
            await queues[0].complete(tx, old)
    async with queues[1].db.begin() as tx:
        await queues[1].complete(tx, new)


async def test_a_completion_under_way_beats_the_expiry_of_its_lease(connect: Connect) -> None:
    holder, other = connect(), connect()
    await put(holder, NewJob("vad", "c1"))
    (job,) = await holder.claim("vad", 1, "holder")
    await expire(holder)
    async with holder.db.begin() as tx:
        await holder.complete(tx, job)
        assert await asyncio.wait_for(other.claim("vad", 1, "other"), 5) == []
    assert await other.claim("vad", 1, "other") == []


async def test_a_worker_that_vanishes_in_every_attempt_leaves_a_dead_job_and_the_hook_is_told(connect: Connect) -> None:
    queue, buried = connect(), []

    async def on_dead(_: AsyncConnection, jobs: list[Job]) -> None:
        buried.extend(job.subject_id for job in jobs)

    await put(queue, NewJob("vad", "bad"), NewJob("vad", "good"))
    attempts = 0
    while jobs := [j for j in await queue.claim("vad", 1, "mayfly", on_dead=on_dead) if j.subject_id == "bad"]:
        attempts = jobs[0].attempts
        await expire(queue)
    assert (attempts, buried) == (5, ["bad"])
    (summary,) = await queue.summary()
    assert (summary.dead, summary.running) == (1, 1)  # the neighbour got its turn in the same claim
    async with queue.db.begin() as tx:
        error = await tx.scalar(text("SELECT last_error FROM jobs WHERE state = 'dead'"))
    assert error == "the worker vanished in attempt 5: mayfly"


async def test_a_twin_queued_while_its_job_fails_supersedes_it(connect: Connect) -> None:
    """Whoever commits first: one of the two is queued in the end, never both and never none."""
    worker, writer = connect(), connect()
    for _ in range(40):
        await put(worker, NewJob("vad", "c1"))
        (job,) = await worker.claim("vad", 1, "worker")

        async def fail(job: Job = job) -> JobState:
            async with worker.db.begin() as tx:
                return await worker.fail(tx, job, "it broke", retry=True)

        state, _ = await asyncio.gather(fail(), put(writer, NewJob("vad", "c1")))
        assert state in (JobState.QUEUED, JobState.SUPERSEDED)
        backlog = await worker.backlog("vad")
        assert (backlog.queued + backlog.delayed, backlog.running) == (1, 0)
        await asyncio.sleep(0.002)
        (last,) = await worker.claim("vad", 5, "worker")
        async with worker.db.begin() as tx:
            await worker.complete(tx, last)


async def test_a_twin_committed_between_look_and_leap_is_seen(connect: Connect) -> None:
    """The failing side waits for an enqueue that is already in the index but not yet committed."""
    worker, writer = connect(), connect()
    await put(worker, NewJob("vad", "c1"))
    (job,) = await worker.claim("vad", 1, "worker")
    async with worker.db.begin() as tx:
        async with writer.db.begin() as other:
            await writer.enqueue(other, [NewJob("vad", "c1")])
            failing = asyncio.create_task(worker.fail(tx, job, "it broke", retry=True))
            await asyncio.sleep(0.1)
            assert not failing.done()
        assert await failing is JobState.SUPERSEDED


async def test_enqueuers_in_opposite_orders_and_claims_of_both_never_deadlock(connect: Connect) -> None:
    names = [f"s{n}" for n in range(12)]

    async def enqueue(queue: Queue, order: list[str]) -> None:
        for _ in range(60):
            await put(queue, *(NewJob("vad", name) for name in order))

    async def work(queue: Queue) -> None:
        while True:
            for job in await queue.claim("vad", 5, "worker"):
                async with queue.db.begin() as tx:
                    await queue.complete(tx, job)
            await asyncio.sleep(0)

    async with ended(work(connect()), work(connect())):
        await asyncio.gather(enqueue(connect(), names), enqueue(connect(), names[::-1]))


async def test_a_claim_that_marks_its_subjects_never_deadlocks_with_a_completion_that_enqueues(
    connect: Connect,
) -> None:
    """asr completes a dialogue and queues its analysis, just as that dialogue's last analysis is being claimed."""
    setup = connect()
    async with setup.db.begin() as tx:
        await tx.execute(text("CREATE TABLE subjects (id text PRIMARY KEY, status text)"))
        await tx.execute(text("INSERT INTO subjects VALUES ('d1', ''), ('d2', '')"))

    async def touch(tx: AsyncConnection, subjects: list[str]) -> None:
        for subject in sorted(subjects):
            await tx.execute(text("UPDATE subjects SET status = 'PROCESSING' WHERE id = :id"), {"id": subject})

    async def mark(tx: AsyncConnection, jobs: list[Job]) -> None:
        await touch(tx, [job.subject_id for job in jobs])

    async def complete_upstream(queue: Queue) -> None:
        for _ in range(60):
            for subject in ("d1", "d2"):
                async with queue.db.begin() as tx:
                    await touch(tx, [subject])
                    await asyncio.sleep(0.001)
                    await queue.enqueue(tx, [NewJob("analysis", subject)])

    async def work(queue: Queue) -> None:
        while True:
            for job in await queue.claim("analysis", 2, "worker", mark):
                async with queue.db.begin() as tx:
                    await touch(tx, [job.subject_id])
                    await queue.complete(tx, job)
            await asyncio.sleep(0)

    async with ended(work(connect()), work(connect())):
        await asyncio.gather(complete_upstream(connect()), complete_upstream(connect()))


async def test_a_process_stopped_inside_a_transaction_loses_it_and_its_locks(
    database_url: str, db: Database, queue: Queue
) -> None:
    async with db.begin() as tx:
        limit = await tx.scalar(text("SHOW idle_in_transaction_session_timeout"))
    assert limit == "30s"
    stopped = await asyncpg.connect(database_url, server_settings={"idle_in_transaction_session_timeout": "200ms"})
    await stopped.execute("BEGIN")
    await stopped.execute("SELECT pg_advisory_xact_lock(hashtextextended('salescontrol.claim.vad', 0))")
    await put(queue, NewJob("vad", "c1"))
    assert len(await asyncio.wait_for(queue.claim("vad", 1, "worker"), 10)) == 1
    stopped.terminate()
