"""What every process tells of itself by and by: its pool of connections, and its clock beside the database's."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import text

from configs import meters
from db.engine import Database
from domain import metrics as m
from domain.errors import Unavailable
from domain.metrics import Sample

EVERY_S = 8.0
"""Ray forgets a gauge that was not told for twice its own interval, which is 10 s."""
_NOW = text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS float8)")


async def tell_vitals(db: Database, told: Sequence[Sample] = (), every_s: float = EVERY_S) -> None:
    """Until it is cancelled; returns at once where nobody would hear of it. `told`: gauges that do not change, but are
    forgotten where nobody repeats them."""
    while meters.are_kept():
        for sample in told:
            meters.tell(sample.metric, sample.value, **dict(zip(sample.metric.labels, sample.values, strict=True)))
        for state, connections in pool_of(db).items():
            meters.tell(m.POOL, connections, state=state)
        with suppress(Unavailable):  # who works with the database says so
            meters.tell(m.CLOCK_ERROR, await clock_error_s(db))
        await asyncio.sleep(every_s)


def pool_of(db: Database) -> dict[str, int]:
    """Open connections by what they do."""
    pool = db.engine.pool
    return {"busy": pool.checkedout(), "idle": pool.checkedin()}  # type: ignore[attr-defined]


async def clock_error_s(db: Database) -> float:
    """This process's clock minus the database's, half the way there and back aside."""
    async with db.alone() as tx:
        before_s = time.time()
        database_s = float((await tx.execute(_NOW)).scalar_one())
        return (before_s + time.time()) / 2 - database_s
