"""The distribution as a user gets it: a wheel built from this checkout, installed alone into a fresh environment."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_BUILT_FROM = ("pyproject.toml", "README.md")
_TIMEOUT_S = 280
PYTHONS = ("3.11", "3.12", "3.13")


def build_wheel(folder: Path) -> Path:
    """Builds from a copy, as setuptools leaves its build folder in the source."""
    source = folder / "source"
    source.mkdir()
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    for name in _BUILT_FROM:
        shutil.copy(ROOT / name, source)
    for package in packages:
        name = package.rstrip("*")
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("*.whl")
    return wheel


def python_of(version: str) -> Path | None:
    """An interpreter of that version on this machine, also one of pyenv or uv. None: there is none."""
    homes = [
        Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions",
        Path.home() / ".local/share/uv/python",
    ]
    managed = [path for home in homes for path in sorted(home.glob(f"*{version}.*/bin/python{version}"))]
    found = shutil.which(f"python{version}", path=f"/usr/bin:/usr/local/bin:{os.environ['PATH']}")
    for path in [*([Path(found)] if found else []), *managed]:
        tried = subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True, check=False)
        if tried.returncode == 0:  # pyenv's shims exist for versions that aren't chosen.
            return path
    return None


def install(python: Path, folder: Path, wheel: Path) -> Path:
    """A fresh environment with the wheel and what it requires, nothing else. Returns its bin folder."""
    run(str(python), "-m", "venv", str(folder))
    binaries = folder / "bin"
    run(str(binaries / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))
    return binaries


def run(*command: str) -> str:
    """Away from the checkout, so that what is imported is what was installed. Raises AssertionError with the output."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "RA_", "VIRTUAL_ENV"))}
    done = subprocess.run(command, cwd="/", env=env, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)} → {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout
