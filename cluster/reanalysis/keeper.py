"""Keeps runs over history going: fed a little at a time, and promoted at their end where nobody asked to look first."""

import asyncio
import logging
from uuid import UUID

from sqlalchemy import select, update

from configs.settings import Settings
from db import tables as t
from db.engine import Database
from db.queue import Queue
from db.runs.feed import feed_runs
from db.runs.promote import promote
from domain.access import Principal, Role
from domain.errors import Conflict, Unavailable
from domain.runs import RunState

log = logging.getLogger(__name__)

LOOK_S = 2.0
_r = t.runs.c
SUPERVISOR = Principal("supervisor", None, Role.ADMIN, None)
"""Who promotes by itself, in the audit log."""


class RunKeeper:
    """Beside the supervisor, on a connection of its own: the promotion of a large run takes a while."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings.runs
        self._queue = Queue(db, settings.jobs)

    async def run(self) -> None:
        """Looks again and again until it is cancelled."""
        while True:
            try:
                await self.look()
            except Unavailable as error:
                log.warning("runs_wait", extra={"reason": str(error)})
            except Exception:
                log.exception("runs_failed")
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """One step of every open run; those that ended meanwhile are promoted. Raises Unavailable."""
        await feed_runs(self._db, self._queue, self._settings)
        async with self._db.begin() as tx:
            ended = select(_r.run_id).where(_r.state == RunState.DONE, ~_r.is_shadow, _r.error.is_(None))
            due = (await tx.execute(ended.order_by(_r.created_at))).scalars().all()
        for run_id in due:
            await self._promote(run_id)

    async def _promote(self, run_id: UUID) -> None:
        """What stands in the way is kept with the run, for whoever looks: it is not tried again by itself."""
        try:
            await promote(self._db, run_id, SUPERVISOR)
        except Unavailable:
            raise
        except Exception as error:
            reason = str(error) if isinstance(error, Conflict) else f"{type(error).__name__}: {error}"
            log.warning("promotion_failed", extra={"run_id": str(run_id), "reason": reason})
            async with self._db.begin() as tx:
                still = update(t.runs).where(_r.run_id == run_id, _r.state == RunState.DONE)
                await tx.execute(still.values(error=f"not promoted: {reason}"))
