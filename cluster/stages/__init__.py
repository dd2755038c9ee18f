"""The pipeline, one file a stage: vad → dialogues → asr → analysis. A file put here is found, run and shown."""

import importlib
import pkgutil
from graphlib import CycleError, TopologicalSorter

from cluster.stage import Stage
from domain.errors import ConfigError


def discover() -> dict[str, Stage]:
    """Every stage of this package by name, upstream first.

    Raises ConfigError for a doubled name, an unknown upstream or a circle.
    """
    found: dict[str, Stage] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        for value in vars(loaded).values():
            if not (isinstance(value, type) and issubclass(value, Stage)) or value.__module__ != loaded.__name__:
                continue
            if not getattr(value, "name", None):
                continue
            if value.name in found:
                raise ConfigError(f"cluster/stages/{module.name}.py: a stage named {value.name!r} exists already")
            found[value.name] = value()
    return _in_order(found)


def downstream(stages: dict[str, Stage], stage: Stage) -> list[Stage]:
    """Stages that follow `stage` about the same kind of subject: their jobs are enqueued by the framework."""
    return [s for s in stages.values() if stage.name in s.after and s.subject is stage.subject]


def _in_order(found: dict[str, Stage]) -> dict[str, Stage]:
    for stage in found.values():
        if unknown := set(stage.after) - found.keys():
            raise ConfigError(f"stage {stage.name!r} comes after {', '.join(sorted(unknown))}: no such stage")
    try:
        order = list(TopologicalSorter({name: stage.after for name, stage in found.items()}).static_order())
    except CycleError as error:
        raise ConfigError(f"stages wait for each other in a circle: {' → '.join(error.args[1])}") from None
    return {name: found[name] for name in order}
