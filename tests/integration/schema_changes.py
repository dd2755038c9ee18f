"""What a change of the schema breaks for code that was written before it."""

from dataclasses import dataclass
from typing import Any

import asyncpg

COLUMNS = """
    SELECT table_name, column_name, udt_name AS type, is_nullable = 'YES' AS may_be_null,
           column_default IS NOT NULL OR is_generated = 'ALWAYS' OR is_identity = 'YES' AS fills_itself
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
"""
RULES = """
    SELECT conrelid::regclass::text AS table_name, pg_get_constraintdef(oid) AS rule FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'x')
    UNION ALL SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
"""
KEYS = """
    SELECT indrelid::regclass::text AS table_name,
           regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '') AS rule
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = 'public'::regnamespace AND indisunique
"""
FUNCTIONS = """
    SELECT oid::regprocedure::text AS name FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


@dataclass(frozen=True)
class Schema:
    """As the database's catalogue tells it. `rules`: what may refuse or change a row; `keys`: what is unique."""

    columns: dict[tuple[str, str], Any]
    rules: set[tuple[str, str]]
    keys: set[tuple[str, str]]
    functions: set[str]

    @property
    def tables(self) -> set[str]:
        return {table for table, _ in self.columns}


async def schema_of(connection: "asyncpg.Connection[asyncpg.Record]") -> Schema:
    """The schema as this connection sees it now."""
    return Schema(
        {(row["table_name"], row["column_name"]): row for row in await connection.fetch(COLUMNS)},
        {(row["table_name"], row["rule"]) for row in await connection.fetch(RULES)},
        {(row["table_name"], row["rule"]) for row in await connection.fetch(KEYS)},
        {row["name"] for row in await connection.fetch(FUNCTIONS)},
    )


def breaks(old: Schema, new: Schema) -> list[str]:
    """What code written for `old` would stumble over in `new`: one sentence each; empty where the change only adds."""
    found = [f"table {table} is gone" for table in old.tables - new.tables]
    for (table, name), was in old.columns.items():
        column, now = f"{table}.{name}", new.columns.get((table, name))
        if table not in new.tables:
            continue
        if now is None:
            found.append(f"column {column} is gone")
        elif now["type"] != was["type"]:
            found.append(f"column {column} was {was['type']}, is {now['type']}")
        elif was["may_be_null"] and not now["may_be_null"]:
            found.append(f"column {column} may not be null any more")
        elif was["fills_itself"] and not (now["fills_itself"] or now["may_be_null"]):
            found.append(f"column {column} has lost its default")
    for (table, name), now in new.columns.items():
        is_added = table in old.tables and (table, name) not in old.columns
        if is_added and not (now["may_be_null"] or now["fills_itself"]):
            found.append(f"column {table}.{name} is new and must be given")
    for table, rule in sorted((new.rules | new.keys) - (old.rules | old.keys)):
        if table in old.tables:
            found.append(f"table {table} has a new rule: {rule}")
    for table, rule in sorted(old.keys - new.keys):
        if table in new.tables:
            found.append(f"table {table} has lost a key, which ON CONFLICT may name: {rule}")
    return found + [f"function {name} is gone" for name in sorted(old.functions - new.functions)]
