"""The heartbeat: every minute the server hears that the recorder is there, how it is, what became of its time, and up
to when everything is delivered; and the recorder learns the time, and what the server misses.

What the server was told of is remembered as (revision of the ledger, until when): the next report begins where
something changed since, and no later than where the last one ended. Losing that memory only makes a report longer.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from recorder.ledger.accounting import Interval
from recorder.ledger.ledger import Ledger, LedgerError
from recorder.timing.clock import Clock
from recorder.timing.schedule import Schedule
from recorder.timing.timekeeping import TimeKeeper
from recorder.upload.api_client import ApiClient, Exchange, instant_ms
from recorder.upload.credentials import Credentials
from recorder.upload.retry import Answer
from recorder.upload.upload_form import utc

log = logging.getLogger(__name__)

EVERY_S = 60.0
SOON_S = 3.0
"""After a start, stop, pause or resume: within so much, since all recorders of a chain start at the same second."""
HOURLY_S = 3600.0
LAST_BEAT_S = 3.0
"""The longest that a last beat may hold up the end of the service."""
MOST_INTERVALS = 2000
_SAVED_EVERY_MS = 600_000
_NOTE = "heartbeat"


@dataclass(frozen=True, slots=True)
class Told:
    """What the server has accepted: all changes up to `revision`, for the time before `until_ms`."""

    revision: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Report:
    """The account of [from_ms, until_ms). `is_whole`: it reaches up to now; else the rest follows in the next."""

    from_ms: int
    until_ms: int
    intervals: list[Interval]
    is_whole: bool

    def document(self) -> dict[str, Any]:
        told = [
            {"start": utc(i.start_ms), "end": utc(i.end_ms), "fate": i.fate}
            | ({"reason": i.reason} if i.reason else {})
            for i in self.intervals
        ]
        return {"from": utc(self.from_ms), "until": utc(self.until_ms), "intervals": told}


class Heartbeat:
    """`run` is the heartbeat's thread. `health`: the /health document. `recording_from_ms`: where the audio begins that
    is being recorded or not yet in the ledger (Unix ms), None where there is none. `chance`: from [0, 1)."""

    def __init__(
        self,
        ledger: Ledger,
        timekeeper: TimeKeeper,
        client: ApiClient,
        credentials: Credentials,
        schedule: Schedule,
        clock: Clock,
        *,
        version: str,
        health: Callable[[], Mapping[str, Any]],
        recording_from_ms: Callable[[], int | None],
        chance: Callable[[], float],
    ) -> None:
        self._ledger, self._timekeeper, self._client, self._credentials = ledger, timekeeper, client, credentials
        self._schedule, self._clock, self._version = schedule, clock, version
        self._health, self._recording_from_ms, self._chance = health, recording_from_ms, chance
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._told = _recalled(ledger)
        self._saved_boot_ms = clock.boot_ms()
        self._wanted_from_ms: int | None = None
        self._is_bare = False

    def run(self, alive: Callable[[], None] = lambda: None) -> None:
        """Until `stop`, with a beat at its end. `alive` is called once a minute, and before each beat."""
        rest_s = self._chance() * SOON_S
        while not self._stopping.is_set():
            if self._rest(rest_s, alive):
                rest_s = self.beat()
        self.beat(LAST_BEAT_S)
        self._save()

    def soon(self) -> None:
        """Something happened that the server should hear of."""
        self._woken.set()

    def stop(self) -> None:
        """`run` ends after a last, short beat."""
        self._stopping.set()
        self._woken.set()
        self._client.interrupt()

    def beat(self, deadline_s: float | None = None) -> float:
        """Tells the server, and hears it. Returns for how many seconds to rest then."""
        was_settled = self._timekeeper.is_settled
        try:
            revision = self._ledger.revision  # before the report: what changes meanwhile is told again
            report = self._report() if was_settled and not self._is_bare else None
            document = self._document(report, revision)
        except LedgerError as error:
            log.error("ledger_unreadable", extra={"reason": str(error)})
            return EVERY_S
        exchange = self._client.post(self._credentials, "devices/heartbeat", document, deadline_s)
        self._timekeeper.observe_answer(
            exchange.server_ms, exchange.date, exchange.asked_boot_ms, exchange.answered_boot_ms
        )
        if not isinstance(exchange.answer, Answer):
            log.warning("heartbeat_failed", extra={"reason": exchange.answer.failure, "detail": exchange.answer.detail})
            return EVERY_S
        if exchange.answer.status == 200 and exchange.answer.json is not None:
            self._accepted(exchange, exchange.answer.json, report, revision)
            knows_time_now = self._timekeeper.is_settled and not was_settled
            return SOON_S if knows_time_now or (report and not report.is_whole) else EVERY_S
        return self._refused(exchange.answer)

    def _rest(self, seconds: float, alive: Callable[[], None]) -> bool:
        """False: the service stops. Ends early where there is something to tell."""
        while seconds > 0 and not self._stopping.is_set():
            alive()
            if self._woken.wait(min(seconds, EVERY_S)):
                self._woken.clear()
                self._stopping.wait(self._chance() * SOON_S)
                break
            seconds -= EVERY_S
        alive()
        return not self._stopping.is_set()

    def _report(self) -> Report:
        now_ms = self._timekeeper.now_ms()
        known_from_ms = self._ledger.known_from_ms
        candidates = [self._wanted_from_ms, now_ms]
        if self._told is None:
            candidates.append(known_from_ms)
        else:
            candidates += [self._ledger.changed_since(self._told.revision), self._told.until_ms]
        from_ms = min(ms for ms in candidates if ms is not None)
        # Before the ledger begins, the server asks only for what no ledger told it: then the agent did not run.
        windows = self._schedule.windows(from_ms, now_ms)
        intervals = self._ledger.account([(window.start_ms, window.end_ms) for window in windows], now_ms)
        if len(intervals) > MOST_INTERVALS:
            kept = intervals[:MOST_INTERVALS]
            return Report(from_ms, kept[-1].end_ms, kept, is_whole=False)
        return Report(from_ms, now_ms, intervals, is_whole=True)

    def _document(self, report: Report | None, revision: int) -> dict[str, Any]:
        document: dict[str, Any] = {"version": self._version}
        if self._timekeeper.is_settled:
            document["sent_at"] = utc(self._timekeeper.now_ms())
        if not self._is_bare:
            document["health"] = dict(self._health())
        if report is not None:
            document["delivered_until"] = utc(self._delivered_until_ms())
            document |= {"ledger_id": self._ledger.ledger_id, "revision": revision, "coverage": report.document()}
        return document

    def _delivered_until_ms(self) -> int:
        """The start of the oldest audio that the server may still get. What is being recorded is looked at first: a
        chunk that is cut in between then counts twice, not never."""
        recording_ms, now_ms = self._recording_from_ms(), self._timekeeper.now_ms()
        waiting = self._ledger.waiting_of(self._credentials.identity.device_id, limit=1)
        return min([now_ms, *([recording_ms] if recording_ms is not None else []), *(e.start_ms for e in waiting)])

    def _accepted(self, exchange: Exchange, heard: dict[str, Any], report: Report | None, revision: int) -> None:
        self._is_bare = False
        wants = heard.get("wants")
        self._wanted_from_ms = instant_ms(wants.get("coverage_from")) if isinstance(wants, dict) else None
        if report is None:
            return
        self._told = Told(revision, report.until_ms)
        if self._clock.boot_ms() - self._saved_boot_ms > _SAVED_EVERY_MS:
            self._save()

    def _refused(self, answer: Answer) -> float:
        said = {"reason": f"http_{answer.status}", "detail": str((answer.json or {}).get("detail", ""))[:300]}
        if answer.status in (404, 405) and answer.json is not None:
            log.info("heartbeat_unknown_to_server", extra=said)
            return HOURLY_S
        log.warning("heartbeat_failed", extra=said)
        # A server that does not understand the whole may still note that the recorder is there.
        self._is_bare = answer.status in (400, 413, 422)
        asked_s = answer.retry_after_s or 0.0
        return max(EVERY_S, asked_s * (1 + self._chance() / 2))

    def _save(self) -> None:
        """Seldom: each is a write to the memory card."""
        self._saved_boot_ms = self._clock.boot_ms()
        if self._told is not None:
            self._ledger.remember(_NOTE, json.dumps(asdict(self._told)))


def _recalled(ledger: Ledger) -> Told | None:
    try:
        return Told(**json.loads(ledger.recall(_NOTE) or "null"))
    except (TypeError, ValueError):
        return None
