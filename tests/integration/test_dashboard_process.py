"""The dashboard's process: started once, and anew where what it was started with is not what is wanted now."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cluster import dashboard_process

START = """
from cluster import dashboard_process
from configs.settings import load

assert dashboard_process.start(load())
"""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Starts it by the settings of this environment; its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    here = {"SALESCONTROL_HOME": str(tmp_path), "SALESCONTROL_SERVER__DASHBOARD_PORT": str(port)}
    (tmp_path / "run").mkdir()

    def start(**env: str) -> int:
        subprocess.run([sys.executable, "-c", START], env={**os.environ, **here, **env}, check=True)
        return int(json.loads((tmp_path / "run" / "dashboard.json").read_text())["pid"])

    try:
        yield start
    finally:
        dashboard_process.stop(tmp_path)


def test_other_settings_replace_the_pages_and_the_same_ones_leave_them(started: Callable[..., int]) -> None:
    first = started()
    assert started() == first
    second = started(ADMIN_TOKEN="x" * 24)
    assert second != first
    assert not psutil.pid_exists(first)
    assert started(ADMIN_TOKEN="x" * 24, PUBLIC_URL="https://sales.example.com") != second
