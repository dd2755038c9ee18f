"""The machine's own time zone, however it is set."""

import shutil
from pathlib import Path
from zoneinfo import TZPATH

import pytest

from recorder.timing.schedule import system_zone

ZONES = next((Path(folder) for folder in TZPATH if (Path(folder) / "Europe/Moscow").exists()), None)


def test_the_variable_wins_and_a_bad_one_does_not_count(tmp_path: Path) -> None:
    assert system_zone(tmp_path / "none", {"TZ": "Asia/Tokyo"}).key == "Asia/Tokyo"
    assert system_zone(tmp_path / "none", {"TZ": ":Asia/Tokyo"}).key == "Asia/Tokyo"
    assert system_zone(tmp_path / "none", {"TZ": "MSK-3"}).key == "UTC"


def test_a_link_into_the_zones_is_that_zone(tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Moscow")
    assert system_zone(tmp_path / "localtime", {}).key == "Europe/Moscow"


@pytest.mark.skipif(ZONES is None, reason="needs the system's time zones (Debian: tzdata)")
def test_a_copy_of_a_zone_is_read(tmp_path: Path) -> None:
    assert ZONES is not None
    shutil.copy(ZONES / "Europe/Moscow", tmp_path / "localtime")
    assert str(system_zone(tmp_path / "localtime", {})) == "localtime"


def test_a_machine_that_says_nothing_is_in_utc(tmp_path: Path) -> None:
    assert system_zone(tmp_path / "none", {}).key == "UTC"
