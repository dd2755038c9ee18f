"""What is done now and then: making room in the spool, forgetting what is old."""

import logging
import threading

from recorder.ledger.ledger import Ledger, LedgerUnwritable
from recorder.spool.janitor import Janitor
from recorder.spool.spool import SpoolError
from recorder.timing.timekeeping import Standing, TimeKeeper
from recorder.upload.credentials import CredentialStore

log = logging.getLogger(__name__)

EVERY_S = 300.0
_PRUNE_EVERY = 288
"""Of those rounds: once a day."""


class Housekeeping:
    """`run` is its thread."""

    def __init__(self, janitor: Janitor, ledger: Ledger, keeper: TimeKeeper, credentials: CredentialStore) -> None:
        self._janitor, self._ledger, self._keeper, self._credentials = janitor, ledger, keeper, credentials
        self._woken, self._stopping = threading.Event(), threading.Event()

    def run(self) -> None:
        """Until `stop`. Raises LedgerCorrupt."""
        done = 0
        while not self._stopping.is_set():
            try:
                self._janitor.run_once()
                if done % _PRUNE_EVERY == 0 and self._keeper.state.state is Standing.RIGHT:
                    self._ledger.prune(self._keeper.now_ms())
                    self._credentials.forget_all_but(self._ledger.waiting_devices())
            except (SpoolError, LedgerUnwritable, OSError) as error:
                log.error("housekeeping_failed", extra={"reason": str(error)})
            done += 1
            self._woken.wait(EVERY_S)
            self._woken.clear()  # Before the look at `_stopping`: a stop is never slept through.

    def look(self) -> None:
        """There is more in the spool than before: makes room at once if it must. Cheap; for any thread."""
        try:
            if self._janitor.is_needed:
                self._woken.set()
        except SpoolError:
            self._woken.set()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
