"""Disks of a test's own. One is ext4, whose power can be cut: a copy of its image while it is mounted is what a disk
holds at that instant, without anything that is still only in memory."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

SIZE_BYTES = 16 << 20
_SYS_ADMIN = 21
"""CAP_SYS_ADMIN, capabilities(7)."""
_OPTIONS = "loop,noauto_da_alloc,commit=300"
"""Nothing gets to the disk by itself while a test looks: neither after five seconds nor because of a rename."""


def no_mounts() -> str | None:
    """What this machine lacks for a file system of one's own."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff"))
    return None if effective >> _SYS_ADMIN & 1 else "needs root and CAP_SYS_ADMIN, to mount a file system"


def no_power_cuts() -> str | None:
    """What this machine lacks for an ext4 of one's own."""
    if not shutil.which("mkfs.ext4"):
        return "needs mkfs.ext4 (Debian: e2fsprogs)"
    if not Path("/dev/loop-control").exists():
        return "needs loop devices"
    return no_mounts()


def make(image: Path) -> None:
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)


@contextmanager
def mounted(*what: str | Path) -> Iterator[Path]:
    """`what`: the arguments of mount but for the folder, which is yielded. It lies outside of pytest's folders, which
    could not be cleaned up if a killed test left it mounted; and it goes even if a failed test still uses it."""
    folder = Path(tempfile.mkdtemp(prefix="recorder-disk-"))
    try:
        subprocess.run(["mount", *what, folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
    finally:
        folder.rmdir()


def mounted_image(image: Path) -> AbstractContextManager[Path]:
    """The disk in the image."""
    return mounted("-o", _OPTIONS, image)


def cut_power(image: Path, copy: Path) -> None:
    """The copy is the disk as it would be found after a power cut now."""
    subprocess.run(["cp", "--sparse=always", image, copy], check=True)
