"""`run`: the agent itself."""

import argparse
import logging
import os
import time
from pathlib import Path

from recorder import logs
from recorder.commands.context import USAGE, config_path
from recorder.config.config import ConfigError, load
from recorder.service.notify import Notifier

log = logging.getLogger(__name__)

_MEND_S = 45.0
"""systemd would start a service with a broken configuration again and again: it waits so long for it to be mended.
Less than the unit's TimeoutStartSec."""
_LOOK_EACH_S = 1.0


def execute(args: argparse.Namespace) -> int:
    notifier = Notifier.from_environment(os.environ)
    formatter = logs.setup(args.log_level)
    path = config_path(args)
    seen = _changed(path)
    try:
        config = load(path, os.environ)
    except ConfigError as error:
        problems = [str(problem) for problem in error.problems]
        log.error("config_unusable", extra={"problems": problems})
        if notifier.is_heard:
            notifier.status(problems[0])
            _wait_for_mending(path, seen)
        return USAGE
    formatter.hide(config.ingest_token)
    for warning in config.warnings:
        log.warning("config_warning", extra={"reason": warning})
    from recorder import agent

    return agent.run(config, notifier)


def _wait_for_mending(path: Path | None, seen: float | None) -> None:
    end_s = time.monotonic() + _MEND_S
    while time.monotonic() < end_s and _changed(path) == seen:
        time.sleep(_LOOK_EACH_S)


def _changed(path: Path | None) -> float | None:
    try:
        return path.stat().st_mtime if path else None
    except OSError:
        return None
