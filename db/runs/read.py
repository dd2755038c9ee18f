"""Runs as they stand: settings, state and how far each is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from domain.errors import NotFound
from domain.ids import RunId
from domain.runs import Estimate, RunFilters, RunProgress, RunSettings, RunStage, RunState
from domain.transcript import Transcript

_r = t.runs.c
_PROGRESS = text(
    """
    SELECT r.planned,
           (SELECT count(fed_at) FROM run_subjects WHERE run_id = r.run_id) AS fed,
           coalesce(found.heard, 0) AS heard, coalesce(found.judged, 0) AS judged, coalesce(found.stale, 0) AS stale,
           jobs.dead, jobs.queued, jobs.running
    FROM runs r
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE state = 'dead') AS dead, count(*) FILTER (WHERE state = 'queued') AS queued,
               count(*) FILTER (WHERE state = 'running') AS running
        FROM jobs WHERE jobs.run_id = r.run_id AND state IN ('dead', 'queued', 'running')
    ) AS jobs
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE is_heard) AS heard, count(*) FILTER (WHERE is_judged) AS judged,
               count(*) FILTER (WHERE NOT is_judged AND is_stale) AS stale
        FROM (
            SELECT bool_or(stage = 'asr' AND NOT is_superseded) AS is_heard,
                   bool_or(stage = 'analysis' AND NOT is_superseded) AS is_judged,
                   bool_or(is_superseded) AS is_stale
            FROM stage_results WHERE stage_results.run_id = r.run_id GROUP BY subject_id
        ) AS by_dialogue
    ) AS found
    WHERE r.run_id = :run_id
    """
)
_OWN_TRANSCRIPT = text(
    """
    SELECT payload -> 'transcript' FROM stage_results
    WHERE run_id = :run_id AND stage = 'asr' AND subject_id = :subject_id AND subject_rev = :revision
      AND NOT is_superseded
    ORDER BY result_id DESC LIMIT 1
    """
)
_LAST_ERROR = text(
    """
    SELECT state, last_error FROM jobs
    WHERE run_id = :run_id AND state IN ('dead', 'queued') AND last_error IS NOT NULL
    ORDER BY state, job_id DESC LIMIT 1
    """
)
"""A dead one's before that of one that waits."""
_SPENT = text(
    """
    SELECT coalesce(sum(CAST(payload #>> '{provenance,cost_usd}' AS float8)), 0) AS cost_usd,
           CAST(coalesce(sum(CAST(payload #>> '{provenance,tokens_in}' AS int)), 0) AS bigint) AS tokens_in,
           CAST(coalesce(sum(CAST(payload #>> '{provenance,tokens_out}' AS int)), 0) AS bigint) AS tokens_out
    FROM stage_results WHERE run_id = :run_id AND stage = 'analysis'
    """
)


@dataclass(frozen=True, slots=True)
class Run:
    """A run's row in the domain's words."""

    run_id: RunId
    name: str
    stage: RunStage
    state: RunState
    is_shadow: bool
    filters: RunFilters
    settings: RunSettings
    sample: int | None
    planned: int
    planned_audio_ms: int
    estimate: Estimate | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    promoted_at: datetime | None
    rolled_back_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run's verdicts took so far."""

    cost_usd: float
    tokens_in: int
    tokens_out: int


async def find_run(tx: AsyncConnection, name: str) -> Run:
    """By name or id. Raises NotFound with the newest names."""
    row = (await tx.execute(select(t.runs).where((_r.name == name) | (_r.run_id == _uuid(name))))).one_or_none()
    if row is None:
        newest = (await tx.execute(select(_r.name).order_by(_r.created_at.desc()).limit(10))).scalars().all()
        there = f"the newest are {', '.join(map(repr, newest))}" if newest else "there are none yet"
        raise NotFound(f"there is no run {name!r}; {there}.")
    return _run(row)


async def newest_runs(tx: AsyncConnection, limit: int) -> list[Run]:
    """Newest first."""
    rows = await tx.execute(select(t.runs).order_by(_r.created_at.desc(), _r.run_id).limit(limit))
    return [_run(row) for row in rows]


async def read_settings(tx: AsyncConnection, run_id: UUID) -> RunSettings:
    """What the run was planned with. Raises NotFound."""
    found: Mapping[str, Any] | None = await tx.scalar(select(_r.settings).where(_r.run_id == run_id))
    if found is None:
        raise NotFound(f"there is no run {run_id}.")
    return TypeAdapter(RunSettings).validate_python(found)


async def own_transcript(tx: AsyncConnection, run_id: UUID, subject_id: str, revision: int) -> Transcript | None:
    """What the run itself heard last of this revision; None where it did not listen."""
    found = await tx.scalar(_OWN_TRANSCRIPT, {"run_id": run_id, "subject_id": subject_id, "revision": revision})
    return None if found is None else TypeAdapter(Transcript).validate_python(found)


async def progress_of_run(tx: AsyncConnection, run_id: UUID) -> RunProgress:
    """One statement, so one snapshot: a transcript's job ends together with the queueing of its verdict's."""
    return RunProgress(**(await tx.execute(_PROGRESS, {"run_id": run_id})).one()._mapping)


async def last_error(tx: AsyncConnection, run_id: UUID) -> str | None:
    """Why something of it is dead or waits to be tried again."""
    row = (await tx.execute(_LAST_ERROR, {"run_id": run_id})).one_or_none()
    return None if row is None else str(row.last_error)


async def spent(tx: AsyncConnection, run_id: UUID) -> Spent:
    """Superseded verdicts cost as well."""
    return Spent(**(await tx.execute(_SPENT, {"run_id": run_id})).one()._mapping)


def _run(row: Row[Any]) -> Run:
    values = dict(row._mapping)
    values |= {
        "stage": RunStage(row.stage),
        "state": RunState(row.state),
        "filters": TypeAdapter(RunFilters).validate_python(row.filters),
        "settings": TypeAdapter(RunSettings).validate_python(row.settings),
        "estimate": TypeAdapter(Estimate).validate_python(row.estimate) if row.estimate else None,
    }
    return Run(**values)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
