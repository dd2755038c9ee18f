"""How many counters one server carries: reckoned from speeds that were measured or published.

    python benchmarks/sizing.py [--check | --write]

Reckons and measures nothing: each column says which figure it rests on. `--write` puts the table into
docs/one-server.md, `--check` says whether the one there is what comes out now.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.costs import BUSY, BYTES_PER_S, CPU_SPEED, GPU_SPEED, stated, tell  # noqa: E402
from benchmarks.fleet_month.shops import CLOSED, OPEN, WEEKDAY, Shops  # noqa: E402

DOC = ROOT / "docs" / "one-server.md"
BEGIN, END = "<!-- benchmarks/sizing.py --write: begin -->", "<!-- benchmarks/sizing.py --write: end -->"
CORES = (2, 4, 8, 16)
GPU_CORES = 8
KEPT_DAYS = 30
VERDICT_BYTES = 14.8e9 / 10e6
"""Of a dialogue with all that belongs to it in PostgreSQL: benchmarks/reports.py, ten million verdicts."""


def main() -> int:
    """Prints the table; exit 1 where --check finds another one in the docs."""
    return tell(__doc__ or "", table(), DOC, (BEGIN, END))


def table() -> str:
    """Machines by row, in Markdown."""
    disk_gb = counter_bytes(KEPT_DAYS) / 1e9
    rows = ["| machine | Whisper | counters | rests on |", "| --- | --- | --: | --- |"]
    slow, fast = CPU_SPEED
    cpu = f"{slow:g} to {fast:g} × real time on two cores, measured; more cores in proportion"
    rows += [f"| {cores} cores | base | {_range(*on_cores(cores))} | {cpu} |" for cores in CORES]
    slow, fast = GPU_SPEED
    gpu = f"{slow:g} to {fast:g} × real time, published for cards below and above an A10G, not measured here"
    rows.append(f"| {GPU_CORES} cores and one GPU | large-v3-turbo | {_range(*on_gpu())} | {gpu} |")
    shops = Shops()
    return "\n".join(rows) + (
        f"\n\nEach counter: {shops.per_hour:g} dialogues an hour of {shops.mean_s:.0f} s, {max(WEEKDAY):g} times as"
        f" many at lunch (assumed); the machine keeps up with the lunch peak at {BUSY:.0%} load. Disk: {disk_gb:.1f} GB"
        f" a counter for {KEPT_DAYS} days of audio at 24 kbit/s and their verdicts."
    )


def on_cores(cores: int) -> tuple[float, float]:
    """Counters at the peak, (least, most): finding speech in all that is recorded, and Whisper base on dialogues."""
    vad = 1 / stated("Finding speech, decoding included")
    needs = [vad + peak_share() * 2 / speed for speed in CPU_SPEED]
    return min(cores * BUSY / need for need in needs), max(cores * BUSY / need for need in needs)


def on_gpu() -> tuple[float, float]:
    """As `on_cores`, with dialogues on the card; the processors find the speech."""
    finding = GPU_CORES * BUSY * stated("Finding speech, decoding included")
    least, most = (min(BUSY * speed / peak_share(), finding) for speed in sorted(GPU_SPEED))
    return least, most


def peak_share() -> float:
    """Seconds of dialogue a second of recording, at lunch."""
    shops = Shops()
    return shops.per_hour * max(WEEKDAY) * shops.mean_s / 3600


def counter_bytes(days: int) -> float:
    """Of a counter's audio and verdicts over so many days."""
    hours = (CLOSED - OPEN) * days
    return hours * (3600 * BYTES_PER_S + Shops().per_hour * VERDICT_BYTES)


def _range(least: float, most: float) -> str:
    """Two figures, of two significant digits each."""
    return " to ".join(f"{float(f'{value:.2g}'):,.0f}" for value in (least, most))


if __name__ == "__main__":
    sys.exit(main())
