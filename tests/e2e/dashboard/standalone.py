"""The seeded shop outside of any test, for screenshots and benchmarks."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audio.store import FileStore
from db import embedded, migrate
from tests.e2e.dashboard.rig import ROOT, Panel, deps_on, running_panel, running_server
from tests.e2e.dashboard.seeded import Seeded, seed


@contextmanager
def running_shop(with_attack: bool = False) -> Iterator[tuple[Panel, Seeded]]:
    """Its dashboard, and what was seeded."""
    home = Path(tempfile.mkdtemp(prefix="sc-dashboard-"))
    try:
        database_url = embedded.start(home, {"fsync": "off"})
        migrate.upgrade(database_url)
        with running_server() as server:
            deps = deps_on(database_url, FileStore(home / "store"))
            server.serve(deps)
            seeded = server.run(seed(deps.db, deps.store, ROOT / "samples" / "shop_day", with_attack))
            with running_panel([server.url], home / "panel.log") as panel:
                yield panel, seeded
            server.run(deps.db.dispose())
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)
