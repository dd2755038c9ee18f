"""Carrying out an order, step by step. It may be killed anywhere and begun anew by anybody: each step looks at what is
still there, and one transaction lets go of a day's rows, files, words and jobs of one device.

Locks, in this order: the device, its chunks by id, its dialogues by id, then what db/reports/facts.py locks, then jobs.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from audio.silence import SilentFile
from audio.store import AudioStore
from db.dialogues import stage_sql
from db.dialogues.stage_store import dialogues_job
from db.engine import Database
from db.erasure.chunks import Change, Chunk, chunks_touching, cut_speech, plan, silence, write_changes
from db.erasure.dialogues import Forgotten, dialogues_touching, forget, forget_results, read_touched
from db.erasure.doomed import delete_doomed, doom
from db.erasure.orders import Target, add_counts, devices_of, find_erasure, finish, hold_device
from db.erasure.running import begin_anew, end_jobs, listening_to
from db.erasure.steps import Reached, Step, pass_through
from db.queue import NewJob, Queue
from db.reports.facts import refresh_facts
from domain.ids import ChunkId, DeviceId
from domain.ledger import DAY_MS
from domain.timeline import Span

log = logging.getLogger(__name__)

_Silent = Mapping[ChunkId, tuple[Chunk, Change | None]]


class _Moved(Exception):  # not an error: the step is begun anew
    """A chunk came or changed while new files were made."""


class _DryRun(Exception):  # not an error: all is rolled back
    """Enough was seen."""


@dataclass(frozen=True, slots=True)
class Eraser:
    """`max_s`: the longest that a chunk may be."""

    db: Database
    store: AudioStore
    queue: Queue
    max_s: float
    reached: Reached = pass_through

    async def carry_out(self, erasure_id: UUID) -> None:
        """Erases what is left of the order, its files included; returns at once where all is done.

        Raises Unavailable where the database or the store is down: run it again later.
        """
        async with self.db.begin() as tx:
            order = await find_erasure(tx, erasure_id)
            devices = await devices_of(tx, order.target) if order else []
        if order is None:
            return
        for device_id in devices:
            for span in _days(order.target.span):
                await self._step(erasure_id, device_id, span, order.target.span)
        await delete_doomed(self.db, self.store, erasure_id, self.reached)
        async with self.db.begin() as tx:
            await finish(tx, erasure_id)
        log.info("erased", extra={"erasure_id": str(erasure_id)})

    async def try_out(self, target: Target) -> dict[str, int]:
        """What an order would erase: the same statements, rolled back. No file is made or deleted."""
        counts: Counter[str] = Counter()
        try:
            async with self.db.begin() as tx:
                for device_id in await devices_of(tx, target):
                    for span in _days(target.span):
                        counts += await self._write(tx, None, device_id, span, target.span, None)
                raise _DryRun
        except _DryRun:
            return dict(counts)

    async def _step(self, erasure_id: UUID, device_id: DeviceId, span: Span, erased: Span) -> None:
        while True:
            async with self.db.begin() as tx:
                chunks = await chunks_touching(tx, device_id, span)
            silent = await asyncio.to_thread(self._silence, chunks, erased)
            self.reached(Step.SILENCED)
            try:
                async with self.db.begin() as tx:
                    counts = await self._write(tx, erasure_id, device_id, span, erased, silent)
                    if counts:
                        await add_counts(tx, erasure_id, counts)
                    self.reached(Step.WRITTEN)
            except _Moved:
                made = [change.file.path for _, change in silent.values() if change and change.file]
                await asyncio.to_thread(_delete, self.store, made)
                continue
            self.reached(Step.COMMITTED)
            return

    def _silence(self, chunks: Sequence[Chunk], erased: Span) -> _Silent:
        """Blocking. Files of a run that was killed before it named them are swept as any file without a row."""
        _, partly = plan(chunks, erased, self.max_s)
        return {chunk.chunk_id: (chunk, silence(self.store, chunk, spans, self.max_s)) for chunk, spans in partly}

    async def _write(
        self,
        tx: AsyncConnection,
        erasure_id: UUID | None,
        device_id: DeviceId,
        span: Span,
        erased: Span,
        silent: _Silent | None,
    ) -> Counter[str]:
        """`silent` None: a dry run, for which new files are only thought of."""
        await hold_device(tx, device_id)
        chunks = await chunks_touching(tx, device_id, span, hold=True)
        whole, partly = plan(chunks, erased, self.max_s)
        if silent is None:
            silent = {chunk.chunk_id: (chunk, _thought_of(chunk, spans)) for chunk, spans in partly}
        changes = [*(Change(chunk) for chunk in whole), *_changes(partly, silent)]
        changed = [change.chunk.chunk_id for change in changes]

        ids = await dialogues_touching(tx, device_id, span, [chunk.chunk_id for chunk in chunks])
        listening = await listening_to(tx, changed)
        held = sorted({*ids, *(job.dialogue_id for job in listening)})
        await tx.execute(stage_sql.LOCK, {"dialogue_ids": held})
        touched = await read_touched(tx, ids, erased)

        await write_changes(tx, changes)
        await cut_speech(tx, chunks, erased)
        await forget_results(tx, changed)
        forgotten = await forget(tx, touched)
        await doom(tx, (c.chunk.stored_path for c in changes if c.chunk.stored_path), erasure_id)
        if touched:
            await refresh_facts(tx, [dialogue.dialogue_id for dialogue in touched])

        lost = {dialogue.dialogue_id for dialogue in touched if dialogue.stays is not None}
        unheard = [change.chunk.chunk_id for change in changes if change.is_unheard or change.file is None]
        await end_jobs(tx, [*lost, *unheard])
        await begin_anew(tx, self.queue, [j for j in await listening_to(tx, changed) if j.dialogue_id not in lost])
        await self.queue.enqueue(tx, _followers(device_id, changes, is_touched=bool(changes or touched)))
        return _counted(changes, forgotten)


def _delete(store: AudioStore, paths: Sequence[str]) -> None:
    for path in paths:
        store.delete(path)


def _changes(partly: Sequence[tuple[Chunk, list[Span]]], silent: _Silent) -> Iterator[Change]:
    """Raises _Moved where a new file was made of another state of its chunk, or none."""
    for chunk, _ in partly:
        made_of, change = silent.get(chunk.chunk_id, (None, None))
        if made_of is None or (made_of.stored_path, made_of.silenced) != (chunk.stored_path, chunk.silenced):
            raise _Moved
        if change is not None:
            yield Change(chunk, change.file, change.silenced)


def _thought_of(chunk: Chunk, spans: Sequence[Span]) -> Change:
    return Change(chunk, SilentFile(f"{chunk.stored_path}.silent", "", 0, 0), tuple(spans))


def _followers(device_id: DeviceId, changes: Sequence[Change], *, is_touched: bool) -> list[NewJob]:
    """Chunks that were not heard yet are heard in their new file; dialogues around the erased time are made anew."""
    device = str(device_id)
    heard = [NewJob("vad", str(c.chunk.chunk_id), fair_key=device) for c in changes if c.file and c.is_unheard]
    return [*heard, dialogues_job(device_id)] if is_touched else heard


def _counted(changes: Sequence[Change], forgotten: Forgotten) -> Counter[str]:
    chunks = {
        "chunks_deleted": sum(change.file is None for change in changes),
        "chunks_silenced": sum(change.file is not None for change in changes),
    }
    return +Counter({**chunks, **asdict(forgotten)})


def _days(span: Span) -> Iterator[Span]:
    """Stretches that one transaction may hold a device for."""
    for start_ms in range(span.start_ms, span.end_ms, DAY_MS):
        yield Span(start_ms, min(start_ms + DAY_MS, span.end_ms))
