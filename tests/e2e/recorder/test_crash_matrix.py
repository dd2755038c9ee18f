"""Whatever happens to a recorder: what reached the disk is neither lost nor doubled; each second is accounted for."""

from pathlib import Path

import pytest
from rich.console import Console

from tests.e2e.recorder import cells
from tests.e2e.recorder.server import running_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def test_every_fault_of_the_crash_matrix_is_lived_through(database_url: str, tmp_path: Path) -> None:
    """Prints the table (`-s` shows it). What this machine cannot stage is named, and told apart from what passed."""
    missing = cells.unavailable()
    names = [name for name in cells.cells() if name not in missing]
    with running_server(database_url, tmp_path / "store") as server:
        results = cells.run(cells.place_in(tmp_path, server), names)
    console = Console(width=200)
    console.print(cells.table(results))
    for name, what in missing.items():
        console.print(f"not run: {name}: {what}")
    failed = {name: found.problems for name, found in results.items() if found.problems}
    assert not failed, failed
