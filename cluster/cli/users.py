"""`users`: who may log in, as what, for which points, through the API. Secrets are printed once, when they are made."""

import json
import sys
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cluster.admin_api import AdminApi
from cluster.cli.asking import AsJson, Server, open_api
from domain.access import Role
from domain.errors import Rejected

app = typer.Typer(help="Who may log in, as what, and for which points.", no_args_is_help=True)
Login = Annotated[str, typer.Argument(help="The user's login, as `users list` shows it.")]
Points = Annotated[list[str] | None, typer.Option("--point", help="A shop that they work with; repeatable.")]
FromStdin = Annotated[bool, typer.Option("--stdin", help="Read the password from standard input. Default: make one.")]


@app.command()
def add(
    login: Annotated[str, typer.Argument(help="A name or an e-mail address.")],
    role: Annotated[Role, typer.Option(help="What they may do; docs/roles.md has the table.")],
    name: Annotated[str | None, typer.Option(help="Their name. Default: the login.")] = None,
    point: Points = None,
    all_points: Annotated[bool, typer.Option("--all-points", help="Every shop, those to come included.")] = False,
    language: Annotated[str | None, typer.Option(help="Of the pages: ru or en. Default: the browser's.")] = None,
    from_stdin: FromStdin = False,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Add a person and print their password, or a machine and print its token, this once."""
    if not (point or all_points or role is Role.ADMIN):
        raise typer.BadParameter("name their shops by --point, or give them --all-points")
    body = {"login": login, "name": name or login, "role": role, "all_points": all_points, "language": language}
    password = _read_password() if from_stdin else None
    with open_api(server) as api:
        user = api.add_user({**body, "password": password, "points": [_point_id(api, one) for one in point or ()]})
        token = api.add_machine_token(user["user_id"], "made with the user") if role is Role.MACHINE else None
    if as_json:
        typer.echo(json.dumps({**user, "token": token}, ensure_ascii=False))
        return
    _print([user], {})
    secret = token or user["password"]
    if secret:
        _secret("token" if token else "password", secret)


@app.command("list")
def list_users(server: Server = None, as_json: AsJson = False) -> None:
    """Every user, what they may do and where, and when they were last here."""
    with open_api(server) as api:
        users = list(api.users())
        points = {point["point_id"]: point["name"] for point in api.points()}
    typer.echo(json.dumps(users, ensure_ascii=False)) if as_json else _print(users, points)


@app.command()
def passwd(login: Login, from_stdin: FromStdin = False, server: Server = None, as_json: AsJson = False) -> None:
    """Give a person a new password, printed this once. Their sessions end."""
    password = _read_password() if from_stdin else None
    with open_api(server) as api:
        made = api.set_password(_user(api, login)["user_id"], password)
    if as_json:
        typer.echo(json.dumps({"login": login, "password": made}))
    elif made:
        _secret("password", made)


@app.command()
def token(
    login: Login,
    name: Annotated[str, typer.Option(help="What the token is for.")] = "made on the command line",
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Make another token of a machine and print it, this once."""
    with open_api(server) as api:
        made = api.add_machine_token(_user(api, login)["user_id"], name)
    typer.echo(json.dumps({"login": login, "token": made})) if as_json else _secret("token", made)


@app.command()
def disable(
    login: Login,
    enable: Annotated[bool, typer.Option("--enable", help="Let them in again.")] = False,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Shut a user out at once: sessions end, tokens sleep."""
    with open_api(server) as api:
        changed = api.update_user(_user(api, login)["user_id"], {"is_enabled": enable})
    typer.echo(json.dumps(changed, ensure_ascii=False)) if as_json else _print([changed], {})


def _user(api: AdminApi, login: str) -> dict[str, Any]:
    for user in api.users():
        if user["login"] == login.lower():
            return user
    raise Rejected(f"there is no user {login}; `users list` shows them")


def _point_id(api: AdminApi, name: str) -> str:
    for point in api.points():
        if name in (point["name"], point["point_id"]):
            return str(point["point_id"])
    raise Rejected(f"there is no point {name}; name one that is there, or make it with `devices add`")


def _read_password() -> str:
    return typer.prompt("Password", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _secret(what: str, secret: str) -> None:
    Console(stderr=True).print(f"The {what}, shown this once:")
    typer.echo(secret)


def _print(users: list[dict[str, Any]], points: dict[str, str]) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("Login", "Name", "Role", "Points", "State", "Last here"):
        table.add_column(column)
    for user in users:
        sees_all = user["all_points"] or user["role"] == Role.ADMIN
        places = "all" if sees_all else ", ".join(sorted(points.get(one, one) for one in user["points"]))
        state = Text("enabled", style="green") if user["is_enabled"] else Text("disabled", style="red")
        seen = (user["last_seen_at"] or "never").replace("T", " ")[:19]
        table.add_row(user["login"], Text(user["name"]), user["role"], Text(places), state, seen)
    Console().print(table)
