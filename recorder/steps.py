"""Named steps at which a fault can be staged from outside.

Production runs pass through. Where RECORDER_PAUSE_DIR names a folder and a file `<step>` lies in it, the process that
reaches the step removes the file, writes `<step>.stopped` (its pid) and stops itself (SIGSTOP) until it is continued
or killed: that is how the crash matrix hits exactly "after the cut" or "mid-eviction" in real processes.
"""

import os
import signal
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path


class Step(StrEnum):
    """`mid_ledger_write`: the ledger's transaction is written but not committed."""

    MID_CHUNK = "mid_chunk"
    AFTER_CUT = "after_cut"
    AFTER_FSYNC = "after_fsync"
    AFTER_UPLOAD = "after_upload"
    MID_EVICTION = "mid_eviction"
    MID_LEDGER_WRITE = "mid_ledger_write"


Reached = Callable[[Step], None]


def pass_through(step: Step) -> None:
    """Nothing is staged."""


def from_environment() -> Reached:
    """The step observer of this process."""
    folder = os.environ.get("RECORDER_PAUSE_DIR")
    return _stop_where_told(Path(folder)) if folder else pass_through


def _stop_where_told(folder: Path) -> Reached:
    def reached(step: Step) -> None:
        try:
            (folder / step).unlink()
        except FileNotFoundError:
            return
        # Written aside and renamed: whoever waits for the file finds the pid in it.
        said = folder / f"{step}.{os.getpid()}"
        said.write_text(str(os.getpid()), encoding="ascii")
        said.replace(folder / f"{step}.stopped")
        os.kill(os.getpid(), signal.SIGSTOP)

    return reached
