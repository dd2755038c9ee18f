"""What a pause means: how long, and against clocks that step and machines that reboot."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.chunk import Moment
from recorder.timing.pause import LONGEST_MS, Pause, Request, parse

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
NOW = Moment("boot-1", 5_000_000, 1_795_000_000_000)


def at(text: str, zone: ZoneInfo, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp() * 1000)


def for_minutes(minutes: int) -> Pause:
    return Pause(NOW, NOW.wall_ms + minutes * MINUTE_MS, minutes * MINUTE_MS)


def later(ms: int, step_ms: int = 0) -> tuple[Moment, int]:
    """After `ms` of real time and a step of the wall clock."""
    wall_ms = NOW.wall_ms + ms + step_ms
    return replace(NOW, boot_ms=NOW.boot_ms + ms, wall_ms=wall_ms), wall_ms


@pytest.mark.parametrize(
    ("text", "minutes"), [("15m", 15), ("2h", 120), ("1h30m", 90), ("1h 30min", 90), (" 90M ", 90), ("24h", 1440)]
)
def test_a_length_is_read(text: str, minutes: int) -> None:
    assert parse(text, NOW.wall_ms, MOSCOW) == Request(NOW.wall_ms + minutes * MINUTE_MS, minutes * MINUTE_MS)


@pytest.mark.parametrize(
    "text", ["", "15", "0m", "25h", "-5m", "m", "15 s", "until", "until 25:00", "until noon", "1d"]
)
def test_what_is_no_pause_is_told_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="such as 15m, 2h or 1h30m"):
        parse(text, NOW.wall_ms, MOSCOW)


def test_until_a_time_is_today_in_the_shops_zone_and_tomorrow_where_it_has_passed() -> None:
    now_ms = at("2026-11-24T14:00", MOSCOW)
    assert parse("until 14:30", now_ms, MOSCOW) == Request(at("2026-11-24T14:30", MOSCOW))
    assert parse("until 14:00", now_ms, MOSCOW) == Request(at("2026-11-25T14:00", MOSCOW))
    assert parse("until 9:00", now_ms, MOSCOW) == Request(at("2026-11-25T09:00", MOSCOW))


def test_until_a_time_that_comes_twice_is_the_next_one() -> None:
    between_ms = at("2026-10-25T02:40", BERLIN, fold=0)
    assert parse("until 02:30", between_ms, BERLIN) == Request(at("2026-10-25T02:30", BERLIN, fold=1))


@pytest.mark.parametrize("step_ms", [0, HOUR_MS, -HOUR_MS, 10**10])
def test_a_pause_for_a_while_is_not_moved_by_steps_of_the_wall_clock(step_ms: int) -> None:
    pause = for_minutes(15)
    assert pause.remaining_ms(*later(15 * MINUTE_MS - 1, step_ms)) == 1
    assert pause.remaining_ms(*later(15 * MINUTE_MS, step_ms)) == 0


def test_a_pause_until_a_time_follows_the_clock_that_is_known_to_be_right() -> None:
    pause = Pause(NOW, NOW.wall_ms + HOUR_MS, None)
    assert pause.remaining_ms(*later(MINUTE_MS)) == HOUR_MS - MINUTE_MS
    assert pause.remaining_ms(*later(MINUTE_MS, HOUR_MS)) < 0
    assert pause.remaining_ms(*later(HOUR_MS, -HOUR_MS)) == HOUR_MS


def test_a_pause_until_a_time_ends_after_a_day_whatever_the_clock_says() -> None:
    pause = Pause(NOW, NOW.wall_ms + HOUR_MS, None)
    assert pause.remaining_ms(*later(LONGEST_MS, -100 * LONGEST_MS)) == 0


def test_a_pause_survives_a_reboot_until_its_wall_time() -> None:
    pause = for_minutes(15)
    rebooted = Moment("boot-2", 30_000, 0)
    assert pause.remaining_ms(rebooted, NOW.wall_ms + 5 * MINUTE_MS) == 10 * MINUTE_MS
    assert pause.remaining_ms(rebooted, NOW.wall_ms + 15 * MINUTE_MS) == 0


def test_a_pause_ends_after_its_length_in_a_boot_that_knows_no_time() -> None:
    pause = for_minutes(15)
    assert pause.remaining_ms(Moment("boot-2", 14 * MINUTE_MS, 0), 0) > 0
    assert pause.remaining_ms(Moment("boot-2", 15 * MINUTE_MS, 0), 0) == 0


@given(
    st.integers(1, LONGEST_MS) | st.none(), st.integers(0, 2**40), st.sampled_from(["boot-1", "boot-2"]), st.integers()
)
def test_no_pause_lasts_longer_than_it_may_in_one_boot(
    lasts_ms: int | None, boot_ms: int, boot_id: str, wall_ms: int
) -> None:
    started = Moment("boot-1", 0, NOW.wall_ms)
    pause = Pause(started, NOW.wall_ms + (lasts_ms or HOUR_MS), lasts_ms)
    assert pause.remaining_ms(Moment(boot_id, boot_ms, 0), wall_ms) <= (lasts_ms or LONGEST_MS) - boot_ms


def test_what_is_written_is_read_back() -> None:
    for pause in (for_minutes(15), Pause(NOW, 1, None)):
        assert Pause.from_json(pause.to_json()) == pause


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"started": 1, "until_ms": 1, "lasts_ms": 1}', "{", "\x00"])
def test_what_is_no_pause_raises_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Pause.from_json(text)
