"""The sample day on many nodes, some of which are lost: the same dialogues and verdicts as on one."""

import threading
from collections.abc import Iterator

import pytest

from tests.e2e.fleet import Fleet, differences
from tests.e2e.node_faults import cells
from tests.e2e.scene import Outcome, Scene
from tests.e2e.system import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with Fleet() as fleet:
        yield fleet


def test_the_day_on_many_nodes_of_which_some_are_lost_is_the_day_on_one(fleet: Fleet) -> None:
    one_node = fleet.day("one")
    assert [d["analysis_status"] for d in one_node] == ["DONE"] * len(one_node)
    stages, *models = [fleet.nodes.add(cpus=4), fleet.nodes.add(cpus=0, gpus=1), fleet.nodes.add(cpus=0, gpus=1)]

    played = threading.Thread(target=fleet.day, args=("many",))
    played.start()
    fleet.first.drain()
    wait_until(lambda: len(fleet.nodes.where("Fast")) == 2, "Whisper on both nodes with a GPU", 180)
    assert set(fleet.nodes.where("WorkerActor")) == {stages.address}
    wait_until(lambda: fleet.judged("many"), "the first dialogues of the day", 180)
    models[0].kill()
    fleet.nodes.add(cpus=0, gpus=1)  # what an autoscaler puts in its place
    played.join()

    assert differences(one_node, fleet.judged("many")) == []


@pytest.fixture(scope="module")
def expected(fleet: Fleet) -> Outcome:
    return Scene(fleet.system).undisturbed()


@pytest.mark.parametrize(
    "name", ["a Whisper replica killed amid a batch", "the head lost, with what it knows in Redis"]
)
def test_what_is_lost_of_the_cluster_costs_nothing(fleet: Fleet, expected: Outcome, name: str) -> None:
    found = cells()[name](fleet, expected)
    assert not found.problems
