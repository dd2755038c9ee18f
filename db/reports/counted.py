"""How roll-ups become counts: the columns that each of them sums up, and the rows that come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, Date, Executable, Row, Uuid, bindparam, text

from domain.change import Period
from domain.figures import Counts

COUNTERS = tuple(f.name for f in fields(Counts))
SUMS = ", ".join(f"CAST(sum({name}) AS bigint) AS {name}" for name in COUNTERS)
"""Of a roll-up's rows that are grouped by something else; whole numbers, where sums are summed again too."""
_DAYS = (bindparam("first", type_=Date), bindparam("last", type_=Date))
_POINTS = bindparam("points", type_=ARRAY(Uuid))


def counts_of(row: Row[Any], at: int) -> Counts:
    """From a row in which SUMS begin at this column; null is nothing counted. By position: a report has hundreds of
    rows, and asking each for 19 names takes longer than the database to make it."""
    return Counts(*(n or 0 for n in row[at : at + len(COUNTERS)]))


@dataclass(frozen=True, slots=True)
class Scoped:
    """One statement, written once for all points and once for some. Made when a module is loaded, so that SQLAlchemy
    knows it again."""

    of_all: Executable
    of_some: Executable

    def of(self, points: list[UUID] | None) -> Executable:
        return self.of_all if points is None else self.of_some


def scoped(
    statement: str, *more: BindParameter[Any], of_all: str | None = None, types: Mapping[str, Any] | None = None
) -> Scoped:
    """`{of_points}` in the statement is nothing for all points (or `of_all` is taken in its place), and
    `AND point_id = ANY (…)` for some. It takes :first and :last where it names them, and :points where they are given.

    `types`: of result columns that SQLAlchemy has to decode."""
    some = text(statement.format(of_points="AND point_id = ANY (:points)"))
    every = text(of_all or statement.format(of_points=""))
    days = [day for day in _DAYS if f":{day.key}" in statement]
    columns = types or {}
    return Scoped(
        every.bindparams(*days, *more).columns(**columns), some.bindparams(*days, *more, _POINTS).columns(**columns)
    )


def given(period: Period, points: list[UUID] | None, **more: Any) -> dict[str, Any]:
    """The values for a `Scoped` statement."""
    values: dict[str, Any] = {"first": period.first, "last": period.last, **more}
    return values if points is None else {**values, "points": points}
