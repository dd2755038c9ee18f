"""The applications in processes of their own, and uploads at a fixed pace against one of them."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import uvicorn

from audio.store import FileStore
from benchmarks.ingest import MARK, START, prepared_request
from configs.settings import load
from db.engine import Database
from serve_apps.api.app import create_app as create_api
from serve_apps.application import Deps
from serve_apps.ingest.app import create_app as create_ingest

ADMIN = {"Authorization": "Bearer an-admin-token-for-tests"}
CONNECTIONS = 10


def serve(which: str, url: str, root: Path, port: int) -> None:
    """The process of one server: `api` or `ingest`."""
    settings = load(
        {"ADMIN_TOKEN": "an-admin-token-for-tests", "SALESCONTROL_STORAGE__FREE_FLOOR_MB": "0"},
    )
    deps = Deps(Database(url), FileStore(root), settings)
    app = create_api(deps) if which == "api" else create_ingest(deps)
    uvicorn.run(app, port=port, log_level="warning", access_log=False)


@asynccontextmanager
async def server(command: Sequence[str], which: str, url: str, root: Path) -> AsyncIterator[int]:
    """A process that calls `serve`, started by `command`; yields its port once it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([*command, "--serve", which, url, str(root), str(port)])  # noqa: ASYNC220
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def uploading(command: Sequence[str], port: int, per_s: float) -> AsyncIterator[None]:
    """A process that calls `upload` until the block ends; it prints what it reached."""
    process = subprocess.Popen([*command, "--upload", str(port), str(per_s)], stdin=subprocess.PIPE)  # noqa: ASYNC220
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def upload(port: int, per_s: float) -> None:
    """Sends chunks at this pace until standard input ends; prints how many a second were taken."""
    taken, elapsed_s = asyncio.run(_upload(port, per_s))
    print(f"uploads: {taken} taken, {taken / elapsed_s:.1f} a second")


async def _upload(port: int, per_s: float) -> tuple[int, float]:
    head, body = prepared_request(port)
    before, after = body.split(MARK)
    numbers, begun, taken = count(os.getpid() % 1000), time.perf_counter(), 0
    is_over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), is_over.set)

    async def client(first: int) -> None:
        nonlocal taken
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for turn in count(first, CONNECTIONS):
            await asyncio.sleep(max(0.0, begun + turn / per_s - time.perf_counter()))
            if is_over.is_set():
                break
            start = START + timedelta(milliseconds=next(numbers))
            writer.write(head + before + f"{start:%Y-%m-%dT%H:%M:%S.%fZ}".encode() + after)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            content = await reader.readexactly(int(length.split(b":")[1]))
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"{answer!r} {content!r}")
            taken += 1
        writer.close()

    await asyncio.gather(*(client(n) for n in range(CONNECTIONS)))
    return taken, time.perf_counter() - begun
