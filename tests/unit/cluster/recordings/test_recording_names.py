from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.recordings.names import start_from_name

BELGRADE = ZoneInfo("Europe/Belgrade")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("dev_ru_20260302T090000Z.ogg", utc(2026, 3, 2, 9)),
        ("counter-2_20260302T091000Z_part.wav", utc(2026, 3, 2, 9, 10)),
        ("2026-03-02T09-10-00Z.opus", utc(2026, 3, 2, 9, 10)),
        ("x_20260302T091000.250Z.ogg", utc(2026, 3, 2, 9, 10, 0, 250_000)),
        ("x_20260302T121000+0300.ogg", utc(2026, 3, 2, 9, 10)),
        ("chunk_20260302T101000_8d3f.ogg", utc(2026, 3, 2, 9, 10)),
        ("20260302_101000.wav", utc(2026, 3, 2, 9, 10)),
        ("20260302_101000-0001.wav", utc(2026, 3, 2, 9, 10)),
        ("20260302_091000Z.wav", utc(2026, 3, 2, 9, 10)),
        ("2026-03-02 10-10-00.mp3", utc(2026, 3, 2, 9, 10)),
        ("audio_2026-03-02_10-10-05.ogg", utc(2026, 3, 2, 9, 10, 5)),
        ("2026.03.02 10.10.mp3", utc(2026, 3, 2, 9, 10)),
        ("REC20260302101000.wav", utc(2026, 3, 2, 9, 10)),
        ("REC_20260302-1010.wav", utc(2026, 3, 2, 9, 10)),
        ("Recording_20260302_101000.m4a", utc(2026, 3, 2, 9, 10)),
        ("Voice Memo 2026-03-02 at 9.10.05 PM.m4a", utc(2026, 3, 2, 20, 10, 5)),
        ("Запись 02.03.2026 10-10-00.m4a", utc(2026, 3, 2, 9, 10)),
        ("Voice 260302_101000.m4a", utc(2026, 3, 2, 9, 10)),
        ("260302_1010.mp3", utc(2026, 3, 2, 9, 10)),
        ("20260702_101000.wav", utc(2026, 7, 2, 8, 10)),
    ],
)
def test_common_recorder_names_give_their_start(name: str, start: datetime) -> None:
    assert start_from_name(name, BELGRADE) == start


@pytest.mark.parametrize(
    "name",
    [
        "New Recording 12.m4a",
        "AUD-20260302-WA0001.opus",
        "20260302.wav",
        "20261302_101000.wav",
        "20260302_251000.wav",
        "ZOOM0001.WAV",
        "call_1772442600.wav",
        "+79161234567.mp3",
        "2026-03-02 at 13.10 PM.m4a",
        "",
    ],
)
def test_names_without_a_full_time_give_none(name: str) -> None:
    assert start_from_name(name, BELGRADE) is None


def test_an_hour_that_comes_twice_is_its_first_run() -> None:
    assert start_from_name("20261025_023000.wav", BELGRADE) == utc(2026, 10, 25, 0, 30)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), st.integers(-12 * 60, 14 * 60))  # noqa: DTZ001
def test_an_iso_name_is_read_back_exactly(moment: datetime, offset_min: int) -> None:
    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset_min)))
    assert start_from_name(f"till_{aware:%Y%m%dT%H%M%S%z}.ogg", BELGRADE) == aware


@given(st.text(max_size=60))
def test_no_name_breaks_it(name: str) -> None:
    found = start_from_name(name, BELGRADE)
    assert found is None or found.tzinfo is UTC
