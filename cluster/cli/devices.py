"""`devices`: the recorders that may upload, through the admin API. A token is printed once, when it is made."""

import json
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cluster.cli.asking import AsJson, Server, open_api
from cluster.cli.device_codes import codes
from cluster.cli.device_coverage import coverage
from cluster.recordings.counters import open_place
from cluster.recordings.plan import Place, check_name

app = typer.Typer(help="Recorders that may upload.", no_args_is_help=True)
app.command("codes")(codes)
app.command("coverage")(coverage)
Device = Annotated[UUID, typer.Argument(help="The device's id, as `devices list` shows it.")]


@app.command()
def add(
    point: Annotated[str, typer.Option(help="The shop; made if it is new.")],
    register: Annotated[str, typer.Option(help="The counter in it; made if it is new.")] = "Till 1",
    name: Annotated[str | None, typer.Option(help="What to call the device.")] = None,
    device_id: Annotated[UUID | None, typer.Option("--id", help="Its id. Default: a new one.")] = None,
    language: Annotated[str | None, typer.Option(help="What is spoken there: ru, en, sr, … or auto.")] = None,
    zone: Annotated[str | None, typer.Option(help="The point's time zone, as Europe/Belgrade.")] = None,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Register a device and print its token, this once."""
    wanted = Place(point, register, None, language)
    if name is not None:
        check_name("device", name)
    with open_api(server) as api:
        place = open_place(api, wanted)
        body = {"device_id": str(device_id or uuid4()), **place}
        device = api.register_device(body | {k: v for k, v in (("name", name), ("zone", zone)) if v})
    if as_json:
        typer.echo(json.dumps(device))
        return
    _print([device])
    if device["token"]:
        _token(device["token"])
    else:
        Console(stderr=True).print("It was there already; `devices rotate` makes a new token.")


@app.command("list")
def list_devices(server: Server = None, as_json: AsJson = False) -> None:
    """Every device, where it stands, and when it was last heard of."""
    with open_api(server) as api:
        devices = list(api.devices())
        points = {point["point_id"]: point["name"] for point in api.points()}
    for device in devices:
        device["point_name"] = points.get(device["point_id"], "")
    typer.echo(json.dumps(devices, ensure_ascii=False)) if as_json else _print(devices)


@app.command()
def disable(
    device: Device,
    enable: Annotated[bool, typer.Option("--enable", help="Let it in again.")] = False,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Shut a device out: its uploads are answered 401, and it keeps them."""
    with open_api(server) as api:
        changed = api.set_enabled(device, enable)
    typer.echo(json.dumps(changed)) if as_json else _print([changed])


@app.command()
def rotate(device: Device, server: Server = None, as_json: AsJson = False) -> None:
    """Make a new token and print it, this once. The one before works until the next rotation."""
    with open_api(server) as api:
        token = api.add_token(device)
    typer.echo(json.dumps({"device_id": str(device), "token": token})) if as_json else _token(token)


def _token(token: str) -> None:
    Console(stderr=True).print("Its token, shown this once:")
    typer.echo(token)


def _print(devices: list[dict[str, Any]]) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("Device", "Name", "Point", "State", "Last heard of"):
        table.add_column(column, no_wrap=column == "Device")
    for device in devices:
        state = Text("enabled", style="green") if device["is_enabled"] else Text("disabled", style="red")
        if device["replaced_by"]:
            state = Text("replaced", style="dim")
        point = device.get("point_name") or device["point_id"]
        seen = (device["last_seen_at"] or "never").replace("T", " ")[:19]
        table.add_row(device["device_id"], Text(device["name"]), Text(point), state, seen)
    Console().print(table)
