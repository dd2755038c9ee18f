"""`trace ID`: the way of one chunk or dialogue, step by step, and what it waits for."""

import asyncio
import json
import re
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

ID_CHARS = 8
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}")


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
    """For people: what says nothing is left out, ids are cut short; `--json` has all of it."""
    for name, value in facts.items():
        if value is None or value in ([], "") or (value == 0 and name.startswith(("tokens", "cost"))):
            continue
        if name.endswith("_s"):
            yield f"{name[:-2].replace('_', ' ')} {_length(value)}"
        else:
            yield f"{name.replace('_', ' ')} {_short(value)}"


def _short(value: Any) -> str:
    match value:
        case float():
            return f"{value:.3g}"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case list():
            return " ".join(map(_short, value))
    text = str(value)
    text = text.rpartition("/")[2] if text.startswith("audio/") else text
    return f"{text[:ID_CHARS]}…" if _ID.fullmatch(text) else text


def _length(seconds: float) -> str:
    """`0.4 s`, `12 min`, `3.5 h`, `2.0 d`: as much as somebody wants to know."""
    for unit, size_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size_s:
            return f"{seconds / size_s:.1f} {unit}"
    return f"{seconds:.1f} s"
