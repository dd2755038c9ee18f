"""Every row of the original's table of configuration: key, variable, default, and what a bad value is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder.config import config
from recorder.config.config import ConfigError, RecorderConfig

REQUIRED = {
    "point_id": "00000000-0000-0000-0000-000000000001",
    "register_id": "00000000-0000-0000-0000-000000000002",
    "device_id": "00000000-0000-0000-0000-000000000003",
    "ingest_base_url": "https://audio.example.com",
    "ingest_token": "your-token",
}
Row = Callable[..., None]


@pytest.fixture
def row(tmp_path: Path) -> Row:
    """Checks one row: the key's default, flat and nested in the file, as a variable that beats the file, and a bad
    value that is named with its place in both."""
    path = tmp_path / "config.yaml"

    def load(fields: dict[str, str], environment: dict[str, str] | None = None, section: str = "") -> RecorderConfig:
        indent = "  " if section else ""
        lines = [f'{indent}{key}: "{value}"' for key, value in fields.items()]
        path.write_text("\n".join([f"{section}:", *lines] if section else lines), encoding="utf-8")
        path.chmod(0o640)
        return config.load(path, environment or {})

    def check(key: str, default: Any, first: str, first_value: Any, second: str, second_value: Any, bad: str) -> None:
        variable = f"RA_{key.upper()}"
        if default is not None:
            assert getattr(load(REQUIRED), key) == default
        given = REQUIRED | {key: first}
        assert getattr(load(given), key) == first_value
        assert getattr(load(given, section="anything"), key) == first_value
        assert getattr(load(given, {variable: second}), key) == second_value
        others = {f"RA_{name.upper()}": value for name, value in REQUIRED.items() if name != key}
        assert getattr(config.load(None, others | {variable: second}), key) == second_value
        with pytest.raises(ConfigError) as in_file:
            load(REQUIRED | {key: bad})
        line = list(REQUIRED | {key: bad}).index(key) + 1
        assert str(in_file.value).startswith(f"{path}:{line}: {key}:")
        assert "must " in str(in_file.value)
        with pytest.raises(ConfigError) as in_environment:
            load(REQUIRED, {variable: bad})
        assert str(in_environment.value).startswith(f"{variable}: {key}:")

    return check


def is_required(row: Row, key: str, first: str, second: str, bad: str) -> None:
    row(key, None, first, first, second, second, bad)
    others = {f"RA_{name.upper()}": value for name, value in REQUIRED.items() if name != key}
    with pytest.raises(ConfigError, match=f"{key} is missing.*RA_{key.upper()}"):
        config.load(None, others)


ONE, OTHER = "3f0c1d52-8a4e-4c1b-9d53-0a1b2c3d4e5f", "9d530a1b-2c3d-4e5f-8a4e-3f0c1d524c1b"


def test_point_id_is_required_and_a_uuid(row: Row) -> None:
    is_required(row, "point_id", ONE, OTHER, "<POINT_ID из шага 2>")


def test_register_id_is_required_and_a_uuid(row: Row) -> None:
    is_required(row, "register_id", ONE, OTHER, "12")


def test_device_id_is_required_and_a_uuid(row: Row) -> None:
    is_required(row, "device_id", ONE, OTHER, "till-1")


def test_ingest_base_url_is_required_and_an_address(row: Row) -> None:
    is_required(row, "ingest_base_url", "http://your-server:8000", "https://audio.example.com", "audio.example.com")


def test_ingest_token_is_required_and_one_word(row: Row) -> None:
    is_required(row, "ingest_token", "a-token", "b-token", "two words")


def test_schedule_start_is_0800_unless_given(row: Row) -> None:
    row("schedule_start", "08:00", "9:30", "09:30", "00:00", "00:00", "24:00")


def test_schedule_end_is_2200_unless_given(row: Row) -> None:
    row("schedule_end", "22:00", "18:45", "18:45", "24:00", "24:00", "22.00")


def test_chunk_seconds_is_60_unless_given(row: Row) -> None:
    row("chunk_seconds", 60, "5", 5, "600", 600, "4")


def test_opus_bitrate_kbps_is_24_unless_given(row: Row) -> None:
    row("opus_bitrate_kbps", 24, "32", 32, "24", 24, "64")


def test_audio_device_is_found_by_itself_unless_given(row: Row, tmp_path: Path) -> None:
    variables = {f"RA_{name.upper()}": value for name, value in REQUIRED.items()}
    assert config.load(None, variables).audio_device is None
    assert config.load(None, variables | {"RA_AUDIO_DEVICE": ""}).audio_device is None
    assert config.load(None, variables | {"RA_AUDIO_DEVICE": "hw:1,0"}).audio_device == "hw:1,0"
    (tmp_path / "c.yaml").write_text("audio_device: hw:1,0\n", encoding="utf-8")
    assert config.load(tmp_path / "c.yaml", variables).audio_device == "hw:1,0"
    (tmp_path / "c.yaml").write_text("audio_device: [hw:1,0]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"c\.yaml:1: audio_device: must be one value"):
        config.load(tmp_path / "c.yaml", variables)


def test_sample_rate_is_48000_unless_given(row: Row) -> None:
    row("sample_rate", 48000, "16000", 16000, "24000", 24000, "44100")


def test_spool_dir_is_in_var_lib_unless_given(tmp_path: Path) -> None:
    variables = {f"RA_{name.upper()}": value for name, value in REQUIRED.items()}
    assert config.load(None, variables).spool_dir == Path("/var/lib/recorder-agent/spool")
    assert config.load(None, variables | {"RA_SPOOL_DIR": "spool"}).spool_dir == Path.cwd() / "spool"
    (tmp_path / "c.yaml").write_text(f"spool: {{spool_dir: {tmp_path}}}\n", encoding="utf-8")
    assert config.load(tmp_path / "c.yaml", variables).spool_dir == tmp_path


def test_max_spool_days_is_7_unless_given(row: Row) -> None:
    row("max_spool_days", 7, "1", 1, "30", 30, "week")


def test_max_spool_gb_is_20_unless_given(row: Row) -> None:
    row("max_spool_gb", 20, "4.5", 4.5, "1", 1, "-1")


def test_retry_min_s_is_2_unless_given(row: Row) -> None:
    row("retry_min_s", 2, "1", 1, "0.5", 0.5, "0")


def test_retry_max_s_is_300_unless_given(row: Row) -> None:
    row("retry_max_s", 300, "60", 60, "600", 600, "5 minutes")


def test_health_port_is_8042_unless_given(row: Row) -> None:
    row("health_port", 8042, "8043", 8043, "9000", 9000, "70000")
