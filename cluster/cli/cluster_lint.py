"""`cluster lint`: is a cluster file fit to be started?"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cluster.lint.finding import Finding, Level
from cluster.lint.run import lint as find

app = typer.Typer(help="The files that start a cluster.", no_args_is_help=True)
STYLES = {Level.ERROR: "bold red", Level.WARN: "yellow", Level.NOTE: "dim"}


@app.callback()
def _group() -> None:
    """Keeps `lint` a command of its own."""


@app.command()
def lint(
    file: Annotated[Path, typer.Argument(help="ray_cluster.yaml, or another file for `ray up`.")],
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too: before `ray up`.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check a cluster file without starting anything. Exit 1 where something has to be mended."""
    findings = find(file)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        _print(file, findings)
    failing = {Level.ERROR, Level.WARN} if strict else {Level.ERROR}
    if any(finding.level in failing for finding in findings):
        raise typer.Exit(1)


def _print(file: Path, findings: Sequence[Finding]) -> None:
    console = Console()
    if findings:
        table = Table(box=SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False)
        for column in ("", "Where", "What is wrong", "Remedy"):
            table.add_column(column, overflow="fold")
        for finding in findings:
            level = Text(finding.level, style=STYLES[finding.level])
            table.add_row(level, f"{finding.file}:{finding.line}", finding.what, finding.remedy)
        console.print(table)
    counts = [f"{sum(f.level is level for f in findings)} {level}" for level in Level]
    console.print(f"{file}: {', '.join(counts)}", highlight=False, markup=False)
