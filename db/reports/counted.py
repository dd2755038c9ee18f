"""How roll-ups become counts: the columns that each of them sums up, and the rows that come of it."""

from dataclasses import fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Date, Row, TextClause, Uuid, bindparam, text

from domain.change import Period
from domain.figures import Counts

COUNTERS = tuple(f.name for f in fields(Counts))
SUMS = ", ".join(f"sum({name}) AS {name}" for name in COUNTERS)
"""Of a roll-up's rows that are grouped by something else."""


def counts_of(row: Row[Any], at: int) -> Counts:
    """From a row in which SUMS begin at this column. By position: a report has hundreds of rows, and asking each for
    19 names takes longer than the database to make it."""
    return Counts(*row[at : at + len(COUNTERS)])


def of_points(statement: str, points: list[UUID] | None) -> TextClause:
    """The statement with its `{of_points}` filled in: nothing where all points are meant, else `AND point_id = …`.

    It takes :first and :last, and :points where they are given; `given` makes these.
    """
    if points is None:
        return text(statement.format(of_points="")).bindparams(*_DAYS)
    statement = statement.format(of_points="AND point_id = ANY (:points)")
    return text(statement).bindparams(*_DAYS, bindparam("points", type_=ARRAY(Uuid)))


def given(period: Period, points: list[UUID] | None, **more: Any) -> dict[str, Any]:
    """The values for `of_points`."""
    values: dict[str, Any] = {"first": period.first, "last": period.last, **more}
    return values if points is None else {**values, "points": points}


_DAYS = (bindparam("first", type_=Date), bindparam("last", type_=Date))


def both(period: Period) -> Period:
    """The period and the one before as one: each roll-up is read once for the two."""
    return Period(period.before.first, period.last)


def is_in(day: date, period: Period) -> bool:
    return period.first <= day <= period.last
