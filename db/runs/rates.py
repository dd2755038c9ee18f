"""What runs have to go by: tokens that verdicts took, and how fast the pipeline was of late."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.run_estimate import Tokens

_TOKENS = text(
    """
    SELECT provenance ->> 'model' AS model, count(*) AS n,
           avg(CAST(provenance ->> 'tokens_in' AS float8)) AS tokens_in,
           avg(CAST(provenance ->> 'tokens_out' AS float8)) AS tokens_out
    FROM (
        SELECT payload -> 'provenance' AS provenance
        FROM (SELECT stage, payload FROM stage_results ORDER BY result_id DESC LIMIT 20000) AS recent
        WHERE stage = 'analysis' AND jsonb_typeof(payload -> 'provenance') = 'object'
    ) AS verdicts
    WHERE CAST(provenance ->> 'tokens_in' AS float8) > 0
    GROUP BY 1
    """
)
"""The newest results only: history of any length costs the same."""
_BUSIEST = text(
    """
    SELECT stage, max(audio_ms) AS audio_ms, max(jobs) AS jobs
    FROM (
        SELECT stage, CAST(sum(audio_ms) AS float8) AS audio_ms, count(*) AS jobs
        FROM jobs
        WHERE state IN ('done', 'superseded') AND stage IN ('asr', 'analysis')
          AND finished_at > statement_timestamp() - interval '3 days'
        GROUP BY stage, date_trunc('minute', finished_at)
    ) AS minutes
    GROUP BY stage
    """
)
"""An idle minute says nothing about what can be done in one; the busiest says that so much can."""


@dataclass(frozen=True, slots=True)
class Speeds:
    """None where nothing was done of late."""

    times_real_time: float | None
    judged_per_s: float | None


async def measured_tokens(tx: AsyncConnection) -> dict[str, Tokens]:
    """By language model; rules take none."""
    rows = await tx.execute(_TOKENS)
    return {row.model: Tokens(row.n, row.tokens_in, row.tokens_out) for row in rows}


async def speeds(tx: AsyncConnection) -> Speeds:
    """Of the busiest minute of the last three days."""
    rows = {row.stage: row for row in await tx.execute(_BUSIEST)}
    asr, analysis = rows.get("asr"), rows.get("analysis")
    return Speeds(
        times_real_time=asr.audio_ms / 60_000 if asr and asr.audio_ms else None,
        judged_per_s=analysis.jobs / 60 if analysis else None,
    )
