"""Dialogues: random days in random orders through the real stage on PostgreSQL, and what a chunk costs over history.

    python benchmarks/dialogues.py [--days 2000] [--orders 3] [--first-seed 0] [--processes 2] [--save]

Exit 1 unless every order of every day leads to the dialogues that the recorded audio alone decides.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "integration")]

from dialogue_days import DAY_START_MS, Clip, random_day  # noqa: E402
from dialogue_delivery import Delivery, random_delivery  # noqa: E402
from dialogue_history import insert_history  # noqa: E402

from db import embedded, migrate  # noqa: E402
from db.dialogues.stage_store import to_instant  # noqa: E402
from db.engine import Database  # noqa: E402
from domain.timeline import Rules, Span  # noqa: E402

NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
HISTORIES = (0, 1_000, 10_000, 100_000)
"""Chunks of the same device before the measured ones: 100,000 are 70 days without a break."""
OTHER_DEVICES, THEIR_CHUNKS = 500, 20
"""A fleet beside the measured devices: the planner's averages are those of the many, not of the one with a past."""
MEASURED_CHUNKS = 60
MIN_MS = 60_000


@dataclass(slots=True)
class Sweep:
    """Totals over days. `wrong`: seeds and orders whose dialogues were not the expected ones."""

    days: int = 0
    deliveries: int = 0
    chunks: int = 0
    dialogues: int = 0
    jobs: int = 0
    revisions: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Sweep") -> None:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


def main() -> int:
    """Runs both parts and prints their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=2_000)
    parser.add_argument("--orders", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--save", action="store_true", help="append to benchmarks/results/dialogues.json")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="sc-dialogues-", dir="/tmp"))
    try:
        url = embedded.start(home, NOT_DURABLE)
        migrate.upgrade(url)
        began = time.monotonic()
        sweep = swept(url, arguments)
        sweep_s = time.monotonic() - began
        costs = asyncio.run(cost_by_history(url))
    finally:
        embedded.stop(home)
        shutil.rmtree(home)
    report(sweep, sweep_s, costs)
    if arguments.save:
        save({**asdict(sweep), "sweep_s": round(sweep_s, 1), "ms_per_chunk_by_history": costs})
    return 1 if sweep.wrong else 0


def swept(url: str, arguments: argparse.Namespace) -> Sweep:
    """All days, over some processes."""
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.days)
    parts = [list(seeds)[i :: arguments.processes] for i in range(arguments.processes)]
    total = Sweep()
    with ProcessPoolExecutor(arguments.processes) as pool:
        for part in pool.map(sweep_part, [url] * len(parts), parts, [arguments.orders] * len(parts)):
            total.add(part)
    return total


def sweep_part(url: str, seeds: list[int], orders: int) -> Sweep:
    """Some days, each in several orders."""
    return asyncio.run(_sweep_part(url, seeds, orders))


async def _sweep_part(url: str, seeds: list[int], orders: int) -> Sweep:
    db, total = Database(url), Sweep()
    for seed in seeds:
        day = random_day(Random(seed))
        expected = day.expected(Rules())
        total.add(Sweep(days=1))
        for order in range(orders):
            random = Random(f"{seed}/{order}")
            delivery = Delivery(db, random)
            await delivery.run(random_delivery(day, random))
            wrong = [] if await delivery.dialogues() == expected else [f"{seed}/{order}"]
            revisions = sum(revision > 1 for _, revision in delivery.sent_to_asr)
            total.add(Sweep(0, 1, len(day.clips), len(expected), delivery.jobs, revisions, wrong))
    await db.dispose()
    return total


async def cost_by_history(url: str) -> dict[int, float]:
    """Median ms of the job after each new chunk, by the number of chunks that the device had before. All devices take
    turns chunk by chunk, so that a slow moment of the machine hits them alike."""
    db = Database(url)
    for _ in range(OTHER_DEVICES):
        other = Delivery(db, Random(0))
        await other.install()
        async with db.begin() as tx:
            await insert_history(tx, other.device_id, THEIR_CHUNKS, to_instant(DAY_START_MS))
    deliveries = {}
    for history in HISTORIES:
        deliveries[history] = Delivery(db, Random(0))
        await deliveries[history].install()
        async with db.begin() as tx:
            await insert_history(tx, deliveries[history].device_id, history, to_instant(DAY_START_MS))
    async with db.begin() as tx:
        await tx.execute(text("ANALYZE"))
    times: dict[int, list[float]] = {history: [] for history in HISTORIES}
    speech = tuple(Span(5_000 * i, 5_000 * i + 4_000) for i in range(8))
    for number in range(MEASURED_CHUNKS):
        clip = Clip(number, uuid4(), number, DAY_START_MS + number * MIN_MS, MIN_MS, MIN_MS, speech)  # type: ignore[arg-type]
        for history, delivery in deliveries.items():
            await delivery.step(clip.start_ms + MIN_MS, "receive", clip)
            await delivery.step(clip.start_ms + MIN_MS, "hear", clip)
            began = time.perf_counter()
            await delivery.work(clip.start_ms + MIN_MS)
            times[history].append((time.perf_counter() - began) * 1000)
    await db.dispose()
    return {history: round(median(taken), 2) for history, taken in times.items()}


def report(sweep: Sweep, sweep_s: float, costs: dict[int, float]) -> None:
    """Two tables on stdout."""
    console = Console()
    order = Table("days", "deliveries", "chunks", "dialogues", "jobs", "revised", "seconds", "wrong", title="Any order")
    figures = (sweep.days, sweep.deliveries, sweep.chunks, sweep.dialogues, sweep.jobs, sweep.revisions)
    order.add_row(*(f"{n:,}" for n in figures), f"{sweep_s:.0f}", " ".join(sweep.wrong[:20]) or "none")
    console.print(order)
    cost = Table("chunks before", "ms a job (median)", "ratio to none", title="Cost of one chunk")
    for history, ms in costs.items():
        cost.add_row(f"{history:,}", f"{ms:.1f}", f"{ms / costs[0]:.2f}")
    console.print(cost)


def save(figures: dict[str, object]) -> None:
    """One JSON line."""
    path = ROOT / "benchmarks" / "results" / "dialogues.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(figures) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
