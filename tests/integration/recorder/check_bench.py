"""Runs steps of the check and reads what it printed, in both languages."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from recorder import config
from recorder.check import run
from recorder.check.context import Context, Cue
from recorder.check.report import Lines
from recorder.check.result import Result, Step
from recorder.config import RecorderConfig

IDS = {"RA_POINT_ID": 1, "RA_REGISTER_ID": 2, "RA_DEVICE_ID": 3}


def settings(folder: Path, **changed: object) -> RecorderConfig:
    """A configuration of the original's keys, with its spool in `folder`."""
    env = {name: f"00000000-0000-0000-0000-{number:012}" for name, number in IDS.items()}
    env |= {"RA_INGEST_BASE_URL": "http://127.0.0.1:9", "RA_INGEST_TOKEN": "t" * 32, "RA_SPOOL_DIR": str(folder)}
    return config.load(None, env | {f"RA_{name.upper()}": str(value) for name, value in changed.items()})


class Actor:
    """Stands for the person in the shop: does what `acts` says for a cue, at once. `absent`: nobody is there."""

    def __init__(self, acts: Callable[[Cue], object] = lambda cue: None, absent: bool = False) -> None:
        self._acts, self._absent = acts, absent
        self.cues: list[Cue] = []

    def cue(self, cue: Cue, length_s: float) -> bool:
        self.cues.append(cue)
        self._acts(cue)
        return cue is Cue.QUIET or not self._absent


def context_in(folder: Path, actor: Actor | None = None, **given: Any) -> Context:
    """`given`: fields of Context, else settings."""
    fields = {name: given.pop(name) for name in tuple(given) if name in Context.__dataclass_fields__}
    return Context(settings(folder, **given), actor or Actor(), **fields)


def run_steps(context: Context, *steps: Step) -> dict[Step, Result]:
    """All steps, or those named, by name."""
    planned = [one for one in run.LOCAL + run.NETWORK if not steps or one.step in steps]
    return {result.step: result for result in run.results_of(context, planned)}


def printed(results: Sequence[Result], language: str) -> dict[str, str]:
    """By state and title, such as "✗ Microphone": the sentence and the remedy, in two lines."""
    out = io.StringIO()
    lines = Lines(out, "ru" if language == "ru" else "en")
    width = lines.indent
    for result in results:
        lines.show(result)
    found: dict[str, str] = {}
    last = ""
    for line in out.getvalue().splitlines():
        if line.startswith("  → "):
            found[last] += f"\n{line[4:]}"
        else:
            last = line[:width].strip()
            found[last] = line[width:]
    return found
