"""Sessions recorded while the clock said nothing of the hour: what turns out to lie outside the schedule is deleted.

A Pi without a clock of its own wakes up at the hour at which it was switched off. Where no network tells it better it
would sleep through the morning; so it records, and looks at the schedule once the time is known.
"""

import json

from recorder.chunk import Chunk
from recorder.ledger.ledger import Ledger
from recorder.spool.spool import Spool
from recorder.timing.schedule import Schedule

_NOTE = "sessions_in_doubt"
_MOST = 100


class Doubts:
    """Kept in the ledger, over restarts."""

    def __init__(self, ledger: Ledger, spool: Spool, schedule: Schedule) -> None:
        self._ledger, self._spool, self._schedule = ledger, spool, schedule

    def note(self, session_id: str) -> None:
        """This session was begun in doubt."""
        self._ledger.remember(_NOTE, json.dumps([*self._sessions(), session_id][-_MOST:]))

    def may_send(self, chunk: Chunk, start_ms: int, end_ms: int) -> bool:
        """Now that its times are known (Unix ms). One that was not to be recorded is deleted; False then."""
        if self._schedule.windows(start_ms, end_ms) or chunk.session_id not in self._sessions():
            return True
        entry = self._ledger.entry(chunk.key)
        if entry is not None:
            self._spool.discard([entry], "recorded outside of the schedule, while the time was not known")
        return False

    def _sessions(self) -> list[str]:
        return list(json.loads(self._ledger.recall(_NOTE) or "[]"))
