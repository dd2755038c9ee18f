"""A database with subjects of every kind, and workers over it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from audio.store import FileStore
from cluster.stage import Stage, StageContext, SubjectKind
from cluster.steps import Reached, pass_through
from cluster.worker import Worker
from configs import settings
from configs.sections import JobSettings
from db import tables as t
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import NewJob, Queue

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Bench:
    """A database with chunks, and workers over it."""

    def __init__(self, db: Database, jobs: JobSettings, folder: Path) -> None:
        config = settings.load({"SALESCONTROL_HOME": str(folder)})
        self.db = db
        self.config = config.model_copy(update={"jobs": jobs.model_copy(update={"poll_s": 0.05})})
        self.ctx = StageContext(db, FileStore(folder / "audio"), self.config)
        self.queue = Queue(db, self.config.jobs)
        self.running: list[tuple[Worker, asyncio.Task[None]]] = []

    async def chunk(self) -> UUID:
        """A chunk row with its points and devices."""
        ids = {name: uuid4() for name in ("point_id", "register_id", "device_id", "chunk_id")}
        async with self.db.begin() as tx:
            await tx.execute(t.points.insert().values(point_id=ids["point_id"], name="shop"))
            register = {"register_id": ids["register_id"], "point_id": ids["point_id"], "name": "till"}
            await tx.execute(t.registers.insert().values(register))
            await tx.execute(t.devices.insert().values({**register, "device_id": ids["device_id"], "name": "pi"}))
            await tx.execute(
                t.audio_chunks.insert().values(
                    **ids,
                    start_ts=START,
                    end_ts=START + timedelta(seconds=60),
                    codec="opus",
                    sample_rate=48_000,
                    channels=1,
                    sha256="0" * 64,
                    size_bytes=1,
                )
            )
        return ids["chunk_id"]

    async def subject(self, kind: SubjectKind) -> UUID:
        """A row of this kind; a dialogue is closed, in its first revision."""
        chunk_id = await self.chunk()
        if kind is SubjectKind.CHUNK:
            return chunk_id
        async with self.db.begin() as tx:
            row = (await tx.execute(select(t.audio_chunks).where(t.audio_chunks.c.chunk_id == chunk_id))).one()
            if kind is SubjectKind.POINT:
                return row.point_id  # type: ignore[no-any-return]
            if kind is SubjectKind.ERASURE:
                erased = {"point_id": row.point_id, "start_ts": START, "end_ts": row.end_ts, "kind": "interval"}
                new = t.erasures.insert().values(erasure_id=uuid4(), requested_by="somebody", **erased)
                return (await tx.execute(new.returning(t.erasures.c.erasure_id))).scalar_one()  # type: ignore[no-any-return]
            if kind is SubjectKind.DEVICE:
                return row.device_id  # type: ignore[no-any-return]
            dialogue_id = uuid4()
            place = {name: getattr(row, name) for name in ("device_id", "point_id", "register_id")}
            values = {**place, "dialogue_id": dialogue_id, "state": "closed", "start_ts": START, "end_ts": row.end_ts}
            await tx.execute(t.dialogues.insert().values(values))
        return dialogue_id

    async def enqueue(self, stage: str, subject: UUID, revision: int = 0) -> None:
        async with self.db.begin() as tx:
            await self.queue.enqueue(tx, [NewJob(stage, str(subject), revision)])

    def work(self, *stages: Stage, reached: Reached = pass_through) -> Worker:
        renewer = LeaseRenewer(self.db.url, self.config.jobs)
        known = {stage.name: stage for stage in stages}
        worker = Worker(f"w{len(self.running)}", self.ctx, self.queue, renewer, known, list(known), reached)
        self.running.append((worker, asyncio.create_task(worker.run())))
        return worker

    async def jobs(self, stage: str) -> list[Any]:
        async with self.db.begin() as tx:
            query = select(t.jobs).where(t.jobs.c.stage == stage).order_by(t.jobs.c.job_id)
            return list((await tx.execute(query)).all())

    async def status(self, chunk: UUID) -> tuple[str, str | None]:
        async with self.db.begin() as tx:
            columns = (t.audio_chunks.c.status, t.audio_chunks.c.error)
            row = (await tx.execute(select(*columns).where(t.audio_chunks.c.chunk_id == chunk))).one()
        return row.status, row.error

    async def until(self, stage: str, *states: str, timeout_s: float = 10) -> list[Any]:
        """Waits until the stage's jobs are in these states."""
        rows: list[Any] = []
        async with asyncio.timeout(timeout_s):
            while not rows or [row.state for row in rows] != list(states):
                rows = await self.jobs(stage)
                await asyncio.sleep(0.02)
        return rows

    async def close(self) -> None:
        for worker, task in self.running:
            await worker.drain(2)
            await task
