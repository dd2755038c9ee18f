"""One scrape: the database's numbers (kept for some seconds), the store's, and the exports of all nodes."""

import asyncio
import logging
import time
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from audio.store import AudioStore
from configs.settings import Settings
from db.dialogue_store import to_ms
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


class Collector:
    """Answers also while the database or a node is down: then it says so, within `metrics.timeout_s`."""

    def __init__(self, db: Database, store: AudioStore, settings: Settings) -> None:
        self._db = db
        self._store = store
        self._settings = settings
        self._nodes = Nodes(settings.metrics.timeout_s)
        self._asking = asyncio.Lock()
        self._known: list[Sample] = []
        self._known_until_s = 0.0

    async def text(self) -> str:
        """The whole document."""
        stored, (exports, took_s) = await asyncio.gather(self._stored(), self._exports())
        return await asyncio.to_thread(_document, stored, exports, took_s)

    async def _exports(self) -> tuple[dict[str, str | None], float]:
        begun_s = time.monotonic()
        return await self._nodes.exports(), time.monotonic() - begun_s

    async def _stored(self) -> list[Sample]:
        """One question for all who scrape within `metrics.cache_s`, however many there are."""
        async with self._asking:
            if time.monotonic() >= self._known_until_s:
                begun_s = time.monotonic()
                self._known = [*await self._ask_database(), *await self._ask_store(), *self._configured()]
                self._known.append(Sample(m.COLLECT_SECONDS, time.monotonic() - begun_s, ("database",)))
                self._known_until_s = time.monotonic() + self._settings.metrics.cache_s
            return self._known

    async def _ask_database(self) -> list[Sample]:
        try:
            async with asyncio.timeout(self._settings.metrics.timeout_s), self._db.alone() as tx:
                found = [*await queue_samples(tx), *await run_samples(tx), *await database_samples(tx)]
                found += await point_samples(tx, to_ms(datetime.now(UTC)))
        except (Unavailable, TimeoutError, SQLAlchemyError) as error:
            log.warning("metrics_incomplete", extra={"part": "database", "reason": f"{type(error).__name__}: {error}"})
            return [Sample(m.DATABASE_UP, 0)]
        return [Sample(m.DATABASE_UP, 1), *found]

    async def _ask_store(self) -> list[Sample]:
        try:
            async with asyncio.timeout(self._settings.metrics.timeout_s):
                free_bytes = await asyncio.to_thread(self._store.free_bytes)
        except (Unavailable, TimeoutError) as error:
            log.warning("metrics_incomplete", extra={"part": "store", "reason": f"{type(error).__name__}: {error}"})
            return [Sample(m.STORE_FREE, 0)]
        return [] if free_bytes is None else [Sample(m.STORE_FREE, free_bytes)]

    def _configured(self) -> list[Sample]:
        floor_bytes = self._settings.storage.free_floor_mb * MIB
        return [Sample(m.STORE_FLOOR, floor_bytes), Sample(m.COST_BUDGET, self._settings.metrics.llm_budget_usd)]


def _document(stored: list[Sample], exports: dict[str, str | None], took_s: float) -> str:
    document = Document()
    document.add([*stored, Sample(m.COLLECT_SECONDS, took_s, ("nodes",))])
    document.add(Sample(m.NODE_UP, export is not None, (node,)) for node, export in exports.items())
    for node, export in exports.items():
        document.join(export or "", node)
    return document.text()
