"""Fixtures of the recorder's integration tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from simulated import Build, Machine, Recorder

from recorder.ledger.ledger import Ledger


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Makes a simulated recorder on a machine; its ledger is closed in the end."""
    built = []

    def one(machine: Machine) -> Recorder:
        built.append(Recorder(tmp_path / "ledger.db", machine))
        return built[-1]

    yield one
    for recorder in built:
        recorder.ledger.close()


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def ledger(tmp_path: Path, machine: Machine) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db", machine)
    yield ledger
    ledger.close()
