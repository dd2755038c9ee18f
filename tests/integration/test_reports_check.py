"""`reports check` finds what the reports say wrongly, and `reports rebuild` mends it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import forty_dialogues as forty
from click.testing import Result
from sqlalchemy import Delete, Insert, Update, delete, insert, update
from test_roll_ups import assert_as_by_hand
from typer.testing import CliRunner

from cluster.cli import reports
from db import tables as t
from db.engine import Database
from db.queue import Queue
from db.reports.check import ONE_SNAPSHOT, Drift, check_chain, check_coverage, check_days
from db.reports.jobs import report_jobs
from db.reports.rebuild import rebuild_days, rebuild_together
from db.shops.points import Point, find_point

LONG_DAY = date(2026, 10, 25)
PERIODS = ((date(2026, 3, 28), date(2026, 3, 30)), (date(2026, 10, 24), date(2026, 10, 26)))
hours, days, facts = t.report_hours, t.report_days, t.dialogue_facts
WRONG: dict[str, tuple[Update | Insert | Delete, set[str]]] = {
    "a fact": (update(facts).where(facts.c.place == "staff").values(place="no"), {"dialogue_facts"}),
    "a fact that is not there": (delete(facts).where(facts.c.place == "skipped"), {"dialogue_facts"}),
    "an hour": (update(hours).where(hours.c.yes > 1).values(yes=1), {"report_hours", "chain_hours"}),
    "an hour that is not there": (delete(hours).where(hours.c.hour == 23), {"report_hours", "chain_hours"}),
    "a day": (update(days).where(days.c.day == LONG_DAY).values(accepted=9), {"report_days"}),
    "a day that never was": (
        insert(days).values(point_id=forty.point_id("Kolkata"), day=date(2026, 10, 24), dialogues=1, yes=1),
        {"report_days"},
    ),
    "a category": (
        delete(t.report_day_categories).where(t.report_day_categories.c.category == "combo"),
        {"report_day_categories", "chain_day_categories"},
    ),
    "an engine": (
        update(t.report_day_engines).where(t.report_day_engines.c.engine == "rules-1").values(engine="rules-2"),
        {"report_day_engines"},
    ),
    "all points": (update(t.chain_hours).values(no=t.chain_hours.c.no + 1), {"chain_hours"}),
    "all points' categories": (update(t.chain_day_categories).values(offered=7), {"chain_day_categories"}),
    "coverage": (update(t.coverage_days).values(recorded_ms=1), {"coverage_days"}),
}


async def test_whatever_the_reports_say_wrongly_is_found_and_mended(db: Database, queue: Queue) -> None:
    await forty.seed(db)
    points = await read_points(db)
    await rebuild(db, queue, points)
    assert await drifts(db, points) == []
    for what, (wrong, tables) in WRONG.items():
        async with db.begin() as tx:
            await tx.execute(wrong)
        assert {drift.table for drift in await drifts(db, points)} == tables, what
        await rebuild(db, queue, points)
        assert await drifts(db, points) == [], what
        await assert_as_by_hand(db)


async def test_what_a_queued_job_is_going_to_count_is_not_taken_for_wrong(db: Database, queue: Queue) -> None:
    await forty.seed(db)
    points = await read_points(db)
    changed = forty.dialogue_id(32)
    async with db.begin() as tx:
        await tx.execute(
            update(t.dialogues).where(t.dialogues.c.dialogue_id == changed).values(analysis_status="ERROR")
        )
        await queue.enqueue(tx, await report_jobs(tx, [changed]))
    assert await drifts(db, points) == []
    async with db.begin() as tx:
        await tx.execute(delete(t.jobs))
    assert {drift.table for drift in await drifts(db, points)} >= {"dialogue_facts", "report_hours", "report_days"}


def test_the_commands_say_what_is_wrong_and_that_it_was_mended(database_url: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)

    def command(*words: str) -> Result:
        return CliRunner().invoke(reports.app, list(words))

    assert "what the dialogues say" in command("check").output
    with_database(database_url, forty.seed)
    assert command("check", "--from", str(LONG_DAY)).exit_code == 0

    async def spoil(db: Database) -> None:
        async with db.begin() as tx:
            await tx.execute(update(days).where(days.c.day == LONG_DAY).values(yes=days.c.yes + 1))

    with_database(database_url, spoil)
    told = command("check", "--json", "--from", "2026-10-24")
    found = json.loads(told.stdout)
    assert told.exit_code == 1
    assert {(drift["table"], drift["where"]) for drift in found} == {("report_days", str(LONG_DAY))}
    assert "reports rebuild" in str(told.exception)
    assert command("check", "--to", "2026-10-24").exit_code == 0
    assert command("rebuild", "--point", "nowhere").exit_code == 1
    assert command("rebuild", "--point", "Belgrade", "--from", str(LONG_DAY), "--to", str(LONG_DAY)).exit_code == 0
    left = json.loads(command("check", "--json", "--from", "2026-10-24").stdout)
    assert [drift["point_id"] for drift in left] == [str(forty.point_id("Kolkata"))]
    assert command("rebuild", "--from", "2026-10-24").exit_code == 0
    assert command("check", "--from", "2026-10-24").exit_code == 0


async def rebuild(db: Database, queue: Queue, points: list[Point]) -> None:
    for point in points:
        for first, last in PERIODS:
            await rebuild_days(db, queue, point, first, last)
    await rebuild_together(db)


async def drifts(db: Database, points: list[Point]) -> list[Drift]:
    found: list[Drift] = []
    async with db.begin() as tx:
        await tx.execute(ONE_SNAPSHOT)
        for point in points:
            for first, last in PERIODS:
                found += await check_days(tx, point, first, last)
                found += await check_coverage(tx, point, first, last)
        return found + await check_chain(tx)


async def read_points(db: Database) -> list[Point]:
    async with db.begin() as tx:
        points = [await find_point(tx, forty.point_id(name)) for name in forty.ZONES]
    return [point for point in points if point is not None]


def with_database(url: str, do: Callable[[Database], Awaitable[None]]) -> None:
    async def run() -> None:
        db = Database(url)
        await do(db)
        await db.dispose()

    asyncio.run(run())
