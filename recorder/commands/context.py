"""What every command needs: its configuration, its language, the running agent's health, and a way to give up."""

import argparse
import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

from recorder.config.config import ConfigError, RecorderConfig, load
from recorder.service.places import CONFIG
from recorder.wording import Language, as_language, language_of, say

FAILED, USAGE = 1, 2
_HEALTH_TIMEOUT_S = 5.0


class CommandError(Exception):
    """Its text is for the person; `exit_code` for the shell."""

    def __init__(self, text: str, exit_code: int = FAILED) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def put(text: str) -> None:
    """A line to the person."""
    sys.stdout.write(f"{text}\n")


def put_json(document: Any) -> None:
    put(json.dumps(document, ensure_ascii=False, indent=1))


def language(args: argparse.Namespace, config: RecorderConfig | None = None) -> Language:
    """--lang, else the configuration's, else the environment's."""
    named = args.lang or (config.language if config else None)
    return as_language(named) if named else language_of(os.environ)


def config_path(args: argparse.Namespace) -> Path | None:
    """-c, else the usual place if something is there. None: variables only."""
    named: Path | None = args.config
    if named is not None:
        return named
    try:
        return CONFIG if CONFIG.exists() else None
    except PermissionError:
        return CONFIG


def configuration(args: argparse.Namespace) -> RecorderConfig:
    """Raises CommandError that lists what is wrong with it."""
    path = config_path(args)
    if path is not None:
        try:
            path.open("rb").close()
        except PermissionError:
            raise CommandError(say("sudo", language(args), path=path)) from None
        except OSError:
            pass  # The loader says it better.
    try:
        return load(path, os.environ)
    except ConfigError as error:
        raise CommandError(f"{say('config.broken', language(args))}\n{error}", USAGE) from error


def spool_folder(config: RecorderConfig, chosen: Language) -> Path:
    """The spool, which the agent made at its first start. Raises CommandError where there is none for us."""
    folder = config.spool_dir
    try:
        if not folder.is_dir():
            raise CommandError(say("spool.absent", chosen, path=folder))
    except PermissionError:
        raise CommandError(say("sudo", chosen, path=folder)) from None
    if not os.access(folder, os.R_OK | os.X_OK):
        raise CommandError(say("sudo", chosen, path=folder))
    return folder


def io_error(error: OSError, path: Path, chosen: Language) -> CommandError:
    """What the person is told of it."""
    where = error.filename or path
    if isinstance(error, PermissionError):
        return CommandError(say("sudo", chosen, path=where))
    return CommandError(say("failed", chosen, path=where, reason=error.strerror or str(error)))


def health(port: int) -> dict[str, Any] | None:
    """The running agent's document; None where no agent answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/health", timeout=_HEALTH_TIMEOUT_S) as answer:
            document = json.load(answer)
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) and "in_schedule" in document else None
