"""Runs that somebody ends early, or wakes again."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.runs.feed import drop_cancelled
from domain.runs import NEXT, RunState, check_move

_r = t.runs.c


async def cancel_run(tx: AsyncConnection, run_id: UUID) -> int:
    """Nothing more of it is begun; what runs just now ends by itself and stays beside what is current. Returns how many
    jobs were taken out of the queue. Raises Conflict where the run is over already."""
    row = (await tx.execute(select(_r.name, _r.state).where(_r.run_id == run_id).with_for_update())).one()
    check_move(row.name, RunState(row.state), RunState.CANCELLED)
    ended = {"state": RunState.CANCELLED.value, "finished_at": func.now()}
    await tx.execute(update(t.runs).where(_r.run_id == run_id).values(ended))
    return await drop_cancelled(tx, run_id)


async def reopen_runs(tx: AsyncConnection, run_ids: Collection[UUID]) -> None:
    """Dead jobs of these are queued again: a run that had ended has not any more. Call it before locking jobs."""
    if not run_ids:
        return
    ended = [state.value for state in RunState if RunState.RUNNING in NEXT[state] and state is not RunState.PLANNED]
    again = update(t.runs).where(_r.run_id.in_(sorted(run_ids)), _r.state.in_(ended))
    await tx.execute(again.values(state=RunState.RUNNING.value, finished_at=None, error=None))
