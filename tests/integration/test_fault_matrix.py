"""Faults of what the system stands on, played on the whole way of a chunk; `benchmarks/fault_matrix.py` prints them,
with those of a cluster's nodes."""

from collections.abc import Iterator

import pytest

from tests.integration.faults.cells import cells, unavailable
from tests.integration.faults.place import Place, open_place

pytestmark = pytest.mark.timeout(200)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with open_place() as place:
        yield place


@pytest.mark.parametrize("name", cells())
async def test_nothing_is_lost_and_nothing_doubled_and_what_can_goes_on(place: Place, name: str) -> None:
    if missing := unavailable().get(name):
        pytest.skip(missing)
    found = await cells()[name](place)
    assert not found.problems
