"""What `up` refuses, and says how to mend, before it stops or starts anything."""

import os
import socket
from pathlib import Path

import pytest
from shop import settings_for_tests

from cluster import lifecycle, ray_head
from domain.errors import ConfigError


@pytest.mark.parametrize("name", ["port", "ray_port", "ray_dashboard_port"])
def test_a_port_that_another_program_has_is_named_with_the_setting_that_moves_it(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as another:
        port = another.getsockname()[1]
        variable = f"SALESCONTROL_SERVER__{name.upper()}"
        settings = settings_for_tests(SALESCONTROL_HOME=str(tmp_path), **{variable: str(port)})
        with pytest.raises(ray_head.RayHeadError, match=f"port {port} is taken by another program.*{variable}"):
            ray_head.start(settings, os.environ)
    assert ray_head.running(tmp_path) is None


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AUDIO_STORAGE_PATH", "/proc/nope", "the folder cannot be made"),
        ("AUDIO_STORAGE_PATH", "s3:/bucket", "write s3://bucket"),
        ("SALESCONTROL_HOME", "/proc/nope", "name another folder"),
        ("SALESCONTROL_HOME", "/etc/passwd", "name another folder"),
    ],
)
def test_a_wrong_folder_is_named_before_anything_is_touched(
    tmp_path: Path, variable: str, value: str, said: str
) -> None:
    settings = settings_for_tests(**{"SALESCONTROL_HOME": str(tmp_path), variable: value})
    begun: list[str] = []
    with pytest.raises(ConfigError, match=said):
        lifecycle.up(settings, lambda step, state: begun.append(step))
    assert begun == []
