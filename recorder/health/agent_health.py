"""The health page of a running agent: what its parts say, put together when somebody asks."""

import os
from dataclasses import dataclass
from math import isfinite
from typing import Any

from recorder import __version__
from recorder.capture.capture_loop import CaptureLoop
from recorder.config.config import RecorderConfig
from recorder.fate import Condition
from recorder.health.health import (
    ClockHealth,
    Disk,
    HealthState,
    LedgerDay,
    Level,
    MicrophoneHealth,
    Uploads,
    health_document,
)
from recorder.health.problems import problems_of
from recorder.ledger.day_report import today, totals_of, windows_of
from recorder.ledger.ledger import Ledger
from recorder.spool.spool import Spool
from recorder.timing.clock import SystemClock
from recorder.timing.schedule import Schedule
from recorder.timing.timekeeping import TimeKeeper
from recorder.upload.uploader import Uploader
from recorder.wording import Language, as_language, language_of

LOWEST_DBFS = -96.0
_NOTHING = LedgerDay("", 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Parts:
    """Of a running agent: those that have something to say."""

    loop: CaptureLoop
    keeper: TimeKeeper
    ledger: Ledger
    spool: Spool
    uploader: Uploader
    schedule: Schedule


class HealthPage:
    """Call it for the document. Before the parts run it says that they don't."""

    def __init__(self, config: RecorderConfig) -> None:
        self._config, self._clock = config, SystemClock()
        self._started_boot_ms = self._clock.boot_ms()
        self._parts: Parts | None = None
        self._unusable: str | None = None
        self._language: Language = as_language(config.language) if config.language else language_of(os.environ)

    def attach(self, parts: Parts) -> None:
        self._parts, self._unusable = parts, None

    def say_unusable(self, reason: str) -> None:
        """The spool cannot be used, so nothing runs."""
        self._parts, self._unusable = None, reason

    def __call__(self) -> dict[str, Any]:
        parts = self._parts
        state = self._resting() if parts is None else self._running(parts)
        return health_document(state, problems_of(state, self._language))

    def _running(self, parts: Parts) -> HealthState:
        now, clock, now_ms = parts.loop.now, parts.keeper.state, parts.keeper.now_ms()
        boot_ms, progress, found = self._clock.boot_ms(), now.progress, now.microphone
        usage = parts.spool.usage()
        return HealthState(
            version=__version__,
            point_id=self._config.point_id,
            register_id=self._config.register_id,
            device_id=self._config.device_id,
            now_ms=now_ms,
            started_ms=now_ms - (boot_ms - self._started_boot_ms),
            condition=now.condition,
            condition_detail=now.detail,
            in_schedule=now.in_schedule,
            paused_until_ms=now.pause.until_ms if now.pause else None,
            microphone=MicrophoneHealth(found.card_name, found.pcm) if found else MicrophoneHealth(None, None),
            level=Level(_finite(progress.rms_dbfs), _finite(progress.peak_dbfs), progress.zero_s)
            if progress
            else Level(),
            last_chunk_age_s=None
            if now.last_chunk_boot_ms is None
            else round((boot_ms - now.last_chunk_boot_ms) / 1000, 1),
            clock=ClockHealth(
                clock.state.value, clock.source.value if clock.source else "system", clock.error_s or 0.0
            ),
            disk=Disk(
                spool_files=usage.files,
                spool_bytes=usage.bytes,
                free_bytes=usage.free_bytes,
                waiting_files=usage.waiting_files,
                waiting_bytes=usage.waiting_bytes,
                quarantined_files=usage.quarantined_files,
            ),
            uploads=parts.uploader.uploads,
            ledger=self._today(parts, now_ms),
            ledger_trouble=parts.ledger.trouble,
            ledger_replaced=str(parts.ledger.replaced) if parts.ledger.replaced else None,
        )

    def _today(self, parts: Parts, now_ms: int) -> LedgerDay:
        day, known_from_ms = today(now_ms, parts.schedule.zone), parts.ledger.known_from_ms
        windows = [(max(start, known_from_ms), end) for start, end in windows_of(day, parts.schedule)]
        intervals = parts.ledger.account([(start, end) for start, end in windows if start < end], now_ms)
        return totals_of(day, parts.schedule, intervals)

    def _resting(self) -> HealthState:
        now_ms, boot_ms = self._clock.wall_ms(), self._clock.boot_ms()
        return HealthState(
            version=__version__,
            point_id=self._config.point_id,
            register_id=self._config.register_id,
            device_id=self._config.device_id,
            now_ms=now_ms,
            started_ms=now_ms - (boot_ms - self._started_boot_ms),
            condition=Condition.SPOOL_UNWRITABLE if self._unusable else Condition.STARTING,
            condition_detail=self._unusable or "",
            in_schedule=Schedule.from_config(self._config).is_open(now_ms),
            paused_until_ms=None,
            microphone=MicrophoneHealth(None, None),
            level=Level(),
            last_chunk_age_s=None,
            clock=ClockHealth("unknown", "system"),
            disk=Disk(0, 0, 0, 0, 0),
            uploads=Uploads(0, 0, 0, None),
            ledger=_NOTHING,
        )


def _finite(level_dbfs: float | None) -> float | None:
    """JSON has no minus infinity: a silence of zeros is shown as the lowest level of 16 bits."""
    return level_dbfs if level_dbfs is None or isfinite(level_dbfs) else LOWEST_DBFS
