"""The fault matrix: what a system stands on is taken away for a while, and what is left once it is back.

    python benchmarks/fault_matrix.py [--only "the head"] [--without-nodes]

Some faults strike a whole pipeline in one process (uploads over HTTP, a worker, Whisper, a language model, S3), those
of nodes a fleet in small: a head without work, its Redis, nodes with processors and with logical GPUs. Each strikes
while uploads go on. Afterwards every row must be there once, with the words and verdicts of an undisturbed play.
Outages that last hours in life are seconds here, with the queue's pauses shortened alike. `kill_matrix.py` has the
kills of single processes, and of a head whose knowledge is lost with it.
Exit 1 unless nothing is lost and nothing doubled.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.e2e import node_faults
from tests.e2e.fleet import Fleet
from tests.e2e.scene import Scene
from tests.integration.faults import cells as line_faults
from tests.integration.faults.place import Findings, open_place, table

progress = Console(stderr=True)


def main() -> int:
    """Plays the faults and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="faults with this in their name")
    parser.add_argument(
        "--without-nodes", action="store_true", help="leave out the fleet, which takes minutes to come up"
    )
    arguments = parser.parse_args()
    results = on_the_line(arguments.only)
    if not arguments.without_nodes:
        results |= on_a_fleet(arguments.only)
    Console(width=140).print(table(results))
    return 1 if any(found.problems for found in results.values()) else 0


def on_the_line(only: str) -> dict[str, Findings]:
    """Faults that need no cluster."""
    missing = line_faults.unavailable()
    for name, what in missing.items():
        progress.print(f"{name}: not played, it {what}")
    chosen = {name: cell for name, cell in line_faults.cells().items() if only in name and name not in missing}
    if not chosen:
        return {}
    with open_place() as place:
        return {name: _play(name, lambda cell=cell: asyncio.run(cell(place))) for name, cell in chosen.items()}


def on_a_fleet(only: str) -> dict[str, Findings]:
    """Faults of nodes."""
    chosen = {name: cell for name, cell in node_faults.cells().items() if only in name}
    if not chosen:
        return {}
    with Fleet(Path(tempfile.mkdtemp(prefix="sc-faults-"))) as fleet:
        due = Scene(fleet.system).undisturbed()
        fleet.nodes.add(cpus=4)
        fleet.nodes.add(cpus=0, gpus=2)
        return {name: _play(name, lambda cell=cell: cell(fleet, due)) for name, cell in chosen.items()}


def _play(name: str, cell: Callable[[], Findings]) -> Findings:
    try:
        found = cell()
    except Exception as error:
        found = Findings(problems=[f"{type(error).__name__}: {error}"])
    progress.print(f"{name}: {'; '.join(found.problems) or 'nothing lost, nothing doubled'}")
    return found


if __name__ == "__main__":
    sys.exit(main())
