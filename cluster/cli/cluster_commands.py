"""`up`, `down` and `migrate`: the whole system on and off."""

import os
import signal
import time
from datetime import date
from importlib.util import find_spec
from types import TracebackType
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cluster import dashboard_process, lifecycle
from configs.secrets import check_secrets
from configs.settings import DEFAULT_ADMIN_TOKEN, Settings, load
from db import migrate as migrations
from domain.errors import SalesControlError

GOOD = {"ready", "running", "stopped"}
LOOK_S = 5.0
console = Console(stderr=True)


def up(
    block: Annotated[bool, typer.Option("--block", help="Stay until SIGTERM or Ctrl-C, then stop all.")] = False,
    with_dashboard: Annotated[bool, typer.Option("--dashboard/--no-dashboard", help="Serve the pages too.")] = True,
) -> None:
    """Start everything and wait until it is ready: database, Ray, Serve applications, workers, dashboard."""
    settings = load()
    if not block:
        _start(settings, with_dashboard)
        return
    signal.signal(signal.SIGTERM, _end)
    try:
        _start(settings, with_dashboard)
        while lifecycle.is_up(settings):
            time.sleep(LOOK_S)
    except (_Ending, KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        down()
        return
    # Whoever started us starts us again, and `up` goes on where it was.
    raise SalesControlError(f"Ray's head has ended; {settings.home}/logs/ray.log says why")


class _Ending(Exception):
    """SIGTERM has come."""


def _end(number: int, frame: object) -> NoReturn:
    raise _Ending


def _start(settings: Settings, with_dashboard: bool) -> None:
    with Steps() as steps:
        running = lifecycle.up(settings, steps.report, dashboard=with_dashboard)
    console.print(addresses(settings, running, pages=with_dashboard))


def dashboard() -> None:
    """Serve the pages alone, until SIGTERM or Ctrl-C. `up --no-dashboard` runs the rest."""
    settings = load()
    check_secrets(settings)
    command = dashboard_process.command(settings)
    os.execve(command[0], command, {**os.environ, **dashboard_process.environment(settings)})


def down() -> None:
    """Drain and stop everything that `up` started. Work in flight goes back to the queue."""
    with Steps() as steps:
        lifecycle.down(load(), steps.report)
    console.print("Stopped. Nothing of it is left running.")


def migrate() -> None:
    """Bring the database to the newest schema (starts the embedded one if need be)."""
    url = lifecycle.prepare_database(load())
    console.print(f"The database is at revision {migrations.current(url)}.")


def addresses(settings: Settings, running: lifecycle.Running, day: date | None = None, *, pages: bool = True) -> Table:
    """Where to look, once everything runs. `day`: the one that the dashboard's address opens; else the present one."""
    table = Table.grid(padding=(0, 2))
    table.add_row("API and uploads", f"{running.api_url}  (described in docs/openapi)")
    if pages:
        table.add_row("Dashboard", _dashboard(settings, running.dashboard_url, day))
    ray_token = os.environ.get("RAY_AUTH_TOKEN_PATH") or f"{settings.home}/run/ray_token"
    table.add_row("Ray dashboard", f"{running.ray_dashboard_url}  (token: {ray_token})")
    table.add_row("Home folder", str(settings.home))
    return table


def _dashboard(settings: Settings, url: str | None, day: date | None) -> str:
    if url is None:
        if find_spec("panel") is None:
            return "not started: pip install 'salescontrol[dashboard]'"
        port, variable = settings.server.dashboard_port, "SALESCONTROL_SERVER__DASHBOARD_PORT"
        return f"not started: port {port} is taken by another program; free it or set {variable}"
    token = settings.auth.admin_token.get_secret_value()
    shown = token if token == DEFAULT_ADMIN_TOKEN else "your ADMIN_TOKEN, or a user's login"
    return f"{url}{f'/?page=today&day={day}' if day else ''}  (token: {shown})"


class Steps:
    """A small live list of what is being started; plain lines where the output is no terminal."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}
        self._live = Live(console=console, refresh_per_second=8, transient=False) if console.is_terminal else None

    def __enter__(self) -> "Steps":
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def report(self, step: str, state: str) -> None:
        """Takes one step's state; repeated states are shown once."""
        if self._states.get(step) == state:
            return
        self._states[step] = state
        if self._live:
            self._live.update(self._table())
        else:
            console.print(f"{step}: {state}")

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for step, state in self._states.items():
            mark = Text("✓", style="green") if state in GOOD else Spinner("dots")
            table.add_row(mark, step, Text(state, style="dim"))
        return table
