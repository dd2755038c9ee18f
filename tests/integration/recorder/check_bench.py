"""Runs steps of the check and reads what it printed, in both languages."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from recorder.check import run
from recorder.check.context import Context, Cue
from recorder.check.report import Lines
from recorder.check.result import Result, Step
from recorder.config import config
from recorder.config.config import RecorderConfig

HERE = Path(__file__).parent
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


_RUN = """
import json, sys
from pathlib import Path
from check_bench import context_in, printed, run_steps
from recorder.check.result import Step
changed, *steps = sys.argv[2:]
results = run_steps(context_in(Path(sys.argv[1]), **json.loads(changed)), *map(Step, steps))
said = [printed([result], language) for result in results.values() for language in ("en", "ru")]
print(json.dumps([{step: [result.state, result.key] for step, result in results.items()}, said]))
"""


def run_apart(
    prefix: Sequence[str], setup: str, folder: Path, steps: Sequence[Step], **changed: str
) -> tuple[dict[str, list[str]], str]:
    """Runs steps in a process of its own, by a command like `unshare` and after the shell commands `setup`.
    → by step (state, key), and all that was printed in both languages."""
    script = f'set -e; {setup}\nexec "$@"'
    command = [*prefix, "sh", "-c", script, "sh", sys.executable, "-c", _RUN, str(folder), json.dumps(changed), *steps]
    path = os.pathsep.join([str(HERE), str(HERE.parents[2])])
    env = {**os.environ, "PYTHONPATH": path, "RES_OPTIONS": "timeout:1 attempts:1"}
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    if run.returncode:
        raise RuntimeError(run.stderr)
    results, said = json.loads(run.stdout)
    return results, json.dumps(said, ensure_ascii=False)
