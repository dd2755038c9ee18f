"""The command line's grammar, and its commands' outputs where nothing runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from recorder import cli
from recorder.commands.status import lines
from recorder.health.health import Problem, health_document
from recorder.phrases import PHRASES
from tests.unit.recorder.health_states import HEALTHY

COMMANDS = {path.stem for path in (Path(cli.__file__).parent / "commands").glob("*.py")} - {"__init__", "context"}
ENOUGH = """\
point_id: "00000000-0000-0000-0000-000000000001"
register_id: "00000000-0000-0000-0000-000000000002"
device_id: "00000000-0000-0000-0000-000000000003"
ingest_base_url: "https://audio.example.com"
ingest_token: "s3cret-token"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(ENOUGH + f"spool_dir: {tmp_path / 'spool'}\nhealth_port: 1\n")
    path.chmod(0o600)
    return path


def test_every_command_has_its_module_and_its_words_in_both_languages() -> None:
    assert {key.removeprefix("command.") for key in PHRASES if key.startswith("command.")} == COMMANDS


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ([], "run"),
        (["-c", "x.yaml"], "run"),
        (["-c", "x.yaml", "--log-level", "debug"], "run"),
        (["run", "-c", "x.yaml", "--log-level", "DEBUG"], "run"),
        (["pause", "until", "14:30"], "pause"),
        (["enrol", "ABCD-EFGH-JKMN", "--server", "https://a.example"], "enrol"),
        (["requeue", "a-000001", "a-000002"], "requeue"),
        (["uninstall", "--purge", "--yes"], "uninstall"),
    ],
)
def test_the_command_may_be_left_out_as_the_original_had_none(words: list[str], command: str) -> None:
    assert cli.parser("en").parse_args(words).command == command


@pytest.mark.parametrize("words", [["-c", "a", "--lang", "ru", "status"], ["status", "-c", "a", "--lang", "ru"]])
def test_common_options_may_stand_on_either_side_of_the_command(words: list[str]) -> None:
    parsed = cli.parser("en").parse_args(words)
    assert (parsed.config, parsed.lang, parsed.log_level) == (Path("a"), "ru", "INFO")


@pytest.mark.parametrize(
    "words", [["dance"], ["enrol", "CODE"], ["pause"], ["status", "--lang", "de"], ["--log-level", "x"]]
)
def test_wrong_usage_ends_with_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_help_speaks_russian(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--lang=ru", "--help"])
    assert "записывать и отправлять" in capsys.readouterr().out


def test_config_shows_every_value_with_its_source_and_hides_the_token(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RA_CHUNK_SECONDS", "30")
    assert cli.main(["config", "-c", str(path), "--lang", "en"]) == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows["point_id"] == ["00000000-0000-0000-0000-000000000001", f"{path}:1"]
    assert rows["chunk_seconds"] == ["30", "RA_CHUNK_SECONDS"]
    assert rows["schedule_start"] == ["08:00", "default"]
    assert rows["days"][:2] == ["mon,", "tue,"]
    assert rows["ingest_token"] == ["***", f"{path}:5"]
    assert cli.main(["config", "-c", str(path), "--json"]) == 0
    assert "s3cret" not in (told := capsys.readouterr().out)
    assert json.loads(told)["opus_bitrate_kbps"] == {"value": "24", "source": "default"}


@pytest.mark.parametrize(
    "command", [["config"], ["pause", "15m"], ["resume"], ["ledger"], ["requeue", "--all"], ["check"]]
)
def test_a_configuration_with_mistakes_is_refused_with_its_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(ENOUGH + "chunk_seconds: 1\n")
    assert cli.main([*command, "-c", str(path), "--lang", "en"]) == 2
    assert f"{path}:6: chunk_seconds: '1' must be a whole number from 5 to 600" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["pause", "15m"], ["resume"], ["ledger"], ["requeue", "--all"]])
def test_a_spool_that_is_not_there_yet_is_said(
    command: list[str], path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*command, "-c", str(path), "--lang", "en"]) == 1
    assert "has not run yet" in capsys.readouterr().err


def test_status_of_nobody_fails(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "-c", str(path), "--lang", "ru"]) == 1
    assert "Агент не запущен" in capsys.readouterr().err


def test_status_is_a_table_with_what_is_to_be_mended() -> None:
    document = health_document(HEALTHY, (Problem("backlog", "Check the network."),))
    table = list(lines(document, "en"))
    assert table[0].split(None, 1) == ["recorder", "recording (0.1.0)"]
    assert any(line.startswith("today") and "3 h 53 m recorded" in line for line in table)
    assert table[-2:] == ["To be mended:", "  - Check the network."]


def test_running_loads_neither_the_other_commands_nor_heavy_modules() -> None:
    script = (
        "import sys; from recorder.commands import run; from recorder import cli, agent\n"
        "print([m for m in ('asyncio', 'pydantic', 'numpy', 'recorder.commands.enrol', 'recorder.service.install',"
        " 'recorder.check') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_any_word_it_is_the_agent_that_is_meant() -> None:
    assert cli._wanted_language([]) in ("en", "ru")
