"""What surrounds the capture loop, played by hand: a clock, a microphone, captures, a spool, a ledger, a pause."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from recorder.capture.capture import Ending, Progress
from recorder.capture.capture_loop import CaptureLoop
from recorder.capture.session import Captured
from recorder.chunk import Chunk, Identity, Moment
from recorder.fate import Condition
from recorder.microphone.microphone import Microphone
from recorder.timing.hours import Hours
from recorder.timing.pause import Pause
from recorder.timing.schedule import Schedule
from recorder.timing.timekeeping import ClockState, Standing

NINE_MS = 1_795_251_600_000
"""2026-11-21 09:00 UTC: an hour after the start of the schedule."""
EIGHT_MS, TEN_PM_MS = NINE_MS - 3_600_000, NINE_MS + 13 * 3_600_000
RATE = 48_000


@dataclass
class HandClock:
    """Moves when told. `wall_ms` and `boot_ms` in step."""

    now_ms: int = NINE_MS
    boot_id: str = "boot-1"

    def wall_ms(self) -> int:
        return self.now_ms

    def boot_ms(self) -> int:
        return self.now_ms - EIGHT_MS + 100_000


@dataclass
class PlayedKeeper:
    """Knows the time as the clock says it."""

    clock: HandClock
    standing: Standing = Standing.RIGHT

    def now_ms(self) -> int:
        return self.clock.wall_ms()

    @property
    def state(self) -> ClockState:
        return ClockState(self.standing, None, None)


@dataclass
class PlayedPauses:
    """The pause that holds, as the file would tell it after a restart too."""

    pause: Pause | None = None

    def active(self, now: Moment, wall_ms: int) -> Pause | None:
        return self.pause if self.pause and self.pause.remaining_ms(now, wall_ms) > 0 else None


@dataclass
class WrittenLedger:
    """What was written, in order."""

    entered: list[tuple[Condition, str]] = field(default_factory=list)
    ticks_ms: list[int] = field(default_factory=list)
    pauses: list[str] = field(default_factory=list)
    left: bool = False

    def enter(self, condition: Condition, at: Moment, detail: str = "") -> None:
        self.entered.append((condition, detail))

    def tick(self, at: Moment) -> None:
        self.ticks_ms.append(at.wall_ms)

    def pause(self, started: Moment, until_ms: int, lasts_ms: int | None = None) -> None:
        self.pauses.append("begun")

    def end_pause(self, at: Moment) -> None:
        self.pauses.append("ended")

    def leave(self, at: Moment) -> None:
        self.left = True

    @property
    def conditions(self) -> list[Condition]:
        return [condition for condition, _ in self.entered]


@dataclass
class PlayedSpool:
    """Refuses what it is told to refuse."""

    folders: Any
    kept: list[str] = field(default_factory=list)
    unprepared: Exception | None = None
    refusal: Exception | None = None
    reconciled: int = 0

    def prepare(self) -> None:
        if self.unprepared:
            raise self.unprepared

    def reconcile(self) -> None:
        self.reconciled += 1

    def complete(self, captured: Captured) -> Chunk:
        if self.refusal:
            raise self.refusal
        self.kept.append(captured.chunk.key)
        return captured.chunk


@dataclass(frozen=True)
class Folders:
    recording: Path


class PlayedCapture:
    """`hear` a second of sound, `cut` a chunk, `break_off` with a reason."""

    def __init__(self, number: int, clock: HandClock, on_chunk: Any) -> None:
        self.session_id = f"session-{number}"
        self.ending: Ending | None = None
        self.progress = Progress(RATE, clock.boot_ms())
        self.stopped_after_ms: int | None = None
        self.last_words = 0
        """Chunks that come only when it is stopped."""
        self.unstartable: OSError | None = None
        self._clock, self._on_chunk, self._seq = clock, on_chunk, 0

    def start(self) -> None:
        if self.unstartable:
            raise self.unstartable

    def stop(self, timeout_s: float) -> None:
        self.stopped_after_ms = self._clock.wall_ms()
        for _ in range(self.last_words):
            self.cut()

    def hear(self) -> None:
        now_ms, bytes_ = self._clock.boot_ms(), self.progress.file_bytes + 3000
        came = self.progress.samples + RATE
        self.progress = replace(
            self.progress, samples=came, last_line_boot_ms=now_ms, file_bytes=bytes_, grown_boot_ms=now_ms
        )

    def cut(self, length_ms: int = 5000) -> Captured:
        captured = recorded(self.session_id, self._seq, self._clock, length_ms)
        self._seq += 1
        self._on_chunk(captured)
        return captured

    def break_off(self, condition: Condition, detail: str) -> None:
        self.ending = Ending(condition, detail)


def recorded(session_id: str, seq: int, clock: HandClock, length_ms: int = 5000) -> Captured:
    """A chunk that is complete now."""
    start = Moment(clock.boot_id, clock.boot_ms() - length_ms, clock.wall_ms() - length_ms)
    chunk = Chunk(session_id, seq, Identity("p", "r", "d"), start, length_ms, RATE, 1, 15_000, "0" * 64)
    return Captured(Path(f"{seq:06d}.ogg"), chunk)


class Shop:
    """A capture loop among its parts. `microphone`: what looking for one gives or raises."""

    def __init__(self, pauses: PlayedPauses | None = None) -> None:
        self.clock = HandClock()
        self.keeper = PlayedKeeper(self.clock)
        self.ledger = WrittenLedger()
        self.pauses = pauses or PlayedPauses()
        self.spool = PlayedSpool(Folders(Path("/nowhere")))
        self.microphone: Microphone | Exception = Microphone("plughw:CARD=Mic,DEV=0", None, 0, "")
        self.unstartable: OSError | None = None
        self.captures: list[PlayedCapture] = []
        self.tries_ms: list[int] = []
        self.doubts: list[str] = []
        self.chunks = self.changes = 0
        self.loop = CaptureLoop(
            clock=self.clock,
            keeper=self.keeper,
            schedule=Schedule(Hours.between("08:00", "22:00"), ZoneInfo("UTC")),
            pauses=self.pauses,
            ledger=self.ledger,
            spool=self.spool,
            find_microphone=self._find_microphone,
            open_capture=self._open_capture,
            on_chunk=self._on_chunk,
            on_change=self._on_change,
            on_doubt=self.doubts.append,
        )
        self.loop.begin()

    @property
    def capture(self) -> PlayedCapture:
        """The one begun last."""
        return self.captures[-1]

    def record(self) -> PlayedCapture:
        """Steps until sound comes."""
        self.loop.step()
        self.capture.hear()
        self.loop.step()
        assert self.loop.now.condition is Condition.RECORDING
        return self.capture

    def pass_s(self, seconds: float) -> None:
        """Steps whenever it is due; what is recorded meanwhile is heard."""
        end_ms = self.clock.now_ms + round(seconds * 1000)
        while self.clock.now_ms < end_ms:
            self.clock.now_ms += min(round(self.loop.wait_s() * 1000), end_ms - self.clock.now_ms)
            if self.loop.now.condition is Condition.RECORDING:
                self.capture.hear()
            self.loop.step()

    def pause_for_s(self, seconds: int) -> None:
        now = Moment(self.clock.boot_id, self.clock.boot_ms(), self.clock.wall_ms())
        self.pauses.pause = Pause(now, now.wall_ms + seconds * 1000, seconds * 1000)

    def _find_microphone(self) -> Microphone:
        self.tries_ms.append(self.clock.now_ms)
        if isinstance(self.microphone, Exception):
            raise self.microphone
        return self.microphone

    def _open_capture(self, microphone: Microphone, on_chunk: Any) -> PlayedCapture:
        self.captures.append(PlayedCapture(len(self.captures), self.clock, on_chunk))
        self.capture.unstartable = self.unstartable
        return self.capture

    def _on_chunk(self) -> None:
        self.chunks += 1

    def _on_change(self) -> None:
        self.changes += 1
