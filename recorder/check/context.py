"""What the steps of the check are given, and what they leave for the later ones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from recorder.check.levels import Levels
from recorder.check.probe import Probe
from recorder.check.result import Result, Step
from recorder.config.config import RecorderConfig
from recorder.microphone.microphone import Microphone
from recorder.timing.clock import Clock, SystemClock


class Cue(StrEnum):
    """What the person in the shop is asked to do."""

    QUIET = "quiet"
    TILL = "till"
    CUSTOMER = "customer"


class Director(Protocol):
    def cue(self, cue: Cue, length_s: float) -> bool:
        """Tells the person and returns when the recording of `length_s` must begin; False: nobody is there to do it."""
        ...


@dataclass
class Context:
    """`root`: of /proc, /sys and /etc. `remembered`: the memory of the microphone used before. Below `listen_s`, what
    the steps found."""

    config: RecorderConfig
    director: Director
    remembered: str | None = None
    root: Path = Path("/")
    clock: Clock = field(default_factory=SystemClock)
    listen_s: float = 5.0

    microphone: Microphone | None = None
    is_held: bool = False
    recordings: dict[Step, Levels] = field(default_factory=dict)
    faintest_dbfs: float | None = None
    addresses: tuple[str, ...] = ()
    probe: Probe | None = None
    clock_error_s: float | None = None
    is_ours: bool = False
    """The server answers as ours does, not as the original product's."""


StepFunction = Callable[[Context], Result]
