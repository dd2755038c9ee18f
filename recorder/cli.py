"""The command line, `recorder-agent`. Exit codes: 0 well, 1 failed, 2 wrong usage or configuration.

Each command is a module of `recorder.commands` with an `execute`, imported when it is wanted: the agent itself must not
carry the others' modules about.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from recorder import __version__
from recorder.commands.context import CommandError
from recorder.wording import Language, as_language, language_of, say

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of `recorder-agent` and `python -m recorder`."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # A terminal without Cyrillic must not end in a traceback.
            stream.reconfigure(errors="replace")
    args = parser(_wanted_language(words)).parse_args(words)
    try:
        return int(import_module(f"recorder.commands.{args.command}").execute(args))
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 1
    except BrokenPipeError:
        # Whoever read us has gone; the interpreter's last flush must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parser(language: Language) -> argparse.ArgumentParser:
    """All commands; without one it is `run`."""
    top = argparse.ArgumentParser(
        "recorder-agent", description=say("help.program", language), parents=[_common(language)]
    )
    top.add_argument("--version", action="version", version=f"recorder-agent {__version__}")
    top.set_defaults(command="run", config=None, log_level="INFO", lang=None)
    commands = top.add_subparsers(metavar="COMMAND", title="commands")

    def add(name: str) -> argparse.ArgumentParser:
        text = say(f"command.{name}", language)
        # Its own copy: set_defaults above would reach into a shared one, and what stands before the command be lost.
        added = commands.add_parser(name, help=text, description=text, parents=[_common(language)])
        added.set_defaults(command=name)
        return added

    def flag(target: argparse.ArgumentParser, name: str) -> None:
        target.add_argument(f"--{name}", action="store_true", help=say(f"help.{name.replace('-', '_')}", language))

    add("run")
    check = add("check")
    flag(check, "offline")
    flag(check, "json")
    flag(check, "yes")
    enrol = add("enrol")
    enrol.add_argument("code", metavar="CODE", help=say("help.code", language))
    enrol.add_argument("--server", required=True, metavar="URL", help=say("help.server", language))
    enrol.add_argument("--ca-file", type=Path, metavar="FILE", help=say("help.ca_file", language))
    flag(enrol, "no-check")
    add("pause").add_argument("when", nargs="+", metavar="WHEN", help=say("help.pause_when", language))
    add("resume")
    flag(add("status"), "json")
    ledger = add("ledger")
    ledger.add_argument("--day", metavar="DATE", help=say("help.day", language))
    flag(ledger, "json")
    requeue = add("requeue")
    requeue.add_argument("keys", nargs="*", metavar="KEY", help=say("help.keys", language))
    flag(requeue, "all")
    for name in ("install", "uninstall"):
        place = add(name)
        place.add_argument("--root", type=Path, default=Path("/"), metavar="FOLDER", help=say("help.root", language))
        if name == "uninstall":
            flag(place, "purge")
            flag(place, "yes")
    flag(add("config"), "json")
    return top


def _common(language: Language) -> argparse.ArgumentParser:
    """Options that may stand before and after the command; the one after it wins."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("-c", "--config", type=Path, metavar="FILE", help=say("help.config", language))
    common.add_argument(
        "--log-level", type=str.upper, choices=LOG_LEVELS, metavar="LEVEL", help=say("help.log_level", language)
    )
    common.add_argument("--lang", choices=("en", "ru"), help=say("help.lang", language))
    return common


def _wanted_language(words: Sequence[str]) -> Language:
    """For the help, before the arguments are parsed."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name = following if word == "--lang" else word.removeprefix("--lang=") if word.startswith("--lang=") else ""
        if name:
            try:
                return as_language(name)
            except ValueError:
                break  # argparse refuses it by name.
    return language_of(os.environ)
