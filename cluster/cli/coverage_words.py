"""What became of a day, in one sentence and in one line of blocks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from rich.text import Text

from domain.status import CoverageFate, LossReason

CELLS = 42
BLOCKS: Mapping[CoverageFate, tuple[str, str]] = {
    CoverageFate.RECORDED: ("█", "green"),
    CoverageFate.WAITING: ("▒", "cyan"),
    CoverageFate.PAUSED: ("░", "blue"),
    CoverageFate.LOST: ("▁", "bold red"),
    CoverageFate.AHEAD: ("·", "dim"),
}
"""Told apart without colours too."""
_WEIGHT = {CoverageFate.LOST: 6, CoverageFate.PAUSED: 4, CoverageFate.WAITING: 2}
"""A short loss must not vanish in a long recording."""
_REASONS = {
    LossReason.SILENT: "silent (nothing heard from it)",
    LossReason.NOT_RECEIVED: "sent but not received",
    LossReason.NOT_SCHEDULED: "outside of the recorder's own schedule",
    LossReason.UNKNOWN: "lost without a reason",
    LossReason.OFF: "switched off",
    LossReason.MICROPHONE_BUSY: "microphone in use by another program",
    LossReason.MICROPHONE_DEAD: "dead microphone",
    LossReason.SPOOL_UNWRITABLE: "disk not writable",
    LossReason.EVICTED: "deleted unsent for want of space",
    LossReason.REFUSED: "refused by the server",
}


def sentence(report: Mapping[str, Any], row: Mapping[str, Any], zone: tzinfo) -> str:
    """`08:00–22:00: 13 h 42 m recorded, 11 m no microphone, 7 m paused`, of one device in a report of the API."""
    sums = row["totals"]
    hours = ", ".join(f"{_clock(w['start'], zone)}–{_clock(w['end'], zone, w['start'])}" for w in report["windows"])
    beside = {"paused": sums["paused_ms"], "waiting": sums["waiting_ms"], "still ahead": sums["ahead_ms"]}
    parts = [(sums["recorded_ms"], "recorded")]
    parts += [(ms, reason_words(reason)) for reason, ms in sums["lost_by_reason"].items()]
    parts += [(ms, what) for what, ms in beside.items() if ms]
    outside = f"; {length(sums['outside_ms'])} recorded outside of that" if sums["outside_ms"] else ""
    if not sums["scheduled_ms"]:
        return f"{hours or 'closed'}: nothing to record{outside}"
    return f"{hours}: {', '.join(f'{length(ms)} {what}' for ms, what in parts)}{outside}"


def reason_words(reason: str) -> str:
    """Why time is lost; a newer recorder's word as it is."""
    return (
        _REASONS.get(LossReason(reason), reason.replace("_", " "))
        if reason in set(LossReason)
        else reason.replace("_", " ")
    )


def length(ms: int) -> str:
    """`13 h 42 m`, `11 m`, `40 s`, `0 m`: to the minute from one minute on."""
    if 0 < ms < 60_000:
        return f"{max(1, round(ms / 1000))} s"
    hours, minutes = divmod(round(ms / 60_000), 60)
    return f"{hours} h {minutes} m" if hours else f"{minutes} m"


def strip(windows: Sequence[Mapping[str, str]], intervals: Iterable[Mapping[str, Any]], cells: int = CELLS) -> Text:
    """The time from the first opening to the last closing in equal cells, each of the fate that weighs most in it.
    Closed hours are blank."""
    line = Text(no_wrap=True)
    if not windows:
        return line
    start, end = datetime.fromisoformat(windows[0]["start"]), datetime.fromisoformat(windows[-1]["end"])
    cell = (end - start) / cells
    weights: list[dict[CoverageFate, float]] = [{} for _ in range(cells)]
    for interval in intervals:
        fate = CoverageFate(interval["fate"])
        since, until = (datetime.fromisoformat(interval[key]) for key in ("start", "end"))
        for number in range(max(0, (since - start) // cell), min(cells - 1, (until - start) // cell) + 1):
            begins = start + number * cell
            overlap = (min(until, begins + cell) - max(since, begins)) / timedelta(seconds=1)
            if overlap > 0:
                weights[number][fate] = weights[number].get(fate, 0.0) + overlap * _WEIGHT.get(fate, 1)
    for weight in weights:
        sign, style = BLOCKS[max(weight, key=weight.__getitem__)] if weight else (" ", "")
        line.append(sign, style)
    return line


def legend() -> Text:
    """What the blocks say."""
    return Text("  ").join(Text.assemble((sign, style), f" {fate}") for fate, (sign, style) in BLOCKS.items())


def _clock(instant: str, zone: tzinfo, start: str | None = None) -> str:
    """Local time; midnight at the end is 24:00."""
    local = datetime.fromisoformat(instant).astimezone(zone)
    is_end_of_day = start is not None and f"{local:%H:%M}" == "00:00"
    return "24:00" if is_end_of_day else f"{local:%H:%M}"
