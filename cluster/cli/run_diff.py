"""`runs diff|promote|rollback`: what a run says otherwise than what is current, and what becomes of it."""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from pydantic import TypeAdapter
from rich.console import Console
from sqlalchemy import select

from cluster.cli.asking import AsJson, is_agreed
from cluster.cli.run_tables import render_diff
from cluster.wiring import database_url
from configs.settings import Settings, load
from db import tables as t
from db.engine import Database
from db.runs.diff import Price, read_flips, read_pairs
from db.runs.promote import Promotion, promote
from db.runs.read import Run, find_run
from db.runs.rollback import Rollback, rollback
from domain.access import OPERATOR, Principal, Role
from domain.cells import cell
from domain.run_diff import Diff, Flip, compare, to_listen

Name = Annotated[str, typer.Argument(help="The run's name or id, as `runs list` shows it.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
CSV_COLUMNS = (
    *("dialogue_id", "point", "start_ts", "old_place", "new_place", "old_quality", "new_quality"),
    *("old_reaction", "new_reaction", "old_categories", "new_categories", "confidence", "quote", "summary", "link"),
)
_ALL = 2**31 - 1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Compared:
    """What `runs diff` tells. points: id → name; links: dialogue → its page."""

    run: Run
    diff: Diff
    old_price: Price
    new_price: Price
    flips: Sequence[Flip]
    points: dict[UUID, str]
    links: dict[UUID, str]


def diff(
    name: Name,
    as_json: AsJson = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print every dialogue of which the run says otherwise, one a line.")
    ] = False,
) -> None:
    """Compare a run with what is current: flips, reviewers, figures, cost, and ten dialogues to listen to."""
    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv")
    settings = load()
    found = _with_database(settings, lambda db: _compare(db, name, settings, _ALL if as_csv else None))
    if as_csv:
        typer.echo(_csv(found), nl=False)
    elif as_json:
        typer.echo(json.dumps(_json(found), ensure_ascii=False))
    else:
        Console().print(render_diff(found.run, found.diff, found.old_price, found.new_price))
        _print_flips(found)


def promote_run(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Make a run's results the current ones: every figure moves at one instant. Reviews stay."""
    settings = load()
    run = _with_database(settings, lambda db: _find(db, name))
    question = f"Make what '{run.name}' found current? Every figure of its dialogues moves at once; reviews stay."
    _ask(question, yes, as_json)
    _say(_working(as_json, settings, lambda db: promote(db, run.run_id, _operator())), as_json)


def roll_back(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Put back exactly what a promotion replaced."""
    settings = load()
    run = _with_database(settings, lambda db: _find(db, name))
    question = f"Put back what '{run.name}' replaced? Every figure is again what it was before its promotion."
    _ask(question, yes, as_json)
    _say(_working(as_json, settings, lambda db: rollback(db, run.run_id, _operator())), as_json)


def add_to(app: typer.Typer) -> None:
    """Makes them commands of `runs`."""
    app.command("diff")(diff)
    app.command("promote")(promote_run)
    app.command("rollback")(roll_back)


async def _find(db: Database, name: str) -> Run:
    async with db.begin() as tx:
        return await find_run(tx, name)


async def _compare(db: Database, name: str, settings: Settings, most: int | None) -> Compared:
    """`most`: flips of each kind; None: those that are to be heard first."""
    async with db.snapshot() as tx:
        run = await find_run(tx, name)
        pairs, old_price, new_price = await read_pairs(tx, run.run_id)
        flips = await (read_flips(tx, run.run_id) if most is None else read_flips(tx, run.run_id, most))
        points = (await tx.execute(select(t.points.c.point_id, t.points.c.name))).all()
    flips = to_listen(flips) if most is None else sorted(flips, key=lambda flip: (flip.start_ts, str(flip.dialogue_id)))
    base = settings.server.public_url or f"http://127.0.0.1:{settings.server.dashboard_port}"
    links: dict[UUID, str] = {flip.dialogue_id: f"{base}/app?page=dialogue&id={flip.dialogue_id}" for flip in flips}
    names = {row.point_id: row.name for row in points}
    return Compared(run, compare(pairs), old_price, new_price, flips, names, links)


def _json(found: Compared) -> dict[str, Any]:
    listen = TypeAdapter(list[Flip]).dump_python(list(found.flips), mode="json")
    return {
        "run": TypeAdapter(Run).dump_python(found.run, mode="json"),
        **TypeAdapter(Diff).dump_python(found.diff, mode="json"),
        "old_price": asdict(found.old_price),
        "new_price": asdict(found.new_price),
        "listen": [{**one, "link": found.links[UUID(one["dialogue_id"])]} for one in listen],
    }


def _csv(found: Compared) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for flip in found.flips:
        cells: dict[str, object] = {
            "dialogue_id": flip.dialogue_id,
            "point": found.points.get(flip.point_id, flip.point_id),
            "start_ts": flip.start_ts.isoformat(),
            "confidence": flip.confidence,
            "quote": flip.quote,
            "summary": flip.summary,
            "link": found.links[flip.dialogue_id],
        }
        for whose, said in (("old", flip.old), ("new", flip.new)):
            opinion = said.opinion
            cells |= {
                f"{whose}_place": said.place.value,
                f"{whose}_quality": opinion.quality_score if opinion else None,
                f"{whose}_reaction": opinion.reaction.value if opinion else None,
                f"{whose}_categories": "; ".join(said.categories),
            }
        writer.writerow([cell(cells[column]) for column in CSV_COLUMNS])
    return lines.getvalue()


def _print_flips(found: Compared) -> None:
    console = Console(soft_wrap=True)
    if not found.flips:
        return
    console.print("\nHear these first", style="bold")
    for flip in found.flips:
        where = f"{flip.start_ts:%Y-%m-%d %H:%M} UTC, {found.points.get(flip.point_id, '?')}"
        change = f"{flip.old.place} → {flip.new.place}"
        if flip.old.place is flip.new.place:
            change = f"{flip.new.place}, told otherwise"
        console.print(f"  {change:24} {where}", highlight=False, markup=False)
        if flip.quote:
            console.print(f"    “{flip.quote}”", style="italic", highlight=False, markup=False)
        console.print(f"    {found.links[flip.dialogue_id]}", highlight=False, markup=False)


def _ask(question: str, yes: bool, as_json: bool) -> None:
    if not is_agreed(question, yes, as_json):
        raise typer.Exit(1)


def _working(as_json: bool, settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    console = Console(stderr=True, quiet=as_json)
    with console.status("It is one transaction: readers see the figures of before until all of it is there."):
        return _with_database(settings, work)


def _say(done: Promotion | Rollback, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(done), default=str))
        return
    lines = _promoted(done) if isinstance(done, Promotion) else _rolled_back(done)
    for line in filter(None, lines):
        Console().print(line, highlight=False, markup=False)


def _promoted(done: Promotion) -> list[str]:
    return [
        f"'{done.name}': {done.moved} dialogues have its verdicts now." if done.moved else "Nothing new to promote.",
        f"{done.before} had them already." if done.before else "",
        f"{done.changed} changed since it judged them; they are judged by it once more." if done.changed else "",
        f"{done.busy} are being worked on just now; promote again later." if done.busy else "",
        f"{done.without_result} have no result of it, and stay as they are." if done.without_result else "",
        f"{done.gone} are gone: merged, erased, or without their words by age." if done.gone else "",
    ]


def _rolled_back(done: Rollback) -> list[str]:
    if not done.restored and not done.left:
        return [f"'{done.name}' had been rolled back already."]
    return [
        f"'{done.name}': {done.restored} dialogues are again as they were before its promotion.",
        f"{done.left} changed after it and stay as they are." if done.left else "",
    ]


def _operator() -> Principal:
    """Who works on the server itself stands for its ADMIN_TOKEN."""
    return Principal(OPERATOR, None, Role.ADMIN, None)


def _with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        db = Database(database_url(settings), pool_size=1)
        try:
            return await work(db)
        finally:
            await db.dispose()

    return asyncio.run(run())
