"""A cluster file's own start commands, run on this machine: head, nodes, `up`, and the sample day's way to verdicts.

    python benchmarks/cluster_start.py [FILE] [--machine CPUS,GPUS] [--verbose]

Real PostgreSQL, Redis and S3 server beside it. Only addresses and ports are changed, and `ray stop` is left out (it
would end every Ray here). Whisper base stands for the model of a GPU, whose number is counted and not needed.

Where the file names types of nodes, Ray's own autoscaler starts and ends them, as processes of this machine
(node_provider.py): first the `min_workers` of each type; then, while the day's audio waits, one more node with a GPU;
once nothing waits its replica is drained and the node ends. For that to happen in minutes a GPU is believed to be slow
and idle nodes end after seconds. Else (machines of your own) one worker of `--machine` joins.

Prints how long each step takes; exit 1 where one fails.
"""

import argparse
import contextlib
import json
import logging
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import psutil
import yaml
from moto.server import ThreadedMotoServer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from db import embedded
from tests.e2e.system import ADMIN_TOKEN, INTERNAL_TOKEN, ROOT, free_ports, wait_until

MARK = "SALESCONTROL_RAY_RUN"
IN_IMAGE = "/home/salescontrol"
BUCKET = "audio"
MODEL = "{model: base, compute_type: int8, beam_size: 1, pack: true}"
SCALING = {
    "SALESCONTROL_SCALING__TIMES_REAL_TIME": "{vad: 100, asr: 2}",
    "SALESCONTROL_SCALING__BACKFILL_WITHIN_S": "60",  # an import is no live audio
    "SALESCONTROL_SCALING__BACKFILL_SHARE": "1",
    "SALESCONTROL_SCALING__START_S": "10",
    "SALESCONTROL_SCALING__QUIET_S": "15",
}
"""So that the sample day is more than one GPU does in time."""
AUTOSCALER = {"RAY_enable_autoscaler_v2": "1", "RAY_CLOUD_INSTANCE_ID": "head", "RAY_NODE_TYPE_NAME": "head"}
"""As `ray up` sets them for the head."""
IDLE_MIN = 0.25
PATIENCE_S = 240.0
STORE = "--object-store-memory=80000000"
OWN_PORTS = "--dashboard-agent-listen-port={} --dashboard-agent-grpc-port={} --metrics-export-port={}"
COMMANDS = (
    *("initialization_commands", "setup_commands", "head_setup_commands", "worker_setup_commands"),
    *("head_start_ray_commands", "worker_start_ray_commands"),
)


def main() -> None:
    """Starts, measures, ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=ROOT / "ray_cluster.yaml")
    parser.add_argument("--machine", default="8,1", help="logical processors and GPUs of the worker")
    parser.add_argument("--verbose", action="store_true", help="show what the commands print")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all of it is ended, whoever ends this
    with tempfile.TemporaryDirectory(prefix="sc-start-", dir="/tmp") as folder, services(Path(folder)) as given:
        cluster = Commands(arguments.file, Path(folder), given, is_verbose=arguments.verbose)
        try:
            for name, step in cluster.steps(arguments.machine):
                begun = time.monotonic()
                step()
                print(f"{name:<58} {time.monotonic() - begun:6.1f} s", flush=True)
        finally:
            cluster.end()


@contextlib.contextmanager
def services(home: Path) -> Iterator[dict[str, str]]:
    """PostgreSQL, Redis and an S3 server; what cluster.env says of them."""
    (redis_port,) = free_ports(1)
    redis = subprocess.Popen(["redis-server", "--port", str(redis_port), "--save", "", "--dir", str(home)], stdout=-3)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    storage = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    storage.start()
    address = "http://{}:{}".format(*storage.get_host_and_port())
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "eu-central-1"}
    os.environ.update(keys)
    boto3.client("s3", endpoint_url=address).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": keys["AWS_DEFAULT_REGION"]}
    )
    try:
        yield {
            **keys,
            "DATABASE_URL": embedded.start(home / "database"),
            "RAY_REDIS_ADDRESS": f"127.0.0.1:{redis_port}",
            "AUDIO_STORAGE_PATH": f"s3://{BUCKET}",
            "AWS_ENDPOINT_URL": address,
        }
    finally:
        embedded.stop(home / "database")
        storage.stop()
        redis.terminate()
        redis.wait(10)


def said(nodes: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in nodes.items())


class Commands:
    """The commands of one cluster file, each in a shell of its own as Ray's launcher runs them."""

    def __init__(self, file: Path, folder: Path, given: dict[str, str], *, is_verbose: bool) -> None:
        self.is_verbose = is_verbose
        self.config: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        self.folder, self.mark = folder, secrets.token_hex(8)
        ports = free_ports(4)
        self.ray_port, self.ray_dashboard = ports[:2]
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("SALESCONTROL_", "RAY_", "DATABASE_URL"))},
            **self._container(),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "SALESCONTROL_HOME": str(folder / "home"),
            "RAY_TMPDIR": str(folder / "ray"),
            "RAY_API_SERVER_ADDRESS": f"http://127.0.0.1:{self.ray_dashboard}",
            "RAY_HEAD_IP": "127.0.0.2",
            MARK: self.mark,
            **(AUTOSCALER if "available_node_types" in self.config else {}),
            "AUTOSCALER_METRIC_PORT": str(free_ports(1)[0]),
            "RAY_agent_register_timeout_ms": "100000",  # all nodes share two cores here
        }
        self._write_secrets(given, ports[2:])

    def steps(self, machine: str) -> Iterator[tuple[str, Callable[[], object]]]:
        """Name and what to do."""
        _, start, up = self.config["head_start_ray_commands"]
        _, join = self.config["worker_start_ray_commands"]
        types = self.config.get("available_node_types", {})
        if types:
            self._write_autoscaling(join)
            yield "head: ray start, with Ray's autoscaler", lambda: self._run(self._at_head(start))
            least = {name: kind["min_workers"] for name, kind in types.items() if kind.get("min_workers")}
            yield f"autoscaler: {said(least)}", lambda: self._wait_for_nodes(least)
        else:
            cpus, gpus = machine.split(",")
            start = re.sub(r"--autoscaling-config=\S+ ?", "", start)
            yield "head: ray start", lambda: self._run(self._at_head(start))
            own = f"{OWN_PORTS.format(*free_ports(3))} --node-ip-address=127.0.0.3 --num-cpus={cpus} --num-gpus={gpus}"
            yield f"worker of {cpus} processors, {gpus} GPU: ray start", lambda: self._run(f"{self._here(join)} {own}")
        yield "head: salescontrol up", lambda: self._run(up)
        yield "salescontrol up again, nothing to do", lambda: self._run(up)
        known = (
            ". ~/secrets/cluster.env && export ${!SALESCONTROL*} ${!AWS*} DATABASE_URL ADMIN_TOKEN AUDIO_STORAGE_PATH"
        )
        day = f"{known} && salescontrol import --manifest {ROOT}/samples/shop_day/manifest.csv"
        yield "sample day: import", lambda: self._run(day)
        if types:
            yield "autoscaler: more nodes with a GPU for the waiting audio", lambda: self._wait_for_gpus(2, 8)
        yield "sample day: import --wait, to its verdicts", lambda: self._run(f"{day} --wait")
        yield "salescontrol export", lambda: self._run(f"{known} && salescontrol export --format csv | head -3")
        if types:
            yield "autoscaler: all but one drained and ended", lambda: self._wait_for_gpus(1, 1)

    def end(self) -> None:
        """Ends everything that the commands started: by the mark in its environment."""
        while alive := [process for process in psutil.process_iter() if self._is_ours(process)]:
            for process in alive:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(alive, timeout=5)

    def _container(self) -> dict[str, str]:
        """What `docker run` is told with -e, the folder of the image exchanged for ours."""
        options = " ".join(self.config["docker"]["run_options"])
        return {k: v.replace(IN_IMAGE, str(self.folder)) for k, v in re.findall(r"-e (\w+)=(\S+)", options)}

    def _write_secrets(self, given: dict[str, str], ports: list[int]) -> None:
        lines = {
            **given,
            "ADMIN_TOKEN": ADMIN_TOKEN,
            "INTERNAL_TOKEN": INTERNAL_TOKEN,
            "SALESCONTROL_SERVER__PORT": str(ports[0]),
            "SALESCONTROL_SERVER__DASHBOARD_PORT": str(ports[1]),
            "SALESCONTROL_ASR__FAST": MODEL,
            "SALESCONTROL_ASR__ACCURATE": MODEL,
            "SALESCONTROL_ASR__DEVICE": "cpu",
            **SCALING,
        }
        folder = self.folder / "secrets"
        folder.mkdir(mode=0o700)
        (folder / "ray_token").write_text(secrets.token_hex(32))
        (folder / "cluster.env").write_text("".join(f"{k}='{v}'\n" for k, v in lines.items()))

    def _here(self, command: str) -> str:
        """The command with this machine's ports."""
        command = command.replace("6379", str(self.ray_port)).replace("--object-manager-port=8076", "")
        return command.replace("ray start", "exec ray start --min-worker-port=0 --max-worker-port=0") + f" {STORE}"

    def _at_head(self, command: str) -> str:
        own = (
            f"--node-ip-address=127.0.0.2 --dashboard-port={self.ray_dashboard} --include-log-monitor=false"
            f" --ray-client-server-port={free_ports(1)[0]} {OWN_PORTS.format(*free_ports(3))}"
        )
        return f"{self._here(command)} {own}"

    def _write_autoscaling(self, join: str) -> None:
        """The file as `ray up` puts it on the head, with processes for machines."""
        types = {
            name: {key: value for key, value in kind.items() if key != "docker"} | {"node_config": {}}
            for name, kind in self.config["available_node_types"].items()
        }
        provider = {
            **{"type": "external", "module": "benchmarks.node_provider.NodesHere", "use_internal_ips": True},
            **{"disable_node_updaters": True, "disable_launch_config_check": True},
            **{"command": self._here(join), "first": 3},
        }
        nothing = ("auth", "docker", "file_mounts", "head_node", "worker_nodes")
        none = ("cluster_synced_files", "rsync_exclude", "rsync_filter", *COMMANDS)
        own = {key: self.config[key] for key in ("cluster_name", "max_workers", "upscaling_speed", "head_node_type")}
        config = {
            **own,
            **{"provider": provider, "available_node_types": types, "idle_timeout_minutes": IDLE_MIN},
            **{"file_mounts_sync_continuously": False, **{key: {} for key in nothing}, **{key: [] for key in none}},
        }
        (self.folder / "ray_bootstrap_config.yaml").write_text(json.dumps(config))

    def _wait_for_nodes(self, due: dict[str, int]) -> None:
        """Of each type as many as this, alive."""

        def there() -> bool:
            found = Counter(node["labels"].get("ray.io/node-group") for node in self._nodes())
            return all(found[name] == count for name, count in due.items())

        wait_until(there, f"{said(due)}; there are {self._nodes()}", PATIENCE_S)

    def _wait_for_gpus(self, least: int, most: int) -> None:
        def there() -> bool:
            return least <= sum(node["resources_total"].get("GPU", 0) for node in self._nodes()) <= most

        wait_until(there, f"{least} to {most} nodes with a GPU", PATIENCE_S)

    def _nodes(self) -> list[dict[str, Any]]:
        """The living ones, as Ray sees them."""
        token = (self.folder / "secrets" / "ray_token").read_text()
        url = f"http://127.0.0.1:{self.ray_dashboard}/api/v0/nodes?detail=1"
        with contextlib.suppress(httpx.HTTPError):
            answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
            nodes: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]["result"]
            return [node for node in nodes if node["state"] == "ALIVE"]
        return []

    def _run(self, command: str) -> None:
        done = subprocess.run(["bash", "-c", command], env=self.env, cwd=self.folder, text=True, capture_output=True)
        if done.returncode != 0:
            sys.exit(f"{command}\nexit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        if self.is_verbose:
            print(f"$ {command}\n{done.stdout}{done.stderr}")

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self.mark and process.pid != os.getpid()
        except psutil.Error:
            return False


if __name__ == "__main__":
    main()
