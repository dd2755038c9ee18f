"""A day of the ledger in words."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from recorder.fate import Fate, Loss
from recorder.ledger.accounting import Interval
from recorder.ledger.day_report import Day, document, duration, exact, lines, sentence, time_of_agent_ms, windows_of
from recorder.timing.hours import Hours
from recorder.timing.schedule import Schedule

ZONE = ZoneInfo("Europe/Belgrade")
ON = date(2026, 5, 31)
OPEN = Schedule(Hours.read("08:00-22:00"), ZONE)
MINUTE_MS = 60_000


def _day() -> Day:
    """13 h 42 m recorded, 11 m without a microphone, 7 m paused."""
    (window,) = windows_of(ON, OPEN)
    edges = [window[0] + minutes * MINUTE_MS for minutes in (0, 120, 131, 500, 507, 840)]
    fates = [
        (Fate.RECORDED, None),
        (Fate.LOST, Loss.NO_MICROPHONE),
        (Fate.RECORDED, None),
        (Fate.PAUSED, None),
        (Fate.RECORDED, None),
    ]
    cuts = zip(edges, edges[1:], fates, strict=False)
    return Day(ON, ZONE, (window,), tuple(Interval(start, end, *fate) for start, end, fate in cuts))


def test_the_day_is_said_in_one_sentence() -> None:
    assert list(lines(_day(), "en"))[:2] == [
        "2026-05-31 (Europe/Belgrade)",
        "08:00–22:00: 13 h 42 m recorded, 11 m no microphone, 7 m paused",
    ]


def test_the_day_is_said_in_russian() -> None:
    assert sentence(_day().summary(), "ru") == "13 ч 42 мин записано, 11 мин нет микрофона, 7 мин пауза"


def test_each_interval_has_its_line_and_they_add_up_to_the_schedule() -> None:
    table = list(lines(_day(), "en"))[3:]
    assert table[1].split() == ["10:00:00", "10:11:00", "0:11:00", "lost:", "no", "microphone"]
    assert table[-1].split() == ["14:00:00", "in", "all"]


def test_the_document_has_every_second_in_utc() -> None:
    told = document(_day())
    assert (told["accounted_s"], told["recorded_s"], told["paused_s"]) == (50_400.0, 49_320.0, 420.0)
    assert told["lost_s"] == {"no_microphone": 660.0}
    assert told["intervals"][1] == {
        "start": "2026-05-31T08:00:00.000Z",
        "end": "2026-05-31T08:11:00.000Z",
        "fate": "lost",
        "reason": "no_microphone",
    }


def test_a_day_without_a_schedule_is_closed() -> None:
    assert list(lines(Day(ON, ZONE, (), ()), "en"))[1] == "closed: nothing is scheduled"


def test_hours_over_midnight_are_cut_there() -> None:
    night = Schedule(Hours.read("22:00-06:00"), ZONE)
    head = list(lines(Day(ON, ZONE, windows_of(ON, night), ()), "en"))[1]
    assert head == "00:00–06:00, 22:00–24:00: nothing yet"


def test_the_day_on_which_clocks_go_back_has_its_hour_more() -> None:
    whole = Schedule(Hours.read("00:00-24:00"), ZONE)
    ((start, end),) = windows_of(date(2026, 10, 25), whole)
    assert end - start == 25 * 3_600_000


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59.4, "59 s"), (60, "1 m"), (3599, "59 m"), (3600, "1 h 0 m"), (49_320, "13 h 42 m")],
)
def test_a_duration_has_two_figures_at_most(seconds: float, said: str) -> None:
    assert duration(seconds, "en") == said


def test_exact_durations_have_seconds() -> None:
    assert [exact(s) for s in (0, 61.4, 50_400)] == ["0:00:00", "0:01:01", "14:00:00"]


def test_the_agents_time_is_read_from_its_health() -> None:
    assert time_of_agent_ms({"now": "2024-01-15T09:53:20.500Z"}) == 1_705_312_400_500
    assert [time_of_agent_ms(told) for told in (None, {}, {"now": 5}, {"now": "soon"})] == [None] * 4
