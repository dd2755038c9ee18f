"""`install` and `uninstall`: the service's user, folders, unit and journal limits. Both may be repeated at any time.

The user is declared to systemd-sysusers, which makes it where it is missing, in this system or in the image mounted at
`root`.
"""

import os
import pwd
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from recorder.service.places import CONFIG, SPOOL, STATE
from recorder.service.system import InstallError, make_folder, remove, run, write

SERVICE = "recorder-agent"
USER = "recorder-agent"
UNIT = Path("/etc/systemd/system/recorder-agent.service")
SYSUSERS = Path("/etc/sysusers.d/recorder-agent.conf")
JOURNAL = Path("/etc/systemd/journald.conf.d/recorder-agent.conf")

LINK = Path("/usr/local/bin/recorder-agent")

_SPOOL_ENTRIES = (
    "outbox",
    "acked",
    "quarantine",
    "recording",
    "credentials",
    "ledger.db*",
    "pause.json",
    "*.lock",
    ".[!.]*",
)
_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))

_SYSUSERS_TEXT = f"""\
g {USER} -
u {USER} - "SalesControl recorder" {STATE} /usr/sbin/nologin
m {USER} audio
"""
_JOURNAL_TEXT = """\
# SD cards wear out and are small. Written by `recorder-agent install`.
[Journal]
SystemMaxUse=100M
SystemMaxFileSize=10M
RuntimeMaxUse=30M
MaxRetentionSec=1month
"""


@dataclass(frozen=True, slots=True)
class Place:
    """What is installed where. `command`: starts this installation of the agent. `root`: of the system; an image's
    mount point, or /."""

    command: tuple[str, ...]
    config: Path = CONFIG
    spool: Path = SPOOL
    root: Path = Path("/")

    @property
    def is_live(self) -> bool:
        """It is the running system, and systemd runs it."""
        return self.root == Path("/") and is_booted()

    def at(self, path: Path) -> Path:
        return self.root / path.relative_to("/")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`changed`: files written or removed. `running`: it was (re)started."""

    changed: tuple[Path, ...]
    running: bool


def this_command() -> tuple[str, ...]:
    """The script of this installation, else this interpreter with the module."""
    script = Path(sys.prefix) / "bin" / SERVICE
    return (str(script),) if script.is_file() else (sys.executable, "-m", "recorder")


def contents(place: Place) -> dict[Path, str]:
    """What is written where."""
    return {UNIT: unit(place), SYSUSERS: _SYSUSERS_TEXT, JOURNAL: _JOURNAL_TEXT}


def unit(place: Place) -> str:
    """The unit with this installation's paths. Raises InstallError for a path that a unit can't hold."""
    for word in (*place.command, str(place.config), str(place.spool)):
        if any(letter.isspace() or letter in "\"'\\%$" for letter in word):
            raise InstallError(f"install from and into folders without spaces, quotes, % and $ in their names: {word}")
    used = (Path(place.command[0]), place.config, place.spool)
    at_home = any(path.is_relative_to(home) for path in used for home in _HOMES)
    text = files("recorder.service").joinpath(f"{SERVICE}.service").read_text(encoding="utf-8")
    values = {
        "@EXEC@": " ".join((*place.command, "run", *(() if place.config == CONFIG else ("-c", str(place.config))))),
        "@SPOOL@": str(place.spool),
        "@PROTECT_HOME@": "read-only" if at_home else "yes",
    }
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def install(place: Place, *, is_configured: bool) -> Outcome:
    """Starts the service too where systemd runs and there is a usable configuration. Raises InstallError."""
    changed = []
    for path, text in contents(place).items():
        target = place.at(path)
        if target.is_file() and target.read_text(encoding="utf-8") == text:
            continue
        changed.append(write(target, text))
    changed += [LINK] if _link(place) else []
    root = f"--root={place.root}"
    run("systemd-sysusers", root, SYSUSERS.name)
    _make_folders(place)
    if place.is_live:
        run("systemctl", "daemon-reload")
    run("systemctl", root, "enable", SERVICE)
    if not place.is_live:
        return Outcome(tuple(changed), running=False)
    if JOURNAL in changed:
        run("systemctl", "try-restart", "systemd-journald")
    if is_configured:
        run("systemctl", "restart" if UNIT in changed else "start", SERVICE)
    return Outcome(tuple(changed), running=is_configured)


def is_booted() -> bool:
    """systemd runs this system (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


def has_user() -> bool:
    """The service's user is there."""
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True


def start() -> None:
    """Starts the service, anew if it runs. Raises InstallError."""
    run("systemctl", "restart", SERVICE)


def stop() -> None:
    """Raises InstallError."""
    run("systemctl", "stop", SERVICE)


def uninstall(place: Place, *, purge: bool) -> Outcome:
    """Removes the service. Only `purge` removes configuration, recordings and user too. Raises InstallError."""
    if place.is_live and UNIT.is_file():
        run("systemctl", "disable", "--now", SERVICE)
    elif place.at(UNIT).is_file():
        run("systemctl", f"--root={place.root}", "disable", SERVICE)
    changed = [path for path in (UNIT, SYSUSERS, JOURNAL) if remove(place.at(path))]
    if place.at(LINK).is_symlink() and remove(place.at(LINK)):
        changed.append(LINK)
    if place.is_live:
        run("systemctl", "daemon-reload")
    if purge:
        changed += [path for path in _ours(place) if remove(place.at(path))]
        _remove_user(place)
    return Outcome(tuple(changed), running=False)


def unsent(place: Place) -> int:
    """How many recordings would be lost with the spool."""
    folders = (place.at(place.spool) / name for name in ("outbox", "recording", "quarantine"))
    return sum(1 for folder in folders for _ in folder.rglob("*.ogg"))


def _ours(place: Place) -> Iterator[Path]:
    """What only the recorder can have made: a configuration or spool elsewhere lies in a folder that may hold more."""
    yield from (CONFIG.parent, STATE)
    yield from (place.config, place.config.with_name(f"{place.config.name}.bak"))
    spool = place.at(place.spool)
    yield from (place.spool / entry.name for pattern in _SPOOL_ENTRIES for entry in spool.glob(pattern))


def _make_folders(place: Place) -> None:
    """The service owns its state and its configuration, but not the folder of that, so that it can't exchange it."""
    uid, gid = _ids(place)
    try:
        make_folder(place.at(CONFIG.parent), 0, gid)
        for folder in (STATE, place.spool):
            make_folder(place.at(folder), uid, gid)
        config = place.at(place.config)
        if config.is_file():
            os.chown(config, uid, gid)
            config.chmod(0o600)
    except OSError as error:
        raise InstallError(f"{error.filename}: {error.strerror}") from error


def _ids(place: Place) -> tuple[int, int]:
    """uid and gid of the service's user in that system. Raises InstallError where it isn't there."""
    for line in place.at(Path("/etc/passwd")).read_text(encoding="utf-8").splitlines():
        name, _, uid, gid, *_ = line.split(":")
        if name == USER:
            return int(uid), int(gid)
    raise InstallError(f"systemd-sysusers did not make the user {USER}")


def _link(place: Place) -> bool:
    """So that the command is on everybody's path; somebody else's file of that name stays."""
    command, link = Path(place.command[0]), place.at(LINK)
    if len(place.command) > 1 or command.parent in (Path("/usr/bin"), LINK.parent):
        return False
    if link.readlink() == command if link.is_symlink() else link.exists():
        return False
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(command)
    except OSError as error:
        raise InstallError(f"{link} cannot be linked to {command}: {error.strerror}") from error
    return True


def _remove_user(place: Place) -> None:
    passwd = place.at(Path("/etc/passwd"))
    users = passwd.read_text(encoding="utf-8").splitlines() if passwd.is_file() else []
    if any(line.startswith(f"{USER}:") for line in users):
        run("userdel", *(("--prefix", str(place.root)) if place.root != Path("/") else ()), USER)
