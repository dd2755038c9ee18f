"""One scrape: the numbers of database and store, kept for some seconds, and the exports of all nodes."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from audio.store import AudioStore
from configs.settings import Settings
from db.dialogues.stage_store import to_ms
from db.engine import Database
from db.metrics.points import point_samples
from db.metrics.queues import database_samples, queue_samples, run_samples
from domain import metrics as m
from domain.errors import Unavailable
from domain.metrics import Sample
from serve_apps.metrics.exposition import Document
from serve_apps.metrics.nodes import Nodes

log = logging.getLogger(__name__)
MIB = 1024 * 1024
POINTS_EVERY = 6
"""Of the points' numbers few change within a minute, and there may be thousands: they are kept so many times longer."""


class Part:
    """Something to ask for samples, at most every `keep_s` however many scrape; `instead`: where it does not answer."""

    def __init__(
        self,
        name: str,
        ask: Callable[[], Awaitable[Sequence[Sample]]],
        instead: Sequence[Sample],
        *,
        within_s: float,
        keep_s: float,
    ) -> None:
        self._name = name
        self._ask = ask
        self._instead = instead
        self._within_s = within_s
        self._keep_s = keep_s
        self._asking = asyncio.Lock()
        self._known: list[Sample] = []
        self._known_until_s = 0.0

    async def samples(self) -> list[Sample]:
        """As they are, or were lately."""
        async with self._asking:
            if time.monotonic() >= self._known_until_s:
                begun_s = time.monotonic()
                found = await self._found()
                self._known = [*found, Sample(m.COLLECT_SECONDS, time.monotonic() - begun_s, (self._name,))]
                self._known_until_s = time.monotonic() + self._keep_s
            return self._known

    async def _found(self) -> Sequence[Sample]:
        try:
            async with asyncio.timeout(self._within_s):
                return await self._ask()
        except (Unavailable, TimeoutError, SQLAlchemyError) as error:
            reason = f"{type(error).__name__}: {error}"
            log.warning("metrics_incomplete", extra={"part": self._name, "reason": reason})
            return self._instead


class Collector:
    """Answers also while the database or a node is down: then it says so, within `metrics.timeout_s`."""

    def __init__(self, db: Database, store: AudioStore, settings: Settings) -> None:
        self._db = db
        self._store = store
        self._settings = settings
        self._nodes = Nodes(settings.metrics.timeout_s)
        within_s, keep_s = settings.metrics.timeout_s, settings.metrics.cache_s
        self._parts = [
            Part("database", self._queues, [Sample(m.DATABASE_UP, 0)], within_s=within_s, keep_s=keep_s),
            Part("points", self._points, [], within_s=within_s, keep_s=keep_s * POINTS_EVERY),
            Part("store", self._space, [Sample(m.STORE_FREE, 0)], within_s=within_s, keep_s=keep_s),
        ]

    async def text(self) -> str:
        """The whole document."""
        stored = asyncio.gather(*(part.samples() for part in self._parts))
        begun_s = time.monotonic()
        exports = await self._nodes.exports()
        nodes = Sample(m.COLLECT_SECONDS, time.monotonic() - begun_s, ("nodes",))
        samples = [sample for part in await stored for sample in part]
        return await asyncio.to_thread(_document, [*samples, nodes, *self._configured()], exports)

    async def _queues(self) -> list[Sample]:
        async with self._db.alone() as tx:
            found = [*await queue_samples(tx), *await run_samples(tx), *await database_samples(tx)]
        return [Sample(m.DATABASE_UP, 1), *found]

    async def _points(self) -> list[Sample]:
        async with self._db.alone() as tx:
            return await point_samples(tx, to_ms(datetime.now(UTC)))

    async def _space(self) -> list[Sample]:
        free_bytes = await asyncio.to_thread(self._store.free_bytes)
        return [] if free_bytes is None else [Sample(m.STORE_FREE, free_bytes)]

    def _configured(self) -> list[Sample]:
        floor_bytes = self._settings.storage.free_floor_mb * MIB
        return [Sample(m.STORE_FLOOR, floor_bytes), Sample(m.COST_BUDGET, self._settings.metrics.llm_budget_usd)]


def _document(samples: Sequence[Sample], exports: dict[str, str | None]) -> str:
    document = Document()
    document.add(samples)
    document.add(Sample(m.NODE_UP, export is not None, (node,)) for node, export in exports.items())
    for node, export in exports.items():
        document.join(export or "", node)
    return document.text()
