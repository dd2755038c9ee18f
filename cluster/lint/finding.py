"""What the lint says: how bad, where, what is wrong, how to mend it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """ERROR: it would not start, not work, or stand open. WARN: fill in or look at before `ray up`. NOTE: know it."""

    ERROR = "error"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `file` as the user named it, or relative to the checkout; `line` from 1."""

    level: Level
    file: str
    line: int
    what: str
    remedy: str
