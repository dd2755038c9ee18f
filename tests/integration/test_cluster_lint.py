"""`cluster lint`: the files that are shipped pass; what people get wrong is named with its line and its remedy."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cluster.cli.cluster_lint import app
from cluster.lint.finding import Level
from cluster.lint.run import lint
from cluster.release import ROOT
from tests.integration.cluster_variants import AWS, OWN, VARIANTS, Variant

ENV = """
DATABASE_URL='postgresql://salescontrol:secret@10.0.0.5/salescontrol'
ADMIN_TOKEN=0123456789abcdef0123456789abcdef
INTERNAL_TOKEN=fedcba9876543210fedcba9876543210
AUDIO_STORAGE_PATH=s3://audio
RAY_REDIS_ADDRESS=10.0.0.6:6379
"""


WRONG: list[Any] = ["2", [], {}, None, -1, True]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's home with the folder of secrets that the cluster files mount."""
    folder = tmp_path / "home" / ".config" / "salescontrol" / "cluster"
    folder.mkdir(parents=True)
    for name, text in (("cluster.env", ENV), ("ray_token", "0123456789abcdef" * 4)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    return tmp_path / "home"


@pytest.fixture
def secrets(home: Path) -> Path:
    """The folder of secrets itself."""
    return home / ".config" / "salescontrol" / "cluster"


@pytest.mark.parametrize("name", [AWS, OWN])
def test_a_shipped_cluster_file_has_nothing_to_mend_but_its_placeholders(name: str, home: Path) -> None:
    found = lint(ROOT / name, home)

    assert [finding for finding in found if finding.level is Level.ERROR] == []
    assert all("is a placeholder" in finding.what for finding in found if finding.level is Level.WARN)
    assert any("is a placeholder" in finding.what for finding in found)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: f"{v.file.split('/')[-1]}-{v.what[:40]}")
def test_a_mistake_is_refused_with_its_line_and_its_remedy(variant: Variant, home: Path, tmp_path: Path) -> None:
    text = (ROOT / variant.file).read_text()
    assert variant.old in text
    broken = text.replace(variant.old, variant.new)
    path = tmp_path / "cluster.yaml"
    path.write_text(broken)

    found = lint(path, home)

    where = (ROOT / variant.elsewhere).read_text() if variant.elsewhere else broken
    line = _line(where, variant.at or variant.new)
    hits = [
        f for f in found if f.line == line and f.file == (variant.elsewhere or str(path)) and variant.what in f.what
    ]
    assert hits, f"line {line}: {variant.what}\nfound: {found}"
    assert variant.remedy in hits[0].remedy
    assert hits[0].level == variant.level


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("DATABASE_URL=", "DATABASE_ULR=", "has no DATABASE_URL"),
        ("ADMIN_TOKEN=0123", "#ADMIN_TOKEN=0123", "has no ADMIN_TOKEN"),
        ("INTERNAL_TOKEN=", "INTERN_TOKEN=", "has no INTERNAL_TOKEN"),
        ("AUDIO_STORAGE_PATH=", "AUDIO_PATH=", "has no AUDIO_STORAGE_PATH"),
        (
            "ADMIN_TOKEN=0123456789abcdef0123456789abcdef",
            "ADMIN_TOKEN=changeme-admin-token",
            "the published ADMIN_TOKEN",
        ),
        ("INTERNAL_TOKEN=fedcba9876543210fedcba9876543210", "INTERNAL_TOKEN=short", "is shorter than 16"),
        ("RAY_REDIS", "SALESCONTROL_ASR__LANGAGE=ru\nRAY_REDIS", "asr.langage: unknown setting"),
        ("RAY_REDIS", "OPENAI_MODEL gpt\nRAY_REDIS", "cluster.env:6: no NAME=value"),
        ("RAY_REDIS", "OPENAI_MODEL = gpt\nRAY_REDIS", "cluster.env:6: no NAME=value"),
        ("s3://audio", "/srv/audio", "AUDIO_STORAGE_PATH in"),
        ("s3://audio", "file:///srv/audio", "a path on one machine"),
        ("'postgresql://salescontrol:secret@10.0.0.5/salescontrol'", "postgresql://a@b/c?d=1&e=2", "cuts the value of"),
        ("s3://audio", "s3://audio files", "cuts the value of AUDIO_STORAGE_PATH"),
        ("salescontrol'", "salescontrol", "the quote in the value of DATABASE_URL is not closed"),
    ],
)
def test_the_environment_file_is_looked_into(old: str, new: str, what: str, home: Path, secrets: Path) -> None:
    (secrets / "cluster.env").write_text(ENV.replace(old, new))

    (found,) = [finding for finding in lint(ROOT / AWS, home) if finding.level is Level.ERROR]

    assert what in found.what
    assert found.remedy
    assert "0123456789abcdef" not in found.what


def test_what_the_shell_reads_as_one_value_is_not_refused(home: Path, secrets: Path) -> None:
    more = """# a comment; with (everything) & more
export OPENAI_BASE_URL="http://10.0.0.7/v1?a=1&b=2"   # the model's
OPENAI_MODEL='a b'\\;c
SALESCONTROL_ASR__LANGUAGE=$LANGUAGE
"""
    (secrets / "cluster.env").write_text(ENV + more)

    assert [finding for finding in lint(ROOT / AWS, home) if finding.level is Level.ERROR] == []


def test_secrets_that_others_may_read_are_refused(home: Path, secrets: Path) -> None:
    (secrets / "ray_token").chmod(0o644)

    (found,) = [finding for finding in lint(ROOT / AWS, home) if finding.level is Level.ERROR]

    assert "can be read by others" in found.what


def test_without_redis_it_says_what_the_loss_of_the_head_means(home: Path, secrets: Path) -> None:
    assert not any("RAY_REDIS_ADDRESS" in finding.what for finding in lint(ROOT / AWS, home))
    (secrets / "cluster.env").write_text(ENV.replace("RAY_REDIS", "REDIS"))

    (found,) = [finding for finding in lint(ROOT / AWS, home) if finding.level is Level.NOTE]

    assert "no RAY_REDIS_ADDRESS: when the head is lost" in found.what


def test_without_a_region_nothing_is_said_about_its_zones(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text((ROOT / AWS).read_text().replace("  region: eu-central-1\n", ""))

    (found,) = [finding for finding in lint(path, home) if finding.level is Level.ERROR]

    assert "no region" in found.what


def test_a_quote_that_is_not_closed_is_all_that_is_said_of_its_command(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text((ROOT / AWS).read_text().replace("s\": 600}'", 's": 600}'))

    (found,) = [finding for finding in lint(path, home) if finding.level is Level.ERROR]

    assert "No closing quotation" in found.what


def test_a_python_that_is_not_pinned_to_the_patch_is_refused(home: Path, tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "configs", root / "configs")
    shutil.copy(ROOT / "constraints.txt", root)
    text = (ROOT / "Dockerfile").read_text()
    (root / "Dockerfile").write_text(text.replace("ARG PYTHON_VERSION=3.12.13", "ARG PYTHON_VERSION=3.12"))

    found = next(finding for finding in lint(ROOT / AWS, home, root) if finding.file == "Dockerfile")

    assert found.line == _line(text, "ARG PYTHON_VERSION=")
    assert "not pinned to the patch" in found.what


@pytest.mark.parametrize("name", [AWS, OWN])
def test_a_value_of_any_kind_leads_to_findings_and_never_to_a_traceback(name: str, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    original = yaml.safe_load((ROOT / name).read_text())
    for n, keys in enumerate(_everything(original)):
        for wrong in WRONG[n % 2 :: 2]:
            path.write_text(yaml.safe_dump(_replaced(original, keys, wrong)))
            lines = len(path.read_text().splitlines())

            found = lint(path, home)

            assert all(1 <= finding.line <= lines for finding in found if finding.file == str(path)), (keys, wrong)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ami-00000000000000000", "resolve:ssm:/aws/service/deeplearning/ami-id"),
        (
            "\nsetup_commands: []",
            "\nsetup_commands: ['. ~/.bashrc', '. /opt/venv/bin/activate', 'cat /etc/os-release']",
        ),
        ("[--gpus all]", "[--gpus all, --network=host]"),
        ("RAY_ADDRESS=auto salescontrol up", "RAY_ADDRESS=auto salescontrol up && echo --block"),
        ('_timeout_s": 600', '_timeout_s": 600, "health_check_period_ms": 9000'),
        ("FromPort: 8000, ToPort: 8000", "FromPort: 443, ToPort: 443"),
    ],
)
def test_what_is_right_though_unusual_is_not_refused(old: str, new: str, home: Path, tmp_path: Path) -> None:
    text = (ROOT / AWS).read_text()
    assert old in text
    path = tmp_path / "cluster.yaml"
    path.write_text(text.replace(old, new))

    found = [finding for finding in lint(path, home) if finding.level is not Level.NOTE]

    assert [finding for finding in found if "is a placeholder" not in finding.what] == []


def test_an_unknown_head_type_is_all_that_is_said(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text((ROOT / AWS).read_text().replace("head_node_type: head", "head_node_type: Head"))

    (found,) = lint(path, home)

    assert "cpu_worker" in found.remedy


def test_a_wrong_name_of_the_environment_file_is_found_without_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text((ROOT / AWS).read_text().replace("/cluster.env", "/clusters.env"))

    found = [finding for finding in lint(path, tmp_path) if finding.level is Level.ERROR]

    assert len(found) == 3
    assert all("clusters.env: no such file" in finding.what for finding in found)


def test_the_command_exits_by_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("HOME", str(home))
    broken = tmp_path / "cluster.yaml"
    broken.write_text((ROOT / AWS).read_text().replace("--num-cpus=0", "--num-cpus=2"))
    run = CliRunner().invoke

    assert run(app, ["lint", str(ROOT / AWS)]).exit_code == 0
    assert run(app, ["lint", str(ROOT / AWS), "--strict"]).exit_code == 1
    assert run(app, ["lint", str(broken)]).exit_code == 1
    (found,) = [row for row in json.loads(run(app, ["lint", str(broken), "--json"]).stdout) if row["level"] == "error"]
    assert found["file"] == str(broken)
    assert {"line", "what", "remedy"} < found.keys()


def test_what_is_no_cluster_file_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["lint", str(tmp_path / "missing.yaml")])
    (tmp_path / "list.yaml").write_text("- a\n- b\n")

    assert "cannot be read" in str(result.exception)
    assert "must be a mapping" in str(CliRunner().invoke(app, ["lint", str(tmp_path / "list.yaml")]).exception)


def _everything(value: Any, keys: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value, containers too."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*keys, key)
        yield from _everything(inner, (*keys, key))


def _replaced(value: Any, keys: tuple[Any, ...], wrong: Any) -> Any:
    """A copy with `wrong` at `keys`."""
    if not keys:
        return wrong
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[keys[0]] = _replaced(value[keys[0]], keys[1:], wrong)
    return copy


def _line(text: str, part: str) -> int:
    """The line on which `part` begins."""
    return text[: text.index(part)].count("\n") + 1 + (len(part) - len(part.lstrip("\n")))
