"""The page of points shows what the api says, escapes it, and sends what a person typed in the api's own form."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from httpx import QueryParams

from dashboard.kit.page import Message
from dashboard.pages.places import Places
from dashboard.places.devices import device_line
from dashboard.places.forms import FormError, interval_of, settings_of
from dashboard.places.hours import HoursError, day_of, exceptions_of, hours_of, text_of
from dashboard.places.strip import strip, ticks
from dashboard.strings import Strings
from dashboard.wording import Wording
from domain.opening_hours import WEEKDAYS
from tests.unit.dashboard.desk import Desk

W = Wording(Strings("en"))
SCRIPT = "<script>alert(1)</script>"
HOUR_MS = 3_600_000
TOTALS = {
    "scheduled_ms": 2 * HOUR_MS, "recorded_ms": HOUR_MS, "waiting_ms": 0, "paused_ms": 0, "lost_ms": HOUR_MS,
    "ahead_ms": 0, "outside_ms": 0, "lost_by_reason": {"silent": HOUR_MS}, "share": 0.5,
}  # fmt: skip
DEVICE: Mapping[str, Any] = {
    "device_id": "d1", "name": SCRIPT, "state": "silent", "silent_since": "2026-03-02T08:00:00Z", "is_enabled": True,
    "replaced_by": None, "replaced_at": None, "last_chunk_at": "2026-03-02T08:00:00Z",
    "pulse": {
        "received_at": "2026-03-02T08:00:00Z", "version": "1.2", "clock_error_ms": -5000, "queue_files": 3,
        "queue_bytes": 12_345, "oldest_waiting_s": 1000.0, "level_dbfs": -95.0, "problems": [SCRIPT],
    },
    "totals": TOTALS,
    "strip": [
        {"start": "2026-03-02T07:00:00Z", "end": "2026-03-02T08:00:00Z", "fate": "recorded", "reason": None},
        {"start": "2026-03-02T08:00:00Z", "end": "2026-03-02T09:00:00Z", "fate": "lost", "reason": "silent"},
    ],
}  # fmt: skip
OPEN = [{"opens": "08:00", "closes": "10:00"}]
PLACE: Mapping[str, Any] = {
    "point_id": "p1", "name": SCRIPT, "country": "RS", "zone": "Europe/Belgrade", "language": "ru",
    "opening_hours": {**dict.fromkeys(WEEKDAYS, OPEN), "exceptions": {"2026-12-25": [], "2025-12-31": OPEN}},
    "goal": 0.35, "catalogue": None, "audio_days": 30, "text_days": None, "shows_registers": False,
    "day": "2026-03-02", "start": "2026-03-01T23:00:00Z", "end": "2026-03-02T23:00:00Z",
    "windows": [{"start": "2026-03-02T07:00:00Z", "end": "2026-03-02T09:00:00Z"}], "totals": TOTALS,
    "registers": [{"register_id": "r1", "name": SCRIPT, "devices": [DEVICE]}],
    "codes": [],
}  # fmt: skip
ANSWERS = {
    "/api/v1/places": {"now": "2026-03-02T12:00:00Z", "items": [PLACE], "next": None},
    "/api/v1/erasures": {"items": [], "next": None},
}
ALL = frozenset({"read", "points_write", "devices_write", "erase"})


async def opened(language: str = "en", permissions: frozenset[str] = ALL, **params: str) -> Places:
    desk = Desk(ANSWERS, language)
    desk.me = replace(desk.me, permissions=permissions, role="admin")
    page = Places(desk)
    await page.load(QueryParams(params))
    return page


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("params", [{}, {"point": "p1"}, {"point": "p1", "day": "2026-03-02"}])
async def test_what_recorders_and_people_name_is_never_markup(language: str, params: dict[str, str]) -> None:
    html = "".join((await opened(language, **params)).regions().values())
    assert "&lt;script&gt;" in html
    assert SCRIPT not in html


async def test_who_may_only_read_gets_no_forms() -> None:
    html = "".join((await opened(permissions=frozenset({"read"}), point="p1")).regions().values())
    assert "<form" not in html
    assert "30 days" in html


def test_the_strip_says_where_the_day_went_to_who_sees_it_and_to_who_does_not() -> None:
    shown = strip(W, PLACE, DEVICE)
    assert shown is not None
    assert [(piece.fate, piece.left, piece.width) for piece in shown.pieces] == [("recorded", 0, 50), ("lost", 50, 50)]
    assert shown.pieces[1].title == "09:00–10:00: lost, nothing was heard from the device"
    assert shown.text == "recorded 1 h; lost 1 h"
    assert [tick.text for tick in shown.ticks] == ["08:00", "09:00", "10:00"]
    assert strip(W, PLACE, {**DEVICE, "totals": None}) is None


def test_a_day_of_25_hours_has_its_ticks_on_the_clock() -> None:
    zone = ZoneInfo("Europe/Belgrade")
    autumn = date(2026, 10, 25)
    first, last = (_midnight(day, zone) for day in (autumn, date(2026, 10, 26)))
    assert [tick.text for tick in ticks(first, last, zone.key)][:3] == ["00:00", "06:00", "12:00"]


def test_what_is_amiss_with_a_device_stands_out() -> None:
    facts = {name: (value, tone) for name, value, tone in device_line(W, PLACE, DEVICE).facts}
    assert facts["Waits to be sent"] == ("3 recordings, 12\u00a0kB", "warn")
    assert facts["Level"] == ("-95\u00a0dBFS", "bad")
    assert facts["Clock"] == ("5 s slow", "warn")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("8-22", "08:00–22:00"),
        ("08:00–12:00, 13.30 – 24", "08:00–12:00, 13:30–24:00"),
        ("", ""),
    ],
)
def test_hours_are_read_as_people_write_them(typed: str, read: str) -> None:
    assert text_of(day_of("mon", typed)) == read


@pytest.mark.parametrize("typed", ["morning", "22-8", "8-12, 11-13", "8:75-9", "8-25", "8"])
def test_hours_that_cannot_be_are_refused(typed: str) -> None:
    with pytest.raises(HoursError):
        day_of("mon", typed)


def test_a_cleared_date_is_no_exception_and_past_ones_come_last() -> None:
    pairs = [("mon", "8-10"), ("exception_day", "2026-12-25"), ("exception_hours", "")]
    hours = hours_of(QueryParams([*pairs, ("exception_day", ""), ("exception_hours", "9-10")]))
    assert hours["exceptions"] == {"2026-12-25": []}
    assert (hours["mon"], hours["tue"]) == (OPEN, [])
    shown = exceptions_of(PLACE["opening_hours"], date(2026, 3, 2))
    assert shown == [("2026-12-25", ""), ("2025-12-31", "08:00–10:00")]


def test_the_settings_form_becomes_a_patch() -> None:
    form = QueryParams(
        {"name": " A ", "zone": "Europe/Belgrade", "language": "ru", "goal": "37,5 %", "audio_days": "30"}
    )
    assert settings_of(form, is_admin=True) == {
        "name": "A", "country": None, "zone": "Europe/Belgrade", "language": "ru", "goal": 0.375, "catalogue": None,
        "audio_days": 30, "text_days": None, "shows_registers": False,
    }  # fmt: skip
    assert "shows_registers" not in settings_of(form, is_admin=False)
    for wrong in ({"goal": "120"}, {"goal": "much"}, {"text_days": "0"}, {"text_days": "x"}):
        with pytest.raises(FormError):
            settings_of(QueryParams(wrong), is_admin=False)


def test_times_to_erase_are_on_the_points_clock() -> None:
    form = QueryParams({"from": "2026-03-02T09:00", "to": "2026-03-02T09:05:30", "device_id": ""})
    assert interval_of(form, "p1", "Europe/Belgrade") == {
        "kind": "interval", "point_id": "p1", "from": "2026-03-02T09:00:00+01:00", "to": "2026-03-02T09:05:30+01:00",
    }  # fmt: skip
    with pytest.raises(FormError):
        interval_of(QueryParams({"from": "2026-03-02T09:00", "to": "2026-03-02T09:00"}), "p1", "Europe/Belgrade")


async def test_hours_that_cannot_be_read_are_named_beside_the_form() -> None:
    page = await opened(point="p1")
    await page.on("hours_save", Message("hours_save", form=QueryParams({"mon": "8-10", "tue": "noon"})))
    assert "Tuesday: “noon” cannot be read" in page.regions()["settings"]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
