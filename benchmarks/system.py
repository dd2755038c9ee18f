"""The whole system on this computer: `up` → ready, what it costs when idle, and a live dialogue's way to its verdict.

    python benchmarks/system.py [--dialogues 12] [--idle-s 60]

Absolute times are this machine's; the targets are `up` ≤ 40 s, idle ≤ 0.15 core.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.e2e.scene import Scene
from tests.e2e.system import System


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dialogues", type=int, default=12)
    parser.add_argument("--idle-s", type=float, default=60)
    arguments = parser.parse_args()
    table = Table("figure", "value", title="The whole system")
    with tempfile.TemporaryDirectory(prefix="sc-bench-") as folder:
        system = System(Path(folder))
        begun = time.monotonic()
        system.cli("up")
        table.add_row("`up` → ready, new home, s", f"{time.monotonic() - begun:.1f}")
        try:
            time.sleep(20)
            table.add_row(f"idle over {arguments.idle_s:.0f} s, cores", f"{_idle_cores(system, arguments.idle_s):.3f}")
            scene = Scene(system)
            scene.undisturbed()
            waits = [scene.seconds_to_verdict() for _ in range(arguments.dialogues)]
            table.add_row("live minute, receipt → verdict, median s", f"{statistics.median(waits):.1f}")
            table.add_row("live minute, receipt → verdict, p95 s", f"{sorted(waits)[int(len(waits) * 0.95)]:.1f}")
        finally:
            system.cli("down", check=False)
        begun = time.monotonic()
        system.cli("up")
        table.add_row("`up` → ready, again, s", f"{time.monotonic() - begun:.1f}")
        system.cli("down", check=False)
    Console(width=100).print(table)


def _idle_cores(system: System, seconds: float) -> float:
    """CPU seconds per second of everything that belongs to the system."""
    processes = system.processes()
    before = {process: _cpu_s(process) for process in processes}
    time.sleep(seconds)
    return sum(_cpu_s(process) - spent for process, spent in before.items()) / seconds


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
