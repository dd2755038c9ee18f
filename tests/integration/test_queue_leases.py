"""Leases: kept by the renewer, lost by whoever hangs or vanishes."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from configs.sections import JobSettings
from db import embedded, migrate
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import Job, NewJob, Queue
from domain.errors import LeaseLost
from tests.in_memory import make_folder


@pytest.fixture
def renewer(database_url: str, job_settings: JobSettings) -> Iterator[LeaseRenewer]:
    renewer = LeaseRenewer(database_url, job_settings)
    yield renewer
    renewer.stop()


async def claimed(queue: Queue, subject: str = "c1") -> Job:
    async with queue.db.begin() as tx:
        await queue.enqueue(tx, [NewJob("vad", subject)])
    (job,) = await queue.claim("vad", 1, "worker")
    return job


async def test_a_registered_job_keeps_its_lease_until_it_is_unregistered(queue: Queue, renewer: LeaseRenewer) -> None:
    job = await claimed(queue)
    renewer.start()
    renewer.register(job, timeout_s=60)
    await asyncio.sleep(queue.settings.lease_s * 2.5)
    assert await queue.claim("vad", 1, "other") == []
    renewer.unregister(job)
    await asyncio.sleep(queue.settings.lease_s * 1.2)
    (again,) = await queue.claim("vad", 1, "other")
    assert again.lease_expired_before


async def test_a_hung_worker_loses_its_job_at_the_stages_timeout(queue: Queue, renewer: LeaseRenewer) -> None:
    job = await claimed(queue)
    renewer.start()
    renewer.register(job, timeout_s=0.3)
    await asyncio.sleep(0.3 + queue.settings.lease_s + queue.settings.renew_s)
    (other,) = await queue.claim("vad", 1, "other")
    assert other.job_id == job.job_id
    async with queue.db.begin() as tx:
        with pytest.raises(LeaseLost):
            await queue.complete(tx, job)


async def test_work_that_blocks_its_event_loop_does_not_cost_the_lease(queue: Queue, renewer: LeaseRenewer) -> None:
    job = await claimed(queue)
    renewer.start()
    renewer.register(job, timeout_s=60)
    time.sleep(queue.settings.lease_s * 2)  # noqa: ASYNC251  (blocking the loop is the point)
    assert await queue.claim("vad", 1, "other") == []


async def test_a_lost_lease_is_told_once_and_its_new_holder_keeps_it(
    queue: Queue, renewer: LeaseRenewer, caplog: pytest.LogCaptureFixture
) -> None:
    job = await claimed(queue)
    await asyncio.sleep(queue.settings.lease_s * 1.2)
    (other,) = await queue.claim("vad", 1, "other")
    renewer.start()
    renewer.register(other, timeout_s=60)
    renewer.register(job, timeout_s=60)
    await asyncio.sleep(queue.settings.lease_s * 2)
    assert await queue.claim("vad", 1, "third") == []
    assert [told.message for told in caplog.records if told.name == "db.leases"] == ["lease_lost"]


async def test_a_new_job_is_heard_of_at_once(queue: Queue, renewer: LeaseRenewer, db: Database) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    renewer.start(on_hint=heard.put_nowait)
    await until_connected(db, 1)
    async with db.begin() as tx:
        await queue.enqueue(tx, [NewJob("vad", "c1"), NewJob("vad", "c2"), NewJob("asr", "d1", delay_s=60)])
    assert await asyncio.wait_for(heard.get(), 10) == "vad"
    await asyncio.sleep(0.1)
    assert heard.empty()  # one word per stage and commit; a job for later wakes nobody


async def test_the_renewer_uses_one_connection_and_leaves_none(db: Database, renewer: LeaseRenewer) -> None:
    renewer.start()
    await until_connected(db, 1)
    await asyncio.to_thread(renewer.stop)
    await until_connected(db, 0)


async def test_a_connection_that_is_cut_is_made_again(queue: Queue, renewer: LeaseRenewer, db: Database) -> None:
    job = await claimed(queue)
    renewer.start()
    renewer.register(job, timeout_s=60)
    await until_connected(db, 1)
    async with db.begin() as tx:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'salescontrol-leases'"
        await tx.execute(text(cut))
    await asyncio.sleep(queue.settings.lease_s * 2)
    assert await queue.claim("vad", 1, "other") == []


async def test_a_renewer_that_never_started_stops_well(database_url: str, job_settings: JobSettings) -> None:
    LeaseRenewer(database_url, job_settings).stop()


@pytest.fixture
def home() -> Iterator[Path]:
    home = make_folder("leases-")
    yield home
    embedded.stop(home)
    shutil.rmtree(home)


async def test_leases_outlive_a_server_that_is_killed_and_comes_back(home: Path, job_settings: JobSettings) -> None:
    url = await asyncio.to_thread(embedded.start, home)
    await asyncio.to_thread(migrate.upgrade, url)
    db = Database(url)
    patient = job_settings.model_copy(update={"lease_s": 8.0})
    queue, renewer = Queue(db, patient), LeaseRenewer(url, patient)
    try:
        job = await claimed(queue)
        renewer.start()
        renewer.register(job, timeout_s=60)
        psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])).kill()
        await asyncio.sleep(1)
        await asyncio.to_thread(embedded.start, home)
        before_s = await lease_end_s(db)
        async with asyncio.timeout(60):
            while await lease_end_s(db) <= before_s:
                await asyncio.sleep(0.1)
        async with db.begin() as tx:
            await queue.complete(tx, job)
    finally:
        await asyncio.to_thread(renewer.stop)
        await db.dispose()


async def lease_end_s(db: Database) -> float:
    async with db.begin() as tx:
        return float(await tx.scalar(text("SELECT extract(epoch FROM lease_until) FROM jobs")))


async def until_connected(db: Database, connections: int) -> None:
    """Until the renewer holds exactly so many connections to this database."""
    query = """SELECT count(*) FROM pg_stat_activity
               WHERE application_name = 'salescontrol-leases' AND datname = current_database() AND state = 'idle'"""
    async with asyncio.timeout(10):
        while True:
            async with db.begin() as tx:
                if await tx.scalar(text(query)) == connections:
                    return
            await asyncio.sleep(0.02)
