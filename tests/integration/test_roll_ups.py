"""Forty dialogues, counted by hand and by the database: the same, however the reports came to be."""

from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import UTC
from typing import Any

import forty_dialogues as forty
import pytest
from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.engine import Database
from db.reports.facts import refresh_facts, refresh_hour, refresh_point
from db.reports.hours import hours_of
from domain.figures import Counts, added, figures_of

IDS = [forty.dialogue_id(told.n) for told in forty.DIALOGUES if told.n != forty.ERASED]
NAMES = {forty.point_id(name): name for name in forty.ZONES}


async def at_once(tx: AsyncConnection) -> None:
    await refresh_facts(tx, IDS)


async def by_hours(tx: AsyncConnection) -> None:
    for hour in await hours_of(tx, IDS):
        assert await refresh_hour(tx, hour) == []


async def by_points(tx: AsyncConnection) -> None:
    for point_id in NAMES:
        assert await refresh_point(tx, point_id) == []


@pytest.mark.parametrize("refresh", [at_once, by_hours, by_points])
async def test_the_database_counts_as_a_person_does(
    db: Database, refresh: Callable[[AsyncConnection], Awaitable[None]]
) -> None:
    async with db.begin() as tx:
        await forty.write(tx)
        await tx.execute(delete(t.dialogues).where(t.dialogues.c.dialogue_id == forty.dialogue_id(forty.ERASED)))
        await refresh(tx)
    await assert_as_by_hand(db)


async def test_what_is_erased_is_counted_no_more(db: Database) -> None:
    await forty.seed(db)
    await assert_as_by_hand(db)


async def test_a_period_adds_up_to_its_figures(db: Database) -> None:
    await forty.seed(db)
    days = {(NAMES[row["point_id"]], row["day"]): counts(row) for row in await rows(db, t.report_days)}
    whole = figures_of(added(days.values()), {"gpt-4o-mini", "rules-1"})
    assert (whole.rate.hits, whole.rate.n, whole.specific_rate.hits) == (15, 22, 12)
    assert (whole.acceptance.hits, whole.acceptance.n, whole.average_quality) == (10, 14, 30 / 15)
    assert (whole.dialogues, whole.superseded, whole.reviewed, whole.is_mixed) == (37, 2, 6, True)


async def test_a_stale_review_still_counts_and_says_so(db: Database) -> None:
    await forty.seed(db)
    facts = {row["dialogue_id"]: row for row in await rows(db, t.dialogue_facts)}
    stale = {n for n in range(1, 40) if facts[forty.dialogue_id(n)]["is_stale"]}
    assert stale == set(forty.STALE)
    assert facts[forty.dialogue_id(26)]["place"] == "no"


async def test_words_are_found_of_current_dialogues_with_a_transcript_only(db: Database) -> None:
    await forty.seed(db)
    found = {row["dialogue_id"] for row in await rows(db, t.dialogue_search)}
    said = {told.n for told in forty.DIALOGUES if told.asr == "DONE" and told.state != "superseded"}
    assert found == {forty.dialogue_id(n) for n in said - {forty.ERASED}}


async def assert_as_by_hand(db: Database) -> None:
    days = {(NAMES[row["point_id"]], row["day"]): counts(row) for row in await rows(db, t.report_days)}
    assert days == forty.DAYS
    hours = {
        (NAMES[row["point_id"]], f"{row['hour_ts'].astimezone(UTC):%Y-%m-%dT%H:%MZ}"): (
            row["day"],
            row["hour"],
            row["dialogues"],
        )
        for row in await rows(db, t.report_hours)
    }
    assert hours == forty.HOURS
    assert await by_day(db, t.report_day_categories, "category", "offered", "accepted", "rejected") == forty.CATEGORIES
    assert await by_day(db, t.report_day_engines, "engine", "dialogues") == forty.ENGINES
    await assert_the_chain_is_the_sum_of_its_points(db)


async def assert_the_chain_is_the_sum_of_its_points(db: Database) -> None:
    summed: dict[Any, Counts] = {}
    for row in await rows(db, t.report_hours):
        key = row["day"], row["hour"]
        summed[key] = added([summed.get(key, Counts()), counts(row)])
    chain = {(row["day"], row["hour"]): counts(row) for row in await rows(db, t.chain_hours)}
    assert {key: value for key, value in chain.items() if value != Counts()} == summed
    offered: dict[Any, int] = {}
    for row in await rows(db, t.report_day_categories):
        offered[row["day"], row["category"]] = offered.get((row["day"], row["category"]), 0) + row["offered"]
    chain_offered = {(row["day"], row["category"]): row["offered"] for row in await rows(db, t.chain_day_categories)}
    assert {key: n for key, n in chain_offered.items() if n} == offered


async def rows(db: Database, table: Table) -> list[Any]:
    async with db.begin() as tx:
        return list((await tx.execute(select(table))).mappings().all())


def counts(row: Any) -> Counts:
    return Counts(**{f.name: row[f.name] for f in fields(Counts)})


async def by_day(db: Database, table: Table, name: str, *values: str) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for row in await rows(db, table):
        value = tuple(row[v] for v in values)
        found.setdefault((NAMES[row["point_id"]], row["day"]), {})[row[name]] = value if len(value) > 1 else value[0]
    return found
