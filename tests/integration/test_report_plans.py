"""Guards on what reports, lists and search send to the database: they find their rows by an index, however long the
history is. Every statement is caught on its way and explained with the values that it had."""

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import asyncpg
import pytest
from shop import ADMIN, Shop
from sqlalchemy import event

from benchmarks.history.load import load
from benchmarks.history.questions import QUESTIONS, Known
from benchmarks.history.shape import Shape
from db.engine import Database

HISTORY = Shape(verdicts=40_000, points=20, days=100, transcripts=4_000)
"""Enough rows that reading all of them is never the cheapest plan for a page of them."""
LONG = ("dialogues", "dialogue_upsell_analysis", "dialogue_facts", "dialogue_transcripts", "dialogue_search")
"""Those that are long in it; of reviews it has two pages."""
DRAWN = 5
"""Of each kind of question."""


@pytest.fixture
async def known(database_url: str, db: Database) -> Known:
    await load(database_url, HISTORY)
    connection = await asyncpg.connect(database_url)
    points = await connection.fetch("SELECT point_id::text FROM points ORDER BY 1")
    dialogues = await connection.fetch("SELECT dialogue_id::text FROM dialogue_transcripts ORDER BY 1 LIMIT 20")
    await connection.close()
    return Known(HISTORY, [row[0] for row in points], [row[0] for row in dialogues])


async def test_no_report_list_search_or_dialogue_reads_a_big_table_from_end_to_end(
    known: Known, shop: Shop, database_url: str
) -> None:
    sent: dict[str, Any] = {}

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, is_many: bool) -> None:
        sent[statement] = parameters

    event.listen(shop.deps.db.engine.sync_engine, "before_cursor_execute", note)
    for question in QUESTIONS:
        random = Random(question.name)
        for _ in range(DRAWN):
            answer = await shop.client.get(question.ask(known, random), headers=ADMIN)
            assert answer.status_code == 200, answer.text
    plans = await explained(database_url, sent)
    read = {table for plan in plans.values() for _, table in scans(plan)}
    assert {*LONG, "report_days", "chain_hours"} <= read
    for statement, plan in plans.items():
        whole = [table for node, table in scans(plan) if node == "Seq Scan" and table in LONG]
        assert whole == [], f"{statement}\n{json.dumps(plan, indent=1)}"


async def explained(url: str, sent: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Statement → its plan for these values."""
    connection = await asyncpg.connect(url)
    try:
        return {
            statement: json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values))[0]["Plan"]
            for statement, values in sent.items()
        }
    finally:
        await connection.close()


def scans(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(node, relation) of every step that reads a table."""
    if "Relation Name" in plan:
        yield plan["Node Type"], plan["Relation Name"]
    for child in plan.get("Plans", ()):
        yield from scans(child)
