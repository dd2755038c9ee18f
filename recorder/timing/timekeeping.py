"""What time it is, and when a chunk was recorded: as right as it can be known, whatever the system clock says."""

import logging
import threading
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum

from recorder.chunk import Chunk
from recorder.ledger.ledger import Ledger, LedgerUnwritable
from recorder.timing.boot_time import Source, last_known_ms, offset_at
from recorder.timing.clock import Clock, moment
from recorder.timing.clock_belief import (
    TOLERANCE_MS,
    Belief,
    Change,
    Reading,
    date_reading,
    kernel_reading,
    server_reading,
    weigh,
)

log = logging.getLogger(__name__)

DOUBTFUL_MS = 15 * 60_000
"""A machine without a battery-backed clock boots with the time of its last shutdown."""
WRITTEN_MS = 1_767_225_600_000
"""2026-01-01: this program is younger than any clock that says less."""
STEP_MS = 500
_RESTORED_MS = 1_000
"""After a restart of the agent: how good the offset in the ledger is taken to be."""
OVERLAP_MS = 250
"""Consecutive chunks whose times overlap by less are contiguous for the server (it allows 500)."""


class Standing(StrEnum):
    """Of the system clock. `right`: confirmed. `wrong`: it differs from the known time by more than 2 s; the known time
    counts. `unknown`: nobody confirmed it in this boot. `doubtful`: moreover it says what a clock without battery says.
    """

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class ClockState:
    """`error_s`: the system clock is ahead by it (negative: behind); None while nobody knows."""

    state: Standing
    source: Source | None
    error_s: float | None


class TimeKeeper:
    """For any thread. Nothing here raises where the ledger cannot be written: it is told again later."""

    def __init__(self, clock: Clock, ledger: Ledger) -> None:
        self._clock, self._ledger = clock, ledger
        ledger.tick(moment(clock))  # the boot has its place among the others before anything asks for its time
        self._lock = threading.RLock()
        boots = ledger.boots()
        self._last_known_ms = last_known_ms([boot for boot in boots if boot.boot_id != clock.boot_id])
        self._belief = self._restored()
        self._untold = False
        self._system_offset_ms = clock.wall_ms() - clock.boot_ms()
        self._said: Standing | None = None
        self.poll()

    def poll(self) -> ClockState:
        """Looks at the clocks; call it every few seconds. Costs two clock readings and one system call."""
        with self._lock:
            now = moment(self._clock)
            stepped_ms = now.wall_ms - now.boot_ms - self._system_offset_ms
            if abs(stepped_ms) > STEP_MS:
                log.warning("clock_stepped", extra={"by_s": stepped_ms / 1000})
                self._ledger.tick(now)
            self._system_offset_ms += stepped_ms
            if self._clock.is_synchronised():
                self._weigh(kernel_reading(now.wall_ms, now.boot_ms))
            elif self._untold:
                self._tell(Change.WHOLE)
            return self._observed()

    def observe_answer(self, server_ms: int | None, date: str | None, sent_boot_ms: int, received_boot_ms: int) -> None:
        """All that an answer says of the time: the exact word first, so that the rough one only confirms it."""
        if server_ms is not None:
            self.observe_server(server_ms, sent_boot_ms, received_boot_ms)
        self.observe_http_date(date, sent_boot_ms, received_boot_ms)

    def observe_server(self, server_ms: int, sent_boot_ms: int, received_boot_ms: int) -> None:
        """A server said `server_ms` (Unix time) in answer to a request; the boot times are of this machine."""
        with self._lock:
            self._weigh(server_reading(server_ms, sent_boot_ms, received_boot_ms))
            self._observed()

    def observe_http_date(self, header: str | None, sent_boot_ms: int, received_boot_ms: int) -> None:
        """The Date header of any answer of the server; one that is no date is passed over."""
        try:
            said = parsedate_to_datetime(header or "")
        except (ValueError, OverflowError):
            return
        date_ms = int(said.replace(tzinfo=UTC).timestamp() * 1000)  # RFC 9110: a Date is always GMT
        with self._lock:
            self._weigh(date_reading(date_ms, sent_boot_ms, received_boot_ms))
            self._observed()

    def now_ms(self) -> int:
        """Unix time, as well as it is known."""
        with self._lock:
            if self._belief:
                return self._clock.boot_ms() + self._belief.offset_ms
            return self._ledger.wall_ms(moment(self._clock))

    @property
    def is_settled(self) -> bool:
        """The time is known. While it is not, ask the server something before anything is stamped."""
        return self._belief is not None

    @property
    def state(self) -> ClockState:
        with self._lock:
            belief = self._belief
            if belief is None:
                return ClockState(Standing.DOUBTFUL if self._is_doubtful() else Standing.UNKNOWN, None, None)
            error_ms = self._system_offset_ms - belief.offset_ms
            wrong = not belief.low_ms - TOLERANCE_MS <= self._system_offset_ms <= belief.high_ms + TOLERANCE_MS
            return ClockState(Standing.WRONG if wrong else Standing.RIGHT, belief.source, round(error_ms / 1000, 3))

    def stamp(self, chunk: Chunk) -> tuple[int, int]:
        """Unix times of its first and after its last sample, to be sent with it.

        Not before it was recorded: a boot whose time is unknown is taken to have begun after all that is known of
        earlier ones. In step with its neighbours in the session: a correction of the clock by up to 2 s is spread over
        the chunks; a greater one makes the new chunks true, which the server takes for another lane.
        """
        with self._lock:
            if self._untold and self._belief and chunk.start.boot_id == self._clock.boot_id:
                start_ms = chunk.start.boot_ms + self._belief.offset_ms
            else:
                start_ms = self._ledger.wall_ms(chunk.start)
        before = self._ledger.entry(replace(chunk, seq=chunk.seq - 1).key) if chunk.seq else None
        after = self._ledger.entry(replace(chunk, seq=chunk.seq + 1).key)
        if after and 0 < start_ms + chunk.length_ms - after.start_ms <= TOLERANCE_MS:
            start_ms = min(start_ms, after.start_ms - chunk.length_ms + OVERLAP_MS)
        if before and 0 < before.end_ms - start_ms <= TOLERANCE_MS:
            start_ms = max(start_ms, before.end_ms - OVERLAP_MS)
        return start_ms, start_ms + chunk.length_ms

    def _weigh(self, reading: Reading) -> None:
        before = self._belief
        self._belief, change = weigh(before, reading, self._system_offset_ms)
        if change is not Change.NONE or self._untold or (before and before.source is not self._belief.source):
            self._tell(change)

    def _tell(self, change: Change) -> None:
        """The ledger learns of it. What could not be told is told as a whole later."""
        belief = self._belief
        if belief is None:
            return
        drifted = change is not Change.WHOLE and not self._untold
        try:
            self._ledger.settle_boot(
                self._clock.boot_id,
                belief.offset_ms,
                belief.source,
                at_boot_ms=belief.anchored_boot_ms,
                drifted=drifted,
            )
            self._untold = False
        except LedgerUnwritable:
            self._untold = True

    def _restored(self) -> Belief | None:
        """As the ledger knows this boot, when the agent starts again within it."""
        boot = next((boot for boot in self._ledger.boots() if boot.boot_id == self._clock.boot_id), None)
        if boot is None or boot.source is None:
            return None
        offset_ms = offset_at(boot.anchors, boot.last_boot_ms)
        anchor = boot.anchors[-1]
        bounds = (offset_ms - _RESTORED_MS, offset_ms + _RESTORED_MS)
        alone = len(boot.anchors) == 1
        return Belief(boot.source, offset_ms, *bounds, anchor.boot_ms, boot.last_boot_ms, alone=alone)

    def _is_doubtful(self) -> bool:
        if self._system_offset_ms + self._clock.boot_ms() < WRITTEN_MS:
            return True
        return self._last_known_ms is not None and self._system_offset_ms <= self._last_known_ms + DOUBTFUL_MS

    def _observed(self) -> ClockState:
        state = self.state
        if state.state is not self._said:
            self._said = state.state
            log.info("clock_state", extra={"state": state.state, "source": state.source, "error_s": state.error_s})
        return state
