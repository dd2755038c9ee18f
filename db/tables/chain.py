"""All the points together, by hour and by day: a quarter of a large chain is read in milliseconds from here, where the
points' own rows would be a quarter of a million. Written with the points' rows, in one transaction."""

from sqlalchemy import Column, Date, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text

from db.tables.base import metadata
from db.tables.reports import counters

chain_hours = Table(
    "chain_hours",
    metadata,
    Column("day", Date, nullable=False, comment="of each point"),
    Column("hour", SmallInteger, nullable=False, comment="0 to 23 on the points' clocks"),
    *counters(),
    PrimaryKeyConstraint("day", "hour"),
)

chain_day_categories = Table(
    "chain_day_categories",
    metadata,
    Column("day", Date, nullable=False),
    Column("category", Text, nullable=False),
    Column("offered", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    PrimaryKeyConstraint("day", "category"),
)
