"""Further Ray nodes on this machine beside the head that `up` started: each a `ray start --block` of its own.

A node has an address of its own (127.0.0.3, .4, …), its own ports, folder, shared memory and environment. It counts
its processors and GPUs logically, so what Ray places where is what it would place on as many machines.
"""

import json
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil

from cluster import ray_head
from cluster.lifecycle import cluster_environment
from configs.settings import load
from tests.e2e.system import System, free_ports, wait_until

FIRST_ADDRESS = 3
"""127.0.0.2 is the head's."""
STARTS, JOIN_S = 5, 120
STORE_BYTES = 80_000_000
"""Ray's least shared memory for a node; nothing of ours goes through it."""
PORTS = (
    "--node-manager-port",
    "--object-manager-port",
    "--dashboard-agent-listen-port",
    "--dashboard-agent-grpc-port",
    "--metrics-export-port",
    "--runtime-env-agent-port",
)


@dataclass
class Raylet:
    """One node. `address`: by which Ray knows it; `mark`: in the environment of everything that runs on it."""

    address: str
    mark: str
    process: subprocess.Popen[bytes]
    folder: Path

    def processes(self) -> set[psutil.Process]:
        """All that runs on it, also after its parent was killed."""
        found: set[psutil.Process] = set()
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(ray_head.RUN_MARK) == self.mark:
                    found.add(process)
        return found

    def actors(self, title: str) -> list[psutil.Process]:
        """Its worker processes whose title, as Ray writes it (`ray::WorkerActor`), holds this."""
        found = []
        for process in self.processes():
            with suppress(psutil.Error):
                if title in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def kill(self) -> None:
        """The node is gone from one moment to the next: SIGKILL to all of it."""
        while alive := self.processes():
            for process in alive:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(alive, timeout=5)
        self._end()

    def drain(self, timeout_s: float = 60) -> None:
        """SIGTERM, as a machine that is being shut down gives it; what is left after `timeout_s` is killed."""
        self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout_s)
        self.kill()

    def _end(self) -> None:
        self.process.wait(5)
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass
class Raylets:
    """The nodes of a running system besides its head; as a context manager it ends those that are left."""

    system: System
    nodes: list[Raylet] = field(default_factory=list)
    _next: int = FIRST_ADDRESS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in self.nodes:
            node.kill()

    def add(
        self,
        cpus: float = 1,
        gpus: float = 0,
        resources: Mapping[str, float] | None = None,
        env: Mapping[str, str] | None = None,
        wait: bool = True,
    ) -> Raylet:
        """A node that has joined. `env` is added to what every node of the cluster gets. With `wait` one that ends
        itself while it starts is started again, as by whatever keeps services running: Ray gives its agents 15 s."""
        sizes = (f"--num-cpus={cpus:g}", f"--num-gpus={gpus:g}", f"--resources={json.dumps(dict(resources or {}))}")
        for _ in range(STARTS):
            node = self._start(sizes, env or {})
            if not wait or self._joins(node):
                break
        return node

    def _joins(self, node: Raylet) -> bool:
        """False where it ends itself instead."""

        def is_settled() -> bool:
            return node.process.poll() is not None or self.states().get(node.address) == "ALIVE"

        wait_until(is_settled, f"{node.address} to join", JOIN_S)
        return node.process.poll() is None

    def _start(self, sizes: Sequence[str], env: Mapping[str, str]) -> Raylet:
        address, mark = f"127.0.0.{self._next}", secrets.token_hex(8)
        self._next += 1
        folder = Path(f"/tmp/sc-raylet-{mark}")
        folder.mkdir()
        command = [
            str(Path(sys.executable).with_name("ray")),
            *("start", "--block", f"--address={self.head.address}", f"--node-ip-address={address}", *sizes),
            *(f"{option}={port}" for option, port in zip(PORTS, free_ports(len(PORTS)), strict=True)),
            *("--min-worker-port=0", "--max-worker-port=0", f"--object-store-memory={STORE_BYTES}"),
            *(f"--temp-dir={folder}", "--disable-usage-stats"),
        ]
        with (self.system.home / "logs" / f"node-{address}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                env={**self.environment(), **env, ray_head.RUN_MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        node = Raylet(address, mark, process, folder)
        self.nodes.append(node)
        return node

    def environment(self) -> dict[str, str]:
        """What a node of the cluster is started with: the head's token and everything of `up` but the head's Redis."""
        settings = load(self.system.env)
        own = {name: value for name, value in self.system.env.items() if name != "RAY_REDIS_ADDRESS"}
        return {**own, **cluster_environment(settings, self.system.database_url())}

    def states(self) -> dict[str, str]:
        """Address → ALIVE or DEAD, as Ray sees it; empty while the head is away."""
        return {node["node_ip"]: node["state"] for node in self._ask("/api/v0/nodes")}

    def where(self, class_name: str) -> list[str]:
        """The addresses on which living actors of this class run, one for each."""
        addresses = {node["node_id"]: node["node_ip"] for node in self._ask("/api/v0/nodes")}
        return sorted(addresses[actor["node_id"]] for actor in self._actors() if class_name in actor["class_name"])

    def names(self) -> list[str]:
        """Of the living actors that have one."""
        return sorted(actor["name"] for actor in self._actors() if actor["name"])

    def wait_until(self, node: Raylet, state: str, timeout_s: float = 60) -> None:
        """Waits until Ray says ALIVE or DEAD of a node."""
        wait_until(lambda: self.states().get(node.address) == state, f"{node.address} to be {state}", timeout_s)

    @property
    def head(self) -> ray_head.RayHead:
        """The head that `up` started. Fails where none runs."""
        head = ray_head.running(self.system.home)
        assert head is not None, "the head does not run"
        return head

    def _actors(self) -> list[dict[str, Any]]:
        return self._ask("/api/v0/actors?filter_keys=state&filter_predicates=%3D&filter_values=ALIVE&detail=1")

    def _ask(self, path: str) -> list[dict[str, Any]]:
        with suppress(httpx.HTTPError, AssertionError, OSError):
            token = (self.system.home / "run" / "ray_token").read_text().strip()
            answer = httpx.get(
                f"{self.head.dashboard_url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=10
            )
            answer.raise_for_status()
            rows: list[dict[str, Any]] = answer.json()["data"]["result"]["result"]
            return rows
        return []
