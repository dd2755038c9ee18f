"""Devices as the page shows them: how each does, in words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.places.strip import Strip, strip
from dashboard.wording import Wording

TONES = {"fine": "good", "silent": "bad", "new": "warn", "disabled": "", "replaced": ""}
CLOCK_ERROR_MS = 2_000
"""More than this is worth a word: the recorder says so itself from here on."""
SILENCE_DBFS = -90.0


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """facts: (name, value, tone)."""

    device: Mapping[str, Any]
    tone: str
    since: str
    facts: Sequence[tuple[str, str, str]]
    problems: Sequence[str]
    strip: Strip | None


@dataclass(frozen=True, slots=True)
class PointLine:
    """One line of the table. devices: (state, how many) of those in use."""

    place: Mapping[str, Any]
    share: float | None
    devices: Sequence[tuple[str, int]]
    lines: Sequence[DeviceLine]


def point_line(w: Wording, place: Mapping[str, Any]) -> PointLine:
    lines = [device_line(w, place, d) for r in place["registers"] for d in r["devices"] if d["state"] != "replaced"]
    states = [line.device["state"] for line in lines]
    counted = [(state, states.count(state)) for state in TONES if state in states]
    return PointLine(place, place["totals"]["share"], counted, lines)


def device_line(w: Wording, place: Mapping[str, Any], device: Mapping[str, Any]) -> DeviceLine:
    pulse = device["pulse"]
    since = w.moment(device["silent_since"], place["zone"]) if device["silent_since"] else ""
    return DeviceLine(
        device,
        TONES[device["state"]],
        since,
        list(_facts(w, device)),
        pulse["problems"] if pulse else (),
        strip(w, place, device),
    )


def _facts(w: Wording, device: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield w.s("places.last_chunk"), w.ago(device["last_chunk_at"]), ""
    pulse = device["pulse"]
    if pulse is None:
        yield w.s("places.pulse"), w.s("places.no_pulse"), ""
        return
    yield w.s("places.pulse"), w.ago(pulse["received_at"]), ""
    if pulse["queue_files"] is not None:
        yield w.s("places.queue"), _queue(w, pulse), "warn" if (pulse["oldest_waiting_s"] or 0) > 900 else ""
    if pulse["level_dbfs"] is not None:
        is_dead = pulse["level_dbfs"] < SILENCE_DBFS
        yield w.s("places.level"), f"{w.number(pulse['level_dbfs'])}\u00a0dBFS", "bad" if is_dead else ""
    if pulse["clock_error_ms"] is not None:
        is_off = abs(pulse["clock_error_ms"]) > CLOCK_ERROR_MS
        yield w.s("places.clock"), _clock(w, pulse["clock_error_ms"]), "warn" if is_off else ""
    if pulse["version"]:
        yield w.s("places.version"), pulse["version"], ""


def _queue(w: Wording, pulse: Mapping[str, Any]) -> str:
    if not pulse["queue_files"]:
        return w.s("places.queue_empty")
    said = w.s.n("places.queue_files", pulse["queue_files"])
    return f"{said}, {w.size(pulse['queue_bytes'])}" if pulse["queue_bytes"] is not None else said


def _clock(w: Wording, error_ms: int) -> str:
    if abs(error_ms) <= CLOCK_ERROR_MS:
        return w.s("places.clock_right")
    return w.s("places.clock_fast" if error_ms > 0 else "places.clock_slow", span=w.span(abs(error_ms) / 1000))
