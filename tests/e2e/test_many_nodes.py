"""The sample day on many nodes, some of which are lost: the same dialogues and verdicts as on one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster import ray_head
from tests.e2e.fleet import Fleet, differences
from tests.e2e.node_faults import cells
from tests.e2e.scene import Scene
from tests.e2e.system import wait_until
from tests.in_memory import make_folder

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with Fleet(make_folder("sc-e2e-")) as fleet:
        yield fleet


def test_the_day_on_many_nodes_of_which_some_are_lost_is_the_day_on_one(fleet: Fleet) -> None:
    one_node = fleet.day("one")
    assert [d["analysis_status"] for d in one_node] == ["DONE"] * len(one_node)
    stages, *models = [fleet.nodes.add(cpus=4), fleet.nodes.add(cpus=0, gpus=1), fleet.nodes.add(cpus=0, gpus=1)]

    def is_split() -> bool:
        on_gpus = set(fleet.nodes.where("Fast")) == {node.address for node in models}
        on_disk = ray_head.LOOPBACK  # where the audio lies, and what is told to erase it
        return on_gpus and set(fleet.nodes.where("WorkerActor")) == {stages.address, on_disk}

    with ThreadPoolExecutor(1) as pool:
        played = pool.submit(fleet.day, "many")
        fleet.first.drain()
        wait_until(is_split, "all work to go on elsewhere", 180)
        wait_until(lambda: fleet.judged("many"), "the first dialogues of the day", 180)
        models[0].kill()
        fleet.nodes.add(cpus=0, gpus=1)  # what an autoscaler puts in its place
        assert differences(one_node, played.result()) == []


def test_the_head_that_is_lost_costs_nothing_where_redis_has_what_it_knew(fleet: Fleet) -> None:
    """benchmarks/fault_matrix.py has the other faults of nodes."""
    due = Scene(fleet.system).undisturbed()
    assert not cells()["the head lost, with what it knows in Redis"](fleet, due).problems
