"""The job queue: what a long history of finished jobs costs a claim.

    python benchmarks/claims.py [--finished 1000000] [--workers 8] [--rounds 25] [--save]

Two databases on one embedded server as it ships (fsync on): one empty, one with a history. Rounds alternate between
them: workers claim jobs of 50 devices, one a time, and complete each in its own transaction. The figure is claims a
second with history over claims a second without (median of rounds); the aim is 0.9.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.engine import make_url

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from configs import settings  # noqa: E402
from db import embedded, migrate  # noqa: E402
from db.engine import Database  # noqa: E402
from db.queue import NewJob, Queue  # noqa: E402

AIM = 0.9
JOBS_A_ROUND = 300
DEVICES = 50
HISTORY = text("""
    INSERT INTO jobs (stage, subject_id, lock_key, fair_key, state, attempts, enqueued_at, finished_at, audio_ms)
    SELECT (ARRAY['vad', 'dialogues', 'asr', 'analysis'])[1 + n % 4], gen_random_uuid(), gen_random_uuid(),
           'device ' || n % :devices, 'done', 1, now() - n * interval '250 ms', now() - n * interval '250 ms', 60000
    FROM generate_series(1, :finished) AS n
""")


def main() -> int:
    """Prints the table; exit 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finished", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="bench-claims-", dir="/tmp"))
    try:
        url = embedded.start(home)
        rates = asyncio.run(measure(url, arguments.finished, arguments.workers, arguments.rounds))
    finally:
        embedded.stop(home)
        shutil.rmtree(home)
    figures = {name: round(statistics.median(values), 1) for name, values in rates.items()}
    ratios = [long / empty for empty, long in zip(*rates.values(), strict=True)]
    lower, ratio, upper = statistics.quantiles(ratios, n=4)
    figures |= {
        "ratio, median of rounds": round(ratio, 3),
        "lower quartile": round(lower, 3),
        "upper quartile": round(upper, 3),
    }
    show(figures)
    if arguments.save:
        results = ROOT / "benchmarks" / "results" / "claims.json"
        results.parent.mkdir(exist_ok=True)
        results.write_text(json.dumps(figures) + "\n")
    return 0 if ratio >= AIM else 1


async def measure(url: str, finished: int, workers: int, rounds: int) -> dict[str, list[float]]:
    """Claims a second of every round, by database. Each worker has a connection of its own, as a process has."""
    urls = [await prepare(url, "empty", 0), await prepare(url, "history", finished)]
    fleets = [[Queue(Database(own, pool_size=1), settings.load({}).jobs) for _ in range(workers)] for own in urls]
    rates: dict[str, list[float]] = {"empty, claims/s": [], f"{finished:,} finished, claims/s": []}
    for fleet in fleets:
        await one_round(fleet)  # connections and plans are warm before anything counts
    for _ in range(rounds):
        for values, fleet in zip(rates.values(), fleets, strict=True):
            values.append(await one_round(fleet))
    for queue in (queue for fleet in fleets for queue in fleet):
        await queue.db.dispose()
    return rates


async def prepare(url: str, name: str, finished: int) -> str:
    """The URL of a migrated database with so many finished jobs, vacuumed as autovacuum would have it by then."""
    server = Database(url)
    async with server.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text(f"CREATE DATABASE {name}"))
    await server.dispose()
    own = make_url(url).set(database=name).render_as_string(hide_password=False)
    await asyncio.to_thread(migrate.upgrade, own)
    database = Database(own)
    async with database.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(HISTORY, {"finished": finished, "devices": DEVICES})
        await autocommit.execute(text("VACUUM (ANALYZE) jobs"))
        await autocommit.execute(text("CHECKPOINT"))
    await database.dispose()
    return own


async def one_round(fleet: list[Queue]) -> float:
    """Queues a round's jobs, claims and completes them all. Claims a second."""
    jobs = [NewJob("vad", f"subject {n}", fair_key=f"device {n % DEVICES}") for n in range(JOBS_A_ROUND)]
    async with fleet[0].db.begin() as tx:
        await fleet[0].enqueue(tx, jobs)
    started = time.perf_counter()
    claimed = await asyncio.gather(*(work(queue) for queue in fleet))
    return sum(claimed) / (time.perf_counter() - started)


async def work(queue: Queue) -> int:
    """Claims and completes until nothing is left. How many."""
    claimed = 0
    while jobs := await queue.claim("vad", 1, "bench"):
        async with queue.db.begin() as tx:
            await queue.complete(tx, jobs[0])
        claimed += 1
    return claimed


def show(figures: dict[str, float]) -> None:
    """One row per figure."""
    table = Table("figure", "value", title="claims")
    for name, value in figures.items():
        table.add_row(name, f"{value:,}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
