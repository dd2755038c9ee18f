from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from cluster.recordings.manifest import ManifestRow, read_manifest
from cluster.recordings.plan import Found, Place, Recording, find, in_a_row, overlaps, parse_start, start_of
from cluster.recordings.sound import Heard
from domain.errors import ConfigError, Rejected
from serve_apps.api.schemas import Name

BELGRADE = ZoneInfo("Europe/Belgrade")
PLACE = Place("Bakery", "Till 1")
HEARD = Heard("wav", "pcm_s16le", 16_000, 1, 10.0)


def recording(start_ms: int, length_ms: int, device: UUID = UUID(int=1)) -> Recording:
    return Recording(Path("a.wav"), device, start_ms, length_ms, True, HEARD)


def test_the_manifest_goes_before_the_name() -> None:
    found = Found(Path("20260302T080000Z.wav"), PLACE, "2026-03-02T10:10")
    assert start_of(found, BELGRADE) == datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


def test_a_folder_may_name_the_day_and_the_file_the_hour() -> None:
    assert start_of(Found(Path("/x/2026-03-02/101000.wav"), PLACE), BELGRADE) == datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


def test_a_name_goes_before_its_folder() -> None:
    path = Path("/x/20250101_000000/20260302_101000.wav")
    assert start_of(Found(path, PLACE), BELGRADE) == datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


def test_a_time_in_the_manifest_that_is_none_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"line 3: .*is no time"):
        start_of(Found(Path("20260302T080000Z.wav"), PLACE, "yesterday", "line 3"), BELGRADE)


@pytest.mark.parametrize(
    "text", ["2026-03-02T09:10:00Z", "2026-03-02 10:10", "2026-03-02T12:10+03:00", "02.03.2026 10:10:00"]
)
def test_times_are_read_as_people_write_them(text: str) -> None:
    assert parse_start(text, BELGRADE) == datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


@given(st.lists(st.integers(1, 10_000), max_size=8), st.integers(0, 10**12))
def test_recordings_in_a_row_touch_and_keep_their_order(lengths: list[int], start_ms: int) -> None:
    placed = in_a_row([recording(0, length) for length in lengths], start_ms)
    assert [r.length_ms for r in placed] == lengths
    assert [r.start_ms for r in placed] == [start_ms + sum(lengths[:n]) for n in range(len(lengths))]
    assert overlaps(placed) == 0


def test_overlaps_are_counted_per_device() -> None:
    one, other = uuid4(), uuid4()
    assert overlaps([recording(0, 60_000, one), recording(30_000, 60_000, one), recording(30_000, 9, other)]) == 1
    assert overlaps([recording(0, 60_500, one), recording(60_000, 60_000, one)]) == 0


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00", "1999-12-31T23:59:59Z", "2100-01-01T00:00Z", "9999-12-31T23:59"]
)
def test_a_year_that_ingest_does_not_take_is_refused_with_the_line_of_the_manifest(text: str) -> None:
    with pytest.raises(Rejected, match=rf"line 3: start_ts: '{text}' is outside the years 2000 to 2099"):
        start_of(Found(Path("a.wav"), PLACE, text, "line 3"), BELGRADE)


def test_a_recording_must_lie_wholly_in_the_years_that_ingest_takes() -> None:
    last_ms = 4_102_444_800_000 - 10_000
    recording(last_ms - 1, 10_000).check_years()
    for start_ms in (last_ms, 946_684_799_999):
        with pytest.raises(Rejected, match="2000 to 2099"):
            recording(start_ms, 10_000).check_years()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (",2026-03-02T09:10:00Z", "line 3: file is empty"),
        ("  ,2026-03-02T09:10:00Z", "line 3: file is empty"),
        ("b\0.wav,2026-03-02T09:10:00Z", "line 3: .*NUL"),
        (f"{'b' * 200_000}.wav,2026-03-02T09:10:00Z", "line 3: is no CSV: field larger"),
        ("b.wav,2026-03-02T09:10:00Z,Kiosk", "line 3: has more values than the first line has columns"),
    ],
)
def test_a_wrong_row_of_a_manifest_is_named_by_its_line(tmp_path: Path, rows: str, said: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"file,start_ts\na.wav,2026-03-02T09:10:00Z\n{rows}\n")
    with pytest.raises(ConfigError, match=said):
        read_manifest(path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Bak\x00ery", r"name 'Bak\\x00ery' has a control character"),
        ("Bakery\n", r"name 'Bakery\\n' has a control character"),
        ("\x7f", "control character"),
        ("", "name is empty"),
        (" ", "name is empty"),
        ("x" * 201, "longer than 200 characters"),
    ],
)
def test_names_that_the_server_would_refuse_are_refused_with_a_sentence(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"the point's .*{said}"):
        Place(name, "Till 1")
    with pytest.raises(ConfigError, match=f"the register's .*{said}"):
        Place("Bakery", name)


def test_a_wrong_name_in_a_manifest_is_told_with_its_line() -> None:
    file = Path("a.wav")
    row = ManifestRow(entry="line 3", file=file.name, point="Bak\tery")
    with pytest.raises(ConfigError, match="manifest, line 3: the point's name"):
        find([], None, {file: row}, PLACE)


@given(st.text())
@example("\N{NO-BREAK SPACE}")
def test_a_name_that_the_server_takes_is_taken(name: str) -> None:
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError:
        return
    Place(name, name)
