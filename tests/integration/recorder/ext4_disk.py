"""An ext4 file system of its own, whose power can be cut: a copy of the image file while it is mounted is what a disk
holds at that instant, without anything that is still only in memory."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_BYTES = 16 << 20
_OPTIONS = "loop,noauto_da_alloc,commit=300"
"""Nothing gets to the disk by itself while a test looks: neither after five seconds nor because of a rename."""


def missing() -> str | None:
    """What this machine lacks for it."""
    if os.geteuid() != 0:
        return "needs root, to mount a file system"
    if not shutil.which("mkfs.ext4"):
        return "needs mkfs.ext4 (Debian: e2fsprogs)"
    if not Path("/dev/loop-control").exists():
        return "needs loop devices"
    return None


def make(image: Path) -> None:
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)


@contextmanager
def mounted(image: Path) -> Iterator[Path]:
    """Yields the folder on the disk."""
    folder = image.with_suffix(".mounted")
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", _OPTIONS, image, folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def cut_power(image: Path, copy: Path) -> None:
    """The copy is the disk as it would be found after a power cut now."""
    subprocess.run(["cp", "--sparse=always", image, copy], check=True)
