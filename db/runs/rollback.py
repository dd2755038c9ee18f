"""Rollback: what a promotion replaced becomes current again, to the byte."""

import logging
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.accounts.audit import audit
from db.engine import Database
from db.reports.facts import refresh_facts
from db.runs.change import cancel_run
from db.runs.held import HeldRun, check_on_top, hold_run
from db.runs.replaced import counted_before, leave_changed, recall_count, restore
from domain.access import Principal
from domain.errors import Conflict
from domain.ids import DialogueId
from domain.runs import RunState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rollback:
    """restored: dialogues that stand as before the promotion; left: those that changed after it and stay so."""

    run_id: UUID
    name: str
    state: RunState
    restored: int
    left: int


async def rollback(db: Database, run_id: UUID, caller: Principal) -> Rollback:
    """Puts back all that the run's promotions replaced, in one transaction that moves every figure at once.

    Dialogues that somebody or something has changed since are left as they are. A run that judges again what had
    changed is ended. A second caller waits for the first and finds nothing left to do; killed at any moment, nothing
    has happened.

    Raises NotFound where there is no such run; Conflict where it was never promoted, or another run was promoted over
    its dialogues since; Unavailable where the database is down.
    """
    async with db.begin() as tx:
        run = await hold_run(tx, run_id)
        if run.state is RunState.ROLLED_BACK:
            return Rollback(run_id, run.name, run.state, restored=0, left=0)
        await _check_promoted(tx, run)
        await check_on_top(tx, run)
        left = await leave_changed(tx, run_id)
        days = await counted_before(tx, run_id)
        restored = [DialogueId(one) for one in await restore(tx, run_id)]
        await refresh_facts(tx, restored)
        await recall_count(tx, days)
        if run.state is RunState.RUNNING:
            await cancel_run(tx, run_id)
        done = Rollback(run_id, run.name, RunState.ROLLED_BACK, len(restored), left)
        values = {"state": done.state.value, "rolled_back_at": run.at}
        await tx.execute(update(t.runs).where(t.runs.c.run_id == run_id).values(values))
        await audit(tx, caller, "run.rollback", f"run/{run_id}", _told(done))
    told = _told(done)
    log.info("run_rolled_back", extra={"run": told.pop("name"), **told})  # a log record has a name of its own
    return done


async def _check_promoted(tx: AsyncConnection, run: HeldRun) -> None:
    replaced = t.run_replaced.c
    if await tx.scalar(select(replaced.run_id).where(replaced.run_id == run.run_id).limit(1)) is None:
        raise Conflict(f"Nothing of the run '{run.name}' is current, so there is nothing to roll back.")


def _told(done: Rollback) -> dict[str, Any]:
    return {**asdict(done), "run_id": str(done.run_id), "state": done.state.value}
