"""`install`: user, folders and service."""

import argparse
from dataclasses import replace
from pathlib import Path

from recorder.commands.context import USAGE, CommandError, language, put
from recorder.config.config import ConfigError, load
from recorder.service import install
from recorder.service.places import CONFIG
from recorder.service.system import InstallError
from recorder.wording import say


def execute(args: argparse.Namespace) -> int:
    chosen, place = language(args), place_of(args)
    problem = configuration_problem(place)
    try:
        outcome = install.install(place, is_configured=problem == "")
    except InstallError as error:
        raise CommandError(str(error)) from error
    for path in outcome.changed:
        put(say("install.wrote", chosen, path=path))
    if not outcome.changed:
        put(say("install.same", chosen))
    put(say("install.running" if outcome.running else "install.enabled", chosen))
    if problem:
        raise CommandError(f"{say('config.broken', chosen)}\n{problem}", USAGE)
    return 0


def place_of(args: argparse.Namespace) -> install.Place:
    """This installation, with the spool that the configuration names if there is one already."""
    root = args.root.resolve()
    config: Path = (args.config or CONFIG).absolute()
    command = install.this_command() if root == Path("/") else _command_within(root)
    place = install.Place(command, config, root=root)
    try:
        return replace(place, spool=load(place.at(config), {}).spool_dir)
    except ConfigError:
        return place


def configuration_problem(place: install.Place) -> str | None:
    """What is wrong with the configuration; empty if nothing is, None where there is none yet."""
    if not place.at(place.config).is_file():
        return None
    try:
        load(place.at(place.config), {})
    except ConfigError as error:
        return str(error)
    return ""


def _command_within(root: Path) -> tuple[str, ...]:
    """An image is installed from the program inside it, or from one that will be at the same path in it."""
    command, *rest = install.this_command()
    try:
        return (str(Path("/") / Path(command).relative_to(root)), *rest)
    except ValueError:
        return (command, *rest)
