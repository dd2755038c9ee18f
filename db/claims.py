"""Claiming: one transaction that decides under the stage's lock which jobs go next, and leases them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from configs.sections import JobSettings
from db import queue_sql as sql
from db.engine import Database
from db.job import Job
from domain.status import JobClass
from domain.turns import Ready, Taken, take_turns

TRIES = 3
"""A claim that met a row locked by somebody else is begun anew without it, this often."""

JobsHook = Callable[[AsyncConnection, list[Job]], Awaitable[None]]


async def leave_alone(tx: AsyncConnection, jobs: list[Job]) -> None:
    """The hook that does nothing."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker asks for. The hooks run before the jobs' rows are locked: subject rows first, then jobs."""

    stage: str
    slots: int
    worker: str
    on_claim: JobsHook = leave_alone
    on_dead: JobsHook = leave_alone
    reruns: int | None = None
    """At most so many of them of re-analyses."""
    in_all: int | None = None
    """At most so many of the stage in flight, over all workers."""


class _Raced(Exception):  # not an error: the claim is begun anew
    def __init__(self, job_ids: set[int]) -> None:
        self.job_ids = job_ids


async def claim(db: Database, settings: JobSettings, wanted: Claim) -> list[Job]:
    """Leases up to `wanted.slots` jobs. Raises Unavailable where the database cannot be reached."""
    skipped: set[int] = set()
    for _ in range(TRIES):
        try:
            async with db.begin() as tx:
                leased = await _claim_once(tx, settings, wanted, skipped)
        except _Raced as raced:
            skipped |= raced.job_ids
        else:
            if leased is not None:
                return leased
    return []


async def _claim_once(tx: AsyncConnection, settings: JobSettings, wanted: Claim, skipped: set[int]) -> list[Job] | None:
    """The leased jobs. None where there were jobs to bury: what they queue is locked by then, and after jobs come no
    more subjects, so leasing has to begin anew."""
    await tx.execute(sql.LOCK_STAGE, {"stage": wanted.stage})
    pause = (await tx.execute(sql.PAUSE, {"stage": wanted.stage})).one_or_none()
    if pause is not None and not pause.is_over:
        return []
    slots = wanted.slots if pause is None else min(wanted.slots, 1)
    if wanted.in_all is not None:
        in_flight = (await tx.execute(sql.IN_FLIGHT, {"stage": wanted.stage})).scalar_one()
        slots = min(slots, wanted.in_all - in_flight)
        if slots < 1:
            return []
    expired, worn_out = await _expired(tx, settings, wanted.stage, slots, skipped)
    if worn_out:
        await wanted.on_dead(tx, worn_out)
        await _bury(tx, worn_out)
        return None
    fresh, turns = await _ready(tx, settings, wanted, slots - len(expired), skipped)
    chosen = [*expired, *fresh]
    if chosen:
        await wanted.on_claim(tx, chosen)
    leased = await _lease(tx, settings, wanted.worker, chosen)
    if turns:
        taken = {"fair_keys": [taken.fair_key for taken in turns], "turns": [taken.turn for taken in turns]}
        await tx.execute(sql.TAKE_TURNS, {"stage": wanted.stage, **taken})
    if pause is not None and leased:
        probe = {"stage": wanted.stage, "job_id": leased[0].job_id, "lease_s": settings.lease_s}
        await tx.execute(sql.SEND_PROBE, probe)
    return leased


async def _expired(
    tx: AsyncConnection, settings: JobSettings, stage: str, slots: int, skipped: set[int]
) -> tuple[list[Job], list[Job]]:
    """Jobs whose holder vanished: those to lease again as themselves, and those that have had their attempts."""
    rows = await tx.execute(sql.EXPIRED, {"stage": stage, "slots": slots, "skipped": sorted(skipped)})
    jobs = [provisional(row, lease_expired_before=True) for row in rows]
    worn_out = [replace(job, attempts=job.attempts - 1) for job in jobs if job.attempts > settings.max_attempts]
    return [job for job in jobs if job.attempts <= settings.max_attempts], worn_out


async def _ready(
    tx: AsyncConnection, settings: JobSettings, wanted: Claim, slots: int, skipped: set[int]
) -> tuple[list[Job], list[Taken]]:
    if slots == 0:
        return [], []
    found = await tx.execute(sql.READY, {"stage": wanted.stage, "slots": slots, "skipped": sorted(skipped)})
    rows = {row.job_id: row for row in found}
    if not rows:
        return [], []
    last_turn = next(iter(rows.values())).last_turn
    ready = [Ready(r.job_id, JobClass(r.job_class), r.lock_key, r.fair_key) for r in rows.values()]
    turns = take_turns(ready, slots, last_turn, settings.lower_class_every, wanted.reruns)
    return [provisional(rows[taken.job_id]) for taken in turns], turns


async def _bury(tx: AsyncConnection, worn_out: Sequence[Job]) -> None:
    buried = await tx.execute(sql.BURY_EXPIRED, {"job_ids": [job.job_id for job in worn_out]})
    _all_of(worn_out, {row.job_id for row in buried})


async def _lease(tx: AsyncConnection, settings: JobSettings, worker: str, chosen: Sequence[Job]) -> list[Job]:
    """Locks and leases all of them or raises _Raced. The rows are read again: a newer revision may have come in."""
    if not chosen:
        return []
    wanted = {"job_ids": [job.job_id for job in chosen], "tokens": [job.lease_token for job in chosen]}
    leased = await tx.execute(sql.LEASE, {**wanted, "worker": worker, "lease_s": settings.lease_s})
    rows = {row.job_id: row for row in leased}
    _all_of(chosen, set(rows))
    return [_job(rows[job.job_id], lease_expired_before=job.lease_expired_before) for job in chosen]


def _all_of(jobs: Sequence[Job], done: set[int]) -> None:
    if missed := {job.job_id for job in jobs} - done:
        raise _Raced(missed)


def provisional(row: Row[Any], *, lease_expired_before: bool = False) -> Job:
    """The job that a row would be once leased; for the hooks, which run before."""
    fields = {**row._mapping, "attempts": row.attempts + 1, "lease_token": uuid4()}
    return _from_fields(fields, lease_expired_before)


def _job(row: Row[Any], *, lease_expired_before: bool) -> Job:
    return _from_fields(dict(row._mapping), lease_expired_before)


def _from_fields(fields: dict[str, Any], lease_expired_before: bool) -> Job:
    fields.pop("last_turn", None)
    fields["job_class"] = JobClass(fields["job_class"])
    return Job(**fields, lease_expired_before=lease_expired_before)
