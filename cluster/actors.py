"""The Ray actors: a shell around Worker and Supervisor, each with its own thread and event loop.

The loop starts in `__init__`, so that an actor which Ray restarts (kill -9, node loss) works again without being told.
A loop that ends with an error ends its process: Ray then restarts it, and a broken actor never looks alive.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import ray

from audio.open import open_store
from cluster.assembly import build_worker
from cluster.holders import holder
from cluster.names import NAMESPACE, SUPERVISOR
from cluster.reanalysis.keeper import RunKeeper
from cluster.supervisor import Supervisor
from cluster.wiring import database_url
from configs import logs, settings
from configs.sections import WorkerGroup
from db.engine import Database
from db.stage_loads import StageLoad
from db.vitals import tell_vitals
from domain import metrics as m
from domain.metrics import Sample

log = logging.getLogger(__name__)

DRAIN_S = 20.0
PING_S = 3.0
"""A worker that starts, or hangs, does not answer within this."""


class _Loop:
    """An event loop in a thread of its own."""

    def __init__(self, main: Callable[[], Awaitable[None]]) -> None:
        self._main = main
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, name="main-loop", daemon=True)
        self.thread.start()

    def call(self, coroutine: Any, timeout_s: float) -> Any:
        """Runs a coroutine on the loop from another thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout_s)

    def beside(self, coroutine: Any) -> None:
        """Starts one more thing on the loop, which ends with it."""
        asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self._main())
        except BaseException:
            log.exception("loop_died")
            os._exit(1)


def answer(reference: Any, timeout_s: float) -> Any:
    """What a remote call returns. Raises GetTimeoutError, RayActorError."""
    return ray.get(reference, timeout=timeout_s)


class WorkerActor:
    """Hosts some stages. Created by the supervisor as a named, detached actor."""

    def __init__(self, name: str, release: str, hosted: list[str] | None) -> None:
        config = settings.load()
        logs.setup(config.log.level)
        self._name, self._release = name, release
        self._holder = holder(name, ray.get_runtime_context().get_node_id(), os.getpid())
        self._worker = build_worker(config, self._holder, hosted)
        self._loop = _Loop(self._worker.run)
        self._loop.beside(tell_vitals(self._worker.ctx.db, [Sample(m.BUILD, 1, (release, config.profile))]))

    def __repr__(self) -> str:
        """What Ray's dashboard and log files call it: the stages that it hosts."""
        return f"{self._name}: {', '.join(self._worker.lanes)}"

    def ping(self) -> dict[str, Any]:
        """Name, as what it holds jobs, process id, release and what is in flight by stage."""
        stages = [asdict(snapshot) for snapshot in self._worker.snapshot()]
        who = {"name": self._name, "worker": self._holder, "pid": os.getpid()}
        return {**who, "release": self._release, "stages": stages}

    def drain(self) -> None:
        """Returns once nothing is in flight: finished, or handed back to the queue."""
        self._loop.call(self._worker.drain(DRAIN_S), DRAIN_S * 3)


class SupervisorActor:
    """Keeps the configured workers alive and the house clean. One per cluster, by name."""

    def __init__(self, release: str) -> None:
        config = settings.load()
        logs.setup(config.log.level)
        self._release = release
        database = Database(database_url(config), pool_size=1)
        self._supervisor = Supervisor(config, database, open_store(config), RayWorkers(release))
        self._loop = _Loop(self._supervisor.run)
        self._loop.beside(RunKeeper(Database(database_url(config), pool_size=1), config).run())

    def ping(self) -> dict[str, Any]:
        """Process id, release, and the workers as last seen."""
        return {"pid": os.getpid(), "release": self._release, "workers": self._supervisor.seen}

    def loads(self) -> tuple[float, dict[str, StageLoad]]:
        """What waits for each stage, and how long ago, in seconds, that was true."""
        return time.monotonic() - self._supervisor.loads_at_s, self._supervisor.loads

    def stop(self) -> None:
        """Drains and ends every worker. The supervisor itself is ended by the caller."""
        self._loop.call(self._supervisor.stop(), DRAIN_S * 4)


class RayWorkers:
    """The supervisor's view of worker actors, in Ray's terms."""

    def __init__(self, release: str) -> None:
        self.release = release

    def ensure(self, name: str, hosted: list[str] | None, group: WorkerGroup) -> dict[str, Any] | None:
        """Its ping, starting the worker where it is missing or of another release; None while it is not answering."""
        try:
            actor = ray.get_actor(name, NAMESPACE)
        except ValueError:
            self._create(name, hosted, group)
            return None
        try:
            seen: dict[str, Any] = answer(actor.ping.remote(), timeout_s=10)
        except (ray.exceptions.RayActorError, ray.exceptions.GetTimeoutError):
            return None
        if seen["release"] != self.release:
            self.remove(name)
            return None
        return seen

    def nodes(self) -> dict[str, bool]:
        """Id of each node, the lost ones too → does it live."""
        nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        return {node["NodeID"]: node["Alive"] for node in nodes}

    def names(self) -> list[str]:
        """Workers that exist now, ours or of another release."""
        actors = ray.util.list_named_actors(all_namespaces=True)
        return sorted(a["name"] for a in actors if a["namespace"] == NAMESPACE and a["name"] != SUPERVISOR)

    def remove(self, name: str) -> None:
        """Drains a worker, then ends it for good. What one that does not answer holds, its leases free."""
        try:
            actor = ray.get_actor(name, NAMESPACE)
        except ValueError:
            return
        try:
            answer(actor.ping.remote(), PING_S)
            answer(actor.drain.remote(), DRAIN_S * 3)
        except (ray.exceptions.RayError, TimeoutError):
            log.warning("drain_failed", extra={"worker": name})
        ray.kill(actor, no_restart=True)

    def _create(self, name: str, hosted: list[str] | None, group: WorkerGroup) -> None:
        remote = ray.remote(WorkerActor).options(
            name=name,
            namespace=NAMESPACE,
            lifetime="detached",
            get_if_exists=True,
            num_cpus=group.num_cpus,
            resources=group.resources,
            max_restarts=-1,
            max_task_retries=0,
            max_concurrency=4,
        )
        remote.remote(name, self.release, hosted)
        log.info("worker_started", extra={"worker": name, "stages": hosted or "all"})
