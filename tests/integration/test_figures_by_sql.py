"""Whatever happens to dialogues, once its jobs are done the database counts them as domain/figures.py does."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cluster.endings import Endings
from cluster.stages import discover
from db import tables as t
from db.engine import Database
from db.queue import Queue
from db.reports.check import ONE_SNAPSHOT, check_chain, check_days
from db.reports.jobs import point_job, report_jobs
from db.shops.points import find_point
from domain.figures import RATED, Counts, Opinion, Row, count, place_of
from domain.ids import DialogueId, PointId
from domain.status import Attempted, Kind, Place, Reaction, StageStatus

ZONES = ("Europe/Belgrade", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns")
CHANGES = ("2026-03-28T22:00Z", "2026-03-29T00:30Z", "2026-04-04T14:10Z", "2026-10-03T14:20Z", "2026-10-25T00:00Z")
"""Around midnights and changes of clocks."""
CATEGORIES = ("dessert", "syrup", "combo")


@dataclass(frozen=True)
class Held:
    opinion: Opinion
    categories: tuple[str, ...]

    @property
    def columns(self) -> dict[str, Any]:
        held = self.opinion
        return {
            "kind": held.kind,
            "attempted": held.attempted,
            "quality_score": held.quality_score,
            "customer_reaction": held.reaction,
            "categories": list(self.categories),
        }


@dataclass
class Given:
    """A review."""

    review_id: UUID
    held: Held
    counts: bool
    at: datetime
    is_undone: bool = False


@dataclass
class Dialogue:
    """What one dialogue is by the plain rules."""

    dialogue_id: UUID
    point: int
    start: datetime
    status: StageStatus = StageStatus.PENDING
    machine: Held | None = None
    engine: str = ""
    revision: int = 1
    is_superseded: bool = False
    heir: "Dialogue | None" = None
    reviews: list[Given] = field(default_factory=list)


OPINIONS = st.builds(
    Opinion, st.sampled_from(Kind), st.sampled_from(Attempted), st.integers(0, 3), st.sampled_from(Reaction)
)
HELD = st.builds(Held, OPINIONS, st.lists(st.sampled_from(CATEGORIES), max_size=2, unique=True).map(tuple))
MOMENTS = st.builds(
    lambda start, minutes: datetime.fromisoformat(start) + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(0, 180),
)
DEEDS = (
    *("come", "come", "judge", "judge", "judge", "end", "review", "review", "second", "undo"),
    *("revise", "merge", "vanish", "erase", "rezone", "work"),
)
ACTIONS = st.tuples(st.sampled_from(DEEDS), st.integers(0, 9), st.integers(0, 9), HELD, MOMENTS)


class World:
    """Dialogues of two points: in the database, and as they are known to be."""

    def __init__(self, db: Database, queue: Queue, zones: Iterable[str]) -> None:
        self.db = db
        self.queue = queue
        self.endings = Endings(db, queue, discover())
        self.zones = list(zones)
        self.points = [PointId(uuid4()), PointId(uuid4())]
        self.places = [{"register_id": uuid4(), "device_id": uuid4(), "point_id": point} for point in self.points]
        self.dialogues: list[Dialogue] = []
        self.clock = datetime(2026, 11, 1, tzinfo=UTC)

    async def open(self) -> None:
        async with self.db.begin() as tx:
            for place, zone in zip(self.places, self.zones, strict=True):
                point = {"point_id": place["point_id"], "name": "shop"}
                await tx.execute(insert(t.points).values(**point, zone=zone))
                await tx.execute(insert(t.registers).values(**point, register_id=place["register_id"]))
                await tx.execute(insert(t.devices).values(**place, name="pi"))

    async def happen(self, action: str, a: int, b: int, held: Held, moment: datetime) -> None:
        current = [d for d in self.dialogues if not d.is_superseded]
        if action == "work":
            return await self.work()
        if action == "rezone":
            return await self.rezone(a % 2, ZONES[b % len(ZONES)])
        if action == "come" or not current:
            return await self.come(a % 2, moment)
        one, other = current[a % len(current)], current[b % len(current)]
        async with self.db.begin() as tx:
            before = await report_jobs(tx, [DialogueId(one.dialogue_id)])
            touched = await self._change(tx, action, one, other, held, moment)
            after = await report_jobs(tx, [DialogueId(d.dialogue_id) for d in touched])
            await self.queue.enqueue(tx, [*before, *after] if action == "erase" else after)
        return None

    async def _change(
        self, tx: AsyncConnection, action: str, one: Dialogue, other: Dialogue, held: Held, moment: datetime
    ) -> list[Dialogue]:
        if action == "judge":
            await self._judge(tx, one, held)
        elif action == "end":
            one.status = (StageStatus.ERROR, StageStatus.SKIPPED, StageStatus.PROCESSING)[
                held.opinion.quality_score % 3
            ]
            await self._store(tx, one, analysis_status=one.status)
        elif action in ("review", "second"):
            await self._review(tx, one, held, counts=action == "review")
        elif action == "undo" and one.reviews:
            one.reviews[-1].is_undone = True
            r = t.reviews.c
            undone = update(t.reviews).where(r.review_id == one.reviews[-1].review_id)
            await tx.execute(undone.values(undone_at=self.clock))
        elif action == "revise":
            one.revision, one.start, one.status = one.revision + 1, moment, StageStatus.PENDING
            one.point = one.point if held.opinion.quality_score else 1 - one.point
            await self._store(tx, one, analysis_status="PENDING", asr_status="PENDING")
        elif action == "vanish" or (action == "merge" and one is not other):
            await self._supersede(tx, one, other if action == "merge" else None)
        elif action == "erase":
            await tx.execute(delete(t.dialogues).where(t.dialogues.c.dialogue_id == one.dialogue_id))
            merged = [d for d in self.dialogues if d.heir is one]
            self.dialogues = [d for d in self.dialogues if d is not one]
            for d in merged:
                d.heir = None
            return []
        return [one, other]

    async def come(self, point: int, moment: datetime) -> None:
        dialogue = Dialogue(uuid4(), point, moment)
        self.dialogues.append(dialogue)
        async with self.db.begin() as tx:
            row = {"dialogue_id": dialogue.dialogue_id, "start_ts": moment, "end_ts": moment + timedelta(seconds=30)}
            await tx.execute(insert(t.dialogues).values(**self.places[point], **row, state="closed"))
            await self.queue.enqueue(tx, await report_jobs(tx, [DialogueId(dialogue.dialogue_id)]))

    async def rezone(self, point: int, zone: str) -> None:
        self.zones[point] = zone
        async with self.db.begin() as tx:
            await tx.execute(update(t.points).where(t.points.c.point_id == self.points[point]).values(zone=zone))
            await self.queue.enqueue(tx, [point_job(self.points[point])])

    async def work(self) -> None:
        """Every queued job, as a worker ends it."""
        stage = self.endings.stages["report"]
        while True:
            async with self.db.begin() as tx:
                await tx.execute(text("UPDATE jobs SET run_after = now() WHERE state = 'queued'"))
            jobs = await self.queue.claim("report", 4, "worker")
            if not jobs:
                return
            for job in jobs:
                await self.endings.commit(stage, job, {})

    async def _judge(self, tx: AsyncConnection, one: Dialogue, held: Held) -> None:
        one.status, one.machine = StageStatus.DONE, held
        one.engine = ("rules-1", "gpt-4o-mini")[held.opinion.quality_score % 2]
        key = {"dialogue_id": one.dialogue_id, "revision": one.revision}
        heard = {**key, "language": "ru", "text": "да", "segments_json": [], "transcript_sha256": str(one.revision)}
        verdict = {
            **key,
            **held.columns,
            "closing_question": False,
            "evidence_quotes": [],
            "summary": "",
            "confidence": 0.9,
            "analysis_model": one.engine,
            "prompt_version": "1",
            "prompt_sha256": "",
            "transcript_sha256": str(one.revision),
        }
        for table, values in ((t.dialogue_transcripts, heard), (t.dialogue_upsell_analysis, verdict)):
            put = upsert(table).values(values)
            await tx.execute(put.on_conflict_do_update(index_elements=["dialogue_id"], set_=values))
        await self._store(tx, one, asr_status="DONE", analysis_status="DONE")

    async def _review(self, tx: AsyncConnection, one: Dialogue, held: Held, *, counts: bool) -> None:
        self.clock += timedelta(seconds=1)
        review = Given(uuid4(), held, counts, self.clock)
        one.reviews.append(review)
        values = {
            **held.columns,
            "review_id": review.review_id,
            "dialogue_id": one.dialogue_id,
            "revision": one.revision,
            "reviewer": "ana",
            "reason": "random" if counts else "second",
            "created_at": self.clock,
        }
        await tx.execute(insert(t.reviews).values(values))

    async def _supersede(self, tx: AsyncConnection, one: Dialogue, heir: Dialogue | None) -> None:
        one.is_superseded, one.heir = True, heir
        heir_id = None if heir is None else heir.dialogue_id
        await self._store(tx, one, state="superseded", alias_of=heir_id)
        if heir is not None:
            for d in self.dialogues:
                d.heir = heir if d.heir is one else d.heir
            moved = update(t.dialogues).where(t.dialogues.c.alias_of == one.dialogue_id)
            await tx.execute(moved.values(alias_of=heir_id))

    async def _store(self, tx: AsyncConnection, one: Dialogue, **values: Any) -> None:
        place = {"start_ts": one.start, "end_ts": one.start + timedelta(seconds=30), "revision": one.revision}
        store = update(t.dialogues).where(t.dialogues.c.dialogue_id == one.dialogue_id)
        await tx.execute(store.values(**values, **place, **self.places[one.point]))

    def row(self, one: Dialogue) -> tuple[Row, Held | None]:
        """By the plain rules: the newest review that counts, its own or of a dialogue that was merged into it."""
        reviews = [r for d in self.dialogues if d is one or d.heir is one for r in d.reviews]
        live = sorted((r for r in reviews if r.counts and not r.is_undone), key=lambda r: r.at)
        review = live[-1].held if live else None
        machine = one.machine if one.status is StageStatus.DONE else None
        row = Row(
            one.status,
            one.is_superseded,
            machine.opinion if machine else None,
            one.engine,
            review.opinion if review else None,
        )
        return row, review or machine


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(zones=st.tuples(*[st.sampled_from(ZONES)] * 2), actions=st.lists(ACTIONS, min_size=6, max_size=24))
async def test_whatever_happens_the_database_counts_as_defined(
    db: Database, queue: Queue, zones: tuple[str, str], actions: list[Any]
) -> None:
    world = World(db, queue, zones)
    await world.open()
    for action in actions:
        await world.happen(*action)
    await world.work()
    for n, point_id in enumerate(world.points):
        await assert_counted(db, point_id, world, n)
    async with db.begin() as tx:
        await tx.execute(ONE_SNAPSHOT)
        assert await check_chain(tx) == []


async def assert_counted(db: Database, point_id: PointId, world: World, n: int) -> None:
    zone = ZoneInfo(world.zones[n])
    hours: dict[Any, list[Row]] = defaultdict(list)
    days: dict[date, list[Row]] = defaultdict(list)
    categories: dict[tuple[date, str], int] = defaultdict(int)
    engines: dict[tuple[date, str], int] = defaultdict(int)
    for dialogue in world.dialogues:
        if dialogue.point != n:
            continue
        row, held = world.row(dialogue)
        local = dialogue.start.astimezone(zone)
        begins = dialogue.start - timedelta(minutes=local.minute, seconds=local.second)
        hours[begins.astimezone(UTC), local.date(), local.hour].append(row)
        days[local.date()].append(row)
        if place_of(row) in RATED and row.review is None:
            engines[local.date(), row.engine] += 1
        for category in set(held.categories) if held and place_of(row) is Place.YES else ():
            categories[local.date(), category] += 1
    async with db.begin() as tx:
        assert await read(tx, t.report_hours, point_id, "hour_ts", "day", "hour") == counted(hours)
        assert await read(tx, t.report_days, point_id, "day") == counted({(day,): rows for day, rows in days.items()})
        d = t.report_day_categories.c
        offered = await tx.execute(select(d.day, d.category, d.offered).where(d.point_id == point_id))
        assert {(row.day, row.category): row.offered for row in offered} == categories
        e = t.report_day_engines.c
        judged = await tx.execute(select(e.day, e.engine, e.dialogues).where(e.point_id == point_id))
        assert {(row.day, row.engine): row.dialogues for row in judged} == engines
    async with db.begin() as tx:
        point = await find_point(tx, point_id)
    assert point is not None
    async with db.begin() as tx:
        await tx.execute(ONE_SNAPSHOT)
        assert await check_days(tx, point, date(2026, 3, 1), date(2026, 10, 31)) == []


def counted(rows: dict[Any, list[Row]]) -> dict[Any, Counts]:
    return {key: count(together) for key, together in rows.items()}


async def read(tx: AsyncConnection, table: Any, point_id: PointId, *key: str) -> dict[Any, Counts]:
    found = (await tx.execute(select(table).where(table.c.point_id == point_id))).mappings().all()
    return {
        tuple(row[name].astimezone(UTC) if name == "hour_ts" else row[name] for name in key): Counts(
            **{f.name: row[f.name] for f in fields(Counts)}
        )
        for row in found
    }
