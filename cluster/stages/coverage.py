"""coverage: how much of a point's scheduled day was recorded, reckoned anew after chunks, heartbeats and hours."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cluster.stage import Stage, StageContext, SubjectKind, subject_key, subject_part
from db.queue import Job, NewJob
from db.reports.coverage_days import refresh_coverage
from domain.errors import Rejected
from domain.ids import PointId


class Coverage(Stage):
    """Reads and writes in the completing transaction, with the point locked, as `report` does."""

    name = "coverage"
    after = ("dialogues",)
    subject = SubjectKind.POINT
    timeout_s = 120.0

    def lock_key(self, subject_id: str) -> str:
        """The point: its jobs would wait for its row, each with a connection."""
        return str(subject_key(subject_id))

    async def run(self, ctx: StageContext, job: Job) -> dict[str, Any]:
        """Nothing: see the class. Raises Rejected where the job is about no day of a point."""
        _day(job.subject_id)
        return {}

    async def apply(self, tx: AsyncConnection, job: Job, result: Any) -> list[NewJob]:
        await refresh_coverage(tx, PointId(subject_key(job.subject_id)), _day(job.subject_id))
        return []


def _day(subject_id: str) -> date:
    try:
        subject_key(subject_id)
        return date.fromisoformat(subject_part(subject_id))
    except ValueError:
        raise Rejected(f"'{subject_id}' names no day of a point") from None
