"""Each point's day of coverage, reckoned by jobs: what the coverage of its devices adds up to."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shop import ADMIN, Shop
from sqlalchemy import delete, func, select, text, update
from test_coverage import DAY, HOUR, MINUTE, at, beat, received

from cluster.endings import Endings
from cluster.stages import discover
from db import tables as t
from db.queue import Queue
from db.reports.coverage_days import STALE_AFTER, coverage_jobs, queue_due_coverage, queue_stale_coverage
from db.reports.jobs import COVERAGE_DELAY_S
from domain.ids import DeviceId
from domain.opening_hours import WEEKDAYS
from domain.timeline import Span

TOTALS = ("scheduled_ms", "recorded_ms", "waiting_ms", "paused_ms", "lost_ms", "ahead_ms", "lost_by_reason")


async def queued(shop: Shop, stage: str = "coverage") -> list[str]:
    """What queued jobs of the stage are about, behind the point's id."""
    async with shop.deps.db.begin() as tx:
        jobs = select(t.jobs.c.subject_id).where(t.jobs.c.stage == stage, t.jobs.c.state == "queued")
        return [subject.partition("@")[2] for subject in (await tx.execute(jobs.order_by("subject_id"))).scalars()]


async def work(shop: Shop) -> None:
    """Every queued coverage job, as a worker ends it."""
    queue, stages = Queue(shop.deps.db, shop.deps.settings.jobs), discover()
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.jobs).values(run_after=func.now()))
    while jobs := await queue.claim("coverage", 10, "worker"):
        for job in jobs:
            await Endings(shop.deps.db, queue, stages).commit(stages["coverage"], job, {})


async def stored(shop: Shop, day: date) -> dict[str, Any] | None:
    async with shop.deps.db.begin() as tx:
        row = (await tx.execute(select(t.coverage_days).where(t.coverage_days.c.day == day))).mappings().one_or_none()
    return None if row is None else {name: row[name] for name in TOTALS}


async def told(shop: Shop, day: date) -> dict[str, Any]:
    path = f"/api/v1/admin/points/{shop.device.point_id}/coverage"
    answer = await shop.client.get(path, headers=ADMIN, params={"day": str(day)})
    totals = answer.json()["totals"]
    return {name: totals[name] for name in TOTALS}


async def test_a_heartbeat_has_its_day_reckoned_once_for_many(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE devices SET created_at = now() - interval '10 days'"))
    await received(shop, at("08:00"), at("12:00"))
    for end in ("21:00", "22:00"):
        await beat(shop, at("08:00"), at(end), ("08:00", "20:00", "recorded", None), ("20:00", end, "paused", None))
    assert await queued(shop) == [str(DAY)]
    async with shop.deps.db.begin() as tx:
        waits_s = (await tx.execute(select(func.extract("epoch", t.jobs.c.run_after - func.now())))).scalar_one()
    assert 0 < waits_s <= COVERAGE_DELAY_S
    await work(shop)
    found = await stored(shop, DAY)
    assert found == await told(shop, DAY)
    assert (found["scheduled_ms"], found["recorded_ms"], found["paused_ms"]) == (14 * HOUR, 4 * HOUR, 2 * HOUR)
    assert found["lost_by_reason"] == {"not_received": 8 * HOUR}


async def test_the_sweep_reckons_today_yesterday_and_what_was_missed(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE points SET created_at = now() - interval '4 days'"))
    queue = Queue(shop.deps.db, shop.deps.settings.jobs)
    today = datetime.now(ZoneInfo("Europe/Belgrade")).date()
    days = [str(today - timedelta(days=n)) for n in (4, 3, 2, 1, 0)]
    assert await queue_due_coverage(shop.deps.db, queue) == 5
    assert await queued(shop) == days
    await work(shop)
    assert await queue_due_coverage(shop.deps.db, queue) == 2
    async with shop.deps.db.begin() as tx:
        await tx.execute(delete(t.jobs))
        await tx.execute(delete(t.coverage_days).where(t.coverage_days.c.day == date.fromisoformat(days[1])))
    await queue_due_coverage(shop.deps.db, queue)
    assert await queued(shop) == [days[1], days[3], days[4]]


async def test_the_present_day_of_a_point_from_which_nothing_comes_is_reckoned_every_few_minutes(shop: Shop) -> None:
    queue = Queue(shop.deps.db, shop.deps.settings.jobs)
    always = {day: [{"opens": "00:00", "closes": "24:00"}] for day in WEEKDAYS}
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.points).values(opening_hours=always))
    assert await queue_stale_coverage(shop.deps.db, queue) == 1
    await work(shop)
    assert await queue_stale_coverage(shop.deps.db, queue) == 0
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.coverage_days).values(reckoned_at=func.now() - STALE_AFTER))
    assert await queue_stale_coverage(shop.deps.db, queue) == 1
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.coverage_days).values(ahead_ms=0, waiting_ms=0))  # the day is over
    assert await queue_stale_coverage(shop.deps.db, queue) == 0


async def test_audio_over_midnight_is_of_both_days_of_the_point(shop: Shop) -> None:
    midnight_ms = int(at("00:00").timestamp() * 1000)
    async with shop.deps.db.begin() as tx:
        over = await coverage_jobs(
            tx, DeviceId(shop.device.device_id), [Span(midnight_ms - MINUTE, midnight_ms + MINUTE)]
        )
        until = await coverage_jobs(tx, DeviceId(shop.device.device_id), [Span(midnight_ms - MINUTE, midnight_ms)])
    assert [job.subject_id.partition("@")[2] for job in over] == [str(DAY - timedelta(days=1)), str(DAY)]
    assert [job.subject_id.partition("@")[2] for job in until] == [str(DAY - timedelta(days=1))]


async def test_other_opening_hours_and_another_zone_have_every_known_day_reckoned_anew(shop: Shop) -> None:
    await received(shop, at("08:00"), at("12:00"))
    await beat(shop, at("08:00"), at("12:00"), ("08:00", "12:00", "recorded", None))
    await work(shop)
    path = f"/api/v1/admin/points/{shop.device.point_id}"

    async def patch(**changes: Any) -> None:
        (await shop.client.patch(path, headers=ADMIN, json=changes)).raise_for_status()

    await patch(name="another name")
    assert (await queued(shop), await queued(shop, "report")) == ([], [])
    weekday = DAY.strftime("%a").lower()
    await patch(opening_hours={weekday: [{"opens": "10:00", "closes": "11:00"}]})
    assert (await queued(shop), await queued(shop, "report")) == ([str(DAY)], [])
    await work(shop)
    found = await stored(shop, DAY)
    assert found is not None
    assert (found["scheduled_ms"], found["recorded_ms"]) == (HOUR, HOUR)
    await patch(zone="Asia/Kolkata")
    assert (await queued(shop), await queued(shop, "report")) == ([str(DAY)], [""])
