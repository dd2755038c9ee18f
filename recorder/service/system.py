"""Changes of the system that `install` makes; each says in words what hindered it."""

import os
import shutil
import subprocess
from pathlib import Path

from recorder import durable

_COMMAND_TIMEOUT_S = 90.0


class InstallError(Exception):
    """Its message says what to mend."""


def write(target: Path, text: str) -> Path:
    """Whole or not at all; readable by all. Raises InstallError."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        durable.write(target, text.encode(), 0o644)
    except PermissionError as error:
        raise InstallError(f"{error.filename} cannot be written: run it with sudo") from error
    except OSError as error:
        raise InstallError(f"{target} cannot be written: {error.strerror}") from error
    return target


def remove(target: Path) -> bool:
    """File or folder; False where there is none. Raises InstallError."""
    try:
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()
    except FileNotFoundError:
        return False
    except PermissionError as error:
        raise InstallError(f"{error.filename} cannot be removed: run it with sudo") from error
    return True


def make_folder(folder: Path, uid: int, gid: int) -> None:
    """For the owner and its group. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, uid, gid)
    folder.chmod(0o750)


def run(*command: str) -> None:
    """Raises InstallError with what the command said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_TIMEOUT_S, check=False)
    except FileNotFoundError as error:
        raise InstallError(f"{command[0]} is not here: the service needs systemd, as Raspberry Pi OS has it") from error
    except subprocess.TimeoutExpired as error:
        raise InstallError(f"`{' '.join(command)}` took over {_COMMAND_TIMEOUT_S:.0f} s") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
        raise InstallError(f"`{' '.join(command)}` failed: {said}")
