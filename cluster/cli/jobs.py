"""`jobs list|show|retry`: what is in the queue, and the dead ones back into it."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cluster.endings import shown
from cluster.stages import discover
from cluster.wiring import database_url
from configs.sections import JobSettings
from configs.settings import load
from db import jobs_view
from db.engine import Database
from db.queue import Queue
from db.retries import Retries
from db.runs.read import find_run
from domain.errors import ConfigError, Rejected
from domain.status import JobState

app = typer.Typer(help="Look into the job queue; retry what is dead.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JobId = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="The job's number.")]
Stage = Annotated[str | None, typer.Option("--stage", help="Only this stage.")]


@app.command("list")
def list_jobs(
    stage: Stage = None,
    state: Annotated[JobState | None, typer.Option("--state", help="Only this state.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """List jobs, newest first."""
    _check_stage(stage)
    rows = _with_database(lambda db: jobs_view.list_jobs(db, stage, state, limit))
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    table = Table("job", "stage", "state", "subject", "attempts", "run after (UTC)", "worker", "last error")
    for row in rows:
        error = (row["last_error"] or "").splitlines()
        cells = (row["job_id"], row["stage"], row["state"], row["subject_id"], row["attempts"])
        when = row["run_after"].strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(*map(str, cells), when, row["worker"] or "", error[0][:80] if error else "")
    Console().print(table)


@app.command("show")
def show(job_id: JobId, as_json: Json = False) -> None:
    """Show one job with its whole error."""
    row = _with_database(lambda db: jobs_view.one_job(db, job_id))
    if row is None:
        raise Rejected(f"there is no job {job_id}; finished jobs are deleted after a few days")
    if as_json:
        typer.echo(json.dumps(row, default=str))
        return
    table = Table.grid(padding=(0, 2))
    for key, value in row.items():
        table.add_row(key, "" if value is None else str(value))
    Console().print(table)


@app.command("retry")
def retry(
    job_ids: Annotated[
        list[int] | None, typer.Argument(min=1, max=2**63 - 1, help="Job numbers; none: every dead job.")
    ] = None,
    stage: Stage = None,
    run: Annotated[str | None, typer.Option("--run", help="Only of this re-analysis.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before retrying every dead job.")] = False,
) -> None:
    """Queue dead jobs again with all their attempts."""
    _check_stage(stage)
    if not (job_ids or stage or run or yes):
        _confirm_all()
    settings = load()
    count = _with_database(lambda db: _retry(db, settings.jobs, stage, job_ids, run))
    Console().print(f"{count} dead job(s) queued again.")
    if job_ids and count < len(set(job_ids)):
        raise Rejected("some of the named jobs are not dead (see `salescontrol jobs list`)")


async def _retry(
    db: Database, settings: JobSettings, stage: str | None, job_ids: list[int] | None, run: str | None
) -> int:
    run_id = None
    if run is not None:
        async with db.begin() as tx:
            run_id = (await find_run(tx, run)).run_id
    return await Retries(Queue(db, settings), shown(discover())).run(stage, job_ids, run_id)


def _confirm_all() -> None:
    if not _is_asked():
        raise typer.BadParameter("name jobs, a --stage or a --run, or say --yes to retry every dead job")
    typer.confirm("Queue every dead job of every stage again?", abort=True)


def _is_asked() -> bool:
    """True where a person sits at the other end."""
    return sys.stdin.isatty()


def _check_stage(stage: str | None) -> None:
    if stage is not None and stage not in discover():
        raise ConfigError(f"no stage is called {stage!r}; there are {', '.join(discover())}")


def _with_database(ask: Callable[[Database], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        db = Database(database_url(load()), pool_size=1)
        try:
            return await ask(db)
        finally:
            await db.dispose()

    return asyncio.run(run())
