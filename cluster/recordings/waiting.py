"""Waiting until imported audio has become verdicts."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime

from db.engine import Database
from db.progress import Progress, progress_of
from domain.errors import Unavailable
from domain.ids import DeviceId

POLL_S = 1.0
STALLED_S = 900.0


async def wait_until_judged(
    db: Database,
    devices: Collection[DeviceId],
    since: datetime,
    until: datetime,
    report: Callable[[Progress], None],
) -> Progress:
    """Polls until nothing of these devices between `since` and `until` is under way, and returns how it ended.

    Raises Unavailable where nothing moves for STALLED_S.
    """
    clock = asyncio.get_running_loop().time
    moved_at, last = clock(), None
    while True:
        async with db.begin() as tx:
            progress = await progress_of(tx, devices, since, until)
        report(progress)
        if progress.is_settled:
            return progress
        if progress != last:
            moved_at, last = clock(), progress
        elif clock() - moved_at > STALLED_S:
            minutes = round(STALLED_S / 60)
            hint = "see `salescontrol status` and `salescontrol jobs list`"
            raise Unavailable(f"nothing has moved for {minutes} minutes; {hint}. What is imported stays queued")
        await asyncio.sleep(POLL_S)
