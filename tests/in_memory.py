"""Folders for what need not outlive the machine, in memory where there is room: a disk spends most of a test making
its database. What is in them outlives kills of whoever writes there, as on a disk."""

import shutil
import tempfile
from pathlib import Path

DISK, MEMORY = Path("/tmp"), Path("/dev/shm")
ROOM_BYTES = 4 * 2**30


def make_folder(prefix: str) -> Path:
    """An empty folder whose name begins with this; the caller removes it."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_BYTES
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if has_room else DISK))


def find_folders(prefix: str) -> list[Path]:
    """Those that others have made, or left."""
    return [found for parent in (DISK, MEMORY) for found in parent.glob(f"{prefix}*")]
