"""Reports, lists and search over a long history, over HTTP, while uploads come in.

    python benchmarks/reports.py [--verdicts 1000000] [--small 100000] [--folder PATH] [--keep] [--save]

`make bench-reports` runs it with ten million. Generates two histories of 200 points × 160 days in an embedded
PostgreSQL of its own, a large one and a small one, with words for the latest 500,000 dialogues of each. Loading runs at
low priority in one process, a day at a time; it takes 1.3 GB of disk for a million verdicts, plus 2 GB, and the last
lines say how long it took. Then each question is put to both in turn, to servers with a process each, while the large
one receives 50 chunks a second.

Aims: the 95th percentile of each question within its limit; the median on the large history at most twice that on the
small one; no sequential scan of a big table on the way. `--folder` with `--keep` keeps the history for another run.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

import asyncpg
import httpx
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import ingest  # noqa: E402
from benchmarks.history import traffic  # noqa: E402
from benchmarks.history.load import BIG, load  # noqa: E402
from benchmarks.history.questions import QUESTIONS, Known, Question  # noqa: E402
from benchmarks.history.shape import Shape  # noqa: E402
from db import embedded, migrate  # noqa: E402

MAX_RATIO = 2.0
LOADING = {
    **{"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0"},
    **{"max_wal_size": "2GB", "shared_buffers": "512MB"},
}
"""While nothing of it is anybody's; the server is started anew, as it ships, before anything is measured."""
SIZES = ("small", "large")
ASK = [sys.executable, "-W", "ignore", __file__]
_SOME_POINTS = "SELECT point_id::text FROM points ORDER BY point_id"
_SOME_DIALOGUES = "SELECT dialogue_id::text FROM dialogue_transcripts ORDER BY dialogue_id LIMIT 2000"
_SCANS = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY ($1)"
WATCHED = (*BIG, "report_hours")
"""Roll-ups by day are small, and half a year of them is most of them: there a scan may be the best plan."""


@dataclass
class Measured:
    """Milliseconds of each question, by size; sequential scans by table; seconds and bytes of loading."""

    times_ms: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    scans: dict[str, int] = field(default_factory=dict)


def load_all(home: Path, shapes: Mapping[str, Shape]) -> None:
    """In a process of its own and of low priority: the server that it starts inherits that."""
    os.nice(15)
    begun = time.monotonic()
    url = embedded.start(home, LOADING)
    try:
        for size, shape in shapes.items():
            asyncio.run(_create(url, size))
            migrate.upgrade(_of(url, size))
            asyncio.run(load(_of(url, size), shape, lambda line, size=size: print(f"{size}: {line}", flush=True)))
            asyncio.run(ingest.prepare(_of(url, size)))
    finally:
        embedded.stop(home)
    disk_gb = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 1e9
    loaded = {"seconds": round(time.monotonic() - begun), "disk_gb": round(disk_gb, 1)}
    (home / "loaded.json").write_text(json.dumps({**loaded, "shapes": _described(shapes)}))


async def measure(home: Path, shapes: Mapping[str, Shape], arguments: argparse.Namespace) -> Measured:
    """Every question to both histories in turn, in rounds, so that both see the same weather."""
    url, found = embedded.start(home), Measured()
    known = {size: await _known(_of(url, size), shape) for size, shape in shapes.items()}
    async with AsyncExitStack() as stack:
        clients = {}
        for size in SIZES:
            port = await stack.enter_async_context(traffic.server(ASK, "api", _of(url, size), home / "store"))
            client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=traffic.ADMIN, timeout=60)
            clients[size] = await stack.enter_async_context(client)
        taker = await stack.enter_async_context(traffic.server(ASK, "ingest", _of(url, "large"), home / "store"))
        for question in QUESTIONS:
            for size in SIZES:
                await _ask(clients[size], question, known[size], Random(0), 10)  # plans and caches are warm
        before = await _scans(_of(url, "large"))
        await stack.enter_async_context(traffic.uploading(ASK, taker, arguments.uploads))
        for turn in range(arguments.rounds):
            for question in QUESTIONS:
                for size in SIZES:
                    random = Random(f"{turn} {question.name}")
                    times = await _ask(clients[size], question, known[size], random, arguments.requests)
                    found.times_ms[question.name][size] += times
        await asyncio.sleep(2)  # the servers' connections report their scans once a second
        after = await _scans(_of(url, "large"))
    found.scans = {table: after[table] - before[table] for table in after}
    return found


async def _ask(client: httpx.AsyncClient, question: Question, known: Known, random: Random, n: int) -> list[float]:
    times_ms = []
    for _ in range(n):
        path = question.ask(known, random)
        begun = time.perf_counter()
        answer = await client.get(path)
        times_ms.append(1000 * (time.perf_counter() - begun))
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:500]}")
    return times_ms


async def _create(url: str, size: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {size}")
    await connection.close()


async def _known(url: str, shape: Shape) -> Known:
    connection = await asyncpg.connect(url)
    points, dialogues = await connection.fetch(_SOME_POINTS), await connection.fetch(_SOME_DIALOGUES)
    await connection.close()
    return Known(shape, [row[0] for row in points], [row[0] for row in dialogues])


async def _scans(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(_SCANS, WATCHED)
    await connection.close()
    return {row["relname"]: row["seq_scan"] for row in rows}


def _of(url: str, size: str) -> str:
    return url.replace(f"/{embedded.DATABASE}?", f"/{size}?")


def _described(shapes: Mapping[str, Shape]) -> dict[str, dict[str, str]]:
    return {size: {name: str(value) for name, value in asdict(shape).items()} for size, shape in shapes.items()}


def report(found: Measured, loaded: Mapping[str, object], arguments: argparse.Namespace) -> int:
    """The table, the saved line, and the exit status."""
    figures: dict[str, object] = {"verdicts": arguments.verdicts, "small": arguments.small, **loaded}
    table = Table(
        title=f"{arguments.verdicts:,} verdicts beside {arguments.small:,}, {arguments.uploads:g} uploads a second"
    )
    for column in ("question", "p95, ms", "at most", "median, ms", "on the small one", "ratio"):
        table.add_column(column, justify="left" if column == "question" else "right")
    missed = [f"{n} sequential scans of {name}" for name, n in found.scans.items() if n]
    for question in QUESTIONS:
        times = found.times_ms[question.name]
        p95_ms = statistics.quantiles(times["large"], n=20)[18]
        medians = {size: statistics.median(times[size]) for size in SIZES}
        ratio = medians["large"] / medians["small"]
        row = (
            f"{p95_ms:.1f}",
            f"{question.limit_ms:g}",
            *(f"{medians[s]:.1f}" for s in ("large", "small")),
            f"{ratio:.2f}",
        )
        table.add_row(question.name, *row)
        figures[question.name] = {
            "p95_ms": round(p95_ms, 1),
            "median_ms": round(medians["large"], 1),
            "ratio": round(ratio, 2),
        }
        if p95_ms > question.limit_ms:
            missed.append(f"{question.name}: {p95_ms:.1f} ms")
        if ratio > MAX_RATIO:
            missed.append(f"{question.name}: {ratio:.2f} times the small one's")
    scans = sum(found.scans.values())
    Console().print(table, f"sequential scans of big tables: {scans}", f"loading: {loaded}", *missed, sep="\n")
    if arguments.save:
        results = ROOT / "benchmarks" / "results" / "reports.json"
        results.parent.mkdir(exist_ok=True)
        with results.open("a") as file:
            file.write(json.dumps(figures) + "\n")
    return 1 if missed else 0


def main() -> int:
    """Exit 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verdicts", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=100_000)
    parser.add_argument("--transcripts", type=int, default=500_000)
    parser.add_argument("--requests", type=int, default=25, help="of each question, size and round")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--uploads", type=float, default=50, help="a second")
    parser.add_argument("--folder", type=Path, help="where the history goes; absent: a temporary one")
    parser.add_argument("--keep", action="store_true", help="leave it there, and take it from there the next time")
    parser.add_argument("--save", action="store_true", help="append to benchmarks/results/reports.json")
    parser.add_argument("--load", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--upload", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        which, url, root, port = arguments.serve
        traffic.serve(which, url, Path(root), int(port))
        return 0
    if arguments.upload:
        traffic.upload(int(arguments.upload[0]), float(arguments.upload[1]))
        return 0
    sizes = zip(SIZES, (arguments.small, arguments.verdicts), strict=True)
    shapes = {size: Shape(verdicts, transcripts=arguments.transcripts) for size, verdicts in sizes}
    if arguments.load:
        load_all(arguments.folder, shapes)
        return 0
    return run(shapes, arguments)


def run(shapes: Mapping[str, Shape], arguments: argparse.Namespace) -> int:
    """Loads where that was not done yet, measures, and cleans up."""
    home = arguments.folder or Path(tempfile.mkdtemp(prefix="bench-reports-", dir="/tmp"))
    try:
        record = home / "loaded.json"
        if not record.exists() or json.loads(record.read_text())["shapes"] != _described(shapes):
            again = [*ASK, "--load", *sys.argv[1:], *(() if arguments.folder else ("--folder", str(home)))]
            subprocess.run(again, check=True)
        loaded = json.loads(record.read_text())
        del loaded["shapes"]
        found = asyncio.run(measure(home, shapes, arguments))
    finally:
        embedded.stop(home)
        shutil.rmtree(home / "store", ignore_errors=True)
        if not arguments.keep:
            shutil.rmtree(home)
    return report(found, loaded, arguments)


if __name__ == "__main__":
    sys.exit(main())
