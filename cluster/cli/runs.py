"""`runs list|show|follow|cancel`: re-analyses and how far they are. What they found: cluster/cli/run_diff.py."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cluster.cli import run_diff
from cluster.cli.asking import AsJson
from cluster.cli.reanalyze import exit_code, watch
from cluster.cli.run_screen import hours, settings_rows, span
from cluster.wiring import database_url
from configs.settings import load
from db.engine import Database
from db.runs.change import cancel_run
from db.runs.read import Run, Spent, find_run, last_error, newest_runs, progress_of_run, spent
from domain.runs import RunProgress

app = typer.Typer(help="Re-analyses: how far they are, what they found, and what becomes of it.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The run's name or id, as `runs list` shows it.")]


@app.command("list")
def list_runs(limit: Annotated[int, typer.Option(min=1, max=1000)] = 20, as_json: AsJson = False) -> None:
    """List re-analyses, newest first."""
    found = _with_database(lambda db: _list(db, limit))
    if as_json:
        typer.echo(json.dumps([_told(run, progress) for run, progress in found]))
        return
    table = Table("run", "stage", "state", "judged", "failed", "by", "planned (UTC)")
    for run, progress in found:
        state = f"{run.state}{', shadow' if run.is_shadow else ''}"
        by = "; ".join(how for _, how in settings_rows(run.settings))
        counts = (f"{progress.judged}/{progress.planned}", str(progress.dead))
        cells = (run.name, run.stage, state, *counts, by, f"{run.created_at:%Y-%m-%d %H:%M}")
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)


@app.command("show")
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one re-analysis: its settings, how far it is, what it cost, what failed."""
    run, progress, cost, error = _with_database(lambda db: _show(db, name))
    if as_json:
        told = _told(run, progress) | {"spent": TypeAdapter(Spent).dump_python(cost), "last_error": error}
        typer.echo(json.dumps(told))
        return
    table = Table.grid(padding=(0, 2))
    for label, value in _rows(run, progress, cost, error):
        table.add_row(label, Text(value))
    Console().print(table)


@app.command("follow")
def follow(name: Name) -> None:
    """Show how far a re-analysis is until it has ended. Ctrl-C leaves it going."""
    ended = watch(load(), name)
    raise typer.Exit(0 if ended is None else exit_code(*ended))


@app.command("cancel")
def cancel(name: Name) -> None:
    """End a re-analysis early: nothing more of it is begun, and nothing that is current changes."""
    run, dropped = _with_database(lambda db: _cancel(db, name))
    Console().print(Text(f"{run.name} is cancelled; {dropped} of its jobs were taken out of the queue."))


run_diff.add_to(app)


async def _list(db: Database, limit: int) -> list[tuple[Run, RunProgress]]:
    async with db.begin() as tx:
        return [(run, await progress_of_run(tx, run.run_id)) for run in await newest_runs(tx, limit)]


async def _show(db: Database, name: str) -> tuple[Run, RunProgress, Spent, str | None]:
    async with db.begin() as tx:
        run = await find_run(tx, name)
        progress, cost = await progress_of_run(tx, run.run_id), await spent(tx, run.run_id)
        return run, progress, cost, await last_error(tx, run.run_id)


async def _cancel(db: Database, name: str) -> tuple[Run, int]:
    async with db.begin() as tx:
        run = await find_run(tx, name)
        return run, await cancel_run(tx, run.run_id)


def _rows(run: Run, progress: RunProgress, cost: Spent, error: str | None) -> list[tuple[str, str]]:
    far = {
        "given to the queue": progress.fed,
        "heard": progress.heard,
        "judged": progress.judged,
        "changed since": progress.stale,
        "failed": progress.dead,
        "waiting": progress.queued,
        "running": progress.running,
    }
    times = {
        "Planned": run.created_at,
        "Begun": run.started_at,
        "Ended": run.finished_at,
        "Promoted": run.promoted_at,
        "Rolled back": run.rolled_back_at,
    }
    rows = [("Run", f"{run.name} ({run.run_id})"), ("State", f"{run.state}{', a shadow' if run.is_shadow else ''}")]
    rows += list(settings_rows(run.settings))
    rows.append(("Dialogues", f"{run.planned}, {hours(run.planned_audio_ms)} of speech"))
    rows.append(("So far", ", ".join(f"{n} {what}" for what, n in far.items() if n) or "nothing yet"))
    rows.append(("Cost", f"{cost.cost_usd:.4f} USD, {cost.tokens_in} tokens in, {cost.tokens_out} out"))
    if run.estimate:
        estimated = f"{run.estimate.cost_usd:.2f} USD ({run.estimate.cost_from}), {span(run.estimate.time_s)}"
        rows.append(("Estimated", f"{estimated} ({run.estimate.time_from})"))
    rows += [(name, f"{at:%Y-%m-%d %H:%M:%S} UTC") for name, at in times.items() if at]
    return rows + [("Error", said) for said in (run.error, error) if said]


def _told(run: Run, progress: RunProgress) -> dict[str, Any]:
    told: dict[str, Any] = TypeAdapter(Run).dump_python(run, mode="json")
    return told | {"progress": TypeAdapter(RunProgress).dump_python(progress, mode="json")}


def _with_database(ask: Callable[[Database], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        db = Database(database_url(load()), pool_size=1)
        try:
            return await ask(db)
        finally:
            await db.dispose()

    return asyncio.run(run())
