"""Named steps of a job's life, where a fault can be staged from outside.

Production runs pass through at the cost of one `is None`. Where SALESCONTROL_PAUSE_DIR names a folder and a file
`<stage>.<step>` lies in it, the process that reaches the step removes the file and stops itself (SIGSTOP) until it is
continued or killed: that is how the kill matrix hits exactly "after claim" or "before commit" in real processes.
"""

import os
import signal
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path


class Step(StrEnum):
    BEFORE_CLAIM = "before_claim"
    AFTER_CLAIM = "after_claim"
    MID_WORK = "mid_work"
    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"


Reached = Callable[[str, Step], None]


def pass_through(stage: str, step: Step) -> None:
    """Nothing is staged."""


def from_environment() -> Reached:
    """The step observer of this process."""
    folder = os.environ.get("SALESCONTROL_PAUSE_DIR")
    return _stop_where_told(Path(folder)) if folder else pass_through


def _stop_where_told(folder: Path) -> Reached:
    def reached(stage: str, step: Step) -> None:
        mark = folder / f"{stage}.{step}"
        try:
            mark.unlink()
        except FileNotFoundError:
            return
        (folder / f"{stage}.{step}.stopped").write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGSTOP)

    return reached
