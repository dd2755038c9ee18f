"""Times of day, days of the week and the hours of one day, as people write them."""

import re
from dataclasses import dataclass
from typing import Self

MINUTES_A_DAY = 24 * 60
EVERY_DAY = tuple(range(7))
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_DAY_NAMES = (
    ("mon", "monday", "пн"),
    ("tue", "tuesday", "вт"),
    ("wed", "wednesday", "ср"),
    ("thu", "thursday", "чт"),
    ("fri", "friday", "пт"),
    ("sat", "saturday", "сб"),
    ("sun", "sunday", "вс"),
)
_DAYS = {name: day for day, names in enumerate(_DAY_NAMES) for name in names}


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` (inclusive) to `end` (exclusive), minutes after midnight. `end` <= `start`: over midnight, and the
    hours belong to the day on which they start. 0 to 1440 is the whole day."""

    start: int
    end: int

    @classmethod
    def read(cls, text: str) -> Self:
        """From "08:00-22:00". Raises ValueError that says what would be right."""
        parts = re.split(r"\s*[-–—]\s*", text.strip())
        if len(parts) != 2:
            raise ValueError("must be HH:MM-HH:MM, such as 10:00-18:00")
        return cls.between(*parts)

    @classmethod
    def between(cls, start: str, end: str) -> Self:
        """From two times of day. Raises ValueError that says what would be right."""
        hours = cls(read_time(start), read_time(end, is_end=True))
        if hours.start == hours.end:
            raise ValueError("start and end are the same time; for the whole day write 00:00 and 24:00")
        return hours


def read_time(text: str, *, is_end: bool = False) -> int:
    """Minutes after midnight; 24:00 only where hours end. Raises ValueError that says what would be right."""
    match = _TIME.fullmatch(text.strip())
    if match:
        minutes = int(match[1]) * 60 + int(match[2])
        if int(match[2]) < 60 and (minutes < MINUTES_A_DAY or (is_end and minutes == MINUTES_A_DAY)):
            return minutes
    raise ValueError(f"must be a time of day as HH:MM, from 00:00 to {'24:00' if is_end else '23:59'}")


def show_time(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def read_days(text: str) -> tuple[int, ...]:
    """From "fri" or "mon-fri" (Monday is 0; "sat-mon" goes over Sunday). Raises ValueError as the others do."""
    ends = [_DAYS.get(name.strip().lower()) for name in re.split(r"[-–—]", text)]
    match ends:
        case [int(only)]:
            return (only,)
        case [int(first), int(last)]:
            return tuple((first + step) % 7 for step in range((last - first) % 7 + 1))
    raise ValueError("must be days such as mon-fri or sat (mon tue wed thu fri sat sun)")
