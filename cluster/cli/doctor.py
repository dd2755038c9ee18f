"""`doctor`: is this machine fit, and does what runs here fit together? One line a check, with the remedy."""

import importlib.metadata
import json
import platform
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cluster import ray_head
from cluster.doctor import audio, production
from cluster.doctor.finding import Finding
from cluster.engines.choice import build_engine, engine_name
from cluster.wiring import database_url
from configs.settings import DEFAULT_ADMIN_TOKEN, Settings, load
from db import migrate
from domain.errors import SalesControlError

MIN_FREE_GB = 5.0
MIN_POSTGRES = 15


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check this machine and the running system; name what to mend. Exit 1 where something fails."""
    settings = load()
    findings = [finding for check in CHECKS for finding in _safely(check, settings)]
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        _print(findings)
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(1)


def _safely(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> list[Finding]:
    try:
        return list(check(settings))
    except (SalesControlError, OSError) as error:
        return [Finding(check.__name__.strip("_"), "fail", str(error), "see the detail")]


def _python(settings: Settings) -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{platform.python_version()}, Ray {importlib.metadata.version('ray')}")


def _disk(settings: Settings) -> Iterator[Finding]:
    settings.home.mkdir(parents=True, exist_ok=True)
    free_gb = shutil.disk_usage(settings.home).free / 1e9
    level = "ok" if free_gb >= MIN_FREE_GB else "warn"
    remedy = "" if level == "ok" else f"free some: under {settings.storage.free_floor_mb} MB uploads are turned away"
    yield Finding("Disk", level, f"{free_gb:.0f} GB free at {settings.home}", remedy)


def _database(settings: Settings) -> Iterator[Finding]:
    url = database_url(settings)
    version = migrate.server_version(url)
    if version < MIN_POSTGRES:
        yield Finding("PostgreSQL", "fail", f"version {version}", f"version {MIN_POSTGRES} or newer is needed")
        return
    yield Finding("PostgreSQL", "ok", f"version {version}, {'server' if settings.database.url else 'embedded'}")
    current, head = migrate.current(url), migrate.head()
    if migrate.is_newer(current):
        remedy = f"this release knows {head}: finish the upgrade on this machine too (docs/upgrades.md)"
        yield Finding("Schema", "warn", f"revision {current}, of a later release", remedy)
        return
    same = current == head
    yield Finding(
        "Schema", "ok" if same else "fail", f"revision {current}", "" if same else "run `salescontrol migrate`"
    )


def _ports(settings: Settings) -> Iterator[Finding]:
    if ray_head.running(settings.home):
        return
    server = settings.server
    for name in ("port", "dashboard_port", "ray_dashboard_port", "ray_port"):
        number = getattr(server, name)
        with socket.socket() as probe:
            taken = probe.connect_ex(("127.0.0.1", number)) == 0
        if taken:
            remedy = f"stop that program or set SALESCONTROL_SERVER__{name.upper()}"
            yield Finding(f"Port {number}", "fail", f"{name} is taken by another program", remedy)


def _secrets(settings: Settings) -> Iterator[Finding]:
    if settings.auth.admin_token.get_secret_value() == DEFAULT_ADMIN_TOKEN:
        level = "warn" if settings.profile == "local" else "fail"
        yield Finding("ADMIN_TOKEN", level, "still the default", "set a secret: ADMIN_TOKEN=$(openssl rand -hex 24)")
    if not settings.auth.internal_token.get_secret_value():
        yield Finding(
            "INTERNAL_TOKEN", "warn", "not set: the internal audio route is closed", "set it where a node needs it"
        )


def _analysis(settings: Settings) -> Iterator[Finding]:
    build_engine(settings.analysis)
    uses_llm = engine_name(settings.analysis) == "openai"
    detail = f"{settings.analysis.openai_model} by OpenAI's API" if uses_llm else "rules, offline"
    yield Finding("Analysis", "ok", detail)


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _python,
    _disk,
    _database,
    *audio.CHECKS,
    _ports,
    _secrets,
    _analysis,
    *production.CHECKS,
)


def _print(findings: list[Finding]) -> None:
    style = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    table = Table(show_header=False, box=None, padding=(0, 1))
    for finding in findings:
        table.add_row(f"[{style[finding.level]}]{finding.level}[/]", finding.check, finding.detail, finding.remedy)
    Console().print(table)
