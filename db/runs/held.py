"""The run that is about to be promoted or rolled back, and what stands in its way."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict, NotFound
from domain.runs import RunStage, RunState

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('salescontrol.promotion', 0))")
_HOLD = text(
    """
    SELECT run_id, name, stage, state, promoted_at, clock_timestamp() AS at FROM runs WHERE run_id = :run_id FOR UPDATE
    """
).bindparams(bindparam("run_id", type_=Uuid))
_LATER = text(
    """
    SELECT runs.name, count(*) AS n
    FROM run_replaced mine
    JOIN run_replaced other ON other.dialogue_id = mine.dialogue_id AND other.run_id <> mine.run_id
    JOIN runs ON runs.run_id = other.run_id
    WHERE mine.run_id = :run_id
      AND CAST(other.after ->> 'promoted_at' AS timestamptz) > CAST(mine.after ->> 'promoted_at' AS timestamptz)
    GROUP BY runs.name ORDER BY max(CAST(other.after ->> 'promoted_at' AS timestamptz)) DESC
    """
).bindparams(bindparam("run_id", type_=Uuid))


@dataclass(frozen=True, slots=True)
class HeldRun:
    """`at`: the instant from which we hold it."""

    run_id: UUID
    name: str
    stage: RunStage
    state: RunState
    promoted_at: datetime | None
    at: datetime


async def hold_run(tx: AsyncConnection, run_id: UUID) -> HeldRun:
    """Waits until no other run is promoted or rolled back, then for this run's row: the first locks of a transaction,
    before those of dialogues. Raises NotFound."""
    await tx.execute(_ONE_AT_A_TIME)
    row = (await tx.execute(_HOLD, {"run_id": run_id})).one_or_none()
    if row is None:
        raise NotFound(f"There is no run {run_id}; `salescontrol runs list` shows them.")
    return HeldRun(row.run_id, row.name, RunStage(row.stage), RunState(row.state), row.promoted_at, row.at)


async def check_on_top(tx: AsyncConnection, run: HeldRun) -> None:
    """Raises Conflict where another run was promoted over this one's promotion: they come off in reverse order, and
    what lies below does not change meanwhile."""
    later = (await tx.execute(_LATER, {"run_id": run.run_id})).all()
    if later:
        top = later[0]
        raise Conflict(
            f"The run '{top.name}' was promoted over {top.n} of the same dialogues after '{run.name}'; "
            f"roll '{top.name}' back first."
        )
