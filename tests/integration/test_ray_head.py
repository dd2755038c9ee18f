"""What `up` says where Ray's head cannot start."""

import os
import socket
from pathlib import Path

import pytest
from shop import settings_for_tests

from cluster import ray_head


@pytest.mark.parametrize("name", ["port", "ray_port", "ray_dashboard_port"])
def test_a_port_that_another_program_has_is_named_with_the_setting_that_moves_it(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as another:
        port = another.getsockname()[1]
        variable = f"SALESCONTROL_SERVER__{name.upper()}"
        settings = settings_for_tests(SALESCONTROL_HOME=str(tmp_path), **{variable: str(port)})
        with pytest.raises(ray_head.RayHeadError, match=f"port {port} is taken by another program.*{variable}"):
            ray_head.start(settings, os.environ)
    assert ray_head.running(tmp_path) is None
