"""What a step of the check found. Words are found by step and key (texts.py), so that no step knows a language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


class Step(StrEnum):
    """In the order in which they run: what the later ones need comes first."""

    MICROPHONE = "microphone"
    FREE = "free"
    QUIET = "quiet"
    TILL = "till"
    CUSTOMER = "customer"
    CLIPPING = "clipping"
    GAIN = "gain"
    FFMPEG = "ffmpeg"
    DISK = "disk"
    CLOCK = "clock"
    LINK = "link"
    ADDRESS = "address"
    ROUTE = "route"
    DNS = "dns"
    SERVER = "server"
    SERVER_CLOCK = "server_clock"
    PORTAL = "portal"
    TLS = "tls"
    TOKEN = "token"
    UPLOAD = "upload"


Value = str | int | float
Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Result:
    """`key`: which of the step's texts. `values`: what is filled into it, and what --json tells."""

    step: Step
    state: State
    key: str
    values: Values = field(default_factory=dict)


BECAUSE = "because"
"""The key of a step that could not run as an earlier one failed; `values` names it."""


def ok(step: Step, key: str, **values: Value) -> Result:
    return Result(step, State.OK, key, values)


def warn(step: Step, key: str, **values: Value) -> Result:
    return Result(step, State.WARN, key, values)


def fail(step: Step, key: str, **values: Value) -> Result:
    return Result(step, State.FAIL, key, values)


def skip(step: Step, key: str, **values: Value) -> Result:
    return Result(step, State.SKIP, key, values)
