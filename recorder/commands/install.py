"""`install`: user, folders and service."""

import argparse
from pathlib import Path

from recorder import install
from recorder.commands.context import CommandError, language, put
from recorder.config import ConfigError, load
from recorder.wording import say


def execute(args: argparse.Namespace) -> int:
    chosen = language(args)
    try:
        outcome = install.install(place_of(args))
    except install.InstallError as error:
        raise CommandError(str(error)) from error
    for path in outcome.changed:
        put(say("install.wrote", chosen, path=path))
    if not outcome.changed:
        put(say("install.same", chosen))
    put(say("install.running" if outcome.running else "install.enabled", chosen))
    return 0


def place_of(args: argparse.Namespace) -> install.Place:
    """This installation, with the spool that the configuration names if there is one already."""
    root = args.root.resolve()
    config: Path = (args.config or install.CONFIG).absolute()
    command = install.this_command() if root == Path("/") else _command_within(root)
    within = root / config.relative_to("/")
    try:
        spool = load(within, {}).spool_dir if within.is_file() else install.SPOOL
    except ConfigError:
        spool = install.SPOOL
    return install.Place(command, config, spool, root)


def _command_within(root: Path) -> tuple[str, ...]:
    """An image is installed from the program inside it, or from one that will be at the same path in it."""
    command, *rest = install.this_command()
    try:
        return (str(Path("/") / Path(command).relative_to(root)), *rest)
    except ValueError:
        return (command, *rest)
