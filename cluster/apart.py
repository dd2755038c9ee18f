"""Some stages on a machine apart from the cluster, in this process: `salescontrol worker`.

It needs the database and, unless it has the audio itself, the address of a server that does. Leases and fences make it
one of the workers: it may be killed, doubled, or cut off from the others at any time. It does no housekeeping, and
where it hosts `asr`, Whisper runs in a Ray of its own beside it.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import fasteners

from audio.open import open_store
from cluster import lifecycle, ray_head
from cluster.assembly import build_worker
from cluster.holders import holder
from cluster.serving import ServeApi, read_config
from cluster.stages import discover
from cluster.whisper import APPLICATION
from cluster.wiring import database_url
from configs.settings import Settings
from db import migrate
from domain.errors import ConfigError, SalesControlError

Report = Callable[[str, str], None]
DRAIN_S = 20.0
LOOK_S = 5.0
READERS = {"vad", "asr"}
"""Stages that read audio."""
APART = "apart"
"""Stands where a worker of the cluster names its node: the cluster's supervisor leaves this one to its leases."""


def run(settings: Settings, hosted: Sequence[str], report: Report) -> None:
    """Works until SIGTERM or Ctrl-C, then hands back what is not finished.

    Raises ConfigError for what is wrong here, Unavailable where the database or the audio can't be reached, and
    SalesControlError where Whisper does not start or ends: whoever started us starts us again.
    """
    _check(settings, hosted)
    url = database_url(settings)
    _check_schema(url)
    if READERS & set(hosted):
        report("audio", "asking")
        open_store(settings).check()
        report("audio", "ready")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _whisper(settings, url, report) if "asr" in hosted else nullcontext():
        asyncio.run(_work(settings, hosted, report))


def _check(settings: Settings, hosted: Sequence[str]) -> None:
    known = discover()
    if not hosted or (unknown := [name for name in hosted if name not in known]):
        named = ", ".join(unknown) if hosted else "none"
        raise ConfigError(f"--stages names {named}; the stages are {', '.join(known)}")
    if os.environ.get("RAY_ADDRESS"):
        raise ConfigError("RAY_ADDRESS names a cluster: its workers are those of workers.groups, started by `up`")


def _check_schema(url: str) -> None:
    found, head = migrate.current(url), migrate.head()
    if found != head and not migrate.is_newer(found):
        raise ConfigError(f"the database is at {found or 'none'}, this release needs {head}; update the server first")


@contextmanager
def _whisper(settings: Settings, url: str, report: Report) -> Iterator[None]:
    """A Ray with nothing but Whisper, for as long as the block lasts; this process is its driver."""
    home = _ray_home(settings)
    lock = fasteners.InterProcessLock(str(home / "run" / "worker.lock"))
    if not lock.acquire(blocking=False):
        raise ConfigError(f"another `salescontrol worker` with asr runs in {settings.home}; set SALESCONTROL_HOME")
    env = {**lifecycle.cluster_environment(settings, url), **ray_head.environment(home)}
    try:
        report("ray", "starting")
        head = ray_head.start(settings.model_copy(update={"home": home}), env, has_disk=False)
        report("ray", "ready")
        api = ServeApi(head.dashboard_url, lifecycle.token(home))
        api.deploy(read_config(settings, only=APPLICATION))
        api.wait_until_running([APPLICATION], report)
        with lifecycle.as_driver(home, head.address):
            yield
    finally:
        ray_head.stop(home)
        lock.release()


def _ray_home(settings: Settings) -> Path:
    """Apart from that of `up` in the same home, which must not be taken for one that a killed worker left."""
    return settings.home / APART


async def _work(settings: Settings, hosted: Sequence[str], report: Report) -> None:
    worker = build_worker(settings, holder(socket.gethostname(), APART, os.getpid()), hosted)
    work = asyncio.create_task(worker.run())
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    report("worker", f"running: {', '.join(hosted)}")
    lost = asyncio.create_task(_until_lost(settings)) if "asr" in hosted else None
    waiting: list[asyncio.Task[Any]] = [work, asyncio.create_task(ending.wait()), *([lost] if lost else [])]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    report("worker", "draining")
    await worker.drain(DRAIN_S)
    await work
    await worker.ctx.db.dispose()
    report("worker", "stopped")
    if lost and lost.done():
        raise SalesControlError(f"Ray's head has ended; {_ray_home(settings)}/logs/ray.log says why")


async def _until_lost(settings: Settings) -> None:
    while ray_head.running(_ray_home(settings)) is not None:
        await asyncio.sleep(LOOK_S)
