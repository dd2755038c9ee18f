"""Options of every command that asks the server, and the way there."""

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
