"""The schema's history: one line, up and down, equal to the tables in code."""

import asyncio
import subprocess
import sys

import pytest
from sqlalchemy import text

from db import migrate
from db.engine import Database

TABLES = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")


async def _count_tables(url: str) -> int:
    database = Database(url)
    async with database.begin() as tx:
        found = (await tx.execute(TABLES)).scalar_one()
    await database.dispose()
    return found


def test_a_migrated_database_is_what_the_tables_in_code_say(database_url: str) -> None:
    assert migrate.current(database_url) == migrate.head()
    assert migrate.differences(database_url) == []


def test_down_leaves_nothing_and_up_again_restores_everything(database_url: str) -> None:
    before = asyncio.run(_count_tables(database_url))
    migrate.downgrade(database_url)
    assert asyncio.run(_count_tables(database_url)) == 0
    assert migrate.current(database_url) is None
    migrate.upgrade(database_url)
    assert asyncio.run(_count_tables(database_url)) == before
    assert migrate.differences(database_url) == []


def test_two_processes_that_migrate_at_once_both_end_well(database_url: str) -> None:
    migrate.downgrade(database_url)
    command = [sys.executable, "-c", "import sys; from db import migrate; migrate.upgrade(sys.argv[1])", database_url]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert migrate.current(database_url) == migrate.head()


def test_a_migration_that_fails_changes_nothing(database_url: str) -> None:
    migrate.downgrade(database_url)

    async def occupy() -> None:
        database = Database(database_url)
        async with database.begin() as tx:
            await tx.execute(text("CREATE TABLE jobs (mine int)"))
        await database.dispose()

    asyncio.run(occupy())
    with pytest.raises(Exception, match="already exists"):
        migrate.upgrade(database_url)
    assert migrate.current(database_url) is None
    assert asyncio.run(_count_tables(database_url)) == 1


async def test_readiness_reads_the_revision_on_an_open_connection(db: Database) -> None:
    async with db.begin() as tx:
        assert await migrate.revision_of(tx) == migrate.head()


def test_a_database_of_a_later_release_is_left_as_it_is(database_url: str) -> None:
    async def belongs_to(revision: str) -> None:
        database = Database(database_url)
        async with database.begin() as tx:
            await tx.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        await database.dispose()

    asyncio.run(belongs_to("9999"))
    migrate.upgrade(database_url)
    assert migrate.current(database_url) == "9999"
    assert migrate.differences(database_url) == []
