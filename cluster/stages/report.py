"""report: what reports say of one hour of a point, or of all of it, is brought up to date with its dialogues."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cluster.stage import Stage, StageContext, SubjectKind, subject_key, subject_part
from db.queue import Job, NewJob
from db.reports.facts import refresh_hour, refresh_point
from db.reports.jobs import hour_job, hour_of
from domain.errors import Rejected
from domain.ids import PointId


class Report(Stage):
    """Reads and writes in the completing transaction, with the point locked: two of a point never count at once, and
    each sees all that the one before wrote. Whatever changes later has queued a job of its own."""

    name = "report"
    after = ("dialogues", "asr", "analysis")
    subject = SubjectKind.POINT
    timeout_s = 120.0
    concurrency = 2

    def lock_key(self, subject_id: str) -> str:
        """The point: its jobs would wait for its row, each with a connection."""
        return str(subject_key(subject_id))

    async def run(self, ctx: StageContext, job: Job) -> dict[str, Any]:
        """Nothing: see the class. Raises Rejected where the job is about neither a point nor its hour."""
        try:
            point_id = PointId(subject_key(job.subject_id))
            if part := subject_part(job.subject_id):
                hour_of(point_id, part)
        except ValueError:
            raise Rejected(f"'{job.subject_id}' names no point, nor an hour of one") from None
        return {}

    async def apply(self, tx: AsyncConnection, job: Job, result: Any) -> list[NewJob]:
        """Counts anew, and returns jobs for hours of other points that a dialogue left or went to."""
        point_id = PointId(subject_key(job.subject_id))
        part = subject_part(job.subject_id)
        elsewhere = await (refresh_hour(tx, hour_of(point_id, part)) if part else refresh_point(tx, point_id))
        return [hour_job(hour) for hour in elsewhere]
