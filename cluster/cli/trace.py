"""`trace ID`: the way of one chunk or dialogue, step by step, and what it waits for."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from cluster.wiring import database_url
from configs.settings import load
from db.engine import Database
from db.trace.find import way_of
from domain.trace import Step, Way


def trace(
    asked: Annotated[
        str, typer.Argument(metavar="ID", help="A chunk's or a dialogue's id, or the name of a stored file.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Follow one chunk or dialogue from the counter to the figures, and say what it waits for."""
    way = asyncio.run(_read(asked))
    if as_json:
        typer.echo(json.dumps(asdict(way), default=str))
    else:
        Console().print(_tree(way))


async def _read(asked: str) -> Way:
    db = Database(database_url(load()), pool_size=1)
    try:
        async with db.begin() as tx:
            return await way_of(tx, asked)
    finally:
        await db.dispose()


def _tree(way: Way) -> Tree:
    tree = Tree(Text.assemble((way.kind, "bold"), " ", way.id, ("  (times in UTC)", "dim")))
    _grow(tree, way)
    return tree


def _grow(tree: Tree, way: Way) -> None:
    before: Step | None = None
    for step in way.steps:
        tree.add(Text.assemble(*_line(step, before)))
        before = step
    for part in way.parts:
        _grow(tree.add(Text.assemble((part.kind, "bold"), " ", part.id)), part)
    if way.waits_for is not None:
        tree.add(Text.assemble(("waits for ", "bold yellow"), way.waits_for))
    elif not way.parts:
        tree.add(Text("nothing more to come", style="dim"))


def _line(step: Step, before: Step | None) -> Iterator[tuple[str, str]]:
    took_s = None if before is None else (step.at - before.at).total_seconds()
    yield f"{step.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} ", "dim"
    yield f"{'' if took_s is None else '+' + _length(took_s):>9}  ", "dim"
    yield f"{step.what:<10} ", "bold"
    yield ", ".join(_said(step.facts)), ""


def _said(facts: Mapping[str, Any]) -> Iterator[str]:
    for name, value in facts.items():
        if value is None or value in ([], ""):
            continue
        words = name.replace("_", " ")
        if isinstance(value, float):
            yield f"{words} {value:g}"
        elif isinstance(value, datetime):
            yield f"{words} {value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        elif isinstance(value, list):
            yield f"{words} {' '.join(map(str, value))}"
        else:
            yield f"{words} {value}"


def _length(seconds: float) -> str:
    """`0.4 s`, `12 min`, `3.5 h`, `2.0 d`: as much as somebody wants to know."""
    for unit, size_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size_s:
            return f"{seconds / size_s:.1f} {unit}"
    return f"{seconds:.1f} s"
