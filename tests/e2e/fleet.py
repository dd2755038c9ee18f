"""A fleet in small on this machine: a head that does no work, its Redis, and nodes that are added and taken away."""

import asyncio
import csv
import shutil
import subprocess
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg
import psutil

from cluster import ray_head
from tests.e2e.raylets import Raylet, Raylets
from tests.e2e.system import ROOT, System, free_ports, processes_with, wait_until

PROFILE = ROOT / "tests" / "e2e" / "many_nodes.yaml"
SAMPLES = ROOT / "samples" / "shop_day"
UP_S = 420
OF_THE_IMPORT = ("dialogue_id", "point", "register", "device_id")
"""What differs from one import of the day to the next."""


class Redis:
    """A server of the test's own, which keeps what it was told across its own death."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_ports(1)[0]
        folder.mkdir(parents=True)
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([*command, "--save", "", "--appendonly", "yes"], **quiet)  # type: ignore[call-overload]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Fleet:
    """Up with one node that does everything; as a context manager it leaves nothing running, and no `home`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._ends = ExitStack()
        self._ends.callback(shutil.rmtree, self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        with ExitStack() as ends:
            ends.push(self._ends.pop_all())
            self.redis = Redis(self.home / "redis")
            ends.callback(self.redis.kill)
            settings = {"SALESCONTROL_PROFILE": str(PROFILE), "RAY_REDIS_ADDRESS": f"127.0.0.1:{self.redis.port}"}
            self.system = System(self.home, settings)
            ends.callback(self.system.cli, "down", check=False)
            self.nodes = ends.enter_context(Raylets(self.system))
            self.first = self._up_with_first_node()
            self._ends = ends.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()
        left = [" ".join(process.cmdline()) for process in processes_with(self.home)]
        assert not left, f"left running: {left}"

    def day(self, name: str) -> list[dict[str, Any]]:
        """The English counter's day once more, delivered for a shop of this name, and what the export says of it."""
        manifest = self.home / f"{name}.csv"
        with (SAMPLES / "manifest.csv").open() as source, manifest.open("w", newline="") as copy:
            rows = [
                row | {"file": str(SAMPLES / row["file"]), "point": f"{name} {row['point']}"}
                for row in csv.DictReader(source)
                if row["language"] == "en"
            ]
            writer = csv.DictWriter(copy, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        self.system.cli("import", "--manifest", str(manifest), "--wait", timeout_s=480)
        return self.judged(name)

    def judged(self, name: str) -> list[dict[str, Any]]:
        """The dialogues of these shops, without what differs from import to import."""
        mine = [d for d in self.system.export() if d["point"].startswith(f"{name} ")]
        return [{key: value for key, value in dialogue.items() if key not in OF_THE_IMPORT} for dialogue in mine]

    def lose_head(self) -> None:
        """The head's machine is gone: SIGKILL to all that runs on it but PostgreSQL and the dashboard, which have
        machines of their own."""
        head = self.nodes.head
        for process in ray_head._processes(head):
            with suppress(psutil.NoSuchProcess):  # it went with the one before
                process.kill()
        psutil.wait_procs(list(ray_head._processes(head)), timeout=10)

    def up(self) -> None:
        """Once more, by hand or by whatever keeps services running."""
        self.system.cli("up", timeout_s=UP_S)

    def is_running(self, stage: str) -> bool:
        """Does a worker hold a job of this stage now?"""

        async def ask() -> bool:
            connection = await asyncpg.connect(self.system.database_url())
            try:
                query = "SELECT EXISTS (SELECT FROM jobs WHERE stage = $1 AND state = 'running')"
                return bool(await connection.fetchval(query, stage))
            finally:
                await connection.close()

        return asyncio.run(ask())

    def workers(self) -> set[int]:
        """The processes of the stages' workers on the nodes."""
        return {process.pid for node in self.nodes.nodes for process in node.actors("ray::WorkerActor")}

    def _up_with_first_node(self) -> Raylet:
        """`up` waits until Whisper runs, for which there has to be a node."""
        done: list[BaseException | None] = []

        def up() -> None:
            try:
                self.up()
                done.append(None)
            except BaseException as error:
                done.append(error)

        starting = threading.Thread(target=up)
        starting.start()
        wait_until(lambda: done or self.nodes.states(), "the head", UP_S)
        first = None if done else self.nodes.add(cpus=4, gpus=2)
        starting.join()
        if first is None or done != [None]:
            raise AssertionError("the fleet did not come up") from done[0]
        return first


def differences(due: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[str]:
    """Where the second day is not the first."""
    if len(due) != len(found):
        return [f"{len(found)} dialogues instead of {len(due)}"]
    pairs = zip(*(sorted(day, key=lambda dialogue: dialogue["start_ts"]) for day in (due, found)), strict=True)
    return [f"{one['start_ts']}: {name}" for one, other in pairs for name in one if one[name] != other[name]]
