"""The uploader: takes what waits in the spool to the server, as the policy says, and settles what became of it.

A chunk is acknowledged only by the receipt of its own bytes. It is stamped when it is sent, by the best time known
then; while no time is known at all the server is asked for it first.
"""

import hashlib
import logging
import threading
from collections.abc import Callable
from math import isfinite

from recorder.chunk import Chunk
from recorder.fate import ChunkState
from recorder.health.health import Uploads
from recorder.ledger.ledger import Entry, Ledger, LedgerCorrupt, LedgerError
from recorder.spool.spool import Spool, SpoolError
from recorder.steps import Reached, Step, pass_through
from recorder.timing.clock import Clock
from recorder.timing.timekeeping import Standing, TimeKeeper
from recorder.upload.api_client import ApiClient, Exchange
from recorder.upload.credentials import Credentials, CredentialStore
from recorder.upload.retry import Answer, History, Judgement, NoAnswer, Verdict, judge
from recorder.upload.upload_form import form
from recorder.upload.upload_policy import UploadPolicy, Wait, Waiting

log = logging.getLogger(__name__)

UPLOADED, UPLOAD_ERRORS = "uploaded", "upload_errors"
"""Counters of the ledger."""
LOOK_AGAIN_S = 60.0
"""Longest rest: what another process puts back into the queue is found so soon."""
_TROUBLE_S = 10.0
_OLDEST, _NEWEST = 50, 10
_UNREADABLE_TIMES = 5
_ANSWER_CHARS = 4000

MaySend = Callable[[Chunk, int, int], bool]


def whatever_it_is(chunk: Chunk, start_ms: int, end_ms: int) -> bool:
    """Every chunk may be sent."""
    return True


class Uploader:
    """`run` is the uploader's thread; everything else may be called from any other.

    `may_send`: is asked with the chunk's times (Unix ms) before it is sent; for what a doubtful clock recorded outside
    the schedule. `reached`: for the crash matrix.
    """

    def __init__(
        self,
        spool: Spool,
        ledger: Ledger,
        timekeeper: TimeKeeper,
        client: ApiClient,
        credentials: CredentialStore,
        policy: UploadPolicy,
        clock: Clock,
        *,
        may_send: MaySend = whatever_it_is,
        reached: Reached = pass_through,
    ) -> None:
        self._spool, self._ledger, self._timekeeper, self._clock = spool, ledger, timekeeper, clock
        self._client, self._credentials, self._policy = client, credentials, policy
        self._may_send, self._reached = may_send, reached
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._unsaved: dict[str, Callable[[], None]] = {}
        self._withheld: set[str] = set()
        self._last_upload_ts: float | None = None
        self._last_error: str | None = None

    def run(self, alive: Callable[[], None] = lambda: None) -> None:
        """Until `stop`. `alive` is called at least every LOOK_AGAIN_S, and before each upload, which takes 15 minutes
        at the very most. Raises LedgerCorrupt."""
        while not self._stopping.is_set():
            alive()
            try:
                rest_s = self.step()
            except LedgerCorrupt:
                raise
            except (LedgerError, SpoolError) as error:
                log.error("spool_unusable", extra={"reason": str(error)})
                rest_s = _TROUBLE_S
            except Exception:
                # One chunk that breaks the code must not end the thread that delivers all others.
                log.exception("upload_step_failed")
                rest_s = _TROUBLE_S
            if rest_s > 0:
                self._woken.wait(min(rest_s, LOOK_AGAIN_S))
            self._woken.clear()  # Before the look at `_stopping`: a stop is never slept through.

    def wake(self) -> None:
        """Something new waits."""
        self._woken.set()

    def stop(self) -> None:
        """Ends `run` soon, an upload under way too: the server or the next start will know what became of it."""
        self._stopping.set()
        self._client.stop()
        self._woken.set()

    def step(self) -> float:
        """Sends one chunk, if one is due. Returns for how many seconds there is nothing to do."""
        if not self._save_all():
            return _TROUBLE_S
        entries = self._entries()
        waiting = {self._as_waiting(entry.chunk): entry.chunk for entry in entries}
        decision = self._policy.next(self._now_s(), list(waiting))
        if isinstance(decision, Wait):
            self._withheld.clear()
            return decision.seconds if isfinite(decision.seconds) else LOOK_AGAIN_S
        chunk = waiting[decision.chunk]
        judgement = self._attempt(chunk)
        if judgement is not None and not self._stopping.is_set():
            self._policy.answered(self._now_s(), decision.chunk, judgement)
            self._say(chunk, judgement)
        return 0.0

    @property
    def uploads(self) -> Uploads:
        """For the health document."""
        counters = self._ledger.counters()
        oldest = self._ledger.entries(ChunkState.WAITING, limit=1)
        hold = self._policy.hold(self._now_s(), self._credentials.current.identity.device_id)
        age_s = (self._timekeeper.now_ms() - oldest[0].end_ms) / 1000 if oldest else None
        return Uploads(
            queue_size=self._spool.usage().waiting_files,
            uploaded_total=counters.get(UPLOADED, 0),
            upload_errors_total=counters.get(UPLOAD_ERRORS, 0),
            last_upload_ts=self._last_upload_ts,
            paused_by=hold.paused_by if hold else None,
            last_error=self._last_error,
            oldest_waiting_s=None if age_s is None else max(age_s, 0.0),
            evicted_unsent_total=counters.get("evicted_unsent", 0),
        )

    def _entries(self) -> list[Entry]:
        """What may be sent next, the oldest first: of every device a few at either end of its queue."""
        found: dict[str, Entry] = {}
        for device_id in self._ledger.waiting_devices():
            for entry in self._ledger.waiting_of(device_id, limit=_OLDEST):
                found[entry.chunk.key] = entry
            for entry in self._ledger.waiting_of(device_id, newest_first=True, limit=_NEWEST):
                found[entry.chunk.key] = entry
        ordered = sorted(found.values(), key=lambda entry: (entry.start_ms, entry.chunk.seq))
        return [entry for entry in ordered if entry.chunk.key not in self._withheld]

    def _attempt(self, chunk: Chunk) -> Judgement | None:
        """Sends a chunk and settles its outcome. None: it was not to be sent."""
        history = self._policy.history(chunk.key)
        credentials = self._credentials.of(chunk.identity.device_id)
        if credentials is None:
            return Judgement(Verdict.PAUSE, "no_credentials", f"none for device {chunk.identity.device_id}")
        try:
            damage = self._damage(chunk)
        except OSError as error:
            if history.doubts < _UNREADABLE_TIMES:
                return Judgement(Verdict.DOUBT, "file_unreadable", error.strerror or "")
            damage = f"it cannot be read: {error.strerror}"
        if damage:
            self._lose(chunk, damage)
            return None
        if (judgement := self._ask_time(credentials)) is not None:
            return judgement
        start_ms, end_ms = self._timekeeper.stamp(chunk)
        if not self._may_send(chunk, start_ms, end_ms):
            self._withheld.add(chunk.key)
            return None
        try:
            exchange = self._client.upload(credentials, form(chunk, start_ms, end_ms), self._spool.path(chunk))
        except OSError as error:  # evicted since, or the card fails
            return Judgement(Verdict.DOUBT, "file_unreadable", error.strerror or "")
        self._observe(exchange)
        judgement = judge(exchange.answer, chunk.sha256, history)
        self._settle(chunk, start_ms, exchange.answer, judgement)
        return judgement

    def _damage(self, chunk: Chunk) -> str | None:
        """What is wrong with its file. Raises OSError where it cannot be read."""
        try:
            with self._spool.path(chunk).open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return "its file is gone"
        return None if sha256 == chunk.sha256 else f"its SHA-256 is {sha256} now"

    def _lose(self, chunk: Chunk, damage: str) -> None:
        if self._ledger.state(chunk.key) is ChunkState.WAITING:  # else it was evicted meanwhile
            self._save(chunk.key, lambda: self._spool.damaged(chunk, damage))

    def _ask_time(self, credentials: Credentials) -> Judgement | None:
        """None where chunks can be stamped; else why not."""
        if self._timekeeper.is_settled:
            return None
        exchange = self._client.post(credentials, "devices/heartbeat", {})
        self._observe(exchange)
        if isinstance(exchange.answer, NoAnswer):
            return judge(exchange.answer, "", History())
        if not self._timekeeper.is_settled and self._timekeeper.state.state is Standing.DOUBTFUL:
            return Judgement(Verdict.RETRY, "time_unknown", "neither the server nor NTP said what time it is")
        return None

    def _observe(self, exchange: Exchange) -> None:
        self._timekeeper.observe_answer(
            exchange.server_ms, exchange.date, exchange.asked_boot_ms, exchange.answered_boot_ms
        )

    def _settle(self, chunk: Chunk, start_ms: int, answer: Answer | NoAnswer, judgement: Judgement) -> None:
        if isinstance(answer, NoAnswer):
            return
        if judgement.verdict is Verdict.DELIVERED:
            self._reached(Step.AFTER_UPLOAD)
            receipt = str((answer.json or {}).get("chunk_id", ""))
            self._last_upload_ts = self._timekeeper.now_ms() / 1000
            self._ledger.count(UPLOADED)
            self._save(chunk.key, lambda: self._spool.acknowledge(chunk, start_ms, receipt))
        elif judgement.verdict is Verdict.QUARANTINE:
            text = answer.body.decode("utf-8", "replace")[:_ANSWER_CHARS]
            self._save(chunk.key, lambda: self._spool.quarantine(chunk, answer.status, text))

    def _save(self, key: str, act: Callable[[], None]) -> None:
        """Writes down what became of a chunk. What a full disk refuses is done first of all once it can be: until then
        nothing is sent, or the same chunk would be sent again and again."""
        self._unsaved[key] = act
        self._save_all()

    def _save_all(self) -> bool:
        for key, act in list(self._unsaved.items()):
            try:
                act()
            except SpoolError as error:
                self._last_error = str(error)
                log.error("outcome_not_saved", extra={"key": key, "reason": str(error)})
                return False
            del self._unsaved[key]
        return True

    def _say(self, chunk: Chunk, judgement: Judgement) -> None:
        said = {"key": chunk.key, "reason": judgement.reason}
        if judgement.verdict is Verdict.DELIVERED:
            self._last_error = None
            log.info("chunk_delivered", extra=said)
            return
        self._ledger.count(UPLOAD_ERRORS)
        self._last_error = f"{judgement.reason}: {judgement.detail}" if judgement.detail else judgement.reason
        log.warning("upload_failed", extra={**said, "verdict": judgement.verdict, "detail": judgement.detail})

    def _as_waiting(self, chunk: Chunk) -> Waiting:
        is_of_this_boot = chunk.start.boot_id == self._clock.boot_id
        cut_s = (chunk.start.boot_ms + chunk.length_ms) / 1000 if is_of_this_boot else None
        return Waiting(chunk.key, chunk.identity.device_id, cut_s)

    def _now_s(self) -> float:
        return self._clock.boot_ms() / 1000
