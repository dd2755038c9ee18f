"""The worker: claims jobs of its stages, runs them, and commits each result with its follow-ups behind the fence."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from cluster.endings import Endings
from cluster.stage import Stage, StageContext, subject_key, subject_part
from cluster.steps import Reached, Step, pass_through
from configs import logs, meters
from db.leases import LeaseRenewer
from db.queue import Backlog, Job, Queue
from domain import metrics as m
from domain.errors import LeaseLost, Rejected, Unavailable
from domain.status import JobClass

log = logging.getLogger(__name__)

IDLE_POLL_FACTOR = 1.5
DRAIN_POLL_S = 0.05
IDLE_POLL_MAX_S = 5.0
"""An idle stage is polled less and less often, up to this; any completed job or notification wakes it at once, and so
does a queued job whose time comes: nobody notifies of that."""


@dataclass(frozen=True, slots=True)
class StageSnapshot:
    """What one stage of a worker does now; for `status` and for draining."""

    stage: str
    in_flight: int
    is_ready: bool
    last_error: str | None = None


@dataclass(slots=True)
class _Lane:
    """One stage's share of the worker."""

    stage: Stage
    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    reruns: set[int] = field(default_factory=set)
    """Those of the jobs in flight that are of re-analyses."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    is_ready: bool = False
    is_claiming: bool = False
    last_error: str | None = None
    next_s: float | None = None
    """When the last look was taken: seconds until a job's time comes."""


class Worker:
    """Runs some stages in one process. `name` is unique in the cluster; `stages` are all that exist, `hosted` ours."""

    def __init__(
        self,
        name: str,
        ctx: StageContext,
        queue: Queue,
        renewer: LeaseRenewer,
        stages: dict[str, Stage],
        hosted: Sequence[str],
        reached: Reached = pass_through,
    ) -> None:
        self.name = name
        self.ctx = ctx
        self.queue = queue
        self.renewer = renewer
        self.endings = Endings(ctx.db, queue, stages)
        self.lanes = {stage_name: _Lane(stages[stage_name]) for stage_name in hosted}
        self.reached = reached
        self.is_draining = False

    async def run(self) -> None:
        """Works until `drain` is called and everything in flight has ended."""
        self.renewer.start(on_hint=self.wake)
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self.lanes.values():
                    group.create_task(self._serve(lane), name=f"stage:{lane.stage.name}")
        finally:
            await asyncio.to_thread(self.renewer.stop)
            for lane in self.lanes.values():
                await lane.stage.stop()

    async def drain(self, timeout_s: float) -> None:
        """Takes no new jobs, lets running ones finish for `timeout_s`, then hands the rest back."""
        self.is_draining = True
        self.wake()
        if not await self._is_idle_within(timeout_s):
            for task in [task for lane in self.lanes.values() for task in lane.tasks.values()]:
                task.cancel()
            await self._is_idle_within(timeout_s)

    async def _is_idle_within(self, timeout_s: float) -> bool:
        """True once nothing is in flight and no claim is under way, whose jobs would be."""
        try:
            async with asyncio.timeout(timeout_s):
                while any(lane.tasks or lane.is_claiming for lane in self.lanes.values()):
                    await asyncio.sleep(DRAIN_POLL_S)
        except TimeoutError:
            return False
        return True

    def snapshot(self) -> list[StageSnapshot]:
        """In-flight counts by stage."""
        return [
            StageSnapshot(name, len(lane.tasks), lane.is_ready, lane.last_error) for name, lane in self.lanes.items()
        ]

    def wake(self, stage: str | None = None) -> None:
        """Looks for jobs now instead of at the next poll. None: every stage."""
        for name, lane in self.lanes.items():
            if stage is None or stage == name:
                lane.wake.set()

    async def _serve(self, lane: _Lane) -> None:
        poll_s = self.ctx.settings.jobs.poll_s
        wait_s = poll_s
        while not self.is_draining:
            lane.wake.clear()
            try:
                claimed = await self._fill(lane)
                lane.last_error = None
            except Unavailable as error:
                self._report_outage(lane, error)
                claimed, wait_s = 0, max(wait_s, min(error.retry_after_s, IDLE_POLL_MAX_S))
            except Exception:
                log.exception("claim_failed", extra={"stage": lane.stage.name, "worker": self.name})
                claimed, wait_s = 0, IDLE_POLL_MAX_S
            wait_s = poll_s if claimed else min(wait_s * IDLE_POLL_FACTOR, IDLE_POLL_MAX_S)
            await _wait_for(lane, wait_s if lane.next_s is None else min(wait_s, max(lane.next_s, poll_s)))
        while lane.tasks:
            await asyncio.wait(lane.tasks.values())

    async def _fill(self, lane: _Lane) -> int:
        """Claims as many jobs as the stage's window leaves room for. Returns how many."""
        stage = lane.stage
        if not lane.is_ready:
            await stage.start(self.ctx)
            lane.is_ready = True
        backlog = await self.queue.backlog(stage.name)
        lane.next_s = backlog.next_s
        window = stage.window(backlog)
        room = window - len(lane.tasks)
        if room <= 0 or not _has_work(backlog) or self.is_draining:
            return 0
        lane.is_claiming = True
        try:
            return await self._claim(lane, window, room)
        finally:
            lane.is_claiming = False

    async def _claim(self, lane: _Lane, window: int, room: int) -> int:
        stage = lane.stage
        self.reached(stage.name, Step.BEFORE_CLAIM)
        jobs = await self.queue.claim(
            stage.name,
            room,
            self.name,
            on_claim=partial(self.endings.mark_processing, stage),
            on_dead=partial(self.endings.mark_vanished, stage),
            reruns=max(0, self._most_reruns(window) - len(lane.reruns)),
            in_all=window if stage.is_window_shared else None,
        )
        lane.reruns.update(job.job_id for job in jobs if job.job_class is JobClass.REANALYSIS)
        meters.count(m.LEASES_EXPIRED, sum(job.lease_expired_before for job in jobs), stage=stage.name)
        for job in jobs:
            task = asyncio.create_task(self._work(lane, job), name=f"job:{job.job_id}")
            lane.tasks[job.job_id] = task
            task.add_done_callback(partial(self._ended, lane, job.job_id))
        return len(jobs)

    def _most_reruns(self, window: int) -> int:
        """How many re-analyses may be in flight: the shops' next job finds room at once."""
        return max(1, int(window * self.ctx.settings.runs.window_share))

    def _ended(self, lane: _Lane, job_id: int, _: asyncio.Task[None]) -> None:
        lane.tasks.pop(job_id, None)
        lane.reruns.discard(job_id)
        lane.wake.set()

    async def _work(self, lane: _Lane, job: Job) -> None:
        begun_s = time.monotonic()
        with logs.about(worker=self.name, **_what_it_is_about(lane.stage, job)):
            await self._attempt(lane, job)
        meters.observe(m.JOB_SECONDS, time.monotonic() - begun_s, stage=lane.stage.name)

    async def _attempt(self, lane: _Lane, job: Job) -> None:
        stage = lane.stage
        self.reached(stage.name, Step.AFTER_CLAIM)
        self.renewer.register(job, stage.timeout_s)
        try:
            async with asyncio.timeout(stage.timeout_s):
                work = asyncio.ensure_future(stage.run(self.ctx, job))
                await asyncio.sleep(0)
                self.reached(stage.name, Step.MID_WORK)
                result = await work
            self.reached(stage.name, Step.BEFORE_COMMIT)
            state = await self.endings.commit(stage, job, result)
            self.wake()
            self.reached(stage.name, Step.AFTER_COMMIT)
            log.info("stage_done", extra={"state": state})
            stage.measure(result)
        except LeaseLost:
            log.warning("lease_lost")
            meters.count(m.JOBS, stage=stage.name, outcome="lost")
        except asyncio.CancelledError:
            await self.endings.hand_back(
                stage, job, Unavailable("worker is shutting down", retry_after_s=0.0), pause=False
            )
        except Unavailable as error:
            self._report_outage(lane, error)
            await self.endings.hand_back(stage, job, error)
        except Rejected as error:
            await self.endings.fail(stage, job, error, retry=False)
        except TimeoutError:
            await self.endings.fail(stage, job, TimeoutError(f"took longer than {stage.timeout_s:g} s"), retry=True)
        except Exception as error:
            log.exception("stage_failed")
            await self.endings.fail(stage, job, error, retry=True)
        finally:
            self.renewer.unregister(job)

    def _report_outage(self, lane: _Lane, error: Unavailable) -> None:
        if lane.last_error != str(error):
            log.warning("stage_waits", extra={"stage": lane.stage.name, "worker": self.name, "reason": str(error)})
        lane.last_error = str(error)


def _what_it_is_about(stage: Stage, job: Job) -> dict[str, object]:
    """For the log: the job, and the subject by its kind, such as dialogue_id."""
    about = {f"{stage.subject}_id": str(subject_key(job.subject_id)), "part": subject_part(job.subject_id) or None}
    return {"stage": stage.name, "job_id": job.job_id, "run_id": job.run_id, "attempt": job.attempts, **about}


async def _wait_for(lane: _Lane, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(lane.wake.wait(), timeout_s)
    except TimeoutError:
        return


def _has_work(backlog: Backlog) -> bool:
    return backlog.queued > 0 or backlog.running > 0
