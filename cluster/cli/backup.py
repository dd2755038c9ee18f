"""`backup` and `restore`: all that this system knows into a folder, and back."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from cluster.backup.shelf import About, Shelf
from cluster.backup.work import back_up
from cluster.backup.work import restore as put_back
from cluster.cli.asking import AsJson, is_agreed
from cluster.lifecycle import only_one
from cluster.wiring import database_url
from configs.settings import Settings, load
from db import embedded
from db.backup.restore import drop_kept as drop_kept_databases
from domain.errors import Rejected

Target = Annotated[Path, typer.Argument(help="The folder that backups are kept in, best on another disk.")]
SHOWN = 10
"""Lost recordings on the screen; --json has them all."""


class _Bars:
    """The steps on the screen, each with its bar where it can be counted."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def step(self, name: str, total: int = 0) -> None:
        self._end()
        self._task = self._progress.add_task(name, total=total or None)

    def advance(self) -> None:
        if self._task is not None:
            self._progress.advance(self._task)

    def _end(self) -> None:
        if self._task is not None:
            task = self._progress.tasks[self._task]
            self._progress.update(self._task, total=task.total or 1, completed=task.total or 1)


def backup(
    target: Target,
    audio: Annotated[bool, typer.Option(help="Copy recordings that the folder lacks; else only list them.")] = True,
    keep: Annotated[int, typer.Option(min=1, help="Older backups beyond so many go.")] = 14,
    as_json: AsJson = False,
) -> None:
    """Write the database as of now, and the recordings that it names. All else goes on meanwhile."""
    settings = load()
    with _progress() as progress:
        done = back_up(
            settings, database_url(settings), target, audio=audio, keep=keep, screen=_Bars(progress)
        )  # fmt: skip
    lost = done.audio.lost if done.audio else []
    if as_json:
        typer.echo(json.dumps(asdict(done), default=str))
    else:
        about, copied = done.about, done.audio.copied if done.audio else 0
        Console().print(
            f"{target / about.name}: database {decimal(about.database_bytes)}, {about.audio_files} recordings"
            f" ({copied} copied now)" + (f"; dropped {', '.join(done.pruned)}" if done.pruned else "")
        )
    _warn_of_damaged(Shelf(target))
    _complain(lost, "recordings are not in the store as they were received; the backup is complete but for them")


def restore(
    target: Target,
    name: Annotated[str | None, typer.Option("--backup", help="Its name. Default: the newest.")] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Only say which backups there are.")] = False,
    drop_kept: Annotated[
        bool, typer.Option("--drop-kept", help="Restore nothing, but drop the databases that restores have kept.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make database and recordings what a backup says. The present database is kept under another name."""
    if not target.is_dir():
        raise typer.BadParameter(f"{target} is no folder", param_hint="TARGET")
    shelf = Shelf(target)
    if list_only:
        _list(shelf.backups(), as_json)
        _warn_of_damaged(shelf)
        return
    settings = load()
    if drop_kept:
        _drop_kept(settings, yes, as_json)
    else:
        _restore(settings, shelf, shelf.find(name), yes, as_json)


@contextmanager
def _running_database(settings: Settings) -> Iterator[str]:
    """Its URL, and no `up` meanwhile; the embedded one is started where it does not run, and then ends with the
    block."""
    with only_one(settings.home):
        if settings.database.url:
            yield settings.database.url.get_secret_value()
            return
        ran_before = embedded.running_url(settings.home)
        try:
            yield ran_before or embedded.start(settings.home)
        finally:
            if ran_before is None:
                embedded.stop(settings.home)


def _restore(settings: Settings, shelf: Shelf, about: About, yes: bool, as_json: bool) -> None:
    question = f"Put back {about.name} of {about.as_of:%Y-%m-%d %H:%M} UTC in place of the present database?"
    if not is_agreed(question, yes, as_json):
        raise typer.Exit(1)
    with _running_database(settings) as url, _progress() as progress:
        done = put_back(settings, url, shelf.target, about.name, _Bars(progress))
    if as_json:
        typer.echo(json.dumps(asdict(done), default=str))
    else:
        _say_restored(done.former, done.erasures, done.unnamed, shelf)
    _complain(done.audio.lost if done.audio else [], "recordings are gone or damaged in the store and in the backup")


def _say_restored(former: str | None, erasures: int, unnamed: int, shelf: Shelf) -> None:
    console = Console()
    console.print("Restored. Start with `salescontrol up`.")
    if former:
        console.print(
            f"The database before is kept as {former}, with all that was in it; once all is well, drop it with"
            f" `salescontrol restore {shelf.target} --drop-kept`."
        )
    if erasures:
        console.print(f"{erasures} erasures ordered after this backup are ordered again.")
    if unnamed:
        console.print(
            f"{unnamed} recordings came after this backup: copied to {shelf.unnamed}; import them from there."
        )


def _drop_kept(settings: Settings, yes: bool, as_json: bool) -> None:
    if not is_agreed("Drop the databases that restores have kept? Nobody can bring them back.", yes, as_json):
        raise typer.Exit(1)
    with _running_database(settings) as url:
        dropped = asyncio.run(drop_kept_databases(url))
    if as_json:
        typer.echo(json.dumps({"dropped": dropped}))
    else:
        Console().print(f"Dropped: {', '.join(dropped) or 'there was none'}.")


def _list(backups: list[About], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(about) for about in backups], default=str))
        return
    table = Table("backup", "as of", "schema", "database", "recordings")
    for about in backups:
        recordings = f"{about.audio_files}{'' if about.has_audio else ' listed only'}"
        table.add_row(
            about.name,
            f"{about.as_of:%Y-%m-%d %H:%M:%S} UTC",
            about.revision,
            decimal(about.database_bytes),
            recordings,
        )
    Console().print(table if backups else "No backup here.")


def _warn_of_damaged(shelf: Shelf) -> None:
    console = Console(stderr=True)
    for name, why in shelf.damaged().items():
        console.print(f"[yellow]{name} is damaged ({why})[/]: no old backup is dropped until its folder is deleted.")


def _complain(lost: list[str], what: str) -> None:
    if lost:
        shown = "\n".join(lost[:SHOWN] + (["…"] if len(lost) > SHOWN else []))
        raise Rejected(f"{len(lost)} {what}:\n{shown}")


def _progress() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True))
