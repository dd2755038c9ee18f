"""How a run is doing just now: how fast, how much of it is current, and whether it is being promoted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.runs import OPEN, RunState

_PACE = text(
    """
    SELECT statement_timestamp() AS now, count(*) AS done,
           CAST(coalesce(extract(epoch FROM statement_timestamp() - min(finished_at)), 0) AS float8) AS over_s
    FROM jobs
    WHERE run_id = :run_id AND stage = 'analysis' AND state IN ('done', 'superseded')
      AND finished_at > statement_timestamp() - interval '10 minutes'
    """
)
_CURRENT = text("SELECT count(*) FROM run_replaced WHERE run_id = :run_id")
_FREE = text("SELECT run_id FROM runs WHERE run_id = :run_id FOR SHARE SKIP LOCKED")


@dataclass(frozen=True, slots=True)
class Pace:
    """done: dialogues that ended within the last `over_s` seconds."""

    now: datetime
    done: int
    over_s: float


async def pace_of(tx: AsyncConnection, run_id: UUID) -> Pace:
    """Of the last ten minutes; a run's jobs end with the verdict."""
    return Pace(**(await tx.execute(_PACE, {"run_id": run_id})).one()._mapping)


async def count_current(tx: AsyncConnection, run_id: UUID) -> int:
    """Dialogues whose current verdict is the run's, unless something changed them since."""
    return int((await tx.execute(_CURRENT, {"run_id": run_id})).scalar_one())


async def is_moving(tx: AsyncConnection, run_id: UUID, state: RunState) -> bool:
    """Somebody promotes it or rolls it back just now; nobody sees anything of that before it is done."""
    return state not in OPEN and (await tx.execute(_FREE, {"run_id": run_id})).first() is None
