"""Where audio files live: whole files under relative paths, each durable once `put` has returned.

fsspec cannot fsync a file and its directories, so files on a disk have an adapter of their own.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol
from uuid import uuid4

from audio.traffic import Traffic
from domain.errors import ConfigError, Rejected, Unavailable

_REMEMBERED_FOLDERS = 10_000


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of the store. `path` is relative to its root; `size` in bytes; `modified_at` in UTC."""

    path: str
    size: int
    modified_at: datetime


class AudioStore(Protocol):
    """Durable storage of whole files under relative paths. Blocking: call it from a thread.

    Every method raises Unavailable where the store itself fails (full, read-only, unmounted) and Rejected for a path
    that leaves the store; `open`, `read` and `size` raise FileNotFoundError where there is no such file.

    Where `is_writable` is False, this node only reads: `put`, `delete` and `walk` raise Unavailable.
    """

    is_writable: bool
    traffic: Traffic

    def check(self) -> None:
        """Raises Unavailable where the store cannot be used now, saying what to mend. Takes a few seconds at most."""

    def put(self, path: str, source: bytes | Path | BinaryIO) -> None:
        """Stores the whole of `source`; on return it survives a power cut. Never leaves half a file under `path`."""

    def open(self, path: str) -> BinaryIO:
        """The file, seekable, for reading."""

    def read(self, path: str) -> bytes:
        """The whole file."""

    def exists(self, path: str) -> bool:
        """Is there such a file?"""

    def size(self, path: str) -> int:
        """Its size in bytes."""

    def delete(self, path: str) -> None:
        """Removes the file; a missing one is no error."""

    def walk(self) -> Iterator[StoredFile]:
        """Every file, leftovers of interrupted uploads included, in no order."""

    def free_bytes(self) -> int | None:
        """Bytes that can still be stored; None where the store knows no limit."""

    def keeps_versions(self) -> bool:
        """Does it keep what is deleted or written over?"""


def inside(path: str) -> PurePosixPath:
    """The path, relative to a store's root. Raises Rejected for one that leaves it."""
    relative = PurePosixPath(path)
    if not relative.parts or relative.is_absolute() or ".." in relative.parts or "\0" in path:
        raise Rejected(f"{path!r} is not a path inside the audio store; use a relative path without '..'")
    return relative


class FileStore:
    """An AudioStore in a folder of a local disk or a shared mount.

    Raises ConfigError where the folder cannot be made.
    """

    is_writable = True

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).expanduser().resolve()
        self.traffic = Traffic()
        self._durable: set[Path] = set()
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)  # what customers say is for nobody else
        except OSError as error:
            raise ConfigError(f"storage.url={self.root}: the folder cannot be made: {error.strerror}") from None

    def check(self) -> None:
        self.free_bytes()

    def put(self, path: str, source: bytes | Path | BinaryIO) -> None:
        if isinstance(source, Path):
            with source.open("rb") as file:
                return self.put(path, file)
        target = self._resolve(path)
        temporary = target.with_name(f".{target.name}.{uuid4().hex}.tmp")
        try:
            self._make_folder(target.parent)
            _write_synced(temporary, source)
            temporary.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            raise self._unavailable(error) from error
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def open(self, path: str) -> BinaryIO:
        target = self._resolve(path)
        try:
            return target.open("rb")
        except FileNotFoundError:
            raise self._missing(path) from None
        except OSError as error:
            raise self._unavailable(error) from error

    def read(self, path: str) -> bytes:
        with self.open(path) as file:
            try:
                encoded = file.read()
            except OSError as error:
                raise self._unavailable(error) from error
        self.traffic.count("disk", len(encoded))
        return encoded

    def exists(self, path: str) -> bool:
        try:
            self.size(path)
        except FileNotFoundError:
            return False
        return True

    def size(self, path: str) -> int:
        try:
            return self._resolve(path).stat().st_size
        except FileNotFoundError:
            raise self._missing(path) from None
        except OSError as error:
            raise self._unavailable(error) from error

    def delete(self, path: str) -> None:
        target = self._resolve(path)
        try:
            target.unlink()
            _sync_folder(target.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unavailable(error) from error

    def walk(self) -> Iterator[StoredFile]:
        try:
            for folder, _, names in os.walk(self.root, onerror=_raise):
                for name in names:
                    found = Path(folder, name)
                    with suppress(FileNotFoundError):
                        status = found.lstat()
                        modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
                        yield StoredFile(found.relative_to(self.root).as_posix(), status.st_size, modified_at)
        except OSError as error:
            raise self._unavailable(error) from error

    def free_bytes(self) -> int | None:
        try:
            return shutil.disk_usage(self.root).free
        except OSError as error:
            raise self._unavailable(error) from error

    def keeps_versions(self) -> bool:
        return False

    def _resolve(self, path: str) -> Path:
        target = self.root.joinpath(inside(path))
        if not target.resolve().is_relative_to(self.root):
            raise Rejected(f"{path!r} leads out of the audio store through a symbolic link")
        return target

    def _make_folder(self, folder: Path) -> None:
        """Makes the folder and sees to it that its name is on disk, also where another process has just made it:
        that one may not have synced it yet, so each process syncs a folder's chain once itself."""
        if not self.root.is_dir():
            raise FileNotFoundError(2, "the store's root folder is gone; is its disk mounted?", str(self.root))
        if folder in self._durable and folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True)
        chain = folder
        while chain != self.root:
            chain = chain.parent
            _sync_folder(chain)
        if len(self._durable) >= _REMEMBERED_FOLDERS:
            self._durable.clear()
        self._durable.add(folder)

    def _missing(self, path: str) -> Exception:
        if not self.root.is_dir():
            return Unavailable(f"audio store {self.root}: its root folder is gone; is its disk mounted?")
        return FileNotFoundError(2, "no such file in the audio store", path)

    def _unavailable(self, error: OSError) -> Unavailable:
        return Unavailable(f"audio store {self.root}: {error.strerror or error}")


def _write_synced(target: Path, source: bytes | BinaryIO) -> None:
    with target.open("xb") as out:
        shutil.copyfileobj(BytesIO(source) if isinstance(source, bytes) else source, out)
        out.flush()
        os.fsync(out.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _raise(error: OSError) -> None:
    """os.walk would skip a folder that it cannot read. One that vanished meanwhile is no failure."""
    if not isinstance(error, FileNotFoundError):
        raise error
