"""Reading side: how much audio waits for each stage, by class, and how much came lately. What scaling goes by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import text

from db.engine import Database
from domain.scaling import Waiting
from domain.status import JobClass

ARRIVALS_S = 600.0
"""Arriving is the mean of these last seconds."""

_LOADS = text("""
    WITH open AS (
        SELECT stage, class, audio_ms, run_after, enqueued_at FROM jobs
        WHERE state = 'queued' AND run_after <= statement_timestamp()
        UNION ALL
        SELECT stage, class, audio_ms, run_after, enqueued_at FROM jobs WHERE state = 'running'
    ), ended AS (
        SELECT stage, audio_ms, enqueued_at FROM jobs
        WHERE state IN ('done', 'superseded') AND class = :live
          AND finished_at > statement_timestamp() - make_interval(secs => :arrivals_s)
    )
    SELECT stage, class AS job_class, sum(audio_ms) / 1000.0 AS audio_s, 0.0 AS arrived_s,
           greatest(0.0, extract(epoch FROM statement_timestamp() - min(run_after))) AS oldest_s
    FROM open GROUP BY stage, class
    UNION ALL
    SELECT stage, :live, 0.0, sum(audio_ms) / 1000.0, 0.0
    FROM (SELECT stage, audio_ms, enqueued_at FROM ended
          UNION ALL SELECT stage, audio_ms, enqueued_at FROM open WHERE class = :live) AS came
    WHERE enqueued_at > statement_timestamp() - make_interval(secs => :arrivals_s)
    GROUP BY stage
""")
"""What waits for its time, such as a retry that backs off, is not waiting for a replica."""


@dataclass(frozen=True, slots=True)
class StageLoad:
    """What one stage has to do. `waiting`: of those classes of which there is any; `arriving`: live audio, seconds per
    second."""

    waiting: Mapping[JobClass, Waiting] = field(default_factory=dict)
    arriving: float = 0.0


async def stage_loads(db: Database) -> dict[str, StageLoad]:
    """By stage, of those that have jobs. Raises Unavailable where the database cannot be reached."""
    async with db.begin() as tx:
        rows = (await tx.execute(_LOADS, {"live": int(JobClass.LIVE), "arrivals_s": ARRIVALS_S})).all()
    arriving = {row.stage: float(row.arrived_s) / ARRIVALS_S for row in rows if row.arrived_s}
    waiting: dict[str, dict[JobClass, Waiting]] = {row.stage: {} for row in rows}
    for row in rows:
        if row.audio_s:
            waiting[row.stage][JobClass(row.job_class)] = Waiting(float(row.audio_s), float(row.oldest_s))
    return {stage: StageLoad(found, arriving.get(stage, 0.0)) for stage, found in waiting.items()}
