"""How many workers a group has."""

import pytest
from pydantic import ValidationError

from cluster.scaling import GroupSizes, load_of
from cluster.supervisor import hosted_stages
from configs import settings
from configs.sections import WorkerGroup
from db.stage_loads import StageLoad
from domain.scaling import Waiting
from domain.status import JobClass

SETTINGS = settings.load({})
SCALING = SETTINGS.scaling.model_copy(update={"times_real_time": {"vad": 100.0, "asr": 10.0}, "quiet_s": 600.0})
FIXED = WorkerGroup(name="rest", stages="others", replicas=2, num_cpus=1)
VAD = WorkerGroup(name="vad", stages=["vad"], min_replicas=1, max_replicas=8, num_cpus=1)


def backlog(audio_s: float) -> dict[str, StageLoad]:
    return {"vad": StageLoad({JobClass.LIVE: Waiting(audio_s, 30.0)})}


def sizes(present: dict[str, int]) -> GroupSizes:
    return GroupSizes([FIXED, VAD], {"vad": ["vad"], "rest": ["report"]}, SCALING, present, 0.0)


def test_a_backlog_adds_workers_and_a_quiet_time_ends_them_down_to_the_least() -> None:
    group = sizes({})
    group.update(backlog(150_000.0), 10.0)
    grown = group.replicas(VAD)
    assert 4 <= grown <= 8
    group.update({}, 20.0)
    assert group.replicas(VAD) == grown
    group.update({}, 700.0)
    group.update({}, 1_400.0)
    assert group.replicas(VAD) == 1


def test_a_fixed_group_stays_as_it_is() -> None:
    group = sizes({"rest": 7})
    group.update(backlog(150_000.0), 10.0)
    assert group.replicas(FIXED) == 2


def test_a_new_supervisor_keeps_the_workers_that_it_finds_until_they_have_been_idle_for_long() -> None:
    group = sizes({"vad": 6})
    group.update({}, 10.0)
    assert group.replicas(VAD) == 6


def test_a_group_of_several_stages_adds_up_what_each_asks_for() -> None:
    both = {
        "vad": StageLoad({JobClass.LIVE: Waiting(1_000.0, 5.0)}, arriving=10.0),
        "asr": StageLoad({JobClass.LIVE: Waiting(300.0, 50.0)}, arriving=2.0),
        "report": StageLoad({JobClass.LIVE: Waiting(1.0, 999.0)}),
    }
    load = load_of(both, ["vad", "asr", "report"], SCALING)
    assert load.live == Waiting(10.0 + 30.0, 50.0)
    assert load.arriving == pytest.approx(0.1 + 0.2)


def test_others_are_the_stages_that_no_group_names_a_new_one_among_them() -> None:
    workers = SETTINGS.workers.model_copy(update={"groups": [FIXED, VAD]})
    hosted = hosted_stages(SETTINGS.model_copy(update={"workers": workers}), ["vad", "asr", "sentiment"])
    assert hosted == {"rest": ["asr", "sentiment"], "vad": ["vad"]}


@pytest.mark.parametrize("numbers", [{}, {"replicas": 1, "max_replicas": 2}, {"min_replicas": 3, "max_replicas": 2}])
def test_a_group_is_either_fixed_or_scaled(numbers: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="group vad"):
        WorkerGroup(name="vad", stages=["vad"], num_cpus=1, **numbers)
