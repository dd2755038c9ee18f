"""The supervisor: as many workers as the configuration says, and the regular chores."""

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from audio.store import AudioStore
from configs.settings import Settings
from db.engine import Database
from db.erasure.doomed import delete_doomed
from db.erasure.retention import apply_retention
from db.purge import purge_people, purge_recorders
from db.queue import Queue
from db.reports.coverage_days import queue_due_coverage, queue_stale_coverage
from db.sweep import sweep_orphans
from domain.errors import Unavailable

log = logging.getLogger(__name__)

RECONCILE_S = 5.0
PRESENT_S = 60.0
"""How often the present day of silent points is looked after."""


class Workers(Protocol):
    """What the supervisor asks of the runtime."""

    def ensure(self, name: str, hosted: list[str] | None, num_cpus: float) -> dict[str, Any] | None: ...
    def names(self) -> list[str]: ...
    def remove(self, name: str) -> None: ...


class Supervisor:
    """Compares what runs with what should, every few seconds. Now and then: purges finished jobs, drops what points do
    not keep, sweeps files."""

    def __init__(self, settings: Settings, db: Database, store: AudioStore, workers: Workers) -> None:
        self.settings = settings
        self.db = db
        self.store = store
        self.workers = workers
        self.seen: dict[str, dict[str, Any] | None] = {}
        self._is_stopping = False
        self._chores_at = 0.0
        self._present_at = 0.0

    def wanted(self) -> dict[str, tuple[list[str] | None, float]]:
        """Worker name → (hosted stages, None for all; CPUs) as configured."""
        return {
            f"{group.name}-{replica}": (None if group.stages == "all" else list(group.stages), group.num_cpus)
            for group in self.settings.workers.groups
            for replica in range(group.replicas)
        }

    async def run(self) -> None:
        """Reconciles until `stop`."""
        while not self._is_stopping:
            await asyncio.to_thread(self.reconcile)
            if time.monotonic() >= self._chores_at:
                await self._chores()
                self._chores_at = time.monotonic() + self.settings.sweep.every_s
            if time.monotonic() >= self._present_at:
                await self._keep_present()
                self._present_at = time.monotonic() + PRESENT_S
            await asyncio.sleep(RECONCILE_S)

    def reconcile(self) -> None:
        """One comparison: starts what is missing, removes what nobody asked for."""
        wanted = self.wanted()
        for name in set(self.workers.names()) - wanted.keys():
            self.workers.remove(name)
            self.seen.pop(name, None)
        for name, (hosted, num_cpus) in wanted.items():
            if not self._is_stopping:
                self.seen[name] = self.workers.ensure(name, hosted, num_cpus)

    async def stop(self) -> None:
        """Drains and ends every worker."""
        self._is_stopping = True
        names = await asyncio.to_thread(self.workers.names)
        await asyncio.gather(*(asyncio.to_thread(self.workers.remove, name) for name in names))

    async def _chores(self) -> None:
        try:
            queue = Queue(self.db, self.settings.jobs)
            purged = await queue.purge()
            purged += await purge_recorders(self.db) + await purge_people(self.db)
            orphan_age = timedelta(hours=self.settings.sweep.orphan_age_h)
            dropped = await apply_retention(self.db, queue, datetime.now(UTC))
            deleted = await delete_doomed(self.db, self.store)
            swept = await sweep_orphans(self.db, self.store, orphan_age, datetime.now(UTC))
            days = await queue_due_coverage(self.db, queue)
            done = {"rows_purged": purged, "files_swept": swept + deleted, "days_queued": days, **dropped}
            log.info("chores_done", extra=done)
        except Unavailable as error:
            log.warning("chores_wait", extra={"reason": str(error)})

    async def _keep_present(self) -> None:
        try:
            await queue_stale_coverage(self.db, Queue(self.db, self.settings.jobs))
        except Unavailable as error:
            log.warning("coverage_waits", extra={"reason": str(error)})
