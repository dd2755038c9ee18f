"""Options of every command that asks the server, and the way there; and the question before what can't be undone."""

import sys
from typing import Annotated

import typer

from cluster.admin_api import AdminApi
from cluster.wiring import server_url
from configs.settings import load

Server = Annotated[str | None, typer.Option(help="Address of the API. Default: this computer's.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def open_api(server: str | None) -> AdminApi:
    """The admin API with this computer's ADMIN_TOKEN."""
    settings = load()
    return AdminApi(server or server_url(settings), settings)


def is_agreed(question: str, yes: bool, as_json: bool) -> bool:
    """Does the person say yes, here or by --yes? With --json nobody is asked. Where nobody sits there to answer, it is
    a usage error."""
    if yes or as_json:
        return yes
    try:
        return typer.confirm(question, default=False, err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        raise typer.BadParameter("nobody is here to answer that; add --yes") from None
