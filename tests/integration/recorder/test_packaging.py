"""`pip install .` alone, as on a Raspberry Pi: small, and whole."""

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from recorder import __version__
from tests.integration.recorder import packaged

BASE = {"salescontrol", "pyyaml", "httpx"}
HTTPX_OWN = {"anyio", "certifi", "h11", "httpcore", "idna", "sniffio", "typing-extensions"}
PIPS_OWN = {"pip", "setuptools", "wheel"}
OURS = ("domain", "audio", "db", "cluster", "serve_apps", "configs")
HEAVY = ("ray", "sqlalchemy", "numpy", "pydantic", "typer", "rich", "fastapi")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packaged.build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module", params=packaged.PYTHONS)
def binaries(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """bin/ of an environment that holds the base install only."""
    python = packaged.python_of(request.param)
    if python is None:
        pytest.skip(f"no Python {request.param} with venv on this machine")
    return packaged.install(python, tmp_path_factory.mktemp("environment") / "venv", wheel)


def test_the_base_install_pulls_nothing_but_pyyaml_and_httpx(binaries: Path) -> None:
    listed = json.loads(packaged.run(str(binaries / "python"), "-m", "pip", "list", "--format=json"))
    names = {item["name"].lower().replace("_", "-") for item in listed} - PIPS_OWN
    assert names >= BASE
    assert names <= BASE | HTTPX_OWN


def test_the_recorder_imports_nothing_of_the_server(binaries: Path) -> None:
    script = (
        "import pkgutil, sys, importlib, recorder\n"
        "for m in pkgutil.walk_packages(recorder.__path__, 'recorder.'):\n"
        "    if m.name != 'recorder.__main__': importlib.import_module(m.name)\n"
        f"print([name for name in {(*HEAVY, *OURS)} if name in sys.modules])"
    )
    assert packaged.run(str(binaries / "python"), "-c", script) == "[]\n"


def test_the_commands_are_there(binaries: Path) -> None:
    helped = packaged.run(str(binaries / "recorder-agent"), "--help")
    assert all(command in helped for command in ("enrol", "check", "pause", "status", "ledger", "install"))
    assert packaged.run(str(binaries / "python"), "-m", "recorder", "--version") == f"recorder-agent {__version__}\n"


def test_the_servers_command_names_the_extra_that_it_needs(binaries: Path) -> None:
    done = subprocess.run([binaries / "salescontrol", "status"], capture_output=True, text=True, cwd="/", check=False)
    assert done.returncode == 2
    assert "pip install 'salescontrol[server]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_unit_is_written_for_this_environment(binaries: Path, tmp_path: Path) -> None:
    script = "import sys; from recorder.service.install import *; sys.stdout.write(unit(Place(this_command())))"
    unit = packaged.run(str(binaries / "python"), "-c", script)
    assert f"ExecStart={binaries / 'recorder-agent'} run\n" in unit
    assert os.access(binaries / "recorder-agent", os.X_OK)


def test_the_wheel_carries_the_unit_and_the_example_of_a_configuration(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        assert {"recorder/service/recorder-agent.service", "recorder/config/config.example.yaml"} <= set(
            archive.namelist()
        )


def test_the_agent_says_the_version_of_the_distribution() -> None:
    project = tomllib.loads((packaged.ROOT / "pyproject.toml").read_text())["project"]
    assert __version__ == project["version"]
