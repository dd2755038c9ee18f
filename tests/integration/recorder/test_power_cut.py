"""Every effect of the spool, the power cut before each change that it makes to the disk, and right after it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recorder.fate import ChunkState
from recorder.spool.spool import Mended
from tests.integration.recorder import disks
from tests.integration.recorder.spool_effects import EFFECTS, NEW, prepare
from tests.integration.recorder.spooling import opened
from tests.integration.recorder.test_spool_crash import BEFORE, check_whole, restarted

pytestmark = pytest.mark.skipif(disks.no_power_cuts() is not None, reason=str(disks.no_power_cuts()))


def cut_at_every_change(name: str, disk: Path, results: Path, *more: str) -> list[Path]:
    """Disks as the power cuts left them, in the order of the changes; the last is cut when the effect has returned."""
    results.mkdir()
    disks.make(disk)
    with disks.mounted_image(disk) as folder:
        prepare(folder / "spool")
        os.sync()
        module = [sys.executable, "-m", "tests.integration.recorder.power_cuts"]
        subprocess.run([*module, name, disk, folder, results, *more], check=True, cwd=Path(__file__).parents[3])
    return [results / f"{number}.img" for number in range(len(list(results.iterdir())) - 1)] + [results / "whole.img"]


def test_the_disk_keeps_what_was_synced_and_nothing_else(tmp_path: Path) -> None:
    """The trial of the trial: it would prove nothing if an unsynced file survived."""
    disk = tmp_path / "disk.img"
    disks.make(disk)
    with disks.mounted_image(disk) as folder:
        (folder / "unsynced").write_bytes(b"x" * 4000)
        with (folder / "synced").open("wb") as file:
            file.write(b"y" * 4000)
            file.flush()
            os.fsync(file.fileno())
        (folder / "nameless").write_bytes(b"z" * 4000)
        (folder / "synced").rename(folder / "renamed")
        disks.cut_power(disk, tmp_path / "cut.img")
    with disks.mounted_image(tmp_path / "cut.img") as folder:
        sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
    assert sizes == {"unsynced": 0, "synced": 4000}


@pytest.mark.parametrize("name", ["complete", "acknowledge", "quarantine", "requeue", "evict"])
def test_a_power_cut_at_any_change_loses_and_doubles_nothing(name: str, tmp_path: Path) -> None:
    _, changes = EFFECTS[name]
    before = BEFORE | {NEW: ChunkState.WAITING}
    after = before | changes
    left = cut_at_every_change(name, tmp_path / "disk.img", tmp_path / "cuts")
    assert len(left) > 3
    for image in left:
        with disks.mounted_image(image) as folder:
            if image == left[-1] and name == "complete":  # Said to exist: not to be salvaged, but there.
                assert not list((folder / "spool" / "recording").glob("*/*.ogg"))
            spool, ledger = restarted(folder / "spool")
            known = check_whole(spool, ledger, folder / "spool")
            ledger.close()
        assert known.keys() == before.keys()
        assert all(state in (before[seq], after[seq]) for seq, state in known.items()), (image, known)
    assert known == after


def test_without_syncing_the_same_cut_loses_the_new_chunk(tmp_path: Path) -> None:
    """The other trial of the trial: the test above fails where a sync is forgotten."""
    *_, last = cut_at_every_change("complete", tmp_path / "disk.img", tmp_path / "cuts", "--without-sync")
    with disks.mounted_image(last) as folder:
        spool, ledger = opened(folder / "spool")
        mended = spool.reconcile()
        ledger.close()
    assert mended != Mended()
    assert mended.damaged + mended.missing == 1
