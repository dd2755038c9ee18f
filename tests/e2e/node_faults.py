"""Faults of a cluster's nodes, played on a fleet: what was delivered before and meanwhile comes out as if nothing had
happened."""

import threading
import time
from collections import Counter
from collections.abc import Callable

from cluster import ray_head
from tests.e2e.fleet import Fleet
from tests.e2e.scene import Outcome, Scene, difference
from tests.e2e.system import wait_until
from tests.integration.faults.place import Findings

Cell = Callable[[Fleet, Outcome], Findings]
LASTS_S = 3.0
NOTICED_S = 120


def cells() -> dict[str, Cell]:
    """By name: the fault. Each finds the fleet as the one before left it."""
    return {
        "a Whisper replica killed amid a batch": replica_killed,
        "the head lost, with what it knows in Redis": head_lost,
        "a node of the stages' workers lost": node_lost("ray::WorkerActor", "vad"),
        "a node of Whisper lost": node_lost("ServeReplica:whisper:Fast", "asr"),
        "Redis lost, and the head with it": redis_lost,
    }


def replica_killed(fleet: Fleet, due: Outcome) -> Findings:
    """kill -9 of all that hold the model, while a dialogue is being transcribed. Serve starts others."""

    def strike() -> None:
        wait_until(lambda: fleet.is_running("asr"), "a dialogue at Whisper", NOTICED_S)
        time.sleep(0.5)
        for node in fleet.nodes.nodes:
            for process in node.actors("ServeReplica:whisper:Fast"):
                process.kill()

    return played(fleet, due, strike, lambda: None)


def node_lost(title: str, stage: str) -> Cell:
    """SIGKILL to all of a node that runs processes of this title, while a job of the stage is under way. Another takes
    its place, as an autoscaler sees to it."""

    def cell(fleet: Fleet, due: Outcome) -> Findings:
        def strike() -> None:
            wait_until(lambda: fleet.is_running(stage), f"{stage} to work", NOTICED_S)
            next(node for node in fleet.nodes.nodes if node.actors(title)).kill()

        return played(fleet, due, strike, lambda: fleet.nodes.add(cpus=4, gpus=2))

    return cell


def head_lost(fleet: Fleet, due: Outcome) -> Findings:
    """Its machine is gone, and with it Serve's proxy and controller, the supervisor and ingest. The workers on other
    nodes stay and do what is there to be done; `up` starts a head that knows them."""
    workers = fleet.workers()
    found = played(fleet, due, fleet.lose_head, fleet.up)
    if not workers or fleet.workers() != workers:
        found.problems.append(f"of the workers {workers} there are {fleet.workers()} after the head's loss")
    return found


def redis_lost(fleet: Fleet, due: Outcome) -> Findings:
    """Ray's head ends itself without it. With both back all goes on."""

    def strike() -> None:
        fleet.redis.kill()
        wait_until(lambda: ray_head.running(fleet.home) is None, "the head to notice", NOTICED_S)

    def mend() -> None:
        fleet.redis.start()
        fleet.up()

    return played(fleet, due, strike, mend)


def played(fleet: Fleet, due: Outcome, strike: Callable[[], None], mend: Callable[[], object]) -> Findings:
    """One minute has been delivered when it strikes, another is delivered while it lasts."""
    scene, refused = Scene(fleet.system), Counter[str]()
    before, meanwhile = scene.register(), scene.register()
    scene.upload(before)
    strike()
    delivering = threading.Thread(target=scene.upload, args=(meanwhile, refused))
    delivering.start()
    delivering.join(LASTS_S)
    found = Findings(int(not delivering.is_alive()), refused.copy())
    mend()
    begun = time.monotonic()
    delivering.join()
    found.problems += filter(None, (difference(due, scene.settled(device)) for device in (before, meanwhile)))
    found.recovery_s = time.monotonic() - begun
    return found
