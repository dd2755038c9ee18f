"""Planning a run: which dialogues it is about, counted first, then written once and for all."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ARRAY, BigInteger, BindParameter, DateTime, Text, Uuid, bindparam, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from domain.errors import Conflict, NotFound
from domain.ids import PointId, RunId
from domain.runs import Estimate, RunFilters, RunPlan, RunSettings, RunStage

_ASKED = """
    WITH asked AS (
        SELECT d.dialogue_id, d.revision, d.point_id, length(tr.text) AS text_chars,
               (SELECT coalesce(sum(s.offset_end_ms - s.offset_start_ms), 0) FROM dialogue_segments s
                WHERE s.dialogue_id = d.dialogue_id AND s.revision = d.revision) AS audio_ms,
               CASE
                   WHEN d.state = 'open' THEN 'still open'
                   WHEN :stage = 'asr' AND EXISTS (
                       SELECT FROM dialogue_segments s JOIN audio_chunks c USING (chunk_id)
                       WHERE s.dialogue_id = d.dialogue_id AND s.revision = d.revision AND c.stored_path IS NULL
                   ) THEN 'audio deleted'
                   WHEN :stage = 'analysis' AND tr.dialogue_id IS NULL THEN 'not transcribed'
                   WHEN :stage = 'analysis' AND tr.dropped_at IS NOT NULL THEN 'words deleted by age'
               END AS obstacle
        FROM dialogues d
        JOIN points p USING (point_id)
        LEFT JOIN dialogue_transcripts tr ON tr.dialogue_id = d.dialogue_id AND tr.revision = d.revision
        WHERE d.state <> 'superseded'
          AND (CAST(:points AS uuid[]) IS NULL OR d.point_id = ANY(CAST(:points AS uuid[])))
          AND d.start_ts >= coalesce(:from_at, timezone(p.zone, :from_local), '-infinity')
          AND d.start_ts < coalesce(:before_at, timezone(p.zone, :before_local), 'infinity')
    ),
    placed AS (
        SELECT asked.*, (row_number() OVER shuffled - 0.5) / count(*) OVER (PARTITION BY point_id) AS place,
               md5(:run_id || ':' || dialogue_id) AS lot
        FROM asked WHERE obstacle IS NULL
        WINDOW shuffled AS (PARTITION BY point_id ORDER BY md5(:run_id || ':' || dialogue_id))
    ),
    chosen AS (SELECT * FROM placed ORDER BY place, lot LIMIT :sample)
"""
"""A sample is drawn by lot within each point, the lot being the MD5 of run and dialogue: each point has its share, to
one dialogue, and the same run always draws the same ones."""
_PARAMETERS: tuple[BindParameter[Any], ...] = (
    bindparam("points", type_=ARRAY(Uuid)),
    bindparam("run_id", type_=Text),
    bindparam("stage", type_=Text),
    bindparam("sample", type_=BigInteger),
    *(bindparam(name, type_=DateTime(timezone=True)) for name in ("from_at", "before_at")),
    *(bindparam(name, type_=DateTime(timezone=False)) for name in ("from_local", "before_local")),
)
_COUNT = text(
    _ASKED
    + """
    SELECT (SELECT count(*) FROM chosen) AS dialogues,
           (SELECT CAST(coalesce(sum(audio_ms), 0) AS bigint) FROM chosen) AS audio_ms,
           (SELECT CAST(coalesce(avg(text_chars), 0) AS float8) FROM chosen) AS text_chars,
           (SELECT coalesce(jsonb_object_agg(obstacle, n), '{}') FROM (
               SELECT obstacle, count(*) AS n FROM asked WHERE obstacle IS NOT NULL GROUP BY obstacle
           ) AS obstacles) AS left_out
    """
).bindparams(*_PARAMETERS)
_FIX = text(
    _ASKED
    + """
    INSERT INTO run_subjects (run_id, dialogue_id, revision, audio_ms)
    SELECT CAST(:run_id AS uuid), dialogue_id, revision, audio_ms FROM chosen
    RETURNING audio_ms
    """
).bindparams(*_PARAMETERS)


@dataclass(frozen=True, slots=True)
class Counted:
    """text_chars: of an average transcript; left_out: obstacle → dialogues of the period that it keeps out."""

    dialogues: int
    audio_ms: int
    text_chars: float
    left_out: Mapping[str, int]


async def points_called(tx: AsyncConnection, names: Collection[str]) -> tuple[PointId, ...]:
    """The points by name or id. Raises NotFound with the names that there are."""
    rows = (await tx.execute(select(t.points.c.point_id, t.points.c.name).order_by(t.points.c.name))).all()
    known = {str(row.point_id): row.point_id for row in rows} | {row.name: row.point_id for row in rows}
    for name in names:
        if name not in known:
            there = ", ".join(repr(row.name) for row in rows[:20]) or "none yet"
            raise NotFound(f"there is no point {name!r}; there are: {there}{', …' if len(rows) > 20 else ''}")
    return tuple(dict.fromkeys(PointId(known[name]) for name in names))


async def is_name_taken(tx: AsyncConnection, name: str) -> bool:
    return (await tx.scalar(select(t.runs.c.run_id).where(t.runs.c.name == name))) is not None


async def count(
    tx: AsyncConnection, run_id: RunId, stage: RunStage, filters: RunFilters, sample: int | None
) -> Counted:
    """How much there is to do. Writes nothing."""
    row = (await tx.execute(_COUNT, _values(run_id, stage, filters, sample))).one()
    return Counted(row.dialogues, row.audio_ms, row.text_chars, row.left_out)


async def write(tx: AsyncConnection, plan: RunPlan, created_by: str) -> int:
    """The run and its dialogues, as they are at this instant. Returns how many. Raises Conflict for a name in use."""
    row = {
        "run_id": plan.run_id,
        "name": plan.name,
        "stage": plan.stage.value,
        "is_shadow": plan.is_shadow,
        "filters": TypeAdapter(RunFilters).dump_python(plan.filters, mode="json"),
        "settings": TypeAdapter(RunSettings).dump_python(plan.settings, mode="json"),
        "sample": plan.sample,
        "planned": plan.dialogues,
        "planned_audio_ms": plan.audio_ms,
        "estimate": TypeAdapter(Estimate | None).dump_python(plan.estimate, mode="json") or {},
        "created_by": created_by,
    }
    try:
        async with tx.begin_nested():
            await tx.execute(insert(t.runs).values(row))
    except IntegrityError:
        raise Conflict(f"there is a run called {plan.name!r} already; choose another --name") from None
    fixed = (await tx.execute(_FIX, _values(plan.run_id, plan.stage, plan.filters, plan.sample))).scalars().all()
    exact = {"planned": len(fixed), "planned_audio_ms": sum(fixed)}
    await tx.execute(t.runs.update().where(t.runs.c.run_id == plan.run_id).values(exact))
    return len(fixed)


def _values(run_id: RunId, stage: RunStage, filters: RunFilters, sample: int | None) -> dict[str, Any]:
    values: dict[str, Any] = {"run_id": str(run_id), "stage": stage.value, "sample": sample}
    values["points"] = list(filters.points) or None
    for name, moment in (("from", filters.start_from), ("before", filters.start_before)):
        values |= {f"{name}_at": _zoned(moment), f"{name}_local": None if _zoned(moment) else moment}
    return values


def _zoned(moment: datetime | None) -> datetime | None:
    return moment if moment is not None and moment.tzinfo else None
