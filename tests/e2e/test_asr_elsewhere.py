"""ASR on a machine apart: one command there, with the database, the server's address and its token."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from audio.store import FileStore
from db import tables as t
from db.engine import Database
from serve_apps.application import Deps
from tests.e2e.system import free_ports, processes_with
from tests.in_memory import make_folder
from tests.integration.shop import Shop, running, settings_for_tests

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

COMMAND = [str(Path(sys.executable).with_name("salescontrol")), "worker", "--stages"]
TOKEN = "an-internal-token-for-tests"


@pytest.fixture
def homes() -> Iterator[tuple[Path, Path]]:
    """Of the server and of the machine apart; at the end nothing of theirs runs."""
    folder = make_folder("sc-apart-")
    homes = folder / "server", folder / "apart"
    for home in homes:
        home.mkdir()
    yield homes
    left = [process for home in homes for process in processes_with(home)]
    for process in left:
        process.kill()
    shutil.rmtree(folder)
    assert not left, f"left running: {[' '.join(process.cmdline()) for process in left]}"


@pytest.fixture
async def server(db: Database, homes: tuple[Path, Path], samples: Path) -> AsyncIterator[Shop]:
    """What takes uploads and serves audio to our own nodes."""
    settings = settings_for_tests(SALESCONTROL_HOME=str(homes[0]))
    async with running(Deps(db, FileStore(homes[0] / "audio"), settings), samples) as shop:
        yield shop


def start(stages: str, home: Path, **env: str) -> "subprocess.Popen[bytes]":
    machine = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    if "PYTHONPATH" in os.environ:
        machine["PYTHONPATH"] = os.environ["PYTHONPATH"]
    log = (home / "worker.log").open("wb")
    with log:
        everything = {**machine, "SALESCONTROL_HOME": str(home), **env}
        return subprocess.Popen([*COMMAND, stages], env=everything, cwd=home, stdout=log, stderr=log)


async def transcript(db: Database, workers: dict[Path, "subprocess.Popen[bytes]"]) -> str:
    """The first one that there is. Fails where a worker ends before."""
    while True:
        async with db.begin() as tx:
            text = (await tx.execute(select(t.dialogue_transcripts.c.text))).scalar()
        if text is not None:
            return str(text)
        for home, worker in workers.items():
            assert worker.poll() is None, (home / "worker.log").read_text()
        await asyncio.sleep(0.2)


async def test_the_machine_apart_hears_what_the_server_has(
    db: Database, database_url: str, server: Shop, homes: tuple[Path, Path]
) -> None:
    ports = dict(zip(("PORT", "RAY_DASHBOARD_PORT", "RAY_PORT"), map(str, free_ports(3)), strict=True))
    same_machine = {f"SALESCONTROL_SERVER__{name}": port for name, port in ports.items()}
    three = {
        "DATABASE_URL": database_url,
        "INGEST_INTERNAL_BASE_URL": str(server.client.base_url),
        "INTERNAL_TOKEN": TOKEN,
    }
    at_once = {"SALESCONTROL_DIALOGUES__LATENESS_S": "0", "SALESCONTROL_JOBS__POLL_S": "0.1"}
    (await server.upload()).raise_for_status()
    workers = {homes[1]: start("asr", homes[1], **three, **same_machine)}
    try:
        workers[homes[0]] = start("vad,dialogues", homes[0], DATABASE_URL=database_url, **at_once)
        async with asyncio.timeout(240):
            text = await transcript(db, workers)
    finally:
        for worker in workers.values():
            worker.send_signal(signal.SIGTERM)
        ended = [await asyncio.to_thread(worker.wait, 60) for worker in workers.values()]
    assert "доброе утро" in text.lower()
    assert "капучин" in text.lower()
    assert not (homes[1] / "audio").exists(), "no store of its own"
    assert ended == [0, 0], [(home / "worker.log").read_text() for home in homes]
