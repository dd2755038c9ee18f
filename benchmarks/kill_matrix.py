"""The kill matrix: kill -9 of every part at every named step of a job, and what is left after `up`.

    python benchmarks/kill_matrix.py [--victims worker:vad,…] [--steps after_claim,…]

Each cell uploads the same minute of speech under a new device, stops the worker exactly at the step (SIGSTOP), kills
the victim with SIGKILL, lets the rest go on, calls `salescontrol up`, and compares the export, the rows and the stored
files with those of an undisturbed device. Exit 1 unless every cell is equal.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cluster.steps import Step
from tests.e2e.scene import COMPARABLE, Scene
from tests.e2e.system import System

STAGES = ("vad", "dialogues", "asr", "analysis")
OTHERS = ("whisper", "supervisor", "ingest", "postgres", "ray")
"""Killed while the worker stands at a step of the asr stage; `whisper` is the model's replica."""


def main() -> int:
    """Runs the cells and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--victims", default=",".join([*(f"worker:{s}" for s in STAGES), *OTHERS]))
    parser.add_argument("--steps", default=",".join(Step))
    arguments = parser.parse_args()
    table = Table(
        "victim", "stopped at", "killed pid", "verdict", "dialogues", "orphans", "seconds", title="Kill matrix"
    )
    failures = 0
    with tempfile.TemporaryDirectory(prefix="sc-kill-") as folder:
        system = System(Path(folder), COMPARABLE)
        system.cli("up")
        try:
            scene = Scene(system)
            expected = scene.undisturbed()
            for victim in arguments.victims.split(","):
                for step in arguments.steps.split(","):
                    cell = scene.disturbed(victim, Step(step), expected)
                    failures += not cell.is_equal
                    table.add_row(
                        victim,
                        f"{cell.stage}.{step}",
                        str(cell.killed_pid),
                        "[green]equal[/]" if cell.is_equal else f"[red]{cell.difference}[/]",
                        str(cell.dialogues),
                        str(cell.orphans),
                        f"{cell.seconds:.0f}",
                    )
                    Console(stderr=True).print(f"{victim} {step}: {'equal' if cell.is_equal else cell.difference}")
        finally:
            system.cli("down", check=False)
    Console(width=120).print(table)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
