"""The folder that backups are kept in.

    TARGET/20261129T071500Z/   database.dump, audio.jsonl, erasures.jsonl, backup.json: one backup
    TARGET/audio/…             recordings, once for all backups, under the store's own paths
    TARGET/unnamed/…           recordings that a restored database did not know
    TARGET/erasures.jsonl      orders to erase of databases that were replaced, for whichever is restored next

A backup is written under a name that begins with a dot and renamed once it is complete and on the disk.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from fasteners import InterProcessLock

from db.backup.dump import AUDIO, DATABASE, ERASURES
from db.backup.restore import erasures_of
from domain.errors import ConfigError, Conflict, Rejected

ABOUT = "backup.json"
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class About:
    """What `backup.json` says. `sha256`: hex, of each file beside it; `has_audio`: recordings were copied too."""

    name: str
    as_of: datetime
    revision: str
    server_version: int
    release: str
    database_bytes: int
    audio_files: int
    audio_missing: int
    has_audio: bool
    sha256: dict[str, str]


class Shelf:
    """Raises ConfigError where the folder cannot be made."""

    def __init__(self, target: Path) -> None:
        self.target = target.expanduser().resolve()
        self.audio = self.target / "audio"
        self.unnamed = self.target / "unnamed"
        try:
            self.target.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{self.target}: the folder cannot be made: {error.strerror}") from None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else writes here meanwhile. Raises Conflict where somebody does, ConfigError where we may not."""
        try:
            lock = InterProcessLock(str(self.target / ".lock"))
            is_ours = lock.acquire(blocking=False)
        except OSError as error:
            raise self._unwritable(error) from None
        if not is_ours:
            raise Conflict(f"{self.target}: another backup is being written here; wait for it")
        try:
            yield
        finally:
            lock.release()

    def begin(self) -> Path:
        """A fresh folder that does not count as a backup yet. What broken-off ones left goes."""
        for left in self.target.glob(".backup-*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = self.target / f".backup-{uuid4().hex}"
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise self._unwritable(error) from None
        return folder

    def _unwritable(self, error: OSError) -> ConfigError:
        return ConfigError(
            f"{self.target}: nothing can be written here: {error.strerror}; give the folder to user {os.getuid()}"
            f" (sudo chown {os.getuid()} {self.target})"
        )

    def finish(self, folder: Path, about: dict[str, Any]) -> About:
        """Writes `backup.json` and lets the folder count. Raises Rejected where a backup of that second is there."""
        sums = {name: sha256_of(folder / name) for name in (DATABASE, AUDIO, ERASURES)}
        name = f"{about['as_of']:%Y%m%dT%H%M%SZ}"
        whole = About(name=name, sha256=sums, **about)
        (folder / ABOUT).write_text(json.dumps({**asdict(whole), "as_of": whole.as_of.isoformat()}, indent=1))
        for path in [*folder.iterdir(), folder]:
            sync(path)
        try:
            folder.rename(self.target / name)
        except OSError:
            raise Rejected(f"{self.target / name} is there already: try again, a backup's name is its second") from None
        sync(self.target)
        return whole

    def backups(self) -> list[About]:
        """Complete ones, oldest first, but for the damaged ones."""
        return self._read()[0]

    def damaged(self) -> dict[str, str]:
        """Those whose `backup.json` cannot be read: name → what is wrong with it."""
        return self._read()[1]

    def find(self, name: str | None) -> About:
        """That one, or the newest. Raises ConfigError where there is none, naming those that there are, and Rejected
        where it is damaged: which other one is wanted then is for a person to say."""
        known, damaged = self._read()
        names = ", ".join(about.name for about in known) or "none"
        wanted = name or max([*damaged, *(about.name for about in known)], default="")
        if wanted in damaged:
            why = f"{self.target / wanted / ABOUT} cannot be read ({damaged[wanted]})"
            raise Rejected(f"{why}; take another backup by --backup, there are: {names}")
        found = [about for about in known if about.name == wanted]
        if not found:
            raise ConfigError(f"{self.target}: no backup {wanted}; there are: {names}")
        return found[-1]

    def folder(self, about: About) -> Path:
        return self.target / about.name

    def check(self, about: About) -> None:
        """Raises Rejected where a file is not what was written."""
        for name, expected in about.sha256.items():
            path = self.folder(about) / name
            if not path.exists() or sha256_of(path) != expected:
                raise Rejected(f"{path} is damaged or gone; take another backup: `salescontrol restore --list`")

    def manifest(self, about: About) -> Iterator[tuple[str, str]]:
        """(path in the store, sha256) of every recording that the database names."""
        return read_manifest(self.folder(about))

    def remember(self, orders: Sequence[str]) -> list[str]:
        """Keeps these orders to erase beside those that are kept already. Returns all."""
        kept = self.target / ERASURES
        known = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
        every = list(dict.fromkeys([*known, *orders]))
        if every != known:
            coming = self.target / f".{ERASURES}.{uuid4().hex}"
            coming.touch(mode=0o600)
            coming.write_text("".join(f"{line}\n" for line in every), encoding="utf-8")
            sync(coming)
            coming.replace(kept)
        return every

    def prune(self, keep: int) -> list[str]:
        """Leaves the newest `keep`, and of the audio what these name. Returns the names of those that went. Beside a
        damaged backup all stays: nobody knows what it names."""
        known, damaged = self._read()
        if damaged:
            return []
        gone, stay = known[:-keep], known[-keep:]
        for about in gone:
            shutil.rmtree(self.folder(about))
        if gone:
            named = {path for about in stay for path, _ in self.manifest(about)}
            for file in [path for path in self.audio.rglob("*") if path.is_file()]:
                if file.relative_to(self.audio).as_posix() not in named:
                    file.unlink()
        return [about.name for about in gone]

    def erasures(self) -> list[str]:
        """The orders to erase that any backup knows."""
        folders = sorted(path.parent for path in self.target.glob(f"*/{ERASURES}") if path.parent.name[0] != ".")
        return list(dict.fromkeys(order for folder in folders for order in erasures_of(folder)))

    def _read(self) -> tuple[list[About], dict[str, str]]:
        known, damaged = [], {}
        for path in sorted(self.target.glob(f"*/{ABOUT}")):
            if path.parent.name[0] == ".":
                continue
            try:
                values = json.loads(path.read_text(encoding="utf-8"))
                as_of = datetime.fromisoformat(values["as_of"]).astimezone(UTC)
                known.append(About(**{**values, "as_of": as_of}))
            except KeyError as error:
                damaged[path.parent.name] = f"{error} is missing"
            except (OSError, ValueError, TypeError) as error:
                damaged[path.parent.name] = str(error)
        return known, damaged


def read_manifest(folder: Path) -> Iterator[tuple[str, str]]:
    """As `Shelf.manifest`, of a backup that is not complete yet."""
    with (folder / AUDIO).open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            yield entry["path"], entry["sha256"]


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Has the file or folder on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
