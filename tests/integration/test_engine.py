"""Connections of the pool when the server hangs up on them."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from db.engine import Database, DriverConnection, driver_of
from domain.errors import Unavailable


async def test_pooled_connections_that_the_server_closed_are_replaced_unnoticed(
    db: Database, database_url: str
) -> None:
    async def backend() -> int:
        async with db.begin() as tx:
            await asyncio.sleep(0.05)
            return int((await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one())

    before = set(await asyncio.gather(*(backend() for _ in range(3))))
    operator = await asyncpg.connect(database_url)
    await operator.execute("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", list(before))
    await operator.close()
    await asyncio.sleep(0.2)
    after = set(await asyncio.gather(*(backend() for _ in range(3))))
    assert len(after) == 3
    assert not before & after


async def test_a_transaction_begun_on_the_driver_holds_for_the_connection_above_it(database_url: str) -> None:
    db = Database(database_url)
    make = text("INSERT INTO stage_turns (stage, fair_key, turn) VALUES ('vad', :key, 1)")
    keys = text("SELECT fair_key FROM stage_turns")

    async def insert(key: str, divisor: int) -> None:
        async with db.alone() as connection, (await driver_of(connection)).transaction():
            await connection.execute(make, {"key": key})
            assert 1 // divisor == 1

    with pytest.raises(ZeroDivisionError):
        await insert("taken back", 0)
    await insert("kept", 1)
    async with db.begin() as tx:
        assert (await tx.execute(keys)).scalars().all() == ["kept"]
    await db.dispose()


async def test_a_server_that_hangs_up_on_the_driver_is_unavailable_and_the_next_connection_is_a_new_one(
    database_url: str,
) -> None:
    db = Database(database_url)

    async def execute_when_closed(driver: DriverConnection) -> None:
        driver.terminate()
        await driver.execute("SELECT 1")

    for _ in range(2):
        with pytest.raises(Unavailable):
            async with db.alone() as connection, (driver := await driver_of(connection)).transaction():
                await driver.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        with pytest.raises(Unavailable):
            async with db.alone() as connection:
                await execute_when_closed(await driver_of(connection))
    async with db.alone() as connection:
        assert await (await driver_of(connection)).fetchval("SELECT 1") == 1
    await db.dispose()
