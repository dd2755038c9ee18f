"""The machine's clocks. The wall clock may step; CLOCK_BOOTTIME never does within one boot."""

import ctypes
import time
from pathlib import Path
from typing import Protocol

from recorder.chunk import Moment

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIMEX_BYTES = 256
_TIME_ERROR = 5
"""adjtimex(2): the kernel's clock is not synchronised."""


class Clock(Protocol):
    boot_id: str

    def wall_ms(self) -> int:
        """Unix time in ms, as the system says."""
        ...

    def boot_ms(self) -> int:
        """Milliseconds since this boot, suspended time included."""
        ...

    def is_synchronised(self) -> bool:
        """The kernel says that NTP (or the like) steers the wall clock."""
        ...


class SystemClock:
    """The real one."""

    def __init__(self) -> None:
        self.boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
        self._adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def boot_ms(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def is_synchronised(self) -> bool:
        # Zeroed modes: only read. Allowed without privileges.
        return bool(self._adjtimex((ctypes.c_char * _TIMEX_BYTES)()) not in (-1, _TIME_ERROR))


def moment(clock: Clock) -> Moment:
    """Now."""
    return Moment(clock.boot_id, clock.boot_ms(), clock.wall_ms())
