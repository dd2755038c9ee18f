"""Recording: what should run now by schedule, pause and microphone; starting it, ending it, and trying again."""

import logging
import queue
from collections.abc import Callable
from dataclasses import dataclass

from recorder.capture.capture import Capture, Captured, Progress, verdict
from recorder.capture.salvage import salvage
from recorder.fate import Condition
from recorder.ledger.ledger import Ledger
from recorder.microphone.microphone import Microphone, MicrophoneBusy, NoMicrophone
from recorder.spool.spool import DiskFull, Spool, SpoolError
from recorder.timing.clock import Clock, moment
from recorder.timing.pause import Pause, PauseStore
from recorder.timing.schedule import Schedule
from recorder.timing.timekeeping import Standing, TimeKeeper

log = logging.getLogger(__name__)

RETRY_MIN_S, RETRY_MAX_S = 2, 60
STEP_S = 1.0
TICK_S = 60
STOP_S = 8.0
"""systemd is promised 10 s for all of stopping."""
_FAULTS = frozenset(Condition) - {Condition.RECORDING, Condition.OUT_OF_HOURS, Condition.PAUSED, Condition.STARTING}
"""While one lasts, trying again does not change what is said of it."""


@dataclass(frozen=True, slots=True)
class Now:
    """What is going on, for the health page. Boot times: `last_chunk_boot_ms`: at which a chunk was complete last;
    `unfinished_from_boot_ms`: where the audio begins that is no chunk yet."""

    condition: Condition
    detail: str
    in_schedule: bool
    pause: Pause | None
    microphone: Microphone | None
    progress: Progress | None
    last_chunk_boot_ms: int | None
    unfinished_from_boot_ms: int | None


class CaptureLoop:
    """Call `step` when `wait_s` is over, from one thread. `on_chunk`: a chunk is complete; `on_change`: the agent is in
    another condition; `on_doubt`: the session of that id begins at an hour that nobody knows."""

    def __init__(
        self,
        *,
        clock: Clock,
        keeper: TimeKeeper,
        schedule: Schedule,
        pauses: PauseStore,
        ledger: Ledger,
        spool: Spool,
        find_microphone: Callable[[], Microphone],
        open_capture: Callable[[Microphone, Callable[[Captured], None]], Capture],
        on_chunk: Callable[[], None],
        on_change: Callable[[], None],
        on_doubt: Callable[[str], None],
    ) -> None:
        self._clock, self._keeper, self._schedule, self._pauses = clock, keeper, schedule, pauses
        self._ledger, self._spool = ledger, spool
        self._find_microphone, self._open_capture = find_microphone, open_capture
        self._on_chunk, self._on_change, self._on_doubt = on_chunk, on_change, on_doubt
        self._done: queue.SimpleQueue[Captured] = queue.SimpleQueue()
        self._capture: Capture | None = None
        self._microphone: Microphone | None = None
        self._pause: Pause | None = None
        self._in_schedule = False
        self._condition, self._detail = Condition.STARTING, ""
        self._told_boot_ms: int | None = None
        self._retry_s, self._retry_at_ms = RETRY_MIN_S, 0
        self._last_chunk_boot_ms: int | None = None
        self._unfinished_from_boot_ms: int | None = None

    @property
    def now(self) -> Now:
        capture = self._capture
        return Now(
            self._condition,
            self._detail,
            self._in_schedule,
            self._pause,
            self._microphone if capture else None,
            capture.progress if capture else None,
            self._last_chunk_boot_ms,
            self._unfinished_from_boot_ms if capture else None,
        )

    def begin(self) -> None:
        """The agent is up, and at once accountable. What earlier captures left behind becomes chunks.

        Raises SpoolError, OSError.
        """
        self._be(Condition.STARTING)
        at = moment(self._clock)
        if self._pauses.active(at, self._keeper.now_ms()) is None:
            self._ledger.end_pause(at)  # one that was ended while the agent was down
        self._spool.reconcile()
        self._salvage()

    def step(self) -> None:
        """Takes what was recorded, then starts, ends or leaves alone the capture as the moment demands."""
        self._take()
        obstacle = self._obstacle()
        if self._capture is not None:
            if obstacle is None:
                self._watch(self._capture)
            else:
                self._end(self._capture)
                self._be(obstacle)
        elif obstacle is not None:
            self._retry_s, self._retry_at_ms = RETRY_MIN_S, 0
            self._be(obstacle)
        elif self._clock.boot_ms() >= self._retry_at_ms:
            self._start()
        self._tick()

    def wait_s(self) -> float:
        """Until the next `step` is due: the schedule is kept to a fraction of a second."""
        now_ms = self._keeper.now_ms()
        return min(STEP_S, max(0.0, (self._schedule.next_change(now_ms) - now_ms) / 1000))

    def finish(self) -> None:
        """Ends the capture for good; its last chunk is complete when this returns."""
        if self._capture is not None:
            self._end(self._capture)
        self._ledger.leave(moment(self._clock))

    def _obstacle(self) -> Condition | None:
        """Why nothing should be recorded now."""
        at, wall_ms = moment(self._clock), self._keeper.now_ms()
        pause = self._pauses.active(at, wall_ms)
        if pause != self._pause:
            if pause is None:
                self._ledger.end_pause(at)
            else:
                self._ledger.pause(pause.started, pause.until_ms, pause.lasts_ms)
            self._pause = pause
        self._in_schedule = self._schedule.is_open(wall_ms)
        if pause is not None:
            return Condition.PAUSED
        # A clock that says nothing of the hour: rather too much is recorded (see recorder/capture/doubt.py).
        return None if self._in_schedule or self._is_in_doubt() else Condition.OUT_OF_HOURS

    def _is_in_doubt(self) -> bool:
        return self._keeper.state.state is Standing.DOUBTFUL

    def _salvage(self) -> None:
        for captured in salvage(self._spool.folders.recording):
            self._keep(captured)

    def _start(self) -> None:
        try:
            self._spool.prepare()
            self._salvage()
            self._microphone = self._find_microphone()
        except SpoolError as error:
            self._fail(Condition.DISK_FULL if isinstance(error, DiskFull) else Condition.SPOOL_UNWRITABLE, str(error))
        except NoMicrophone as error:
            self._fail(Condition.NO_MICROPHONE, str(error))
        except MicrophoneBusy as error:
            self._fail(Condition.MICROPHONE_BUSY, str(error))
        except OSError as error:
            self._fail(Condition.SPOOL_UNWRITABLE, f"the spool cannot be read: {error}")
        else:
            if self._condition not in _FAULTS:
                self._be(Condition.STARTING)
            capture = self._open_capture(self._microphone, self._done.put)
            if self._is_in_doubt():
                self._on_doubt(capture.session_id)
            try:
                capture.start()
            except OSError as error:
                self._fail(Condition.SPOOL_UNWRITABLE, f"the capture cannot start: {error}")
            else:
                self._capture = capture
                self._unfinished_from_boot_ms = self._clock.boot_ms()

    def _watch(self, capture: Capture) -> None:
        wrong = capture.ending or verdict(capture.progress, self._clock.boot_ms())
        if wrong is None:
            if capture.progress.samples:
                self._be(Condition.RECORDING)
            return
        self._end(capture)
        self._fail(wrong.condition or Condition.CAPTURE_FAILED, wrong.detail)

    def _fail(self, condition: Condition, detail: str) -> None:
        log.warning("capture_failed", extra={"condition": condition, "reason": detail, "retry_s": self._retry_s})
        self._retry_at_ms = self._clock.boot_ms() + self._retry_s * 1000
        self._retry_s = min(2 * self._retry_s, RETRY_MAX_S)
        self._be(condition, detail)

    def _end(self, capture: Capture) -> None:
        capture.stop(STOP_S)
        self._capture = None
        self._take()

    def _take(self) -> None:
        """Makes durable what the capture has handed over."""
        while not self._done.empty():
            captured = self._done.get()
            try:
                self._keep(captured)
            except SpoolError as error:
                # It stays where it was recorded, and is salvaged when the disk lets us.
                log.error("chunk_not_kept", extra={"key": captured.chunk.key, "reason": str(error)})

    def _keep(self, captured: Captured) -> None:
        chunk = self._spool.complete(captured)
        log.info("chunk_recorded", extra={"key": chunk.key, "length_ms": chunk.length_ms, "salvaged": chunk.salvaged})
        if not chunk.salvaged:  # the remains of a microphone that flaps are no sign of health
            self._retry_s = RETRY_MIN_S
        self._last_chunk_boot_ms = self._clock.boot_ms()
        if chunk.start.boot_id == self._clock.boot_id:
            self._unfinished_from_boot_ms = chunk.start.boot_ms + chunk.length_ms
        self._on_chunk()

    def _be(self, condition: Condition, detail: str = "") -> None:
        if self._told_boot_ms is not None and (condition, detail) == (self._condition, self._detail):
            return
        self._condition, self._detail = condition, detail
        at = moment(self._clock)
        log.info("condition", extra={"condition": condition, "reason": detail})
        self._ledger.enter(condition, at, detail)
        self._told_boot_ms = at.boot_ms
        self._on_change()

    def _tick(self) -> None:
        """Says that the condition lasts: with every chunk, so that the disk wakes once, and at least once a minute."""
        at, told_ms = moment(self._clock), self._told_boot_ms or 0
        if at.boot_ms - told_ms >= TICK_S * 1000 or (self._last_chunk_boot_ms or 0) > told_ms:
            self._ledger.tick(at)
            self._told_boot_ms = at.boot_ms
