"""`status`: stages, queues, speed, applications and workers, once or as a live table."""

import asyncio
import json
import time
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from cluster import ray_head
from cluster.serving import ServeApi
from cluster.stages import discover
from cluster.wiring import database_url
from configs.settings import Settings, load
from db.engine import Database
from db.queue import Queue, StageSummary

REFRESH_S = 1.0


def status(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Refresh until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what waits, runs and failed, stage by stage, and what is up."""
    settings = load()
    if not watch:
        state = asyncio.run(_once(settings))
        if as_json:
            typer.echo(json.dumps(state, default=str))
        else:
            Console().print(_screen(state))
        return
    try:
        asyncio.run(_watch(settings))
    except KeyboardInterrupt:
        return


async def _once(settings: Settings) -> dict[str, Any]:
    db = Database(database_url(settings), pool_size=1)
    try:
        return await _read(settings, db)
    finally:
        await db.dispose()


async def _watch(settings: Settings) -> None:
    db = Database(database_url(settings), pool_size=1)
    try:
        with Live(console=Console(), refresh_per_second=2, screen=False) as live:
            while True:
                live.update(_screen(await _read(settings, db)))
                await asyncio.sleep(REFRESH_S)
    finally:
        await db.dispose()


async def _read(settings: Settings, db: Database) -> dict[str, Any]:
    found = {summary.stage: summary for summary in await Queue(db, settings.jobs).summary()}
    names = [*discover(), *(name for name in found if name not in discover())]
    stages = [asdict(found.get(name) or StageSummary.nothing(name)) for name in names]
    return {"stages": stages, "applications": await asyncio.to_thread(_applications, settings)}


def _applications(settings: Settings) -> dict[str, str]:
    head = ray_head.running(settings.home)
    if head is None:
        return {}
    token = (settings.home / "run" / "ray_token").read_text().strip()
    applications = ServeApi(head.dashboard_url, token).applications()
    return {name: str(application["status"]) for name, application in applications.items()}


def _screen(state: dict[str, Any]) -> Group:
    table = Table(title=f"SalesControl at {time.strftime('%H:%M:%S')}", title_justify="left")
    for heading in ("stage", "waiting", "later", "running", "dead", "oldest", "done, 1 h", "audio, 1 h", "× real time"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    table.add_column("paused because")
    for stage in state["stages"]:
        table.add_row(
            stage["stage"],
            str(stage["queued"]),
            str(stage["delayed"]),
            str(stage["running"]),
            f"[red]{stage['dead']}[/]" if stage["dead"] else "0",
            _age(stage["oldest_s"]),
            str(stage["done_1h"]),
            _age(stage["audio_s_1h"]),
            f"{stage['times_real_time']:.1f}" if stage["times_real_time"] else "–",
            str(stage["pause_reason"] or ""),
        )
    applications = Table.grid(padding=(0, 2))
    for name, app_state in state["applications"].items():
        applications.add_row(name, f"[green]{app_state}[/]" if app_state == "RUNNING" else f"[yellow]{app_state}[/]")
    if not state["applications"]:
        applications.add_row("[yellow]Ray Serve is not running; start it with `salescontrol up`[/]")
    return Group(table, applications)


def _age(seconds: float) -> str:
    if seconds <= 0:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
