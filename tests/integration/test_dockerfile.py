"""The image: what its Dockerfile names exists, and fits the lock file, the cluster files and `up`."""

import re
import shutil
import subprocess
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from ray._private.ray_constants import DEFAULT_DASHBOARD_AGENT_LISTEN_PORT

from cluster.lifecycle import cluster_environment
from cluster.lint.cluster import IMAGE_HOME
from cluster.lint.images import pinned, python_version
from cluster.release import ROOT
from configs.settings import load

Instruction = tuple[str, str]


@pytest.fixture(scope="module")
def steps() -> list[Instruction]:
    """(instruction, rest) of the Dockerfile, continued lines joined, comments gone."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


@pytest.fixture(scope="module")
def project() -> dict[str, object]:
    """pyproject.toml's table `project`."""
    table: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


@pytest.fixture(scope="module")
def sent() -> list[str]:
    """What .dockerignore lets through to the builder."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    return [line[1:] for line in lines if line.startswith("!")]


def test_everything_that_the_builder_is_sent_exists(sent: list[str]) -> None:
    assert [name for name in sent if not (ROOT / name).exists()] == []


def test_every_package_of_the_server_is_sent(sent: list[str]) -> None:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name.rstrip("*") for name in found} - {"recorder"} <= set(sent)


def test_what_is_copied_from_the_checkout_is_sent(steps: list[Instruction], sent: list[str]) -> None:
    sources = [word for name, rest in steps if name == "COPY" and "--from" not in rest for word in rest.split()[:-1]]

    assert "." in sources
    assert set(sources) - {"."} <= set(sent)


def test_stages_are_copied_and_begun_from_only_where_they_exist(steps: list[Instruction]) -> None:
    made = {rest.rsplit(" AS ", 1)[1] for name, rest in steps if name == "FROM"}
    used = {rest.split(" AS ")[0] for name, rest in steps if name == "FROM" and not rest.startswith("python:")}
    used |= {match[1] for _, rest in steps if (match := re.search(r"--from=(\S+)", rest))}

    assert used <= made
    assert {"cpu", "gpu"} <= made


def test_extras_and_packages_are_known_to_the_lock_file(steps: list[Instruction], project: dict[str, object]) -> None:
    extras, installs = project["optional-dependencies"], [rest for _, rest in steps if "pip install" in rest]
    named = re.search(r"'\.\[([\w,]+)\]'", " ".join(installs))

    assert isinstance(extras, dict)
    assert named is not None
    assert set(named[1].split(",")) <= set(extras)
    assert all("-c constraints.txt" in install for install in installs)
    gpu = {Requirement(one).name for one in extras["gpu"]}
    assert gpu < set(" ".join(installs).split())
    assert all(pinned(ROOT, package) for package in re.findall(r"nvidia-[\w-]+", " ".join(installs)))


def test_its_python_and_ray_are_those_of_the_cluster_files(project: dict[str, object]) -> None:
    python, problem = python_version(ROOT)

    assert problem is None
    assert python in SpecifierSet(str(project["requires-python"]))
    tag = f"salescontrol:{project['version']}-py{python}-ray{pinned(ROOT, 'ray')}"
    for name in ("ray_cluster.yaml", "configs/cluster-onprem.yaml", "docs/cluster.md", "Dockerfile"):
        assert tag in (ROOT / name).read_text(), name


def test_the_commands_in_it_exist(steps: list[Instruction], project: dict[str, object]) -> None:
    modules = [module for _, rest in steps for module in re.findall(r"python -m ([\w.]+)", rest)]
    commands = [rest for name, rest in steps if name == "CMD"]

    assert "serve_apps.whisper.warm" in modules
    assert all(find_spec(module) for module in modules)
    assert commands == ['["salescontrol", "--help"]']
    assert "salescontrol" in project["scripts"]  # type: ignore[operator]


def test_nodes_get_the_environment_that_up_gives_its_own(steps: list[Instruction]) -> None:
    told = dict(re.findall(r"(\w+)=(\S+)", " ".join(rest for name, rest in steps if name == "ENV")))
    ours = cluster_environment(load({}), "postgresql://nowhere/x")

    assert told["HOME"] == IMAGE_HOME
    tuned = {k: v for k, v in ours.items() if k.startswith(("RAY_SERVE", "RAY_task", "RAY_USAGE", "OMP"))}
    assert tuned
    assert tuned.items() <= told.items()


def test_it_runs_as_a_user_of_its_own_whose_health_rays_agent_tells(steps: list[Instruction]) -> None:
    targets = {}
    for name, rest in steps:
        if name == "FROM":
            targets[rest.rsplit(" AS ", 1)[1]] = last = []  # type: ignore[var-annotated]
        elif targets:
            last.append((name, rest))
    health = next(rest for name, rest in steps if name == "HEALTHCHECK")
    agent = find_spec("ray.dashboard.modules.reporter.healthz_agent")

    assert all(("USER", "salescontrol") in targets[target] for target in ("cpu", "gpu"))
    assert f":{DEFAULT_DASHBOARD_AGENT_LISTEN_PORT}/api/local_raylet_healthz'" in health
    assert agent is not None
    assert "/api/local_raylet_healthz" in Path(str(agent.origin)).read_text()


def test_mounted_secrets_lie_where_the_image_has_their_folder(steps: list[Instruction]) -> None:
    folders = " ".join(rest for name, rest in steps if name == "RUN")
    for name in ("ray_cluster.yaml", "configs/cluster-onprem.yaml"):
        (mount,) = yaml.safe_load((ROOT / name).read_text())["file_mounts"]
        assert f" {mount}" in folders


@pytest.mark.skipif(
    shutil.which("docker") is None
    or subprocess.run(["docker", "buildx", "inspect"], capture_output=True, check=False).returncode != 0,
    reason="no Docker builder on this machine",
)
@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_docker_finds_nothing_to_warn_of(target: str) -> None:
    check = ["docker", "build", "--check", "--target", target, str(ROOT)]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stdout + done.stderr
