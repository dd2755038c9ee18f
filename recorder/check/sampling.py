"""A few seconds from the microphone as samples, by arecord: it is there wherever ALSA is, and says why it can't."""

import os
import re
import subprocess
from array import array
from enum import StrEnum

SETTLING_S = 0.3
"""Microphones click when they are opened; this much is recorded first and dropped."""
PATIENCE_S = 5.0
"""A card may take that long to start; a dead one never delivers a sample."""


class Why(StrEnum):
    """Why nothing could be recorded."""

    NO_ARECORD = "no_arecord"
    BUSY = "busy"
    DENIED = "denied"
    MISSING = "missing"
    UNSUITABLE = "unsuitable"
    NO_SAMPLES = "no_samples"
    OTHER = "other"


_SIGNS = (
    ("Device or resource busy", Why.BUSY),
    ("Permission denied", Why.DENIED),
    ("No such", Why.MISSING),
    ("not available", Why.UNSUITABLE),
    ("unable to install hw params", Why.UNSUITABLE),
    ("Input/output error", Why.NO_SAMPLES),
)


class CannotRecord(Exception):
    """`why`: the sort of failure; the message is arecord's own."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


def record(pcm: str, rate: int, length_s: float) -> "array[int]":
    """`length_s` of mono samples at `rate` Hz, signed 16 bit. Raises CannotRecord."""
    settling = round(rate * SETTLING_S)
    wanted = round(rate * length_s)
    command = ["arecord", "-q", "-D", pcm, "-t", "raw", "-f", "S16", "-c", "1", "-r", str(rate)]
    command += ["-s", str(settling + wanted)]
    try:
        run = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},  # arecord translates what the kernel says
            timeout=SETTLING_S + length_s + PATIENCE_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise CannotRecord(Why.NO_ARECORD, str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise CannotRecord(Why.NO_SAMPLES, f"no end within {error.timeout:.0f} s") from error
    samples = array("h")
    samples.frombytes(run.stdout[2 * settling : 2 * (settling + wanted)])
    if len(samples) == wanted:
        return samples
    message = run.stderr.decode(errors="replace")
    why = next((why for sign, why in _SIGNS if sign in message), Why.OTHER if message.strip() else Why.NO_SAMPLES)
    raise CannotRecord(why, _last_line(message))


def _last_line(message: str) -> str:
    """Without the program's name and line number."""
    lines = [line for line in message.splitlines() if line.strip()]
    return re.sub(r"^arecord: \w+:\d+: ", "", lines[-1]) if lines else ""
