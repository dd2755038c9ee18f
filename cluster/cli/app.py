"""All commands in one place, and what an expected error looks like on the screen."""

import sys
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text

from cluster.cli import (
    backup,
    cluster_commands,
    cluster_lint,
    config,
    demo,
    devices,
    doctor,
    erase,
    evaluate,
    export,
    import_,
    jobs,
    reanalyze,
    reports,
    runs,
    status,
    trace,
    users,
    worker,
)
from domain.errors import ConfigError, SalesControlError

app = typer.Typer(
    name="salescontrol",
    help="Finds upselling in shop-counter audio: records, transcribes and judges every cashier-customer dialogue.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("up")(cluster_commands.up)
app.command("dashboard")(cluster_commands.dashboard)
app.command("down")(cluster_commands.down)
app.command("status")(status.status)
app.command("demo")(demo.demo)
app.command("worker")(worker.worker)
app.command("migrate")(cluster_commands.migrate)
app.command("doctor")(doctor.doctor)
app.command("import")(import_.import_recordings)
app.command("trace")(trace.trace)
app.command("export")(export.export)
app.command("eval")(evaluate.evaluate)
app.command("reanalyze")(reanalyze.reanalyze)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("erase")(erase.erase)
app.add_typer(devices.app, name="devices")
app.add_typer(users.app, name="users")
app.add_typer(jobs.app, name="jobs")
app.add_typer(runs.app, name="runs")
app.add_typer(reports.app, name="reports")
app.add_typer(config.app, name="config")
app.add_typer(cluster_lint.app, name="cluster")


def run() -> NoReturn:
    """Runs the CLI: exit 0 well, 1 failed, 2 usage or configuration."""
    try:
        app()
    except ConfigError as error:
        _say(error)
        sys.exit(2)
    except SalesControlError as error:
        _say(error)
        sys.exit(1)
    sys.exit(0)


def _say(error: Exception) -> None:
    Console(stderr=True).print(Text.assemble(("error: ", "bold red"), str(error)))
