"""The jobs about some subjects: those in the queue, and those that ended, as long as they are kept."""

from collections.abc import Collection, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.status import JobState
from domain.trace import JobSeen

_COLUMNS = "job_id, stage, subject_id, run_id, state, run_after, attempts, worker, last_error, class"
_OF = "stage = ANY(CAST(:stages AS text[])) AND subject_id = ANY(CAST(:subjects AS text[]))"
JOBS = text(f"""
    SELECT found.*,
           CASE WHEN state = 'queued' THEN (
               SELECT count(*) FROM jobs other
               WHERE other.stage = found.stage AND other.state = 'queued'
                 AND (other.class, other.run_after) < (found.class, found.run_after)
           ) ELSE 0 END AS ahead,
           pause.until AS paused_until, pause.reason AS pause
    FROM (
        SELECT {_COLUMNS} FROM jobs WHERE state = 'queued' AND {_OF}
        UNION ALL
        SELECT {_COLUMNS} FROM jobs WHERE state = 'running' AND {_OF}
        UNION ALL
        SELECT {_COLUMNS} FROM jobs WHERE state = 'dead' AND {_OF}
        UNION ALL
        SELECT {_COLUMNS} FROM jobs
        WHERE job_id IN (
            SELECT job_id FROM stage_results
            WHERE stage = ANY(CAST(:stages AS text[])) AND subject_id = ANY(CAST(:subjects AS text[]))
        ) AND state IN ('done', 'superseded')
    ) AS found
    LEFT JOIN stage_pauses AS pause USING (stage)
    ORDER BY job_id
""")


async def jobs_about(tx: AsyncConnection, stages: Sequence[str], subjects: Collection[str]) -> list[JobSeen]:
    """In the order in which they were queued."""
    rows = await tx.execute(JOBS, {"stages": list(stages), "subjects": list(subjects)})
    return [
        JobSeen(
            job_id=row.job_id,
            stage=row.stage,
            subject_id=row.subject_id,
            state=JobState(row.state),
            run_after=row.run_after,
            attempts=row.attempts,
            worker=row.worker,
            last_error=row.last_error,
            is_rerun=row.run_id is not None,
            ahead=row.ahead,
            pause=row.pause,
            paused_until=row.paused_until,
        )
        for row in rows
    ]
