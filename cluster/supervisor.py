"""The supervisor: as many workers as the configuration and the waiting audio say, and the regular chores."""

import asyncio
import logging
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from audio.store import AudioStore
from cluster.holders import gone
from cluster.scaling import GroupSizes
from cluster.stages import discover
from configs.sections import WorkerGroup
from configs.settings import Settings
from db.engine import Database
from db.erasure.doomed import delete_doomed
from db.erasure.retention import apply_retention
from db.lost_workers import end_leases, holders
from db.purge import purge_people, purge_recorders
from db.queue import Queue
from db.reports.coverage_days import queue_due_coverage, queue_stale_coverage
from db.stage_loads import StageLoad, stage_loads
from db.sweep import sweep_orphans
from domain.errors import ConfigError, Unavailable

log = logging.getLogger(__name__)

RECONCILE_S = 5.0
LOOK_SHARE = 20.0
"""A look at what waits reads every queued job: of a long queue it is taken so much more seldom than it takes,"""
LOOK_MAX_S = 30.0
"""but at least this often."""
PRESENT_S = 60.0
"""How often the present day of silent points is looked after."""


class Workers(Protocol):
    """What the supervisor asks of the runtime."""

    def ensure(self, name: str, hosted: list[str], group: WorkerGroup) -> dict[str, Any] | None: ...
    def names(self) -> list[str]: ...
    def remove(self, name: str) -> None: ...
    def nodes(self) -> dict[str, bool]: ...


class Supervisor:
    """Compares what runs with what should, every few seconds, and gives back what lost workers held. Now and then:
    purges finished jobs, drops what points do not keep, sweeps files."""

    def __init__(self, settings: Settings, db: Database, store: AudioStore, workers: Workers) -> None:
        self.settings = settings
        self.db = db
        self.store = store
        self.workers = workers
        self.seen: dict[str, dict[str, Any] | None] = {}
        self.loads: dict[str, StageLoad] = {}
        self.loads_at_s = float("-inf")
        """When they were true, monotonic."""
        self._hosted = hosted_stages(settings, list(discover()))
        self._sizes: GroupSizes | None = None
        self._look_at_s = 0.0
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._is_stopping = False
        self._reconciling = asyncio.Lock()
        self._chores_at = 0.0
        self._present_at = 0.0

    def wanted(self) -> dict[str, tuple[list[str], WorkerGroup]]:
        """Worker name → (hosted stages, its group), as many of a group as it has now."""
        sizes = self._sizes or self._first_sizes()
        return {
            f"{group.name}-{replica}": (self._hosted[group.name], group)
            for group in self.settings.workers.groups
            for replica in range(sizes.replicas(group))
        }

    async def run(self) -> None:
        """Reconciles until `stop`."""
        while not self._is_stopping:
            await self._look()
            found = await self._holders()
            await self.reconcile()
            await self._give_back(found)
            if time.monotonic() >= self._chores_at:
                await self._chores()
                self._chores_at = time.monotonic() + self.settings.sweep.every_s
            if time.monotonic() >= self._present_at:
                await self._keep_present()
                self._present_at = time.monotonic() + PRESENT_S
            await asyncio.sleep(RECONCILE_S)

    async def reconcile(self) -> None:
        """One comparison: starts what is missing, lets go what nobody asks for; that drains by the side."""
        async with self._reconciling:
            await self._reconcile()

    async def _reconcile(self) -> None:
        wanted = self.wanted()
        for name in set(await asyncio.to_thread(self.workers.names)) - wanted.keys() - self._leaving.keys():
            self.seen.pop(name, None)
            self._leaving[name] = asyncio.create_task(self._let_go(name))
        for name, (hosted, group) in wanted.items():
            if not self._is_stopping and name not in self._leaving:
                self.seen[name] = await asyncio.to_thread(self.workers.ensure, name, hosted, group)

    async def _let_go(self, name: str) -> None:
        try:
            await asyncio.to_thread(self.workers.remove, name)
        finally:
            del self._leaving[name]

    async def stop(self) -> None:
        """Drains and ends every worker."""
        self._is_stopping = True
        async with self._reconciling:  # which may be starting one more
            names = await asyncio.to_thread(self.workers.names)
        await asyncio.gather(*(asyncio.to_thread(self.workers.remove, name) for name in names))

    def _first_sizes(self) -> GroupSizes:
        """A new supervisor begins with the workers that it finds."""
        present = Counter(name.rpartition("-")[0] for name in self.workers.names())
        workers, now_s = self.settings.workers, time.monotonic()
        return GroupSizes(workers.groups, self._hosted, self.settings.scaling, present, now_s)

    async def _look(self) -> None:
        """What waits, and how many workers that is worth. While the database is away all stays as it is."""
        if self._sizes is None:
            self._sizes = await asyncio.to_thread(self._first_sizes)
        begun_s = time.monotonic()
        if begun_s < self._look_at_s:
            return
        try:
            self.loads = await stage_loads(self.db)
        except Unavailable as error:
            log.warning("backlog_unknown", extra={"reason": str(error)})
            return
        self.loads_at_s = time.monotonic()
        self._look_at_s = self.loads_at_s + min(LOOK_SHARE * (self.loads_at_s - begun_s), LOOK_MAX_S)
        self._sizes.update(self.loads, self.loads_at_s)

    async def _holders(self) -> set[str]:
        """Who holds jobs. Asked before the workers are seen: one that begins to hold later is none of the lost."""
        try:
            return set(await holders(self.db))
        except Unavailable as error:
            log.warning("lost_workers_wait", extra={"reason": str(error)})
            return set()

    async def _give_back(self, found: set[str]) -> None:
        """What workers hold that will never finish it goes back to the queue."""
        if not found:
            return
        try:
            nodes = await asyncio.to_thread(self.workers.nodes)
            workers: dict[str, str | None] = dict.fromkeys(self._leaving)
            workers |= {name: None if ping is None else str(ping["worker"]) for name, ping in self.seen.items()}
            lost = gone(found, nodes, workers)
            if ended := await end_leases(self.db, lost):
                log.warning("leases_ended", extra={"workers": sorted(lost), "jobs": ended})
        except Unavailable as error:
            log.warning("lost_workers_wait", extra={"reason": str(error)})

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


def hosted_stages(settings: Settings, stages: list[str]) -> dict[str, list[str]]:
    """Group → the stages that its workers host, of all that were found. Raises ConfigError for one that was not."""
    groups, elsewhere = settings.workers.groups, settings.workers.elsewhere
    named = {stage for group in groups if isinstance(group.stages, list) for stage in group.stages}
    if unknown := sorted({*elsewhere, *named} - {*stages}):
        raise ConfigError(f"workers: there is no stage {', '.join(unknown)}; the stages are {', '.join(stages)}")
    stages = [stage for stage in stages if stage not in elsewhere]
    others = [stage for stage in stages if stage not in named]
    kinds = {"all": stages, "others": others}
    return {g.name: g.stages if isinstance(g.stages, list) else kinds[g.stages] for g in groups}
