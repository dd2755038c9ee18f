"""`devices codes`: single-use codes that a person types into the Pis of a shop. A code is printed once."""

import csv
import json
import sys
from collections.abc import Iterable
from datetime import datetime
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
from cluster.recordings.counters import point_id_of
from cluster.recordings.plan import check_name
from domain.cells import cell
from domain.errors import Rejected

MOST = 500
COLUMNS = ("point", "register", "code", "expires_at")


def codes(
    point: Annotated[str | None, typer.Option(help="The shop; made if it is new.")] = None,
    count: Annotated[
        int | None, typer.Option(min=1, max=MOST, help="How many. Default: one for each register.")
    ] = None,
    register: Annotated[
        list[str] | None, typer.Option(help="A counter, made if it is new; repeatable. Default: the next Till 1, 2, …")
    ] = None,
    replace: Annotated[UUID | None, typer.Option(help="The device whose place the new one takes.")] = None,
    language: Annotated[str | None, typer.Option(help="What is spoken there: ru, en, sr, … or auto.")] = None,
    zone: Annotated[str | None, typer.Option(help="The point's time zone, as Europe/Belgrade.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Make none; show those that were made.")] = False,
    revoke: Annotated[UUID | None, typer.Option(help="Make none; end this one, by its id in the list.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for labels.")] = False,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Make codes that enrol a recorder each, once, within 48 hours: `recorder-agent enrol CODE` on the Pi."""
    with open_api(server) as api:
        if revoke is not None:
            api.revoke_code(revoke)
            typer.echo(json.dumps({"revoked": str(revoke)})) if as_json else typer.echo(f"Revoked {revoke}.")
            return
        if listed:
            _print_list(api, point, as_json)
            return
        place = _place(api, point, replace)
        given = {"language": language, "zone": zone, "register_names": register, "count": count}
        made = api.make_codes(place | {key: value for key, value in given.items() if value})
        shop = api.point(UUID(place["point_id"]))
    rows = [{"point": shop["name"], "register": code["register_name"], **code} for code in made]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
    elif as_csv:
        _write_csv(rows)
    else:
        _print_made(rows, ZoneInfo(shop["zone"]))


def _place(api: AdminApi, point: str | None, replace: UUID | None) -> dict[str, Any]:
    """Where the codes are for."""
    if replace is not None:
        old = api.find_device(replace)
        if old is None:
            raise Rejected(f"there is no device {replace}; `devices list` shows them")
        return {"point_id": old["point_id"], "replaces": str(replace)}
    if point is None:
        raise typer.BadParameter("name the shop by --point, or the device to replace by --replace")
    check_name("point", point)
    return {"point_id": str(point_id_of(api, point)), "point_name": point}


def _write_csv(rows: Iterable[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([cell(row[column]) for column in COLUMNS] for row in rows)


def _print_made(rows: list[dict[str, Any]], zone: ZoneInfo) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("Register", "Code", "Valid until"):
        table.add_column(column, no_wrap=column == "Code")
    for row in rows:
        table.add_row(Text(row["register"]), Text(row["code"], style="bold"), _local(row["expires_at"], zone))
    Console().print(table)
    hint = "Shown this once. On each Pi: sudo recorder-agent enrol CODE --server https://ADDRESS-OF-THIS-SERVER"
    Console(stderr=True).print(hint, markup=False, highlight=False)


def _print_list(api: AdminApi, point: str | None, as_json: bool) -> None:
    names = {shop["point_id"]: shop for shop in api.points()}
    rows = [row for row in api.codes() if point is None or names[row["point_id"]]["name"] == point]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("Id", "Point", "Register", "State", "Valid until"):
        table.add_column(column, no_wrap=column == "Id")
    for row in sorted(rows, key=_age):
        shop = names[row["point_id"]]
        until = _local(row["expires_at"], ZoneInfo(shop["zone"]))
        table.add_row(row["enrolment_id"], Text(shop["name"]), Text(row["register_name"]), _state(row), until)
    Console().print(table)


def _age(row: dict[str, Any]) -> tuple[str, int, str]:
    """The oldest first; those made together by register, Till 2 before Till 10."""
    return row["created_at"], len(row["register_name"]), row["register_name"]


def _state(row: dict[str, Any]) -> Text:
    if row["used_at"]:
        return Text("used", style="dim")
    if row["revoked_at"]:
        return Text("revoked", style="red")
    return Text("open", style="green") if row["is_live"] else Text("expired", style="dim")


def _local(instant: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(zone):%Y-%m-%d %H:%M}"
