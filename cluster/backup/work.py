"""A backup from beginning to end, and the way back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import uuid4

from audio.open import open_store
from cluster.backup.recordings import Copied, copy_back, copy_out
from cluster.backup.shelf import About, Shelf, read_manifest
from cluster.backup.unnamed import keep_unnamed
from cluster.release import release_hash
from configs.settings import Settings
from db import migrate
from db.backup.dump import dump, note_backup
from db.backup.restore import knows, order_again, present_orders, restore_database
from db.engine import Database
from db.queue import Queue
from domain.errors import ConfigError

T = TypeVar("T")


class Screen(Protocol):
    """What the work tells whoever watches."""

    def step(self, name: str, total: int = 0) -> None:
        """A step begins; `total` things to do in it, 0 where nobody knows."""

    def advance(self) -> None:
        """One of them is done."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    about: About
    audio: Copied | None
    pruned: list[str]


@dataclass(frozen=True, slots=True)
class Restored:
    """`former`: the name that the database before is kept under; `unnamed`: recordings that came after the backup."""

    about: About
    former: str | None
    audio: Copied | None
    erasures: int
    unnamed: int


def back_up(settings: Settings, url: str, target: Path, *, audio: bool, keep: int, screen: Screen) -> BackedUp:
    """Writes one backup and drops those beyond `keep`. Killed at any moment, earlier ones stay whole.

    Raises ConfigError, Conflict, Rejected and Unavailable, each saying what to mend.
    """
    shelf = Shelf(target)
    with shelf.alone():
        return _back_up(settings, url, shelf, audio=audio, keep=keep, screen=screen)


def _back_up(settings: Settings, url: str, shelf: Shelf, *, audio: bool, keep: int, screen: Screen) -> BackedUp:
    store, folder = open_store(settings), shelf.begin()
    written = asyncio.run(dump(url, folder, migrate.server_version(url), screen.step))
    copied = None
    if audio:
        screen.step("audio", written.audio_files)
        copied = copy_out(store, read_manifest(folder), shelf.audio, screen.advance)
    screen.step("checksums")
    about = {
        "as_of": written.as_of,
        "revision": written.revision,
        "server_version": written.server_version,
        "release": release_hash(settings),
        "database_bytes": written.database_bytes,
        "audio_files": written.audio_files,
        "audio_missing": len(copied.lost) if copied else 0,
        "has_audio": audio,
    }
    finished = shelf.finish(folder, about)
    asyncio.run(_note(url, finished, shelf.target))
    return BackedUp(finished, copied, shelf.prune(keep))


def restore(settings: Settings, url: str, target: Path, name: str | None, screen: Screen) -> Restored:
    """Makes database and store what the backup says. Killed at any moment, call it again.

    Orders of erasure that the present database or later backups of the same folder know are placed anew. Raises as
    `back_up`, and Conflict where the database is in use.
    """
    shelf, store = Shelf(target), open_store(settings)
    about = shelf.find(name)
    if not knows(about.revision):
        raise ConfigError(f"{about.name} has schema {about.revision}, newer than this release: use the newer release")
    screen.step("checksums")
    shelf.check(about)
    later = shelf.remember([*shelf.erasures(), *asyncio.run(present_orders(url))])
    former = asyncio.run(restore_database(url, shelf.folder(about), migrate.server_version(url), screen.step))
    screen.step("schema")
    migrate.upgrade(url)
    copied = None
    if about.has_audio:
        screen.step("audio", about.audio_files)
        copied = copy_back(store, shelf.manifest(about), shelf.audio, screen.advance)
    screen.step("later recordings and erasures")
    erasures, unnamed = asyncio.run(_after(settings, url, later, shelf))
    return Restored(about, former, copied, erasures, unnamed)


async def _note(url: str, about: About, target: Path) -> None:
    values = {
        "backup_id": uuid4(),
        "name": about.name,
        "target": str(target),
        "as_of": about.as_of,
        "database_bytes": about.database_bytes,
        "audio_files": about.audio_files,
        "audio_missing": about.audio_missing,
    }
    await _with(url, lambda db: note_backup(db, values))


async def _after(settings: Settings, url: str, erasures: list[str], shelf: Shelf) -> tuple[int, int]:
    async def both(db: Database) -> tuple[int, int]:
        ordered = await order_again(db, Queue(db, settings.jobs), erasures)
        return ordered, await keep_unnamed(db, open_store(settings), shelf.unnamed)

    return await _with(url, both)


async def _with(url: str, act: Callable[[Database], Awaitable[T]]) -> T:
    db = Database(url, pool_size=1)
    try:
        return await act(db)
    finally:
        await db.dispose()
