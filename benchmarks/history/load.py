"""Writes a generated history into a migrated, empty database: rows first, a day at a time, indexes and keys after."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic

import asyncpg

from benchmarks.history import rollups
from benchmarks.history import statements as sql
from benchmarks.history.shape import Shape
from benchmarks.history.words import RARE, SENTENCES

BIG = (
    "dialogues",
    "dialogue_upsell_analysis",
    "dialogue_facts",
    "reviews",
    "review_queue",
    "dialogue_transcripts",
    "dialogue_search",
    "audio_chunks",
    "dialogue_segments",
)
"""Tables that are filled without their indexes."""

_KEYS = """
    SELECT conrelid::regclass::text AS of_table, conname AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint
    WHERE (conrelid = ANY ($1::regclass[]) OR confrelid = ANY ($1::regclass[])) AND contype IN ('p', 'u', 'f')
    ORDER BY contype = 'f', conrelid::regclass::text
"""
_INDEXES = """
    SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
    WHERE i.indrelid = ANY ($1::regclass[]) AND c.oid IS NULL ORDER BY i.indrelid::regclass::text, 1
"""

Tell = Callable[[str], None]


@dataclass
class Loaded:
    """How long each part took, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)


async def load(url: str, shape: Shape, tell: Tell = lambda line: None) -> Loaded:
    """Raises where the database is not empty. `tell` hears how far it has come."""
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    loaded, begun = Loaded(), monotonic()

    def lap(name: str) -> None:
        nonlocal begun
        loaded.seconds[name] = round(monotonic() - begun, 1)
        tell(f"{name}: {loaded.seconds[name]:.0f} s")
        begun = monotonic()

    try:
        await connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SET jit = off")
        restore = await _without_indexes(connection)
        await _rows(connection, shape, tell)
        lap("rows")
        for statement in restore:
            await connection.execute(statement)
            tell(statement)
        lap("indexes and keys")
        for statement in rollups.STATEMENTS:
            await connection.execute(statement)
        lap("roll-ups")
        await connection.execute("VACUUM (ANALYZE)")
        lap("statistics")
    finally:
        await connection.close()
    return loaded


async def _without_indexes(connection: asyncpg.Connection) -> list[str]:
    """Drops them; the statements that bring them back: primary keys, indexes, foreign keys."""
    keys = await connection.fetch(_KEYS, BIG)
    indexes = await connection.fetch(_INDEXES, BIG)
    for key in reversed(keys):
        await connection.execute(f"ALTER TABLE {key['of_table']} DROP CONSTRAINT {key['name']} CASCADE")
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    made = [f"ALTER TABLE {key['of_table']} ADD CONSTRAINT {key['name']} {key['definition']}" for key in keys]
    foreign = [statement for statement in made if " FOREIGN KEY " in statement]
    return [*(m for m in made if m not in foreign), *(index["definition"] for index in indexes), *foreign]


async def _rows(connection: asyncpg.Connection, shape: Shape, tell: Tell) -> None:
    begins = datetime.combine(shape.first, time(), UTC)
    await connection.execute("SELECT setseed(0.42)")
    await connection.execute(sql.PLACES, shape.points)
    await connection.execute(sql.REGISTERS, shape.points)
    await connection.execute(sql.DEVICES, shape.points, begins)
    await connection.execute(sql.COVERAGE, shape.first, shape.until)
    await connection.execute(sql.TEMPORARY)
    said = [(language, sentence) for language, sentences in SENTENCES.items() for sentence in sentences]
    await connection.execute(sql.SENTENCES, [one for one, _ in said], [one for _, one in said])
    for n in range(shape.days):
        day = shape.first + timedelta(days=n)
        async with connection.transaction():
            await _day(connection, shape, day)
        if n % 10 == 9:
            tell(f"{(n + 1) * shape.points * shape.per_day:,} dialogues, up to {day}")


async def _day(connection: asyncpg.Connection, shape: Shape, day: date) -> None:
    await connection.execute("TRUNCATE born, spoken")
    await connection.execute(sql.BORN, shape.points, shape.per_day, day)
    await connection.execute(sql.FACTS, day)
    for statement in (sql.DIALOGUES, sql.ANALYSES, sql.REVIEWS, sql.QUEUE):
        await connection.execute(statement)
    if shape.has_words(day):
        await connection.execute(sql.SPOKEN, RARE)
        for statement in (sql.TRANSCRIPTS, sql.SEARCH, sql.CHUNKS, sql.SEGMENTS):
            await connection.execute(statement)
