"""From one node to eight: how much of each further node's work comes out at the end.

    python benchmarks/scale_out.py [--nodes 1,2,4,8] [--seconds 60] [--latency 4] [--save]

A system as `up` starts it, and Ray nodes beside it on this machine, one logical GPU each. On each node one replica of
the real Whisper application, whose engine takes a fixed time for each dialogue instead of a GPU's (seconds, so that
this machine's cores do not matter: everything else shares them). Dialogues wait in the real queue; one real worker
claims them, keeps as many in flight as its window says, and commits the transcripts. What counts is transcripts a
second while there is more to do, over the number of nodes times those of one node. Aim: 0.95.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.fixed_latency.app import LATENCY  # noqa: E402
from cluster import ray_head  # noqa: E402
from cluster.serving import ServeApi, read_config  # noqa: E402
from configs.settings import load  # noqa: E402
from tests.e2e.backlog import Backlog  # noqa: E402
from tests.e2e.raylets import Raylet, Raylets  # noqa: E402
from tests.e2e.system import System, wait_until  # noqa: E402

AIM = 0.95
SPEECH_S = 60
A_BATCH = 150 // SPEECH_S
"""Dialogues of a full batch (serve.fixed.yaml)."""
PROFILE = ROOT / "benchmarks" / "fixed_latency" / "fixed.yaml"
SAME_BATCH_S = 0.5
TRIES = 3
"""Ray gives a node half a minute to start, busy machine or not."""
PATIENCE_S = 300.0
"""For whatever starts: on a machine that is busy otherwise."""
FINISHED = "SELECT extract(epoch FROM finished_at) FROM jobs WHERE stage = 'asr' AND state = 'done' AND fair_key = $1"


def main() -> int:
    """Prints the table; exit 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", default="1,2,4,8")
    parser.add_argument("--seconds", type=float, default=60.0, help="measured with each number of nodes")
    parser.add_argument("--latency", type=float, default=4.0, help="of a dialogue, seconds")
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    rates: dict[int, float] = {}
    with running(arguments.latency) as raylets:
        for nodes in sorted(int(number) for number in arguments.nodes.split(",")):
            while len(raylets.nodes) < nodes:
                add_node(raylets)
            rates[nodes] = measure(raylets.system, nodes, arguments.seconds, arguments.latency)
            Console(stderr=True).print(f"{nodes} nodes: {rates[nodes]:.2f} transcripts/s")
    least, alone = min(rates), rates[min(rates)] / min(rates)
    linear = {nodes: round(rate / nodes / alone, 3) for nodes, rate in rates.items()}
    table = Table("nodes", "transcripts/s", f"of {least} node's, times nodes", title="scale-out")
    for nodes, rate in rates.items():
        table.add_row(str(nodes), f"{rate:.2f}", f"{linear[nodes]:.3f}")
    Console().print(table)
    if arguments.save:
        results = ROOT / "benchmarks" / "results" / "scale_out.json"
        results.parent.mkdir(exist_ok=True)
        results.write_text(json.dumps({"latency_s": arguments.latency, "rates": rates, "linear": linear}) + "\n")
    return 0 if linear[max(linear)] >= AIM else 1


@contextmanager
def running(latency_s: float) -> Iterator[Raylets]:
    """A system of its own, down at the end with all its nodes."""
    with tempfile.TemporaryDirectory(prefix="sc-scale-") as folder:
        profile = {"SALESCONTROL_PROFILE": str(PROFILE), "SALESCONTROL_JOBS__LEASE_S": "120"}
        system = System(Path(folder), {**profile, LATENCY: str(latency_s)})
        with Raylets(system) as raylets, ThreadPoolExecutor() as pool:
            try:
                # It waits for Whisper, which waits for a GPU.
                up = pool.submit(system.cli, "up", "--no-dashboard", timeout_s=PATIENCE_S)
                wait_until(lambda: up.done() or has_head(raylets), "the head", PATIENCE_S)
                if not up.done():
                    add_node(raylets)
                up.result()
                yield raylets
            finally:
                system.cli("down", check=False)


def has_head(raylets: Raylets) -> bool:
    """It runs, and says so of itself."""
    return ray_head.running(raylets.system.home) is not None and "ALIVE" in raylets.states().values()


def has_ended_or_joined(raylets: Raylets, node: Raylet) -> bool:
    return node.process.poll() is not None or raylets.states().get(node.address) == "ALIVE"


def add_node(raylets: Raylets) -> None:
    """One more, with a logical GPU and no processor, so that it holds a replica of the model and nothing else."""
    for _ in range(TRIES):
        node = raylets.add(cpus=0, gpus=1, wait=False)

        wait_until(partial(has_ended_or_joined, raylets, node), f"{node.address} to join", PATIENCE_S)
        if node.process.poll() is None:
            return
        raylets.nodes.remove(node)
        node.kill()
    raise RuntimeError(f"no node joined in {TRIES} tries; the last one's log is under {raylets.system.home}/logs")


def measure(system: System, nodes: int, seconds: float, latency_s: float) -> float:
    """Transcripts a second with so many replicas, more waiting all the time."""
    set_replicas(system, nodes)
    backlog, warm_s = Backlog(system), 2 * A_BATCH * latency_s
    a_second = nodes / latency_s
    asyncio.run(backlog.add(dialogues=round(a_second * (warm_s + seconds) * 1.2) + 32 * nodes, speech_s=SPEECH_S))
    started = time.time()
    time.sleep(warm_s + seconds)
    jobs = asyncio.run(backlog.jobs("asr"))
    finished = asyncio.run(finish(system, str(backlog.device_id)))
    if len(finished) < nodes or any(job["last_error"] for job in jobs):
        raise RuntimeError(f"jobs failed or did not run (state, attempts, error): {Counter(map(state_of, jobs))}")
    return rate([at for at in finished if at >= started + warm_s])


def state_of(job: dict[str, Any]) -> tuple[str, int, str | None]:
    return job["state"], job["attempts"], job["last_error"]


def rate(finished: list[float]) -> float:
    """Of the times at which transcripts were committed: those after the first batch, from its end to the last one's."""
    finished.sort()
    later = [at for at in finished if at > finished[0] + SAME_BATCH_S]
    return len(later) / (finished[-1] - finished[0])


async def finish(system: System, device_id: str) -> list[float]:
    """When each job was done, so far; what still waits is taken out of the queue."""
    connection = await asyncpg.connect(system.database_url())
    try:
        times = [float(row[0]) for row in await connection.fetch(FINISHED, device_id)]
        await connection.execute("DELETE FROM jobs WHERE state = 'queued'")
        while await connection.fetchval("SELECT count(*) FROM jobs WHERE stage = 'asr' AND state = 'running'"):
            await asyncio.sleep(0.5)
    finally:
        await connection.close()
    return times


def set_replicas(system: System, count: int) -> None:
    """Declares the number in Serve's configuration, as `serve deploy` does, and waits for it."""
    token = (system.home / "run" / "ray_token").read_text().strip()
    api = ServeApi(Raylets(system).head.dashboard_url, token)
    config = read_config(load(system.env))
    [whisper] = [app for app in config["applications"] if app["name"] == "whisper"]
    [model] = [deployment for deployment in whisper["deployments"] if deployment["name"] == "Fast"]
    model["num_replicas"] = count
    api.deploy(config)

    def states() -> Any:
        replicas = api.applications()["whisper"]["deployments"]["Fast"]["replicas"]
        return [replica["state"] for replica in replicas] == ["RUNNING"] * count

    wait_until(states, f"{count} replicas", PATIENCE_S)


if __name__ == "__main__":
    sys.exit(main())
