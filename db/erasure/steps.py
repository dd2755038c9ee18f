"""Named steps of an erasure, where a test can end the process."""

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    SILENCED = "silenced"
    """The new files are there; no row names them yet."""
    WRITTEN = "written"
    """All is written, and not committed."""
    COMMITTED = "committed"
    FILE_DELETED = "file_deleted"
    """One of them."""
    FILES_DELETED = "files_deleted"
    """All of them, while their notes are still there."""


Reached = Callable[[Step], None]


def pass_through(step: Step) -> None:
    """Nothing happens."""
