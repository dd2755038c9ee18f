"""All the points together. Every job of every point meets in these rows, so they are not counted anew but moved by what
a point's own roll-ups moved, in the same transaction; where nothing moved they are not touched."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Table, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t

Key = tuple[date, int | str]
Rows = Iterable[Mapping[Any, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """How much more or less there is: counters by (day, hour) and by (day, category)."""

    hours: dict[Key, Counter[str]] = field(default_factory=dict)
    categories: dict[Key, Counter[str]] = field(default_factory=dict)

    def note_hours(self, before: Rows, after: Rows) -> None:
        """Roll-ups of hours as they were and as they are, with all their counters."""
        _note(self.hours, "hour", before, after)

    def note_categories(self, before: Rows, after: Rows) -> None:
        """The same of the categories of days."""
        _note(self.categories, "category", before, after)


async def add_change(tx: AsyncConnection, change: Change) -> None:
    """Moves the chain's rows. To be the last that a transaction locks of the reports: in the order of their keys."""
    await _add(tx, t.chain_hours, "hour", change.hours)
    await _add(tx, t.chain_day_categories, "category", change.categories)


async def rebuild_chain(tx: AsyncConnection) -> None:
    """Sums the points' roll-ups up anew. Whoever has moved the chain's rows is waited for, and whoever waits meanwhile
    moves the new ones: his roll-ups are not among the summed."""
    for table, of_points, name in (
        (t.chain_hours, t.report_hours, "hour"),
        (t.chain_day_categories, t.report_day_categories, "category"),
    ):
        await tx.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))
        await tx.execute(table.delete())
        keys, counters = [of_points.c.day, of_points.c[name]], [c.name for c in table.columns if not c.primary_key]
        sums = select(*keys, *(func.sum(of_points.c[counter]) for counter in counters)).group_by(*keys)
        await tx.execute(table.insert().from_select(["day", name, *counters], sums))


def _note(into: dict[Key, Counter[str]], name: str, before: Rows, after: Rows) -> None:
    for rows, sign in ((before, -1), (after, 1)):
        for row in rows:
            counters = into.setdefault((row["day"], row[name]), Counter())
            for counter, n in row.items():
                if counter not in ("day", name):
                    counters[counter] += sign * n


async def _add(tx: AsyncConnection, table: Table, name: str, change: Mapping[Key, Counter[str]]) -> None:
    moved = [{"day": key[0], name: key[1], **change[key]} for key in sorted(change) if any(change[key].values())]
    if not moved:
        return
    statement = insert(table)
    sums: dict[str, ColumnElement[int]] = {
        column.name: literal_column(f"{table.name}.{column.name}") + statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    await tx.execute(statement.on_conflict_do_update(index_elements=["day", name], set_=sums), moved)
