"""Connections of the pool when the server hangs up on them."""

import asyncio

import asyncpg
from sqlalchemy import text

from db.engine import Database


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
