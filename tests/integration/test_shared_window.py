"""A window that all workers share is kept by all of them together, whatever becomes of one."""

import asyncio

import pytest

from db.lost_workers import end_leases
from db.queue import NewJob, Queue

WINDOW = 6


@pytest.fixture
async def crowd(queue: Queue) -> Queue:
    async with queue.db.begin() as tx:
        await queue.enqueue(tx, [NewJob("asr", f"d{i}") for i in range(40)])
    return queue


async def test_workers_that_claim_at_once_do_not_exceed_it(crowd: Queue) -> None:
    claims = [crowd.claim("asr", WINDOW, f"w{i}", in_all=WINDOW) for i in range(4)]
    assert sum(len(jobs) for jobs in await asyncio.gather(*claims)) == WINDOW
    assert await crowd.claim("asr", WINDOW, "w5", in_all=WINDOW) == []


async def test_what_a_lost_worker_held_is_taken_over_and_counts_once(crowd: Queue) -> None:
    await crowd.claim("asr", WINDOW, "lost", in_all=WINDOW)
    await end_leases(crowd.db, {"lost"})
    taken = await crowd.claim("asr", 10 * WINDOW, "w1", in_all=WINDOW)
    assert len(taken) == WINDOW
    assert all(job.lease_expired_before for job in taken)
    assert await crowd.claim("asr", WINDOW, "w2", in_all=WINDOW) == []


async def test_without_one_each_worker_takes_what_it_asks_for(crowd: Queue) -> None:
    assert [len(await crowd.claim("asr", WINDOW, f"w{i}")) for i in range(3)] == [WINDOW] * 3
