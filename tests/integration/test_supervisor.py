"""The supervisor on a real database: as many workers as the waiting audio says, and what lost ones held."""

import asyncio
import time
from pathlib import Path
from typing import Any

from audio.store import FileStore
from cluster.holders import holder
from cluster.supervisor import Supervisor
from configs import settings
from configs.sections import WorkerGroup
from db.queue import NewJob, Queue

HERE, LOST = "a" * 56, "b" * 56
GROUPS = [
    WorkerGroup(name="vad", stages=["vad"], min_replicas=1, max_replicas=3, num_cpus=1),
    WorkerGroup(name="rest", stages="others", replicas=1, num_cpus=1),
]


class Workers:
    """Starts nothing, answers for all."""

    def __init__(self) -> None:
        self.running: dict[str, list[str]] = {}

    def ensure(self, name: str, hosted: list[str], group: WorkerGroup) -> dict[str, Any] | None:
        self.running[name] = hosted
        return {"name": name, "worker": holder(name, HERE, 1)}

    def names(self) -> list[str]:
        return list(self.running)

    def remove(self, name: str) -> None:
        del self.running[name]

    def nodes(self) -> dict[str, bool]:
        return {HERE: True, LOST: False}


def supervisor(queue: Queue, folder: Path, workers: Workers) -> Supervisor:
    config = settings.load({"SALESCONTROL_HOME": str(folder)})
    config = config.model_copy(update={"workers": config.workers.model_copy(update={"groups": GROUPS})})
    return Supervisor(config, queue.db, FileStore(folder), workers)


async def test_waiting_audio_adds_workers_up_to_the_most(queue: Queue, tmp_path: Path) -> None:
    workers = Workers()
    watch = supervisor(queue, tmp_path, workers)
    await watch._look()
    await watch.reconcile()
    assert sorted(workers.running) == ["rest-0", "vad-0"]
    assert "vad" not in workers.running["rest-0"]
    async with queue.db.begin() as tx:
        await queue.enqueue(tx, [NewJob("vad", f"c{i}", audio_ms=3_600_000) for i in range(200)])
    watch._look_at_s = 0.0
    await watch._look()
    await watch.reconcile()
    assert sorted(workers.running) == ["rest-0", "vad-0", "vad-1", "vad-2"]


async def test_what_a_lost_node_held_is_given_back_and_what_others_hold_is_not(queue: Queue, tmp_path: Path) -> None:
    watch = supervisor(queue, tmp_path, Workers())
    async with queue.db.begin() as tx:
        await queue.enqueue(tx, [NewJob("vad", f"c{i}") for i in range(3)])
    (lost,) = await queue.claim("vad", 1, holder("vad-0", LOST, 7))
    await queue.claim("vad", 1, holder("vad-0", HERE, 1))
    await queue.claim("vad", 1, "a-worker-of-another-cluster")
    await watch.reconcile()
    await watch._give_back(await watch._holders())
    (again,) = await queue.claim("vad", 5, "next")
    assert again.job_id == lost.job_id


async def test_a_worker_that_begins_to_hold_after_it_was_seen_is_none_of_the_lost(queue: Queue, tmp_path: Path) -> None:
    """It was started anew between: what was seen of it is of its former process."""
    watch = supervisor(queue, tmp_path, Workers())
    async with queue.db.begin() as tx:
        await queue.enqueue(tx, [NewJob("vad", "c")])
    found = await watch._holders()
    await watch.reconcile()
    await queue.claim("vad", 1, holder("vad-0", HERE, 2))
    await watch._give_back(found)
    assert not await queue.claim("vad", 1, "next")


async def test_stopping_waits_for_a_worker_that_is_just_being_started(queue: Queue, tmp_path: Path) -> None:
    class Slow(Workers):
        def ensure(self, name: str, hosted: list[str], group: WorkerGroup) -> dict[str, Any] | None:
            time.sleep(0.3)
            return super().ensure(name, hosted, group)

    workers = Slow()
    watch = supervisor(queue, tmp_path, workers)
    reconciling = asyncio.create_task(watch.reconcile())
    await asyncio.sleep(0.1)
    await watch.stop()
    await reconciling
    assert workers.running == {}
