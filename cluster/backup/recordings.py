"""Recordings out of the store and back, each checked by its sha256; those that are there already are left alone."""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from audio.store import AudioStore
from cluster.backup.shelf import sha256_of, sync

Advance = Callable[[], None]


@dataclass(slots=True)
class Copied:
    """`lost`: paths that are nowhere, or nowhere as they were."""

    copied: int = 0
    present: int = 0
    lost: list[str] = field(default_factory=list)


def copy_out(store: AudioStore, manifest: Iterable[tuple[str, str]], folder: Path, advance: Advance) -> Copied:
    """Copies what the folder lacks. Killed in between, the next call goes on. Raises Unavailable: the store is down."""
    done = Copied()
    for path, sha256 in manifest:
        target = folder / path
        if target.exists():
            done.present += 1
        elif (content := _read(store, path, sha256)) is None:
            done.lost.append(path)
        else:
            write_whole(target, content)
            done.copied += 1
        advance()
    return done


def copy_back(store: AudioStore, manifest: Iterable[tuple[str, str]], folder: Path, advance: Advance) -> Copied:
    """Puts back what the store lacks or has otherwise than it was."""
    done = Copied()
    for path, sha256 in manifest:
        source = folder / path
        if _read(store, path, sha256) is not None:
            done.present += 1
        elif source.exists() and sha256_of(source) == sha256:
            store.put(path, source)
            done.copied += 1
        else:
            done.lost.append(path)
        advance()
    return done


def _read(store: AudioStore, path: str, sha256: str) -> bytes | None:
    with suppress(FileNotFoundError):
        content = store.read(path)
        if hashlib.sha256(content).hexdigest() == sha256:
            return content
    return None


def write_whole(target: Path, content: bytes) -> None:
    """Under its name only once all of it is on the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    coming = target.with_name(f".{target.name}.{uuid4().hex}")
    coming.write_bytes(content)
    sync(coming)
    coming.replace(target)
