"""Audio that came over the network, kept on this node for a while: bounded in size and in age.

A file of the cache is the SHA-256 of the audio, then the audio. It is written beside its place and renamed, so a
process that is killed leaves no half file; what is damaged all the same shows when it is read, and is fetched anew.
Several processes may share a folder: each reads what any has fetched, and each clears up after all.

Nothing stays for longer than its age, used or not: what was erased meanwhile is gone from here by then.
"""

import hashlib
import logging
import os
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from audio.store import AudioStore, StoredFile, inside

log = logging.getLogger(__name__)

LOOKS = 60
"""How often in a file's lifetime the folder is looked through for what is too old."""
SHARD_BYTES = 32 * 1024 * 1024
"""The folder is in parts of about this size, and each is kept to its share: one is small enough to be counted anew
with every file that comes, so no process has to know of the others."""
_MOST_SHARDS = 256
_DIGEST_BYTES = hashlib.sha256().digest_size


class Shelf:
    """A folder that forgets. `max_bytes`: of all that lies in it; `max_age_s`: after which a file is gone, while a
    process with this shelf lives, else at the next one's start. Where the disk refuses, nothing is kept."""

    def __init__(self, folder: Path, max_bytes: int, max_age_s: float) -> None:
        self.folder = folder
        self._shards = max(1, min(max_bytes // SHARD_BYTES, _MOST_SHARDS))
        self._shard_bytes = max_bytes // self._shards
        self._max_age_s = max_age_s * (LOOKS - 1) / LOOKS  # the next look comes a sixtieth later
        ended = threading.Event()
        look = (folder, self._max_age_s, max_age_s / LOOKS, ended)
        threading.Thread(target=_forget, args=look, name="audio-cache", daemon=True).start()
        weakref.finalize(self, ended.set)

    def get(self, name: str) -> bytes | None:
        """What was put under the name, whole and not too old, else None."""
        place = self._place(name)
        try:
            with place.open("rb") as file:
                status = os.fstat(file.fileno())
                digest, content = file.read(_DIGEST_BYTES), file.read()
        except OSError:
            return None
        if _is_old(status.st_mtime, self._max_age_s) or hashlib.sha256(content).digest() != digest:
            self.drop(name)
            return None
        with suppress(OSError):
            os.utime(place, ns=(time.time_ns(), status.st_mtime_ns))  # when it was used last; its age stays
        return content

    def put(self, name: str, content: bytes) -> None:
        """Keeps it, and lets go what was used least recently where it would be too much."""
        if len(content) + _DIGEST_BYTES > self._shard_bytes:
            return
        place = self._place(name)
        temporary = place.with_name(f"{place.name}.{uuid4().hex}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(temporary, "xb", opener=_private) as file:
                file.write(hashlib.sha256(content).digest() + content)
            self._make_room(place.parent)
            temporary.replace(place)
        except OSError as error:
            log.warning("audio_not_cached", extra={"reason": str(error)})
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def drop(self, name: str) -> None:
        with suppress(OSError):
            self._place(name).unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        key = hashlib.sha256(name.encode()).hexdigest()
        return self.folder / f"{int(key[:4], 16) % self._shards:02x}" / key

    def _make_room(self, shard: Path) -> None:
        found = sorted(_files(shard), key=lambda file: file[1].st_atime_ns, reverse=True)
        total = 0
        for path, status in found:
            total += status.st_size
            if total > self._shard_bytes:
                with suppress(OSError):
                    path.unlink(missing_ok=True)


class CachedStore:
    """An AudioStore in front of one over the network. Only whole reads are kept; all else is asked of the store."""

    def __init__(self, store: AudioStore, shelf: Shelf, origin: str) -> None:
        """`origin`: the store's address; two stores may have files of one name."""
        self.store = store
        self.is_writable = store.is_writable
        self.traffic = store.traffic
        self._shelf = shelf
        self._origin = origin

    def check(self) -> None:
        self.store.check()

    def put(self, path: str, source: bytes | Path | BinaryIO) -> None:
        self._shelf.drop(self._name(path))
        self.store.put(path, source)

    def open(self, path: str) -> BinaryIO:
        return BytesIO(self.read(path))

    def read(self, path: str) -> bytes:
        name = self._name(path)
        if (kept := self._shelf.get(name)) is not None:
            self.traffic.count("cache", len(kept))
            return kept
        encoded = self.store.read(path)
        self._shelf.put(name, encoded)
        return encoded

    def exists(self, path: str) -> bool:
        return self.store.exists(path)

    def size(self, path: str) -> int:
        return self.store.size(path)

    def delete(self, path: str) -> None:
        self._shelf.drop(self._name(path))
        self.store.delete(path)

    def walk(self) -> Iterator[StoredFile]:
        return self.store.walk()

    def free_bytes(self) -> int | None:
        return self.store.free_bytes()

    def keeps_versions(self) -> bool:
        return self.store.keeps_versions()

    def _name(self, path: str) -> str:
        return f"{self._origin}\n{inside(path)}"


def _forget(folder: Path, max_age_s: float, every_s: float, ended: threading.Event) -> None:
    while True:
        for shard in _folders(folder):
            for path, status in _files(shard):
                if _is_old(status.st_mtime, max_age_s):
                    with suppress(OSError):
                        path.unlink(missing_ok=True)
        if ended.wait(every_s):
            return


def _is_old(born_s: float, max_age_s: float) -> bool:
    """One from the future is as good as old: the clock was set back."""
    return not 0 <= time.time() - born_s + 1.0 <= max_age_s + 1.0


def _folders(folder: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        yield from [Path(entry) for entry in entries if entry.is_dir(follow_symlinks=False)]


def _files(shard: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Files and what they are like; those that vanish meanwhile are left out."""
    with suppress(OSError), os.scandir(shard) as entries:
        for entry in entries:
            with suppress(OSError):
                yield Path(entry), entry.stat(follow_symlinks=False)


def _private(path: str, flags: int) -> int:
    """It is people's talk: for nobody else's eyes."""
    return os.open(path, flags, 0o600)
