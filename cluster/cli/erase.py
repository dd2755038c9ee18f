"""`erase`: a dialogue, or a stretch of a point's time, goes from everywhere. First it says what would go."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cluster.cli.asking import AsJson, Server, is_agreed, open_api

WORDS = {
    "chunks_deleted": "recordings deleted",
    "chunks_silenced": "recordings made silent in part",
    "dialogues_erased": "dialogues erased",
    "dialogues_cut": "dialogues cut, to be heard and judged anew",
    "transcripts": "transcripts",
    "results": "results of earlier runs",
    "reviews": "reviews",
}


def erase(
    dialogue: Annotated[UUID | None, typer.Option(help="A dialogue's id.")] = None,
    point: Annotated[UUID | None, typer.Option(help="A point's id, with --from and --to.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="ISO 8601 with an offset: 2026-03-02T09:00+01:00.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="At most 31 days later.")] = None,
    device: Annotated[UUID | None, typer.Option(help="Only this device of the point.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what would go.")] = False,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Erase what was said from audio, transcripts, search, history and figures, for good."""
    body = _body(dialogue, point, start, end, device)
    with open_api(server) as api:
        tried = api.erase({**body, "dry_run": True})
        if dry_run or not yes:
            _show(tried, as_json)
        if dry_run:
            return
        if not is_agreed("Erase this for good?", yes, as_json):
            raise typer.Exit(1)
        _show(api.erase(body), as_json)


def _body(
    dialogue: UUID | None, point: UUID | None, start: str | None, end: str | None, device: UUID | None
) -> dict[str, Any]:
    if dialogue is not None:
        if point or start or end or device:
            raise typer.BadParameter("give --dialogue alone, or --point with --from and --to")
        return {"kind": "dialogue", "dialogue_id": str(dialogue)}
    if point is None or start is None or end is None:
        raise typer.BadParameter("give --dialogue, or --point with --from and --to")
    body = {"kind": "interval", "point_id": str(point), "from": _instant("--from", start), "to": _instant("--to", end)}
    return body | ({"device_id": str(device)} if device else {})


def _instant(option: str, text: str) -> str:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise typer.BadParameter(f"{option} must be a time with an offset, such as 2026-03-02T09:00:00+01:00")
    return instant.isoformat()


def _show(erasure: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(erasure))
        return
    table = Table(box=SIMPLE_HEAD, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for name, words in WORDS.items():
        if erasure["counts"][name]:
            table.add_row(words, str(erasure["counts"][name]))
    console = Console()
    what = "Would be erased" if erasure["erasure_id"] is None else "Erased"
    console.print(f"{what}: {erasure['start_ts']} to {erasure['end_ts']}", highlight=False)
    console.print(table if table.row_count else "nothing is there")
    if erasure["erasure_id"] is not None and erasure["finished_at"] is None:
        console.print("It goes on in the background and ends by itself.")
