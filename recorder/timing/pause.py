"""A pause that somebody at the counter asked for: until a time of day, or for a while.

One file in the spool, written by the command line and looked at by the agent once a second. A pause for a while is
counted by the clock that never steps; over a reboot, and for a time of day, the wall clock decides. A wall clock that
went wrong can't prolong it without end: no pause lasts longer than its length (a day for a time of day) in one boot.
"""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from recorder import durable
from recorder.chunk import Moment
from recorder.timing.hours import read_time
from recorder.timing.schedule import local_ms

FILE_NAME = "pause.json"
LONGEST_MS = 24 * 3_600_000
_LENGTH = re.compile(r"(?:(\d{1,2})\s*h)?\s*(?:(\d{1,4})\s*m(?:in)?)?", re.IGNORECASE)
_RIGHT = "say how long, such as 15m, 2h or 1h30m (24h at most), or until when: until 14:30"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """`until_ms`: Unix time at which it shall end. `lasts_ms`: set where it was asked for as a length."""

    until_ms: int
    lasts_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    started: Moment
    until_ms: int
    lasts_ms: int | None

    def remaining_ms(self, now: Moment, wall_ms: int) -> int:
        """Until it ends; 0 or less when it is over. `wall_ms`: Unix time now, as well as it is known."""
        same_boot = now.boot_id == self.started.boot_id
        elapsed_ms = now.boot_ms - self.started.boot_ms if same_boot else now.boot_ms
        at_most_ms = (self.lasts_ms or LONGEST_MS) - elapsed_ms
        if same_boot and self.lasts_ms is not None:
            return at_most_ms
        return min(at_most_ms, self.until_ms - wall_ms)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Raises ValueError where the text is not a pause."""
        try:
            fields = json.loads(text)
            started = fields["started"]
            begun = Moment(str(started["boot_id"]), int(started["boot_ms"]), int(started["wall_ms"]))
            lasts_ms = fields["lasts_ms"]
            return cls(begun, int(fields["until_ms"]), None if lasts_ms is None else int(lasts_ms))
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not a pause: {error}") from error


def parse(text: str, wall_ms: int, zone: ZoneInfo) -> Request:
    """From "15m", "2h", "1h30m" or "until 14:30": today in `zone`, or tomorrow where that has passed.

    Raises ValueError that says what would be right.
    """
    words = text.strip().lower()
    if words.startswith("until"):
        return Request(_next_reading(words.removeprefix("until").strip(), wall_ms, zone))
    match = _LENGTH.fullmatch(words)
    lasts_ms = (int(match[1] or 0) * 60 + int(match[2] or 0)) * 60_000 if match else 0
    if not 0 < lasts_ms <= LONGEST_MS:
        raise ValueError(_RIGHT)
    return Request(wall_ms + lasts_ms, lasts_ms)


def _next_reading(time_of_day: str, wall_ms: int, zone: ZoneInfo) -> int:
    try:
        minutes = read_time(time_of_day)
    except ValueError as error:
        raise ValueError(f"until {error}; or {_RIGHT}") from None
    today = datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(3))
    readings = (local_ms(day, minutes, zone, last=last) for day in days for last in (False, True))
    return next(ms for ms in readings if ms > wall_ms)


class PauseStore:
    """`path`: `<spool_dir>/pause.json`. For any thread and process. Methods that write raise OSError as it comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._pause: Pause | None = None

    def active(self, now: Moment, wall_ms: int) -> Pause | None:
        """The pause that holds now; costs one stat where nothing changed. One that is over is removed, so that a wall
        clock that goes back cannot revive it."""
        pause = self._current()
        if pause is None or pause.remaining_ms(now, wall_ms) > 0:
            return pause
        try:
            self._remove(lambda: self._current() == pause)
        except OSError as error:  # Somebody who may only read, or a broken disk: it is over all the same.
            log.warning("pause_not_removed", extra={"path": str(self._path), "reason": error.strerror})
        return None

    def start(self, request: Request, now: Moment) -> Pause:
        """From now on; it takes the place of a pause that holds already."""
        pause = Pause(now, request.until_ms, request.lasts_ms)
        with durable.locked(self._path.parent):
            durable.write(self._path, pause.to_json().encode(), 0o644)
        return pause

    def resume(self) -> bool:
        """Ends the pause; False where there was none."""
        return self._remove(lambda: True)

    def _remove(self, still_meant: Callable[[], bool]) -> bool:
        with durable.locked(self._path.parent):
            if not self._path.exists() or not still_meant():
                return False
            durable.remove(self._path)
            return True

    def _current(self) -> Pause | None:
        try:
            status = self._path.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            if seen != self._seen:
                self._pause, self._seen = Pause.from_json(self._path.read_bytes()), seen
        except FileNotFoundError:
            self._pause, self._seen = None, None
        except (OSError, ValueError) as error:
            log.warning("pause_file_unreadable", extra={"path": str(self._path), "reason": str(error)})
            self._pause, self._seen = None, None
        return self._pause
