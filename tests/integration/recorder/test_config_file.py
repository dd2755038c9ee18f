"""Configuration files as people write them, and what they are told."""

import re
from datetime import date
from pathlib import Path

import pytest

from recorder.config import config
from recorder.config.config import ConfigError, RecorderConfig
from recorder.config.config_keys import KEYS
from recorder.timing.hours import Hours

EXAMPLE = Path(config.__file__).with_name("config.example.yaml")
SECRET = "s3cr3t-T0ken"
ORIGINAL = f"""
# /etc/recorder-agent/config.yaml
identifiers:
  point_id: "3f0c1d52-8a4e-4c1b-9d53-0a1b2c3d4e5f"
  register_id: 3F0C1D52-8A4E-4C1B-9D53-0A1B2C3D4E60
  device_id: "3f0c1d52-8a4e-4c1b-9d53-0a1b2c3d4e61"

ingest:
  ingest_base_url: "http://your-server:8000/"
  ingest_token: "{SECRET}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def load(folder: Path, text: str | bytes, environment: dict[str, str] | None = None) -> RecorderConfig:
    path = folder / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o640)
    return config.load(path, environment or {})


def problems(folder: Path, text: str | bytes, environment: dict[str, str] | None = None) -> list[str]:
    """What is said, line by line, without the folder."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, environment)
    said = str(caught.value)
    assert SECRET not in said + repr(caught.value)
    return said.replace(f"{folder}/", "").splitlines()


def test_the_original_file_works_and_is_warned_of_plain_http(folder: Path) -> None:
    loaded = load(folder, ORIGINAL)
    assert loaded.register_id == "3f0c1d52-8a4e-4c1b-9d53-0a1b2c3d4e60"
    assert loaded.ingest_base_url == "http://your-server:8000"
    assert [warning for warning in loaded.warnings if "use https://" in warning]


def test_the_token_is_in_no_text_of_the_configuration(folder: Path) -> None:
    loaded = load(folder, ORIGINAL)
    assert loaded.ingest_token == SECRET
    assert SECRET not in repr(loaded) + str(loaded) + "".join(loaded.warnings)


def test_the_example_parses_and_explains_every_key(folder: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert load(folder, text).warnings == ()
    for key in KEYS:
        assert re.search(rf"^  (# )?{key.name}:", text, re.MULTILINE), key.name


def test_the_examples_commented_keys_are_right_and_show_the_defaults(folder: Path) -> None:
    shown = re.sub(r"^( +)# (?=[ \w\"-]+:)", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    optional = [key for key in KEYS if key.name not in ("ingest_token_file", "ca_file")]
    without_files = re.sub(r"^ +(ingest_token_file|ca_file):.*\n", "", shown, flags=re.MULTILINE)
    loaded = load(folder, without_files)
    no_default = {"timezone", "exceptions", "audio_device", "language", "max_upload_kbps"}
    plain = load(folder, EXAMPLE.read_text(encoding="utf-8"))
    for key in optional:
        if key.name not in no_default:
            assert getattr(loaded, key.name) == getattr(plain, key.name), key.name
    assert loaded.exceptions == {date(2026, 12, 31): Hours(600, 1080), date(2027, 1, 1): None}


def test_times_without_quotes_are_times_and_not_numbers(folder: Path) -> None:
    loaded = load(folder, ORIGINAL + "schedule:\n  schedule_start: 10:30\n  schedule_end: 21:15\n")
    assert (loaded.schedule_start, loaded.schedule_end) == ("10:30", "21:15")


def test_unknown_keys_are_named_with_their_line_and_the_nearest_key(folder: Path) -> None:
    said = problems(folder, ORIGINAL + "chunk_secondz: 30\nschedule:\n  start: 08:00\nfoo: bar\n")
    assert said == [
        "config.yaml:11: chunk_secondz: no such key; did you mean chunk_seconds?",
        "config.yaml:13: start: no such key; did you mean schedule_start?",
        "config.yaml:14: foo: no such key",
    ]


def test_unknown_variables_are_named_with_the_nearest(folder: Path) -> None:
    said = problems(folder, ORIGINAL, {"RA_CHUNK_SECOND": "30", "PATH": "/bin"})
    assert said == ["RA_CHUNK_SECOND: no such variable; did you mean RA_CHUNK_SECONDS?"]


def test_all_problems_are_told_at_once_in_the_order_of_the_lines(folder: Path) -> None:
    said = problems(folder, "sample_rate: 44100\nchunk_seconds: 4\ndays: [mon-fri, sud]\n", {"RA_HEALTH_PORT": "x"})
    places = [line.split(": ")[0] for line in said]
    assert places == ["config.yaml"] * 5 + [f"config.yaml:{line}" for line in (1, 2, 3)] + ["RA_HEALTH_PORT"]


def test_start_equal_to_end_is_named(folder: Path) -> None:
    said = problems(folder, ORIGINAL + "schedule_start: 08:00\nschedule_end: 8:00\n")
    assert said == [
        "config.yaml:12: schedule_end: start and end are the same time; for the whole day write 00:00 and 24:00"
    ]
    assert "RA_SCHEDULE_END: " in problems(folder, ORIGINAL, {"RA_SCHEDULE_END": "08:00"})[0]


def test_a_bad_zone_is_named_with_the_nearest(folder: Path) -> None:
    assert "did you mean Europe/Moscow?" in problems(folder, ORIGINAL + "timezone: Moscow\n")[0]
    assert "did you mean Asia/Yekaterinburg?" in problems(folder, ORIGINAL + "timezone: Asia/Ekaterinburg\n")[0]
    assert "IANA" in problems(folder, ORIGINAL + "timezone: ../../etc/passwd\n")[0]


def test_a_machine_without_time_zones_is_told_to_install_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoneinfo.TZPATH", ())
    monkeypatch.setattr("zoneinfo.available_timezones", set)
    assert "sudo apt install tzdata" in problems(folder, ORIGINAL + "timezone: Nowhere/Town\n")[0]


def test_the_same_key_twice_is_named_with_both_lines(folder: Path) -> None:
    said = problems(folder, ORIGINAL + "chunk_seconds: 30\naudio:\n  chunk_seconds: 60\n")
    assert [line.replace(str(folder), "") for line in said] == [
        "config.yaml:13: chunk_seconds: is given already at config.yaml:11"
    ]


def test_waits_in_the_wrong_order_are_named(folder: Path) -> None:
    assert "must not be less than retry_min_s (400)" in problems(folder, ORIGINAL + "retry_min_s: 400\n")[0]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"ingest_token: *{SECRET}", "config.yaml:1: not YAML"),
        (f"a: b\nc: '{SECRET}\n", "config.yaml:3: not YAML"),
        (f"a: b\n{SECRET}\n", "config.yaml:3: not YAML"),
        (f"ingest_token:\t'{SECRET}' x", "config.yaml:1: not YAML"),
        ("- a\n- b\n", "config.yaml:1: must be lines of `key: value`"),
        ("a: 1\npoint_id: Магазин\n".encode("cp1251"), "config.yaml:2: not UTF-8"),
        ("a: &a {b: *a}", "config.yaml:1: b: too many sections"),
        ("[" * 5000, "config.yaml: not YAML"),
        (b"a: \x00", "config.yaml: not YAML"),
        (b"\n? [a]\n: b", "config.yaml:2: a key: must hold plain values"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line_and_without_the_token(
    folder: Path, text: str | bytes, place: str
) -> None:
    assert any(line.startswith(place) for line in problems(folder, text))


def test_an_empty_file_names_the_five_keys_that_are_missing(folder: Path) -> None:
    assert len(problems(folder, "")) == 5
    assert len(problems(folder, "identifiers:\n  point_id:\n")) == 5


def test_a_file_that_is_not_there_is_said_and_nothing_else(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(folder / "none.yaml", {})
    assert str(caught.value) == f"{folder}/none.yaml: cannot be read: No such file or directory"


def test_days_and_exceptions_are_read_from_file_and_variables(folder: Path) -> None:
    text = ORIGINAL + 'days: [mon-wed, сб]\nexceptions:\n  2026-12-31: "10:00–18:00"\n  2027-01-01: closed\n'
    expected = {date(2026, 12, 31): Hours(600, 1080), date(2027, 1, 1): None}
    loaded = load(folder, text)
    assert (loaded.days, loaded.exceptions) == ((0, 1, 2, 5), expected)
    variables = {"RA_DAYS": "sat-mon, thu", "RA_EXCEPTIONS": "2026-12-31=10:00-18:00,2027-01-01=closed"}
    loaded = load(folder, text, variables)
    assert (loaded.days, loaded.exceptions) == ((0, 3, 5, 6), expected)


def test_a_bad_exception_is_named_with_its_own_line(folder: Path) -> None:
    said = problems(folder, ORIGINAL + "exceptions:\n  2026-12-31: closed\n  2026-13-01: closed\n  2027-01-01: 10:00\n")
    assert [line.split(" ")[0] for line in said] == ["config.yaml:13:", "config.yaml:14:"]


def test_the_token_is_read_from_a_file_of_its_own(folder: Path) -> None:
    (folder / "token").write_text(f"{SECRET}\n", encoding="ascii")
    (folder / "token").chmod(0o600)
    without = ORIGINAL.replace(f'ingest_token: "{SECRET}"', f"ingest_token_file: {folder}/token")
    assert load(folder, without).ingest_token == SECRET
    assert (
        load(folder, ORIGINAL.replace(SECRET, "old"), {"RA_INGEST_TOKEN_FILE": f"{folder}/token"}).ingest_token
        == SECRET
    )
    assert load(folder, without, {"RA_INGEST_TOKEN": "other"}).ingest_token == "other"
    (folder / "token").write_text(f"{SECRET} {SECRET}", encoding="ascii")
    assert "must hold the device's token and nothing else" in problems(folder, without)[0]
    (folder / "token").unlink()
    assert "cannot be read" in problems(folder, without)[0]
    assert "is given too" in problems(folder, ORIGINAL + f"ingest_token_file: {EXAMPLE}\n")[0]


def test_a_token_that_everybody_can_read_is_warned_of(folder: Path) -> None:
    path = folder / "config.yaml"
    path.write_text(ORIGINAL.replace("http:", "https:"), encoding="utf-8")
    path.chmod(0o644)
    assert any("chmod o-r" in warning for warning in config.load(path, {}).warnings)


def test_a_private_authority_must_be_certificates(folder: Path) -> None:
    (folder / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="ascii")
    assert load(folder, ORIGINAL + f"ca_file: {folder}/ca.pem\n").ca_file == folder / "ca.pem"
    assert "cannot be read" in problems(folder, ORIGINAL + f"ca_file: {folder}/none.pem\n")[0]
    assert "must hold certificates" in problems(folder, ORIGINAL + f"ca_file: {EXAMPLE}\n")[0]
