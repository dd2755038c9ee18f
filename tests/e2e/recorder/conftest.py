"""Whole recorders, side by side before one server: they mostly wait."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.e2e.recorder.cells import Place, place_in
from tests.e2e.recorder.server import running_server

Scenario = Callable[[Place, Path], None]
"""Stages something in a folder of its own, and fails where it does not go as it must."""


@pytest.fixture(scope="module")
def place(
    own_database: Callable[[], AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """One server for the module."""
    folder = tmp_path_factory.mktemp("recorders")
    with own_database() as url, running_server(url, folder / "store") as server:
        yield place_in(folder, server)


@pytest.fixture(scope="module")
def lived(request: pytest.FixtureRequest, place: Place) -> Iterator[dict[Scenario, Future[None]]]:
    """The scenarios of the module's chosen tests (each has one, its parameter `scenario`), under way."""
    tests = [item for item in request.session.items if item.path == request.path]
    wanted: list[Scenario] = [item.callspec.params["scenario"] for item in tests]  # type: ignore[attr-defined]
    with ThreadPoolExecutor(len(wanted)) as pool:
        yield {scenario: pool.submit(scenario, place, place.folder / scenario.__name__) for scenario in wanted}
