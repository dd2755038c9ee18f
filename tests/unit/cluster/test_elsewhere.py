"""Stages that run on machines apart: neither hosted nor served here."""

import json

import pytest

from cluster.serving import read_config
from cluster.supervisor import hosted_stages
from configs.settings import Settings, load
from domain.errors import ConfigError

STAGES = ["vad", "dialogues", "asr", "analysis"]


def settings(**env: str) -> Settings:
    return load({"SALESCONTROL_WORKERS__ELSEWHERE": "[asr]", **env})


def names(config: dict[str, list[dict[str, str]]]) -> set[str]:
    return {application["name"] for application in config["applications"]}


def test_groups_that_take_all_leave_out_what_runs_elsewhere() -> None:
    assert hosted_stages(settings(), STAGES) == {"worker": ["vad", "dialogues", "analysis"]}
    two = [{"name": "ears", "stages": ["vad"], "replicas": 1}, {"name": "rest", "stages": "others", "replicas": 1}]
    groups = json.dumps([{**group, "num_cpus": 1} for group in two])
    hosted = hosted_stages(settings(SALESCONTROL_WORKERS__GROUPS=groups), STAGES)
    assert hosted == {"ears": ["vad"], "rest": ["dialogues", "analysis"]}


def test_a_stage_that_there_is_not_is_named() -> None:
    group = '[{"name": "ears", "stages": ["listening"], "replicas": 1, "num_cpus": 1}]'
    for env in ({"SALESCONTROL_WORKERS__ELSEWHERE": "[listening]"}, {"SALESCONTROL_WORKERS__GROUPS": group}):
        with pytest.raises(ConfigError, match="there is no stage listening; the stages are vad, dialogues, asr, analy"):
            hosted_stages(settings(**env), STAGES)


def test_whisper_is_served_where_asr_is_hosted_and_alone_on_a_machine_apart() -> None:
    everything = names(read_config(load({})))
    assert "whisper" in everything
    assert names(read_config(settings())) == everything - {"whisper"}
    assert names(read_config(load({}), only="whisper")) == {"whisper"}
