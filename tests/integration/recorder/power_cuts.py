"""`python power_cuts.py EFFECT DISK FOLDER RESULTS [--without-sync]`: does the effect on the prepared spool in the
folder where the disk is mounted, and cuts the power before every change to the disk: RESULTS/0.img, 1.img, … and
whole.img when it has returned."""

import sys
from itertools import count
from pathlib import Path

from recorder import durable
from tests.integration.recorder.disks import cut_power
from tests.integration.recorder.spool_effects import EFFECTS, at_step, observed
from tests.integration.recorder.spooling import opened


def main(name: str, disk: Path, folder: Path, results: Path, without_sync: bool) -> None:
    spool, ledger = opened(folder / "spool", at_step)
    if without_sync:
        durable._sync = lambda path, flags: None
    numbers = count()
    with observed(lambda: cut_power(disk, results / f"{next(numbers)}.img")):
        EFFECTS[name][0](spool, ledger)
    cut_power(disk, results / "whole.img")
    ledger.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]), "--without-sync" in sys.argv)
