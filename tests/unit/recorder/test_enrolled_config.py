"""The configuration that an enrolment writes."""

from pathlib import Path
from typing import Any

import pytest

from recorder.config.config_keys import KEYS
from recorder.config.config_text import from_yaml
from recorder.service.enrolled_config import WEEKDAYS, Enrolment, text

ANSWER: dict[str, Any] = {
    "point_id": "00000000-0000-0000-0000-000000000001",
    "register_id": "00000000-0000-0000-0000-000000000002",
    "device_id": "00000000-0000-0000-0000-000000000003",
    "point_name": "Кофе: «Угол» #1",
    "register_name": "Till 1",
    "zone": "Europe/Belgrade",
    "language": "ru",
    "opening_hours": {day: [{"opens": "07:30", "closes": "21:00"}] for day in WEEKDAYS} | {"exceptions": {}},
    "server_time": "2026-05-31T10:00:00Z",
}
NAMES, MAPPINGS = [key.name for key in KEYS], [key.name for key in KEYS if key.is_mapping]


def _written(hours: dict[str, Any] | None = None, kept: str = "", ca_file: Path | None = None) -> dict[str, str]:
    answer = ANSWER if hours is None else ANSWER | {"opening_hours": hours}
    before, _ = from_yaml(kept.encode(), "old", NAMES, MAPPINGS)
    content = text(Enrolment.from_answer(answer), "https://a.example", "t0ken", ca_file, before)
    given, problems = from_yaml(content.encode(), "new", NAMES, MAPPINGS)
    assert problems == []
    return {item.key: item.parts[0].text for item in given}


def test_ids_server_token_hours_zone_and_language_are_the_servers() -> None:
    assert _written() == {
        **{name: ANSWER[name] for name in ("point_id", "register_id", "device_id")},
        "ingest_base_url": "https://a.example",
        "ingest_token": "t0ken",
        "timezone": "Europe/Belgrade",
        "schedule_start": "07:30",
        "schedule_end": "21:00",
        "language": "ru",
    }


def test_closed_days_and_exception_dates_become_the_schedules() -> None:
    hours = {day: [{"opens": "10:00", "closes": "24:00"}] for day in ("mon", "fri")}
    hours |= {"sun": [], "exceptions": {"2026-12-31": [{"opens": "10:00", "closes": "18:00"}], "2027-01-01": []}}  # type: ignore[dict-item]
    written = _written(hours)
    assert (written["schedule_start"], written["schedule_end"], written["days"]) == ("10:00", "24:00", "mon, fri")
    assert written["exceptions"] == "2026-12-31=10:00-18:00, 2027-01-01=closed"
    assert {key.name: key for key in KEYS}["exceptions"].read("2026-12-31=10:00-18:00")


def test_hours_that_differ_by_day_are_spanned_and_said_to_be_inexact() -> None:
    hours = {"mon": [{"opens": "10:00", "closes": "20:00"}], "sat": [{"opens": "09:00", "closes": "16:00"}]}
    enrolment = Enrolment.from_answer(ANSWER | {"opening_hours": hours})
    assert enrolment.hours is not None
    assert (enrolment.hours.start, enrolment.hours.end, enrolment.hours.is_exact) == ("09:00", "20:00", False)


def test_a_break_at_noon_is_spanned_and_said_to_be_inexact() -> None:
    hours = {"mon": [{"opens": "14:00", "closes": "20:00"}, {"opens": "08:00", "closes": "12:00"}]}
    enrolment = Enrolment.from_answer(ANSWER | {"opening_hours": hours})
    assert enrolment.hours is not None
    assert (enrolment.hours.start, enrolment.hours.end, enrolment.hours.is_exact) == ("08:00", "20:00", False)


def test_a_point_without_hours_leaves_the_recorders_default() -> None:
    assert "schedule_start" not in _written({})


def test_a_language_that_the_recorder_does_not_speak_is_left_out() -> None:
    assert Enrolment.from_answer(ANSWER | {"language": "sr"}).language is None


def test_what_the_server_does_not_say_is_kept_from_before() -> None:
    old = (
        "audio: {audio_device: 'hw:1,0'}\nspool_dir: /mnt/ssd\nschedule_start: '05:00'\ningest_token: old\nca_file: /c"
    )
    written = _written(kept=old)
    assert (written["audio_device"], written["spool_dir"], written["ca_file"]) == ("hw:1,0", "/mnt/ssd", "/c")
    assert (written["schedule_start"], written["ingest_token"]) == ("07:30", "t0ken")


def test_a_new_authority_takes_the_place_of_the_old_one() -> None:
    assert _written(kept="ca_file: /old", ca_file=Path("/new"))["ca_file"] == "/new"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {**ANSWER, "device_id": "7"},
        {**ANSWER, "device_id": 7},
        {key: value for key, value in ANSWER.items() if key != "zone"},
        {**ANSWER, "opening_hours": {"mon": [{"opens": "08:00"}]}},
        {**ANSWER, "opening_hours": {"mon": "all day"}},
        {**ANSWER, "opening_hours": [1]},
    ],
)
def test_what_is_no_enrolment_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not an enrolment"):
        Enrolment.from_answer(broken)
