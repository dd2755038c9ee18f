"""A capture session's folder: `<recording>/<session id>/` with `session.json` and the numbered files.

The folder is locked while anybody records into it: by the agent and, having inherited the lock, by ffmpeg.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from recorder import durable
from recorder.capture.ffmpeg import LOOKAHEAD_SAMPLES, CaptureSpec
from recorder.capture.ogg import OPUS_RATE
from recorder.chunk import Chunk, Identity, Moment

NOTE = "session.json"


@dataclass(frozen=True, slots=True)
class Captured:
    """A finished file that is still where ffmpeg wrote it, not yet fsynced."""

    chunk_path: Path
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Session:
    """What must be known of a session to use its files. `start`: of the first sample of the file `seq`."""

    session_id: str
    identity: Identity
    sample_rate: int
    chunk_s: int
    seq: int
    start: Moment

    @classmethod
    def of(cls, session_id: str, spec: CaptureSpec, start: Moment) -> Self:
        """A session that begins at `start`."""
        return cls(session_id, spec.identity, spec.sample_rate, spec.chunk_s, 0, start)

    def start_of(self, seq: int) -> Moment:
        """Of the first sample of any file of it; its files follow each other without a gap."""
        later_ms = self.before_ms(seq) - self.before_ms(self.seq)
        return Moment(self.start.boot_id, self.start.boot_ms + later_ms, self.start.wall_ms + later_ms)

    def before_ms(self, seq: int) -> int:
        """Sound in the files before this one."""
        return seq * self.chunk_s * 1000 - LOOKAHEAD_SAMPLES * 1000 // OPUS_RATE if seq else 0

    def full_samples(self, seq: int) -> int:
        """Of a file that was not ended early, at 48 kHz."""
        return self.chunk_s * OPUS_RATE - (0 if seq else LOOKAHEAD_SAMPLES)

    def write(self, folder: Path) -> None:
        """Durably. Raises OSError."""
        durable.write(folder / NOTE, json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises OSError, and ValueError where the file is no such note."""
        try:
            fields = json.loads((folder / NOTE).read_text(encoding="utf-8"))
            identity, start = Identity(**fields.pop("identity")), Moment(**fields.pop("start"))
            return cls(identity=identity, start=start, **fields)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not a note of a session: {error}") from error


@contextmanager
def locked(folder: Path, patience_s: float = 0) -> Iterator[int | None]:
    """The lock's descriptor, None where somebody still records into the folder after that time."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor if _is_locked_by(descriptor, time.monotonic() + patience_s) else None
    finally:
        os.close(descriptor)


def _is_locked_by(descriptor: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def remove_if_done(folder: Path) -> bool:
    """Takes the folder away when no sound is left in it."""
    if any(folder.glob("*.ogg")):
        return False
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    return True


def remove_done(recording: Path) -> None:
    """Takes away the folders of ended captures in which no sound is left. None need be there."""
    for folder in recording.glob("*/"):
        with locked(folder) as lock:
            if lock is not None:
                remove_if_done(folder)
