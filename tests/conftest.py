"""Fixtures of every test: a migrated database of its own on one real server, and the sample shop day."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import hypothesis
import psutil
import pytest

from configs import settings
from configs.sections import JobSettings
from db import embedded, migrate
from db.engine import Database
from db.queue import Queue
from tests.in_memory import find_folders, make_folder

if TYPE_CHECKING:
    from buckets import Bucket, S3Server

hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")  # how long an example takes says how busy the machine is

HOMES = "salescontrol-test-"
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "256MB"}
"""A test's data need not survive the machine; kills of the server's processes it survives all the same."""


@pytest.fixture(scope="session")
def samples() -> Path:
    """The sample shop day that ships with the product."""
    return Path(__file__).resolve().parent.parent / "samples" / "shop_day"


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """URL of a migrated database on a server that lives as long as the test session; use it as a template only."""
    _end_servers_of_killed_sessions()
    home = make_folder(f"{HOMES}{os.getpid()}-")
    try:
        url = embedded.start(home, NOT_DURABLE)
        migrate.upgrade(url)
        yield url
    finally:
        embedded.stop(home)
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def s3_server() -> Iterator["S3Server"]:
    """An S3 server that lives as long as the test session."""
    from buckets import S3Server  # heavy, and few tests' need

    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3_server: "S3Server") -> "Bucket":
    """An empty bucket of this test's own."""
    return s3_server.bucket()


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return count(1)


@pytest.fixture(scope="session")
def own_database(server_url: str, _numbers: Iterator[int]) -> Callable[[], AbstractContextManager[str]]:
    """Makes fresh, migrated databases for longer than a test; each is dropped with its block, whoever is connected."""

    @contextmanager
    def make() -> Iterator[str]:
        name = f"test_{next(_numbers)}"
        template = server_url.replace("/salescontrol?", "/postgres?")
        asyncio.run(_execute(template, f"CREATE DATABASE {name} TEMPLATE salescontrol"))
        yield server_url.replace("/salescontrol?", f"/{name}?")
        asyncio.run(_execute(template, f"DROP DATABASE {name} WITH (FORCE)"))

    return make


@pytest.fixture
def database_url(own_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A fresh, migrated database of this test's own."""
    with own_database() as url:
        yield url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """The engine on `database_url`."""
    database = Database(database_url)
    yield database
    await database.dispose()


@pytest.fixture
def job_settings() -> JobSettings:
    """The shipped job settings, with leases and pauses that a test can wait for."""
    quick = {"lease_s": 1.0, "renew_s": 0.1, "backoff_s": 0.001, "backoff_max_s": 0.001, "pause_max_s": 0.5}
    return settings.load({}).jobs.model_copy(update=quick)


@pytest.fixture
def queue(db: Database, job_settings: JobSettings) -> Queue:
    """The queue on `database_url`."""
    return Queue(db, job_settings)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _end_servers_of_killed_sessions() -> None:
    for home in find_folders(HOMES):
        pid = home.name.removeprefix(HOMES).split("-")[0]
        with suppress(FileNotFoundError):  # another session that starts now does the same
            if pid.isdigit() and not psutil.pid_exists(int(pid)) and home.stat().st_uid == os.geteuid():
                embedded.stop(home)
                shutil.rmtree(home)
