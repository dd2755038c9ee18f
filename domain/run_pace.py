"""When a run will have ended, at the pace of its last minutes. Pure."""

from datetime import datetime, timedelta

FEWEST = 3
"""From fewer nobody can tell a pace."""


def expected_end(left: int, done: int, over_s: float, now: datetime) -> datetime | None:
    """left: dialogues to go; done: of these so many ended within the last `over_s` seconds. None: it cannot be told."""
    if left <= 0 or done < FEWEST or over_s <= 0:
        return None
    return now + timedelta(seconds=left * over_s / done)
