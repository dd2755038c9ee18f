"""Jobs of the stages `report` and `coverage`: what they are about, and who is to be looked at after a change.

A report job is about one hour of a point, or about the whole point; a coverage job about one day of a point. Their
subject begins with the id of the point, whose row is locked; what they are about follows after an @.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from db.queue import NewJob
from db.reports.hours import Hour, hours_of
from domain.ids import DialogueId, PointId
from domain.status import JobClass

DELAY_S = 1.0
"""Verdicts come in bursts: those of one hour within this are counted together."""
COVERAGE_DELAY_S = 30.0
"""Chunks and heartbeats come every minute from every device."""


async def report_jobs(tx: AsyncConnection, dialogue_ids: Iterable[DialogueId]) -> list[NewJob]:
    """Jobs for the hours that these dialogues are in now and were in before, by their facts. To be queued in the
    transaction that changed them, after what it wrote; where it deletes them, to be asked for before."""
    return [hour_job(hour) for hour in await hours_of(tx, dialogue_ids)]


def hour_job(hour: Hour, delay_s: float = DELAY_S) -> NewJob:
    """Counts one hour of a point anew."""
    return _job("report", hour.point_id, f"@{hour.hour_ts.astimezone(UTC).isoformat()}", delay_s)


def point_job(point_id: PointId) -> NewJob:
    """Makes all of a point anew: its days and hours are others once its zone is another."""
    return _job("report", point_id, "", 0.0)


def coverage_job(point_id: PointId, day: date, job_class: JobClass = JobClass.LIVE) -> NewJob:
    """Reckons the coverage of one day of a point anew."""
    return replace(_job("coverage", point_id, f"@{day.isoformat()}", COVERAGE_DELAY_S), job_class=job_class)


def hour_of(point_id: PointId, about: str) -> Hour:
    """What an hour's job is about. Raises ValueError."""
    return Hour(point_id, datetime.fromisoformat(about).astimezone(UTC))


def _job(stage: str, point_id: PointId, about: str, delay_s: float) -> NewJob:
    """One job of a point at a time: they would wait for its row anyway. All are live: what they count already is."""
    return NewJob(
        stage,
        f"{point_id}{about}",
        job_class=JobClass.LIVE,
        lock_key=str(point_id),
        fair_key=str(point_id),
        delay_s=delay_s,
    )
