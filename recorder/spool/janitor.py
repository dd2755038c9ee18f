"""Keeps the spool within its limits (retention.py says what goes), every five minutes and when asked to."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from recorder.fate import ChunkState
from recorder.ledger.ledger import Entry, Ledger
from recorder.spool.retention import Limits, expired, first
from recorder.spool.spool import Spool

_BATCH = 200
"""Undelivered chunks that go in one transaction of the ledger."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many chunks went. `short_bytes`: what is still too much though nothing more can go."""

    expired: int = 0
    acked: int = 0
    quarantined: int = 0
    unsent: int = 0
    short_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Undelivered:
    entry: Entry

    @property
    def size_bytes(self) -> int:
        return self.entry.chunk.size_bytes


class Janitor:
    """For any thread."""

    def __init__(self, spool: Spool, ledger: Ledger, limits: Limits, now_ms: Callable[[], int]) -> None:
        """`now_ms`: Unix time as well as it is known."""
        self._spool, self._ledger, self._limits, self._now_ms = spool, ledger, limits, now_ms

    @property
    def is_needed(self) -> bool:
        """Something must go now. Cheap. Raises SpoolUnwritable."""
        return self._excess_bytes() > 0

    def run_once(self) -> Swept:
        """Raises DiskFull, SpoolUnwritable where not even this can be done."""
        self._spool.refresh()
        folder = self._spool.folders.acked
        old, kept = expired(self._spool.stored(folder), self._limits, self._now_ms())
        self._spool.forget(old, folder)
        # Counted down by what goes: some file systems give room back later, and would seem to need more.
        excess_bytes = self._excess_bytes()
        spare = list(first(kept, excess_bytes))
        self._spool.forget(spare, folder)
        excess_bytes -= sum(stored.size_bytes for stored in spare)
        excess_bytes -= self._forget_damaged(excess_bytes)
        quarantined, excess_bytes = self._evict(ChunkState.QUARANTINED, excess_bytes)
        unsent, excess_bytes = self._evict(ChunkState.WAITING, excess_bytes)
        self._spool.refresh()
        swept = Swept(len(old), len(spare), quarantined, unsent, max(0, excess_bytes))
        self._tell(swept)
        return swept

    def _forget_damaged(self, excess_bytes: int) -> int:
        """What lies in quarantine/ and could not be sent again anyway. Returns bytes."""
        if excess_bytes <= 0:
            return 0
        folder = self._spool.folders.quarantine
        stored = [
            one for one in self._spool.stored(folder) if self._ledger.state(one.key) is not ChunkState.QUARANTINED
        ]
        useless = list(first(stored, excess_bytes))
        self._spool.forget(useless, folder)
        return sum(one.size_bytes for one in useless)

    def _evict(self, state: ChunkState, excess_bytes: int) -> tuple[int, int]:
        """How many went, and the excess that is left."""
        evicted = 0
        while excess_bytes > 0:
            oldest = [_Undelivered(entry) for entry in self._ledger.entries(state, limit=_BATCH)]
            went = self._spool.evict([one.entry for one in first(oldest, excess_bytes)], "no space")
            if not went:
                break
            evicted += len(went)
            excess_bytes -= sum(chunk.size_bytes for chunk in went)
        return evicted, excess_bytes

    def _excess_bytes(self) -> int:
        usage = self._spool.usage()
        return self._limits.excess_bytes(usage.bytes, usage.free_bytes)

    def _tell(self, swept: Swept) -> None:
        if swept.unsent or swept.quarantined:
            log.error("undelivered_audio_evicted", extra={"unsent": swept.unsent, "quarantined": swept.quarantined})
        if swept.short_bytes:
            log.error("disk_short", extra={"short_bytes": swept.short_bytes})
        if swept.expired or swept.acked:
            log.info("delivered_copies_deleted", extra={"too_old": swept.expired, "no_space": swept.acked})
