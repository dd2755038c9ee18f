"""The spool used by all at once: capture, uploader, janitor, and the command line beside them."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from recorder.fate import ChunkState
from recorder.ledger.ledger import Ledger
from recorder.spool.janitor import Janitor
from recorder.spool.retention import Limits
from recorder.spool.spool import Spool
from tests.integration.recorder.spooling import WALL_MS, cut, opened, states, told_ms
from tests.integration.recorder.test_spool_crash import check_whole

CHUNKS = 60
REQUEUE = """if True:
    import sys
    from contextlib import closing
    from pathlib import Path
    from recorder.timing.clock import SystemClock
    from recorder.fate import ChunkState
    from recorder.ledger.ledger import Ledger
    from recorder.spool.spool import Spool
    root, clock = Path(sys.argv[1]), SystemClock()
    with closing(Ledger.attach(root / "ledger.db", clock)) as ledger:
        spool = Spool(root, ledger, clock)
        for _ in range(40):
            for entry in ledger.entries(ChunkState.QUARANTINED):
                spool.requeue(entry.chunk)
"""


def send(spool: Spool, ledger: Ledger, recorded: threading.Event) -> None:
    """Every third is refused, as long as some wait."""
    refused: set[int] = set()
    while True:
        is_last = recorded.is_set()
        for chunk in spool.oldest_first(5):
            if chunk.seq % 3 or chunk.seq in refused:
                spool.acknowledge(chunk, told_ms(chunk))
            else:
                refused.add(chunk.seq)
                spool.quarantine(chunk, 422, "no")
        if is_last and not spool.oldest_first(1):
            return


def test_all_at_once_every_chunk_ends_in_one_place_and_none_is_lost(tmp_path: Path) -> None:
    root, recorded, failures = tmp_path / "spool", threading.Event(), list[BaseException]()
    spool, ledger = opened(root)
    janitor = Janitor(spool, ledger, Limits(10**4, 60_000, 0), lambda: WALL_MS)  # Room for a dozen.

    def record() -> None:
        for seq in range(CHUNKS):
            spool.complete(cut(root, seq))
        recorded.set()

    def sweep() -> None:
        while not recorded.is_set():
            janitor.run_once()

    def guarded(act: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                act()
            except BaseException as error:
                failures.append(error)
                recorded.set()

        return run

    threads = [threading.Thread(target=guarded(act)) for act in (record, sweep, lambda: send(spool, ledger, recorded))]
    for thread in threads:
        thread.start()
    command_line = subprocess.run([sys.executable, "-c", REQUEUE, str(root)], cwd=Path(__file__).parents[3])
    for thread in threads:
        thread.join()
    assert failures == []
    assert command_line.returncode == 0
    known = check_whole(spool, ledger, root)
    assert sorted(known) == list(range(CHUNKS))
    assert set(known.values()) <= {ChunkState.DELIVERED, ChunkState.QUARANTINED, ChunkState.EVICTED}
    assert states(ledger) == known
    ledger.close()
