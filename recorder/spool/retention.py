"""What goes when the spool is too old, too large or the disk too full. Pure.

Age deletes only what the server has: by age alone a shop that was offline for a week would lose its week on an empty
disk. For want of space our copies of delivered chunks go first, then what the server refused, and audio that was never
delivered last, the oldest first.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

DAY_MS = 86_400_000
LEAST_FREE_BYTES = 512 * 1024
"""Whatever is configured: with less the ledger cannot be written."""


class Sized(Protocol):
    @property
    def size_bytes(self) -> int: ...


class Aged(Sized, Protocol):
    @property
    def modified_ms(self) -> int: ...


A = TypeVar("A", bound=Aged)
S = TypeVar("S", bound=Sized)


@dataclass(frozen=True, slots=True)
class Limits:
    max_days: int
    max_bytes: int
    min_free_bytes: int

    def excess_bytes(self, spool_bytes: int, free_bytes: int) -> int:
        """How much must go; 0 where nothing must."""
        floor_bytes = max(self.min_free_bytes, LEAST_FREE_BYTES)
        return max(0, spool_bytes - self.max_bytes, floor_bytes - free_bytes)


def expired(acked: Sequence[A], limits: Limits, now_ms: int) -> tuple[list[A], list[A]]:
    """Delivered chunks (the oldest first) that are too old, and the others."""
    oldest_ms = now_ms - limits.max_days * DAY_MS
    old = [stored for stored in acked if stored.modified_ms < oldest_ms]
    return old, [stored for stored in acked if stored.modified_ms >= oldest_ms]


def first(stored: Iterable[S], excess_bytes: int) -> Iterator[S]:
    """As many of them, from the first on, as make up for the excess."""
    for one in stored:
        if excess_bytes <= 0:
            return
        yield one
        excess_bytes -= one.size_bytes
