"""A cluster file's own start commands, run on this machine: head, worker, `up`, and a chunk's way to its dialogue.

    python benchmarks/cluster_start.py [FILE] [--machine CPUS,GPUS] [--verbose]

Real PostgreSQL, Redis and S3 server beside it. Only addresses, ports and the size of the worker are changed, `ray stop`
is left out (it would end every Ray here), and so is the autoscaler (there is no cloud). Whisper base stands for the
model of a GPU. Prints how long each step takes; exit 1 where one fails.
"""

import argparse
import contextlib
import logging
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import yaml
from moto.server import ThreadedMotoServer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from db import embedded
from tests.e2e.system import ADMIN_TOKEN, INTERNAL_TOKEN, ROOT, free_ports

MARK = "SALESCONTROL_RAY_RUN"
IN_IMAGE = "/home/salescontrol"
BUCKET = "audio"
MODEL = "{model: base, compute_type: int8, beam_size: 1, pack: true}"


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
        }
        self._write_secrets(given, ports[2:])

    def steps(self, machine: str) -> Iterator[tuple[str, Any]]:
        """Name and what to do."""
        _, start, up = self.config["head_start_ray_commands"]
        _, join = self.config["worker_start_ray_commands"]
        cpus, gpus = machine.split(",")
        yield "head: ray start", lambda: self._run(self._here(start, "127.0.0.2", "--include-log-monitor=false"))
        size = f"--num-cpus={cpus} --num-gpus={gpus}"
        yield (
            f"worker of {cpus} processors, {gpus} GPU: ray start",
            lambda: self._run(self._here(join, "127.0.0.3", size)),
        )
        yield "head: salescontrol up", lambda: self._run(up)
        yield "salescontrol up again, nothing to do", lambda: self._run(up)
        chunks = sorted((ROOT / "samples" / "shop_day" / "chunks").iterdir())[:4]
        recordings = self.folder / "recordings"
        recordings.mkdir()
        for chunk in chunks:
            shutil.copy(chunk, recordings)
        known = (
            ". ~/secrets/cluster.env && export ${!SALESCONTROL*} ${!AWS*} DATABASE_URL ADMIN_TOKEN AUDIO_STORAGE_PATH"
        )
        yield (
            f"{len(chunks)} sample chunks: import --wait",
            lambda: self._run(f"{known} && salescontrol import {recordings} --point Shop --language ru --wait"),
        )
        yield "salescontrol export", lambda: self._run(f"{known} && salescontrol export --format csv | head -3")

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
        }
        folder = self.folder / "secrets"
        folder.mkdir(mode=0o700)
        (folder / "ray_token").write_text(secrets.token_hex(32))
        (folder / "cluster.env").write_text("".join(f"{k}='{v}'\n" for k, v in lines.items()))

    def _here(self, command: str, address: str, more: str) -> str:
        """The command with this machine's address and free ports."""
        command = re.sub(r"--autoscaling-config=\S+ ?", "", command)
        command = command.replace("6379", str(self.ray_port)).replace("--object-manager-port=8076", "")
        agent, agent_grpc, metrics, client = free_ports(4)
        own = (
            f"--node-ip-address={address} --dashboard-agent-listen-port={agent} --metrics-export-port={metrics}"
            f" --dashboard-agent-grpc-port={agent_grpc} --min-worker-port=0 --max-worker-port=0"
            " --object-store-memory=200000000"
        )
        if "--head" in command:
            own += f" --dashboard-port={self.ray_dashboard} --ray-client-server-port={client}"
        return f"{command} {own} {more}"

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
