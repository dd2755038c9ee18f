"""`devices coverage`: what became of every second in which the shops were to be recorded."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cluster.admin_api import AdminApi
from cluster.cli.asking import AsJson, Server, open_api
from cluster.cli.coverage_words import legend, length, sentence, strip
from domain.errors import Rejected


def coverage(
    point: Annotated[str | None, typer.Option(help="One shop. Default: all.")] = None,
    device: Annotated[UUID | None, typer.Option(help="One device, by its id.")] = None,
    day: Annotated[str | None, typer.Option(help="A day of the shop, as 2026-03-02. Default: today.")] = None,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Of the opening hours: how much was recorded, waits on a recorder, was paused, or is lost and why."""
    wanted = _day(day)
    with open_api(server) as api:
        reports = list(_reports(api, point, device, wanted))
    if as_json:
        typer.echo(json.dumps(reports, ensure_ascii=False))
        return
    for report in reports:
        _print(report)
    if any(report["devices"] for report in reports):
        Console().print(legend())


def _reports(api: AdminApi, point: str | None, device: UUID | None, day: date | None) -> Iterator[dict[str, Any]]:
    """One for each point, in the order of their names."""
    if device is not None:
        found = api.device_coverage(device, day)
        row = {key: found.pop(key) for key in ("device_id", "name", "register_id", "register_name", "intervals")}
        yield {**found, "devices": [{**row, "totals": found["totals"]}]}
        return
    points = [shop for shop in api.points() if point in (None, shop["name"])]
    if point is not None and not points:
        raise Rejected(f"there is no point '{point}'; `devices list` names them")
    for shop in sorted(points, key=lambda shop: str(shop["name"])):
        yield api.point_coverage(UUID(shop["point_id"]), day)


def _print(report: dict[str, Any]) -> None:
    zone = ZoneInfo(report["zone"])
    console = Console()
    console.print(Text.assemble((report["point_name"], "bold"), f", {report['day']}"))
    if not report["devices"]:
        console.print("  No device was to record here.\n")
        return
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("Register", "Recorded", "Waiting", "Paused", "Lost", "Share"):
        table.add_column(column, justify="left" if column == "Register" else "right", no_wrap=column != "Register")
    for row in report["devices"]:
        table.add_row(Text(_label(row)), *_sums(row["totals"]))
    if len(report["devices"]) > 1:
        table.add_section()
        table.add_row(Text("Together", style="bold"), *_sums(report["totals"]))
    console.print(table)
    for row in report["devices"]:
        console.print(Text.assemble(f"{_label(row)}  ", strip(report["windows"], row["intervals"])))
        console.print(Text(f"  {sentence(report, row, zone)}"), soft_wrap=True)
    console.print()


def _label(row: dict[str, Any]) -> str:
    """The counter, and its device where that has a name of its own: after a replacement a counter has two."""
    register, name = str(row["register_name"]), str(row["name"])
    return register if name == register else f"{register} ({name})"


def _sums(sums: dict[str, Any]) -> list[Text]:
    share = sums["share"]
    worst = "red" if share is not None and share < 0.9 else "green"
    cells = [Text(length(sums[f"{fate}_ms"])) for fate in ("recorded", "waiting", "paused")]
    lost = Text(length(sums["lost_ms"]), style="red" if sums["lost_ms"] else "")
    return [*cells, lost, Text("–" if share is None else f"{share:.1%}", style=worst if share is not None else "dim")]


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no day; write it as 2026-03-02") from None
