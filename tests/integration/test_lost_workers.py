"""What a lost worker held goes back at once; a worker that lives after all finds its leases gone."""

import pytest
from sqlalchemy import select

from db import tables as t
from db.lost_workers import end_leases, holders
from db.queue import Job, NewJob, Queue
from domain.errors import LeaseLost


@pytest.fixture
async def held(queue: Queue) -> Job:
    async with queue.db.begin() as tx:
        await queue.enqueue(tx, [NewJob("vad", "c1"), NewJob("vad", "c2")])
    (job,) = await queue.claim("vad", 1, "vad-0@node.1")
    await queue.claim("vad", 1, "vad-1@node.2")
    return job


async def test_its_jobs_are_claimed_again_at_once_and_the_attempt_counts(queue: Queue, held: Job) -> None:
    assert await holders(queue.db) == {"vad-0@node.1", "vad-1@node.2"}
    assert await queue.claim("vad", 5, "vad-2@node.3") == []
    assert await end_leases(queue.db, {"vad-0@node.1"}) == 1
    (again,) = await queue.claim("vad", 5, "vad-2@node.3")
    assert (again.job_id, again.attempts, again.lease_expired_before) == (held.job_id, 2, True)
    assert await holders(queue.db) == {"vad-1@node.2", "vad-2@node.3"}


async def test_a_worker_that_lives_after_all_cannot_complete_what_it_lost(queue: Queue, held: Job) -> None:
    await end_leases(queue.db, {"vad-0@node.1"})
    for ending in (queue.complete, lambda tx, job: queue.give_back(tx, job, "busy", 0.0)):
        with pytest.raises(LeaseLost):
            async with queue.db.begin() as tx:
                await ending(tx, held)
    async with queue.db.begin() as tx:
        state = (await tx.execute(select(t.jobs.c.state).where(t.jobs.c.job_id == held.job_id))).scalar_one()
    assert state == "running"


async def test_what_is_being_completed_this_moment_is_left_to_it(queue: Queue, held: Job) -> None:
    async with queue.db.begin() as tx:
        await queue.complete(tx, held)
        assert await end_leases(queue.db, {"vad-0@node.1"}) == 0


async def test_leases_of_nobody_are_ended_for_nobody(queue: Queue, held: Job) -> None:
    assert await end_leases(queue.db, set()) == 0
    assert await end_leases(queue.db, {"vad-9@node.9"}) == 0
    assert held.job_id
