"""A day of the ledger in words: "13 h 42 m recorded, 11 m no microphone, 7 m paused". Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from recorder.fate import Fate
from recorder.health.health import LedgerDay
from recorder.ledger.accounting import Interval, totals
from recorder.timing.schedule import Schedule, local_ms
from recorder.wording import Language, say

_SEPARATOR = ", "


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the point: what was scheduled in [start_ms, end_ms), and what became of it until now."""

    date: date
    zone: ZoneInfo
    windows: tuple[tuple[int, int], ...]
    intervals: tuple[Interval, ...]

    def summary(self) -> LedgerDay:
        lost = {str(reason): ms / 1000 for (_, reason), ms in totals(self.intervals).items() if reason is not None}
        sums = {fate: sum(i.end_ms - i.start_ms for i in self.intervals if i.fate is fate) / 1000 for fate in Fate}
        return LedgerDay(
            day=self.date.isoformat(),
            scheduled_s=sum(sums.values()),
            recorded_s=sums[Fate.RECORDED],
            waiting_s=sums[Fate.WAITING],
            paused_s=sums[Fate.PAUSED],
            lost_s=lost,
        )


def bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """The day's first instant and the next day's, Unix ms: 23, 24 or 25 hours."""
    return local_ms(day, 0, zone), local_ms(day + timedelta(days=1), 0, zone)


def windows_of(day: date, schedule: Schedule) -> tuple[tuple[int, int], ...]:
    """What is scheduled on the day; hours over midnight are cut there."""
    return tuple((w.start_ms, w.end_ms) for w in schedule.windows(*bounds(day, schedule.zone)))


def sentence(summary: LedgerDay, language: Language) -> str:
    """All that became of the day so far, the greatest share of the lost first."""
    shares = [("fate.recorded", summary.recorded_s), ("fate.waiting", summary.waiting_s)]
    lost = sorted(summary.lost_s.items(), key=lambda item: -item[1])
    shares += [(f"loss.{reason}", lost_s) for reason, lost_s in lost]
    shares.append(("fate.paused", summary.paused_s))
    said = [f"{duration(s, language)} {say(key, language)}" for key, s in shares if s >= 0.5]
    return _SEPARATOR.join(said) or say("day.nothing", language)


def lines(day: Day, language: Language) -> Iterator[str]:
    """The table of the day: hours and totals first, then each interval."""
    summary = day.summary()
    yield f"{day.date:%Y-%m-%d} ({day.zone.key})"
    if not day.windows:
        yield say("day.closed", language)
        return
    midnight_ms = bounds(day.date, day.zone)[1]
    ends = ["24:00" if end == midnight_ms else _clock(end, day.zone) for _, end in day.windows]
    hours = _SEPARATOR.join(
        f"{_clock(start, day.zone)}–{end}" for (start, _), end in zip(day.windows, ends, strict=True)
    )
    yield f"{hours}: {sentence(summary, language)}"
    yield ""
    for interval in day.intervals:
        begin, end = (_clock(ms, day.zone, seconds=True) for ms in (interval.start_ms, interval.end_ms))
        length = exact((interval.end_ms - interval.start_ms) / 1000)
        yield f"{begin}  {end}  {length:>9}  {fate_text(interval, language)}"
    if day.intervals:
        yield f"{'':18}  {exact(summary.scheduled_s):>9}  {say('day.total', language)}"


def document(day: Day) -> dict[str, Any]:
    """The same for programs; seconds as numbers, instants in UTC."""
    summary = day.summary()
    return {
        "day": summary.day,
        "zone": day.zone.key,
        "windows": [{"start": _utc(start), "end": _utc(end)} for start, end in day.windows],
        "accounted_s": summary.scheduled_s,
        "recorded_s": summary.recorded_s,
        "waiting_s": summary.waiting_s,
        "paused_s": summary.paused_s,
        "lost_s": summary.lost_s,
        "intervals": [
            {"start": _utc(i.start_ms), "end": _utc(i.end_ms), "fate": str(i.fate)}
            | ({"reason": str(i.reason)} if i.reason else {})
            for i in day.intervals
        ],
    }


def fate_text(interval: Interval, language: Language) -> str:
    if interval.reason is None:
        return say(f"fate.{interval.fate}", language)
    return f"{say('fate.lost', language)}: {say(f'loss.{interval.reason}', language)}"


def duration(seconds: float, language: Language) -> str:
    """Two figures at most: "13 h 42 m", "11 m", "40 s"."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return say("duration.hours", language, hours=hours, minutes=minutes)
    if minutes:
        return say("duration.minutes", language, minutes=minutes)
    return say("duration.seconds", language, seconds=whole)


def exact(seconds: float) -> str:
    """h:mm:ss, to the nearest second."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"


def totals_of(day: date, schedule: Schedule, intervals: Sequence[Interval]) -> LedgerDay:
    """The summary of the day that /health shows."""
    return Day(day, schedule.zone, windows_of(day, schedule), tuple(intervals)).summary()


def today(wall_ms: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(zone).date()


def time_of_agent_ms(health: Mapping[str, Any] | None) -> int | None:
    """Unix time as a running agent's health tells it: it may know better than a system without NTP."""
    try:
        return round(datetime.fromisoformat((health or {})["now"]).timestamp() * 1000)
    except (KeyError, TypeError, ValueError):
        return None


def _clock(wall_ms: int, zone: tzinfo, *, seconds: bool = False) -> str:
    local = datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(zone)
    return f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"


def _utc(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
