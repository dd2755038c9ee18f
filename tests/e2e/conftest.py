"""A whole system for each module of end-to-end tests: it takes half a minute to come up."""

import shutil
from collections.abc import Iterator

import pytest

from tests.e2e.system import System, processes_with
from tests.in_memory import make_folder


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    """Up, empty, with short leases and the module's SETTINGS; down at the end, and nothing of it left running."""
    home = make_folder("sc-e2e-")
    system = System(home, getattr(request.module, "SETTINGS", {}))
    try:
        system.cli("up")
        yield system
    finally:
        system.cli("down", check=False)
        left = processes_with(home)
        shutil.rmtree(home, ignore_errors=True)
    assert not left, f"left running: {[' '.join(process.cmdline()) for process in left]}"
