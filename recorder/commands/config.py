"""`config`: every setting, its value and where it was set; the token masked."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from recorder.commands.context import config_path, configuration, language, put, put_json
from recorder.config.config import RecorderConfig
from recorder.config.config_keys import KEYS
from recorder.config.config_text import Given, from_environment, from_yaml
from recorder.timing.hours import Hours, show_time
from recorder.wording import say

MASK = "***"
_DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def execute(args: argparse.Namespace) -> int:
    config = configuration(args)
    chosen = language(args, config)
    sources = _sources(config_path(args))
    rows = [(key.name, _shown(config, key.name), sources.get(key.name)) for key in KEYS]
    if args.json:
        put_json({name: {"value": value, "source": source or "default"} for name, value, source in rows})
        return 0
    head = say("config.head", chosen).split("|")
    table = [head, *([name, value or "–", source or say("config.default", chosen)] for name, value, source in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(2)]
    for name, value, source in table:
        put(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {source}")
    for warning in config.warnings:
        put(f"! {warning}")
    return 0


def _sources(path: Path | None) -> dict[str, str]:
    """By key: file and line, or the variable, which wins."""
    in_file: list[Given] = []
    if path is not None:
        mappings = [key.name for key in KEYS if key.is_mapping]
        in_file, _ = from_yaml(path.read_bytes(), str(path), [key.name for key in KEYS], mappings)
    given = [item for item in (*in_file, *from_environment(os.environ)) if item.parts]
    return {item.key: item.where for item in given}


def _shown(config: RecorderConfig, name: str) -> str | None:
    value = getattr(config, name)
    match value:
        case None:
            return None
        case tuple():
            return ", ".join(_DAY_NAMES[day] for day in value)
        case Mapping():
            return ", ".join(f"{day}={_hours(hours)}" for day, hours in sorted(value.items())) or None
    return MASK if any(key.is_secret for key in KEYS if key.name == name) else str(value)


def _hours(hours: Hours | None) -> str:
    return "closed" if hours is None else f"{show_time(hours.start)}-{show_time(hours.end)}"
