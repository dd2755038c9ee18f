"""Ingest: uploads a second and their p99, beside a bare FastAPI app that does the same fsync and commit.

    python benchmarks/ingest.py [--rounds 5] [--seconds 6] [--clients 8] [--save]

Both run under uvicorn, one process each, on one embedded PostgreSQL as it ships (fsync on) and one disk. The bare app
parses the form, writes file, rename and folder durably, and commits two small rows; it checks nothing and knows no
tokens, identities or duplicates. Rounds alternate between them; the figure is the median of the rounds' ratios, the
aim is 0.5. The clients send prepared bytes over kept connections, so that little of the two cores goes to them.
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import asyncpg
import httpx
import uvicorn
from fastapi import FastAPI, File, Form, UploadFile
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from audio.store import FileStore  # noqa: E402
from configs.settings import load  # noqa: E402
from db import embedded, migrate  # noqa: E402
from db.engine import Database  # noqa: E402
from db.shops.devices import NewDevice, register_device  # noqa: E402
from db.shops.points import NewPoint, NewRegister  # noqa: E402
from domain.ids import DeviceId, PointId, RegisterId  # noqa: E402
from serve_apps.application import Deps  # noqa: E402
from serve_apps.ingest.app import create_app  # noqa: E402

AIM = 0.5
AUDIO = ROOT / "samples" / "shop_day" / "chunks" / "dev_ru_20260302T090000Z.ogg"
TOKEN = "a-token-for-the-benchmark"
IDS = {"point_id": str(UUID(int=1)), "register_id": str(UUID(int=2)), "device_id": str(UUID(int=3))}
MARK = b"2026-03-02T09:00:00.000000Z"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""Where MARK stands in the prepared body each upload gets a start of its own, a millisecond after the one before: no
upload is a duplicate, as long as there are fewer than the 300,000 milliseconds up to END."""
END = "2026-03-02T09:05:00Z"


@dataclass(frozen=True)
class Round:
    """Answers a second, and the 99th percentile of their times in milliseconds."""

    per_s: float
    p99_ms: float


def bare_app(url: str, root: Path) -> FastAPI:
    """What one would write in ten minutes: the same durability and none of the rest."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(url, min_size=3, max_size=3)
        yield
        await app.state.pool.close()

    app, store = FastAPI(lifespan=lifespan), FileStore(root)

    @app.post("/api/v1/chunks")
    async def upload(
        device_id: Annotated[str, Form()], start_ts: Annotated[str, Form()], chunk_file: Annotated[UploadFile, File()]
    ) -> dict[str, str]:
        chunk_id = str(uuid4())
        path = f"audio/{device_id}/{chunk_id}.ogg"
        await asyncio.to_thread(store.put, path, chunk_file.file)
        async with app.state.pool.acquire() as connection, connection.transaction():
            row = (UUID(chunk_id), UUID(device_id), start_ts, path)
            await connection.execute("INSERT INTO bare_chunks VALUES ($1, $2, $3, $4)", *row)
            await connection.execute("INSERT INTO bare_jobs VALUES ($1, 'vad')", UUID(chunk_id))
        return {"status": "ok", "chunk_id": chunk_id}

    return app


def serve(which: str, url: str, root: Path, port: int) -> None:
    """The process of one server."""
    settings = load({"SALESCONTROL_STORAGE__FREE_FLOOR_MB": "0"})
    app = bare_app(url, root) if which == "bare" else create_app(Deps(Database(url), FileStore(root), settings))
    uvicorn.run(app, port=port, log_level="warning", access_log=False)


def prepared_request(port: int) -> tuple[bytes, bytes]:
    """Head and body of an upload; the body holds MARK where the chunk's start goes."""
    fields = {
        **IDS, "start_ts": MARK.decode(), "end_ts": END, "codec": "opus", "sample_rate": "48000", "channels": "1",
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url, files = f"http://127.0.0.1:{port}/api/v1/chunks", {"chunk_file": ("c.ogg", AUDIO.read_bytes(), "audio/ogg")}
    request = httpx.Request("POST", url, headers=headers, data=fields, files=files)
    body = request.read()
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join(["POST /api/v1/chunks HTTP/1.1", *lines, "", ""]).encode(), body


async def one_round(port: int, numbers: Iterator[int], clients: int, seconds: float) -> Round:
    """Every client sends one upload after another until the time is over. Raises where one is not taken."""
    head, body = prepared_request(port)
    before, after = body.split(MARK)
    times_s: list[float] = []
    begun = time.perf_counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (started := time.perf_counter()) < begun + seconds:
            start = START + timedelta(milliseconds=next(numbers))
            writer.write(head + before + f"{start:%Y-%m-%dT%H:%M:%S.%fZ}".encode() + after)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            content = await reader.readexactly(int(length.split(b":")[1]))
            if not answer.startswith(b"HTTP/1.1 200") or b'"duplicate":true' in content:
                raise RuntimeError(f"{answer!r} {content!r}")
            times_s.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    elapsed_s = time.perf_counter() - begun
    return Round(len(times_s) / elapsed_s, 1000 * statistics.quantiles(times_s, n=100)[98])


async def prepare(url: str) -> None:
    """The device of the benchmark, and the bare app's two tables."""
    db = Database(url)
    point = NewPoint(PointId(UUID(IDS["point_id"])))
    register = NewRegister(RegisterId(UUID(IDS["register_id"])), point.point_id)
    async with db.begin() as tx:
        await register_device(tx, NewDevice(DeviceId(UUID(IDS["device_id"])), point, register, token=TOKEN))
    await db.dispose()
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE bare_chunks (id uuid PRIMARY KEY, device_id uuid, start_ts text, path text)")
    await connection.execute("CREATE TABLE bare_jobs (id uuid PRIMARY KEY, stage text)")
    await connection.close()


@asynccontextmanager
async def server(which: str, url: str, home: Path) -> AsyncIterator[int]:
    """A server in a process of its own; yields its port once it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, __file__, "--serve", which, url, str(home / which), str(port)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONWARNINGS": "ignore"})  # noqa: ASYNC220
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


async def measure(url: str, home: Path, arguments: argparse.Namespace) -> dict[str, list[Round]]:
    """Rounds of both servers, in turn."""
    await prepare(url)
    rounds: dict[str, list[Round]] = {"bare": [], "ours": []}
    numbers = count()
    async with server("bare", url, home) as bare, server("ours", url, home) as ours:
        for port in (bare, ours):
            await one_round(
                port, numbers, arguments.clients, 2
            )  # connections, plans and caches are warm before anything counts
        for _ in range(arguments.rounds):
            for name, port in (("bare", bare), ("ours", ours)):
                rounds[name].append(await one_round(port, numbers, arguments.clients, arguments.seconds))
    return rounds


def main() -> int:
    """Prints the table; exit 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        which, url, root, port = arguments.serve
        serve(which, url, Path(root), int(port))
        return 0
    home = Path(tempfile.mkdtemp(prefix="bench-ingest-", dir="/tmp"))
    try:
        url = embedded.start(home)
        migrate.upgrade(url)
        rounds = asyncio.run(measure(url, home, arguments))
    finally:
        embedded.stop(home)
        shutil.rmtree(home)
    return report(rounds, arguments)


def report(rounds: dict[str, list[Round]], arguments: argparse.Namespace) -> int:
    """The table, the saved line, and the exit status."""
    ratio = statistics.median(o.per_s / b.per_s for b, o in zip(rounds["bare"], rounds["ours"], strict=True))
    figures: dict[str, float] = {"clients": arguments.clients, "ratio": round(ratio, 3)}
    table = Table(title=f"Uploads of {AUDIO.stat().st_size // 1000} KB, {arguments.clients} clients")
    for column in ("server", "uploads/s", "p99, ms"):
        table.add_column(column, justify="right" if column != "server" else "left")
    for name, measured in rounds.items():
        per_s, p99_ms = (statistics.median(getattr(r, key) for r in measured) for key in ("per_s", "p99_ms"))
        figures |= {f"{name}_per_s": round(per_s, 1), f"{name}_p99_ms": round(p99_ms, 1)}
        table.add_row(name, f"{per_s:.0f}", f"{p99_ms:.0f}")
    Console().print(table, f"ours ÷ bare: {ratio:.2f} (aim {AIM})")
    if arguments.save:
        results = ROOT / "benchmarks" / "results" / "ingest.json"
        results.parent.mkdir(exist_ok=True)
        results.write_text(json.dumps(figures) + "\n")
    return 0 if ratio >= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
