"""Who goes next: nobody starves, whatever floods the queue."""

from collections import Counter

from db.queue import Job, NewJob, Queue
from domain.status import JobClass


async def put(queue: Queue, *jobs: NewJob) -> None:
    async with queue.db.begin() as tx:
        await queue.enqueue(tx, jobs)


def jobs_of(device: str, count: int, job_class: JobClass = JobClass.LIVE, first: int = 0) -> list[NewJob]:
    return [NewJob("vad", f"{device} {n}", fair_key=device, job_class=job_class) for n in range(first, first + count)]


async def claim_and_complete(queue: Queue, claims: int, limit: int) -> list[Job]:
    taken: list[Job] = []
    for _ in range(claims):
        jobs = await queue.claim("vad", limit, "worker")
        for job in jobs:
            async with queue.db.begin() as tx:
                await queue.complete(tx, job)
        taken += jobs
    return taken


async def test_devices_take_turns_over_successive_claims_of_one(queue: Queue) -> None:
    await put(queue, *jobs_of("flood", 100))
    await claim_and_complete(queue, 5, 1)
    await put(queue, *jobs_of("a", 3), *jobs_of("b", 3))
    taken = await claim_and_complete(queue, 9, 1)
    assert Counter(job.fair_key for job in taken) == {"flood": 3, "a": 3, "b": 3}
    assert {job.fair_key for job in taken[:3]} == {"flood", "a", "b"}


async def test_devices_take_turns_over_successive_batches(queue: Queue) -> None:
    for device in "abcde":
        await put(queue, *jobs_of(device, 12))
    taken = await claim_and_complete(queue, 10, 3)
    assert Counter(job.fair_key for job in taken) == dict.fromkeys("abcde", 6)


async def test_a_batch_larger_than_the_number_of_devices_is_filled_in_rounds(queue: Queue) -> None:
    await put(queue, *jobs_of("flood", 50), *jobs_of("small", 2))
    taken = await queue.claim("vad", 10, "worker")
    assert Counter(job.fair_key for job in taken) == {"flood": 8, "small": 2}
    assert {job.fair_key for job in taken[:2]} == {"flood", "small"}


async def test_a_device_that_was_away_gets_its_turn_but_no_more_than_that(queue: Queue) -> None:
    await put(queue, *jobs_of("away", 1), *jobs_of("busy", 40))
    await claim_and_complete(queue, 20, 1)
    await put(queue, *jobs_of("away", 10, first=1))
    taken = await claim_and_complete(queue, 6, 1)
    assert taken[0].fair_key == "away"
    assert Counter(job.fair_key for job in taken) == {"away": 3, "busy": 3}


async def test_within_a_device_the_oldest_job_goes_first(queue: Queue) -> None:
    for n in range(5):
        await put(queue, *jobs_of("a", 1, first=n))
    assert [job.subject_id for job in await claim_and_complete(queue, 5, 1)] == [f"a {n}" for n in range(5)]


async def test_live_goes_first_and_one_slot_in_eight_is_the_lower_classes(queue: Queue) -> None:
    await put(queue, *jobs_of("live", 80), *jobs_of("old", 80, JobClass.BACKFILL))
    await put(queue, *jobs_of("again", 80, JobClass.REANALYSIS))
    taken = Counter(job.job_class for job in await claim_and_complete(queue, 64, 1))
    assert taken == {JobClass.LIVE: 56, JobClass.BACKFILL: 4, JobClass.REANALYSIS: 4}


async def test_a_batch_keeps_the_lower_classes_slots_as_well(queue: Queue) -> None:
    await put(queue, *jobs_of("live", 80), *jobs_of("old", 80, JobClass.BACKFILL))
    (batch,) = [await queue.claim("vad", 16, "worker")]
    assert Counter(job.job_class for job in batch) == {JobClass.LIVE: 14, JobClass.BACKFILL: 2}


async def test_a_lower_class_takes_everything_that_live_leaves(queue: Queue) -> None:
    await put(queue, *jobs_of("live", 2), *jobs_of("old", 10, JobClass.BACKFILL))
    taken = Counter(job.job_class for job in await queue.claim("vad", 9, "worker"))
    assert taken == {JobClass.LIVE: 2, JobClass.BACKFILL: 7}


async def test_a_device_whose_key_is_running_does_not_hold_up_the_others(queue: Queue) -> None:
    await put(queue, *(NewJob("vad", f"a {n}", fair_key="a", lock_key="a") for n in range(3)))
    (running,) = await queue.claim("vad", 5, "worker")
    await put(queue, *jobs_of("b", 2))
    assert [job.fair_key for job in await queue.claim("vad", 5, "worker")] == ["b", "b"]
    async with queue.db.begin() as tx:
        await queue.complete(tx, running)
    assert [job.fair_key for job in await queue.claim("vad", 5, "worker")] == ["a"]
