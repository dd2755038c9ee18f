"""Proves the reports against the rows that they are made of, which domain/figures.py counts once more."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, RowMapping, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.stage_store import to_instant
from db.reports.coverage_days import coverage_drifts
from db.reports.fact_rows import COLUMNS, FACTS, OPINIONS
from db.shops.points import Point
from domain.figures import RATED, Counts, Opinion, Row, count, place_of
from domain.opening_hours import day_span
from domain.status import Attempted, Kind, Place, Reaction, StageStatus

ONE_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
"""The first statement of a transaction that checks."""
_GIVEN = (
    bindparam("point_id", type_=Uuid),
    bindparam("since", type_=DateTime(timezone=True)),
    bindparam("until", type_=DateTime(timezone=True)),
)
_COUNTERS = ", ".join(f.name for f in fields(Counts))
_PENDING = text(
    """
    SELECT subject_id FROM jobs
    WHERE stage = 'report' AND state IN ('queued', 'running') AND starts_with(subject_id, :point)
    """
)
_OPINIONS = text(
    f"{OPINIONS} WHERE d.point_id = :point_id AND d.start_ts >= :since AND d.start_ts < :until"
).bindparams(*_GIVEN)
_WRONG_FACTS = text(
    f"""
    WITH expected AS ({FACTS}),
    known AS (
        SELECT * FROM dialogue_facts WHERE point_id = :point_id AND start_ts >= :since AND start_ts < :until
    )
    SELECT dialogue_id, coalesce(expected.hour_ts, known.hour_ts) AS hour_ts, expected.place AS expected,
           known.place AS found
    FROM expected FULL JOIN known USING (dialogue_id)
    WHERE ({", ".join(f"expected.{name}" for name in COLUMNS[1:])})
          IS DISTINCT FROM ({", ".join(f"known.{name}" for name in COLUMNS[1:])})
    ORDER BY dialogue_id
    """
).bindparams(*_GIVEN)
_ROLL_UPS = {
    "report_hours": f"SELECT hour_ts, {_COUNTERS} FROM report_hours",
    "report_days": f"SELECT day, {_COUNTERS} FROM report_days",
    "report_day_categories": "SELECT day, category, offered, accepted, rejected FROM report_day_categories",
    "report_day_engines": "SELECT day, engine, dialogues FROM report_day_engines",
}
_KEY_LENGTH = {"report_hours": 1, "report_days": 1, "report_day_categories": 2, "report_day_engines": 2}
_CHAIN = {
    "chain_hours": f"""
        SELECT day, CAST(hour AS text) AS name, ROW({_COUNTERS}) AS n FROM chain_hours
        WHERE ({_COUNTERS}) <> ({", ".join("0" for _ in fields(Counts))})
        """,
    "chain_day_categories": """
        SELECT day, category AS name, ROW(offered, accepted, rejected) AS n FROM chain_day_categories
        WHERE offered <> 0
        """,
}
_OF_POINTS = {
    "chain_hours": f"""
        SELECT day, CAST(hour AS text) AS name, ROW({", ".join(f"sum({f.name})::int" for f in fields(Counts))}) AS n
        FROM report_hours GROUP BY day, hour
        """,
    "chain_day_categories": """
        SELECT day, category AS name, ROW(sum(offered)::int, sum(accepted)::int, sum(rejected)::int) AS n
        FROM report_day_categories GROUP BY day, category
        """,
}

Key = tuple[datetime | date | str, ...]
Value = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """Where a table says `found` and the rows say `expected`: of a point, or of all of them together where it has none.
    `where`: a dialogue, an hour, or a day, with the category or engine that was counted."""

    table: str
    point_id: UUID | None
    where: str
    found: str
    expected: str


async def check_days(tx: AsyncConnection, point: Point, first: date, last: date) -> list[Drift]:
    """What is wrong with the reports of these days of a point, both included. `tx`: begun with ONE_SNAPSHOT.

    What a queued job is going to count anew is left out, and so is a point that is to be made anew as a whole.
    """
    zone = ZoneInfo(point.zone)
    span = {"since": to_instant(day_span(first, zone).start_ms), "until": to_instant(day_span(last, zone).end_ms)}
    given = {"point_id": point.point_id, **span}
    pending = await _pending(tx, point.point_id)
    if "" in pending:
        return []
    rows = (await tx.execute(_OPINIONS, given)).mappings().all()
    wrong = (await tx.execute(_WRONG_FACTS, given)).all()
    expected, found = _expected(rows), await _found(tx, {**given, "first": first, "last": last})
    open_days = {datetime.fromisoformat(hour).astimezone(zone).date() for hour in pending}
    drifts = [
        Drift("dialogue_facts", point.point_id, str(row.dialogue_id), str(row.found), str(row.expected))
        for row in wrong
        if row.hour_ts.astimezone(zone).date() not in open_days
    ]
    for table, key in sorted(found.keys() | expected.keys(), key=str):
        day = key[0].astimezone(zone).date() if isinstance(key[0], datetime) else key[0]
        said, counted = found.get((table, key)), expected.get((table, key))
        if said != counted and day not in open_days:
            drifts.append(Drift(table, point.point_id, " ".join(map(str, key)), _worded(said), _worded(counted)))
    return drifts


async def check_coverage(tx: AsyncConnection, point: Point, first: date, last: date) -> list[Drift]:
    """What is wrong with the coverage of the days of these that are over."""
    return [
        Drift("coverage_days", point.point_id, str(day), str(said), str(expected))
        for day, said, expected in await coverage_drifts(tx, point, first, last)
    ]


async def check_chain(tx: AsyncConnection) -> list[Drift]:
    """Where all points together are not the sum of the points."""
    return [
        Drift(table, None, f"{row.day} {row.name}", str(row.found), str(row.expected))
        for table in _CHAIN
        for row in await tx.execute(
            text(
                f"""
                SELECT day, name, CAST(chain.n AS text) AS found, CAST(points.n AS text) AS expected
                FROM ({_CHAIN[table]}) AS chain FULL JOIN ({_OF_POINTS[table]}) AS points USING (day, name)
                WHERE chain.n IS DISTINCT FROM points.n ORDER BY day, name
                """
            )
        )
    ]


async def _pending(tx: AsyncConnection, point_id: UUID) -> set[str]:
    """Hours of the point that wait for their job; an empty one is the whole point."""
    subjects = (await tx.execute(_PENDING, {"point": str(point_id)})).scalars()
    return {subject.partition("@")[2] for subject in subjects}


async def _found(tx: AsyncConnection, given: Mapping[str, Any]) -> dict[tuple[str, Key], Value]:
    found: dict[tuple[str, Key], Value] = {}
    for table, statement in _ROLL_UPS.items():
        by_hour = table == "report_hours"
        of_period = "hour_ts >= :since AND hour_ts < :until" if by_hour else "day BETWEEN :first AND :last"
        binds = _GIVEN if by_hour else _GIVEN[:1]
        query = text(f"{statement} WHERE point_id = :point_id AND {of_period}").bindparams(*binds)
        for row in await tx.execute(query, {name: given[name] for name in query.compile().params}):
            length = _KEY_LENGTH[table]
            key = tuple(part.astimezone(UTC) if isinstance(part, datetime) else part for part in row[:length])
            found[table, key] = tuple(row[length:])
    return found


def _expected(rows: Iterable[RowMapping]) -> dict[tuple[str, Key], Value]:
    counted: dict[tuple[str, Key], list[Row]] = defaultdict(list)
    expected: dict[tuple[str, Key], Value] = {}
    sums: dict[tuple[str, Key], list[int]] = defaultdict(lambda: [0, 0, 0])
    engines: dict[tuple[str, Key], int] = defaultdict(int)
    for row in rows:
        told = _row(row)
        counted["report_hours", (row["hour_ts"].astimezone(UTC),)].append(told)
        counted["report_days", (row["day"],)].append(told)
        place, opinion = place_of(told), told.review or told.machine
        if place is Place.YES and opinion is not None:
            for category in set(row["review_categories"] if told.review else row["machine_categories"]):
                sums_of = sums["report_day_categories", (row["day"], category)]
                sums_of[0] += 1
                sums_of[1] += opinion.reaction is Reaction.ACCEPTED
                sums_of[2] += opinion.reaction is Reaction.REJECTED
        if place in RATED and told.review is None:
            engines["report_day_engines", (row["day"], told.engine)] += 1
    for key, together in counted.items():
        counts = count(together)
        expected[key] = tuple(getattr(counts, f.name) for f in fields(Counts))
    return expected | {k: tuple(v) for k, v in sums.items()} | {k: (n,) for k, n in engines.items()}


def _row(row: RowMapping) -> Row:
    return Row(
        StageStatus(row["status"]),
        row["is_superseded"],
        _opinion(row, "machine") if row["machine_kind"] else None,
        row["engine"] or "",
        _opinion(row, "review") if row["review_id"] else None,
    )


def _opinion(row: RowMapping, whose: str) -> Opinion:
    return Opinion(
        Kind(row[f"{whose}_kind"]),
        Attempted(row[f"{whose}_attempted"]),
        row[f"{whose}_quality_score"],
        Reaction(row[f"{whose}_reaction"]),
    )


def _worded(value: Sequence[int] | None) -> str:
    return "nothing" if value is None else ", ".join(map(str, value))
