"""How a capture is getting on, and whether that is recording."""

from dataclasses import dataclass, replace
from typing import Self

from recorder.capture.ending import Ending
from recorder.capture.ffmpeg import Level
from recorder.fate import Condition

FIRST_LEVEL_S = 20
"""Until the first second of sound is told: starting ffmpeg and a USB card takes a Pi Zero some seconds."""
NO_LEVEL_S = 12
NO_GROWTH_S = 15
"""Of a file that gets a page twice a second."""
ZEROS_S = 60
"""A room's microphone has noise: zeros for so long come from a muted or dead one. Recording goes on meanwhile."""
POURS_S = 5
LOWEST_PEAK_DBFS = -91.0
"""One step of 16 bits is -90.3 dBFS: below there are only zeros."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Boot times in ms. `samples`: that came, at `rate` Hertz. Levels are of the last second, None before the first,
    -inf for zeros. `zero_s`: seconds of nothing but zeros up to now. `grown_boot_ms`: when the file was last seen to
    grow. `overruns`: times the card lost samples because nobody read them."""

    rate: int
    started_boot_ms: int
    samples: int = 0
    last_line_boot_ms: int | None = None
    rms_dbfs: float | None = None
    peak_dbfs: float | None = None
    zero_s: int = 0
    file_bytes: int = 0
    grown_boot_ms: int | None = None
    overruns: int = 0

    def after(self, level: Level, now_boot_ms: int, file_bytes: int) -> Self:
        """When one more second has come."""
        return replace(
            self,
            samples=level.samples,
            last_line_boot_ms=now_boot_ms,
            rms_dbfs=level.rms_dbfs,
            peak_dbfs=level.peak_dbfs,
            zero_s=self.zero_s + 1 if level.peak_dbfs < LOWEST_PEAK_DBFS else 0,
            file_bytes=file_bytes,
            grown_boot_ms=self.grown_boot_ms if file_bytes == self.file_bytes else now_boot_ms,
        )


def verdict(progress: Progress, now_boot_ms: int) -> Ending | None:
    """What is wrong with a capture that runs, None for nothing. Whoever asks decides whether to end it."""
    running_s = (now_boot_ms - progress.started_boot_ms) / 1000
    if progress.last_line_boot_ms is None:
        late = f"no sound within {running_s:.0f} s of the start"
        return Ending(Condition.MICROPHONE_DEAD, late) if running_s > FIRST_LEVEL_S else None
    if (still_s := (now_boot_ms - progress.last_line_boot_ms) / 1000) > NO_LEVEL_S:
        return Ending(Condition.MICROPHONE_DEAD, f"the microphone has given nothing for {still_s:.0f} s")
    if progress.zero_s >= ZEROS_S:
        zeros = f"nothing but zeros for {progress.zero_s} s: the microphone is muted or dead"
        return Ending(Condition.MICROPHONE_DEAD, zeros)
    if (ahead_s := progress.samples / progress.rate - running_s) > POURS_S:
        pours = f"{ahead_s:.0f} s more sound than time has passed: that is no microphone"
        return Ending(Condition.MICROPHONE_DEAD, pours)
    grown_boot_ms = progress.started_boot_ms if progress.grown_boot_ms is None else progress.grown_boot_ms
    if (same_s := (now_boot_ms - grown_boot_ms) / 1000) > NO_GROWTH_S:
        return Ending(Condition.CAPTURE_FAILED, f"sound comes, but the file has not grown for {same_s:.0f} s")
    return None
