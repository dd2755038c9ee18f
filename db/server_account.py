"""Which system account runs the embedded PostgreSQL: it refuses root, so root lends it an account of its own."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from domain.errors import ConfigError

NAME = "pgserver"


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """`uid` and `gid` None: the account that we are."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def of(cls, data: Path) -> Self:
        """Ourselves; for root the owner of existing data, else the account `pgserver`, created where it is missing."""
        if os.geteuid() != 0:
            return cls()
        if data.exists() and (info := data.stat()).st_uid != 0:
            return cls(info.st_uid, info.st_gid)
        try:
            entry = pwd.getpwnam(NAME)
        except KeyError:
            entry = _create()
        return cls(entry.pw_uid, entry.pw_gid)

    def own(self, path: Path) -> None:
        """Hands a file or folder to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def let_in(self, home: Path, binaries: Path) -> None:
        """Lets the account pass through to both places: adds x (not r) for others to folders that lack it."""
        if self.uid is None:
            return
        for folder in {home, *home.parents, binaries, *binaries.parents}:
            _add(folder, stat.S_IXOTH)
        for path in binaries.parent.rglob("*"):  # a strict umask at install time leaves the programs unreadable
            _add(path, stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0))

    def subprocess_options(self) -> dict[str, Any]:
        """For subprocess.run: become the account, without root's groups."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}


def _add(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(stat.S_IMODE(mode) | bits)


def _create() -> pwd.struct_passwd:
    if shutil.which("useradd") is None:
        raise ConfigError(
            f"PostgreSQL does not run as root and there is no useradd: add a user {NAME}, or set DATABASE_URL"
        )
    subprocess.run(
        ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME],
        check=True,
        capture_output=True,
    )
    return pwd.getpwnam(NAME)
