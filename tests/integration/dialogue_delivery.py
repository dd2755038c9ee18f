"""Lets a day come to the server in some random way, through the real dialogues stage, under a clock of the test's own.

Jobs are driven as the worker does it: the device is locked, a job takes effect when its transaction commits, and its
follow-ups join what is queued at the earlier time.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from dialogue_days import Clip, Content, Day, S, content
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cluster.stages.dialogues import DialoguesStage
from db import tables as t
from db.dialogues.stage_store import to_instant, to_ms
from db.engine import Database
from db.queue import Job, NewJob
from domain.ids import ChunkId, DeviceId
from domain.status import ChunkStatus, DialogueState, JobClass
from domain.timeline import Segment

MIN = 60 * S
Step = tuple[int, str, Clip]
"""(server clock in ms, what happens, to which chunk)"""


class CrashError(Exception):
    """The process dies before the commit."""


def random_delivery(day: Day, random: Random) -> list[Step]:
    """Steps by time: receipts in order, shuffled or late; dead chunks retried; detection run twice; uploads doubled."""
    end_ms = max(c.start_ms + c.length_ms for c in day.clips)
    how = random.choice(["live", "live", "shuffled", "backwards"])
    steps: list[Step] = []
    for clip in day.clips:
        at = clip.start_ms + clip.length_ms + random.randrange(S, 5 * S)
        if how == "shuffled":
            at = end_ms + random.randrange(30 * MIN)
        elif how == "backwards":
            at = end_ms + (end_ms - at) // 10
        if random.random() < 0.05:
            at = end_ms + random.randrange(200 * MIN)
        steps += _life_of(clip, at, random)
    return sorted(steps, key=lambda step: (step[0], step[2].number))


def _life_of(clip: Clip, at: int, random: Random) -> Iterator[Step]:
    yield at, "receive", clip
    if random.random() < 0.1:
        yield at + random.randrange(60 * MIN), "receive", clip
    at += random.choice([100, 2 * S, 2 * S, random.randrange(30 * MIN)])
    if clip.is_dead or random.random() < 0.05:
        yield at, "die", clip
        if clip.is_dead:
            return
        at += random.randrange(90 * MIN)
        yield at, "retry", clip
        at += random.randrange(5 * MIN)
    yield at, "hear", clip
    if random.random() < 0.05:
        yield at + random.randrange(60 * MIN), "hear", clip


@dataclass(slots=True)
class Delivery:
    """One device and what came of its day. `run` plays steps, then waits until no job is left."""

    db: Database
    random: Random
    device_id: DeviceId = field(default_factory=lambda: DeviceId(uuid4()))
    clock_ms: int = 0
    job_at_ms: int | None = None
    sent_to_asr: list[tuple[str, int]] = field(default_factory=list)
    after_job: Callable[["Delivery"], Awaitable[None]] | None = None
    jobs: int = 0

    async def run(self, steps: list[Step]) -> None:
        """Jobs run at random moments once they are due; now and then one dies before its commit and runs again."""
        await self.install()
        for at_ms, action, clip in steps:
            while self.job_at_ms is not None and self.job_at_ms < at_ms and self.random.random() < 0.7:
                await self.work(max(self.job_at_ms, self.clock_ms))
            await self.step(at_ms, action, clip)
        while self.job_at_ms is not None:
            await self.work(max(self.job_at_ms, self.clock_ms))

    async def step(self, at_ms: int, action: str, clip: Clip) -> None:
        """One thing happens to one chunk, in one transaction."""
        self.clock_ms = max(self.clock_ms, at_ms)
        async with self.db.begin() as tx:
            await self.play(tx, action, clip)

    async def install(self) -> None:
        """Makes the device known."""
        point_id, register_id = uuid4(), uuid4()
        async with self.db.begin() as tx:
            await tx.execute(insert(t.points).values(point_id=point_id, name="point"))
            await tx.execute(insert(t.registers).values(register_id=register_id, point_id=point_id, name="1"))
            names = {"point_id": point_id, "register_id": register_id, "name": "counter"}
            await tx.execute(insert(t.devices).values(device_id=self.device_id, **names))

    async def work(self, now_ms: int) -> None:
        """One dialogues job, claimed and completed."""
        self.clock_ms, self.job_at_ms = now_ms, None
        stage = DialoguesStage(now=self._now)
        job = Job(1, stage.name, str(self.device_id), 0, None, "", JobClass.LIVE, "", 1, uuid4(), 0)
        if self.random.random() < 0.05:
            with suppress(CrashError):
                async with self.db.begin() as tx:
                    await stage.apply(tx, job, {})
                    raise CrashError
        async with self.db.begin() as tx:
            locked = select(t.devices.c.device_id).where(t.devices.c.device_id == self.device_id)
            await tx.execute(locked.with_for_update(key_share=True))
            followers = await stage.apply(tx, job, {})
        self.jobs += 1
        for new in followers:
            self._follow(new)
        if self.after_job:
            await self.after_job(self)

    async def dialogues(self) -> Content:
        """What stands in the end, superseded ones left out."""
        d, s = t.dialogues.c, t.dialogue_segments.c
        query = (
            select(d.dialogue_id, s.chunk_id, s.offset_start_ms, s.offset_end_ms, s.start_ts, s.end_ts)
            .join(t.dialogue_segments, (s.dialogue_id == d.dialogue_id) & (s.revision == d.revision))
            .where(d.device_id == self.device_id, d.state != DialogueState.SUPERSEDED)
            .order_by(d.dialogue_id, s.idx)
        )
        found: dict[UUID, list[Segment]] = {}
        async with self.db.begin() as tx:
            for row in await tx.execute(query):
                piece = (row.offset_start_ms, row.offset_end_ms, to_ms(row.start_ts), to_ms(row.end_ts))
                found.setdefault(row.dialogue_id, []).append(Segment(ChunkId(row.chunk_id), *piece))
            numbers = await tx.execute(
                select(t.audio_chunks.c.chunk_id, t.audio_chunks.c.size_bytes).where(
                    t.audio_chunks.c.device_id == self.device_id
                )
            )
            return content(list(found.values()), {ChunkId(i): number for i, number in numbers})

    def _follow(self, new: NewJob) -> None:
        if new.stage == "asr":
            self.sent_to_asr.append((new.subject_id, new.subject_rev))
        elif new.stage == "dialogues":
            self._wake(self.clock_ms + round(new.delay_s * S))

    def _wake(self, at_ms: int) -> None:
        self.job_at_ms = at_ms if self.job_at_ms is None else min(at_ms, self.job_at_ms)

    async def _now(self, tx: AsyncConnection) -> datetime:
        return to_instant(self.clock_ms)

    async def play(self, tx: AsyncConnection, action: str, clip: Clip) -> None:
        """One thing happens to one chunk, in the caller's transaction."""
        key = t.audio_chunks.c.chunk_id == self._chunk_id(clip)
        if action == "receive":
            await tx.execute(upsert(t.audio_chunks).values(self._row(clip)).on_conflict_do_nothing())
        elif action == "retry":
            await tx.execute(update(t.audio_chunks).where(key).values(status=ChunkStatus.QUEUED))
        elif action == "die":
            await tx.execute(update(t.audio_chunks).where(key).values(status=ChunkStatus.ERROR))
            self._wake(self.clock_ms)
        else:
            await self._hear(tx, clip)
            self._wake(self.clock_ms)

    async def _hear(self, tx: AsyncConnection, clip: Clip) -> None:
        """What the vad stage writes, without listening."""
        chunk_id = self._chunk_id(clip)
        heard = {"status": ChunkStatus.DONE, "decoded_ms": clip.length_ms, "settled_status": None}
        await tx.execute(update(t.audio_chunks).where(t.audio_chunks.c.chunk_id == chunk_id).values(heard))
        await tx.execute(delete(t.speech_segments).where(t.speech_segments.c.chunk_id == chunk_id))
        rows = [
            {
                "chunk_id": chunk_id,
                "idx": idx,
                "device_id": self.device_id,
                "offset_start_ms": span.start_ms,
                "offset_end_ms": span.end_ms,
                "start_ts": to_instant(clip.start_ms + span.start_ms),
                "end_ts": to_instant(clip.start_ms + span.end_ms),
            }
            for idx, span in enumerate(clip.speech)
        ]
        if rows:
            await tx.execute(insert(t.speech_segments), rows)

    def _chunk_id(self, clip: Clip) -> UUID:
        return uuid5(NAMESPACE_OID, f"{self.device_id}/{clip.number}")

    def _row(self, clip: Clip) -> dict[str, object]:
        """`size_bytes` holds the chunk's number in the day."""
        return {
            "chunk_id": self._chunk_id(clip),
            "device_id": self.device_id,
            "point_id": UUID(int=1),
            "register_id": UUID(int=2),
            "session_id": clip.run,
            "seq": clip.seq,
            "start_ts": to_instant(clip.start_ms),
            "end_ts": to_instant(clip.start_ms + clip.claimed_ms),
            "codec": "opus",
            "sample_rate": 48_000,
            "channels": 1,
            "sha256": str(clip.number),
            "size_bytes": clip.number,
            "received_at": to_instant(self.clock_ms),
        }
