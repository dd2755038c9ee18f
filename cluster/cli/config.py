"""`config show`: every setting with its value and where it came from. Secrets are masked."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

import typer
from pydantic import BaseModel, SecretStr
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from configs.settings import load_with_sources

app = typer.Typer(help="The settings in force.", no_args_is_help=True)
MASK = "********"


@app.callback()
def _group() -> None:
    """Keeps `show` a command of its own."""


@app.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Print each setting, its value and its source: default, profile, or an environment variable."""
    settings, sources = load_with_sources()
    rows = [
        {"setting": key, "value": masked(key, value), "source": _source(key, sources, os.environ)}
        for key, value in flat(settings)
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    table = Table(box=SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("Setting", "Value", "Source"):
        table.add_column(column, overflow="fold")
    for row in rows:
        style = "" if str(row["source"]).startswith("configs/default") else "bold"
        table.add_row(row["setting"], Text(_shown(row["value"]), style=style), Text(str(row["source"]), style=style))
    Console().print(table)


def flat(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of every setting, sections opened up."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def masked(key: str, value: Any) -> Any:
    """The value as it may be shown: a URL loses its password, any other secret everything."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if isinstance(text, str) and key.endswith("url"):
        return _without_password(text)
    if isinstance(value, SecretStr):
        return MASK if text else ""
    if isinstance(value, list):
        return [item.model_dump() if isinstance(item, BaseModel) else item for item in value]
    return value


def _without_password(url: str) -> str:
    """The query goes too where there is one: it may hold a password as well."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    name = f"{user.split(':')[0]}:{MASK}@" if ":" in user else f"{user}{at}"
    return urlunsplit(parts._replace(netloc=f"{name}{host}", query="…" if parts.query else ""))


def _source(key: str, sources: Mapping[str, str], env: Mapping[str, str]) -> str:
    """profile and home are in no layer."""
    if key in ("profile", "home"):
        name = f"SALESCONTROL_{key.upper()}"
        return f"env {name}" if env.get(name) else "default"
    return sources.get(key, "")


def _shown(value: Any) -> str:
    return "–" if value is None else json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)
