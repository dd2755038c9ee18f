"""The recorder's crash matrix: every fault in a whole recorder of its own, and what became of each second.

    python benchmarks/recorder_crashes.py [--only WORD]

Real ffmpeg, ALSA, PostgreSQL and ingest. A power cut is a copy of the mounted ext4 image: what was not yet written to
the disk is not in it. The clock steps by a preloaded clock_gettime. Exit 1 unless every row is well.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from db import embedded, migrate
from tests.e2e.recorder import cells
from tests.e2e.recorder.server import running_server


def main() -> int:
    """Runs the cells and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cells whose name contains this")
    arguments = parser.parse_args()
    missing = cells.unavailable()
    names = [name for name in cells.cells() if arguments.only in name and name not in missing]
    with tempfile.TemporaryDirectory(prefix="sc-recorder-") as folder:
        home = Path(folder)
        url = embedded.start(home, {})
        try:
            migrate.upgrade(url)
            with running_server(url, home / "store") as server:
                results = cells.run(cells.place_in(home, server), names)
        finally:
            embedded.stop(home)
    console = Console()
    console.print(cells.table(results))
    for name, what in missing.items():
        console.print(f"not run: {name}: {what}")
    return 1 if any(found.problems for found in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
