"""`reports check|rebuild`: are the figures what the dialogues say, and the figures made anew."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cluster.wiring import database_url
from configs.settings import load
from db.engine import Database
from db.queue import Queue
from db.reports.check import ONE_SNAPSHOT, Drift, check_chain, check_coverage, check_days
from db.reports.rebuild import known_period, parts, rebuild_days, rebuild_together
from db.shops.points import Point, list_points
from domain.errors import Rejected

app = typer.Typer(help="Prove the reports against the dialogues; make them anew.", no_args_is_help=True)
SHOWN = 50
"""Drifts on the screen; --json has them all."""

_DAY = {"formats": ["%Y-%m-%d"], "metavar": "DAY"}
From = Annotated[datetime | None, typer.Option("--from", **_DAY, help="First day; without it: from the beginning.")]
To = Annotated[datetime | None, typer.Option("--to", **_DAY, help="Last day, included; without it: to the end.")]
OnePoint = Annotated[str | None, typer.Option("--point", help="Only this point: its name or id.")]


@app.command("check")
def check(
    first: From = None,
    last: To = None,
    point: OnePoint = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count everything once more from the dialogues and compare. Exits with 1 where something differs."""
    drifts = _with_database(lambda db, _: _check(db, first, last, point))
    if as_json:
        typer.echo(json.dumps([asdict(drift) for drift in drifts], default=str))
    elif drifts:
        table = Table("table", "point", "of", "says", "should say")
        for drift in drifts[:SHOWN]:
            table.add_row(drift.table, str(drift.point_id or "all"), drift.where, drift.found, drift.expected)
        Console().print(table)
    if drifts:
        raise Rejected(f"{len(drifts)} figures differ from the dialogues; `salescontrol reports rebuild` mends them")
    if not as_json:
        Console().print("The reports are what the dialogues say.")


@app.command("rebuild")
def rebuild(first: From = None, last: To = None, point: OnePoint = None) -> None:
    """Make facts, roll-ups and coverage anew from the dialogues. All else may go on meanwhile."""
    days = _with_database(lambda db, queue: _rebuild(db, queue, first, last, point))
    Console().print(f"{days} days of points made anew.")


async def _check(db: Database, first: datetime | None, last: datetime | None, name: str | None) -> list[Drift]:
    drifts: list[Drift] = []
    points, period = await _asked(db, first, last, name)
    for point in points:
        for since, until in parts(*period) if period else ():
            async with db.begin() as tx:
                await tx.execute(ONE_SNAPSHOT)
                drifts += await check_days(tx, point, since, until)
                drifts += await check_coverage(tx, point, since, until)
    async with db.begin() as tx:
        return drifts + await check_chain(tx)


async def _rebuild(db: Database, queue: Queue, first: datetime | None, last: datetime | None, name: str | None) -> int:
    points, period = await _asked(db, first, last, name)
    days = 0
    for point in points:
        for since, until in parts(*period) if period else ():
            await rebuild_days(db, queue, point, since, until)
            days += (until - since).days + 1
    await rebuild_together(db)
    return days


async def _asked(
    db: Database, first: datetime | None, last: datetime | None, name: str | None
) -> tuple[list[Point], tuple[date, date] | None]:
    """The points, and the period; None where nothing is known of any. Raises Rejected where no point is called so."""
    async with db.begin() as tx:
        points, known = await _all_points(tx), await known_period(tx)
    if name is not None:
        points = [point for point in points if name in (point.name, str(point.point_id))]
        if not points:
            raise Rejected(f"there is no point '{name}'; `salescontrol devices list` shows them")
    if known is None:
        return points, None
    return points, (first.date() if first else known[0], last.date() if last else known[1])


async def _all_points(tx: Any) -> list[Point]:
    points: list[Point] = []
    while page := await list_points(tx, points[-1].point_id if points else None, limit=1000):
        points += page
    return points


def _with_database(do: Callable[[Database, Queue], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        settings = load()
        db = Database(database_url(settings), pool_size=1)
        try:
            return await do(db, Queue(db, settings.jobs))
        finally:
            await db.dispose()

    return asyncio.run(run())
