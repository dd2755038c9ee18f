"""A run's verdicts beside the current ones of the same dialogues; once it is promoted, beside those it replaced."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.runs.standing import STANDING
from domain.figures import Opinion
from domain.ids import DialogueId
from domain.run_diff import TO_LISTEN, Flip, Pair, Said, Standing
from domain.status import Attempted, Kind, Reaction, StageStatus

_SIDES = f"""
    WITH sides AS (
        SELECT standing.standing, standing.dialogue_id, d.point_id, d.start_ts, d.state <> 'superseded' AS is_current,
               f.review_id, NOT f.is_stale AS is_fresh,
               coalesce(p.before -> 'dialogue' ->> 'asr_status', d.asr_status) AS old_asr,
               coalesce(p.before -> 'dialogue' ->> 'analysis_status', d.analysis_status) AS old_analysis,
               CASE WHEN p.run_id IS NOT NULL THEN p.before -> 'analysis' ELSE to_jsonb(an) END AS old,
               CASE WHEN standing.standing IN ('ready', 'moved') THEN result.payload END AS new
        FROM ({STANDING}) AS standing
        JOIN dialogues d USING (dialogue_id)
        LEFT JOIN dialogue_facts f USING (dialogue_id)
        LEFT JOIN run_replaced p ON p.run_id = :run_id AND p.dialogue_id = standing.dialogue_id
        LEFT JOIN dialogue_transcripts tr ON tr.dialogue_id = d.dialogue_id AND tr.revision = d.revision
        LEFT JOIN dialogue_upsell_analysis an ON an.dialogue_id = d.dialogue_id AND an.revision = d.revision
            AND an.transcript_sha256 = tr.transcript_sha256
        LEFT JOIN stage_results result ON result.result_id = standing.judged_id
    ),
    said AS (
        SELECT standing, dialogue_id, point_id, start_ts, is_current, is_fresh, review_id, new IS NOT NULL AS has_new,
               CASE WHEN old_asr IN ('ERROR', 'SKIPPED') THEN old_asr ELSE old_analysis END AS old_status,
               old ->> 'kind' AS old_kind, old ->> 'attempted' AS old_attempted, old -> 'categories' AS old_categories,
               CAST(old ->> 'quality_score' AS int) AS old_quality, old ->> 'customer_reaction' AS old_reaction,
               old ->> 'analysis_model' AS old_engine, CAST(old ->> 'cost_usd' AS float8) AS old_cost_usd,
               CAST(old ->> 'tokens_in' AS bigint) AS old_tokens_in,
               CAST(old ->> 'tokens_out' AS bigint) AS old_tokens_out,
               verdict ->> 'kind' AS new_kind, verdict ->> 'attempted' AS new_attempted,
               verdict -> 'categories' AS new_categories, CAST(verdict ->> 'quality_score' AS int) AS new_quality,
               verdict ->> 'customer_reaction' AS new_reaction, CAST(verdict ->> 'confidence' AS float8) AS confidence,
               verdict #>> '{{evidence,0,quote}}' AS quote, verdict ->> 'summary' AS summary,
               made ->> 'model' AS new_engine, CAST(made ->> 'cost_usd' AS float8) AS new_cost_usd,
               CAST(made ->> 'tokens_in' AS bigint) AS new_tokens_in,
               CAST(made ->> 'tokens_out' AS bigint) AS new_tokens_out
        FROM sides
        CROSS JOIN LATERAL (
            SELECT CASE WHEN jsonb_typeof(new -> 'verdict') = 'object' THEN new -> 'verdict' END AS verdict,
                   CASE WHEN jsonb_typeof(new -> 'provenance') = 'object' THEN new -> 'provenance' END AS made
        ) AS parts
    )
"""
"""A verdict counts as the old judge's only where the status says that it is there."""
_OLD = "old_status, old_kind, old_attempted, old_quality, old_reaction, old_categories, old_engine"
_NEW = "has_new, new_kind, new_attempted, new_quality, new_reaction, new_categories, new_engine"
_REVIEW = "rv.kind AS review_kind, rv.attempted AS review_attempted, rv.quality_score AS review_quality"
_PAIRS = text(
    f"""
    {_SIDES}
    SELECT standing, is_current, coalesce(is_fresh, false) AS is_fresh, {_OLD}, {_NEW},
           {_REVIEW}, rv.customer_reaction AS review_reaction, shared.is_random, count(*) AS n,
           coalesce(sum(old_cost_usd) FILTER (WHERE has_new), 0) AS old_cost_usd,
           CAST(coalesce(sum(old_tokens_in) FILTER (WHERE has_new), 0) AS bigint) AS old_tokens_in,
           CAST(coalesce(sum(old_tokens_out) FILTER (WHERE has_new), 0) AS bigint) AS old_tokens_out,
           coalesce(sum(new_cost_usd), 0) AS new_cost_usd,
           CAST(coalesce(sum(new_tokens_in), 0) AS bigint) AS new_tokens_in,
           CAST(coalesce(sum(new_tokens_out), 0) AS bigint) AS new_tokens_out
    FROM said
    LEFT JOIN reviews rv ON rv.review_id = said.review_id
    CROSS JOIN LATERAL (
        SELECT said.review_id IS NOT NULL AND EXISTS (
            SELECT FROM reviews r JOIN dialogues d USING (dialogue_id)
            WHERE r.dialogue_id = said.dialogue_id AND r.revision = d.revision AND r.undone_at IS NULL
              AND r.reason = 'random'
        ) AS is_random
    ) AS shared
    GROUP BY standing, is_current, is_fresh, {_OLD}, {_NEW}, rv.kind, rv.attempted, rv.quality_score,
             rv.customer_reaction, shared.is_random
    """
).bindparams(bindparam("run_id", type_=Uuid))
_FLIPS = text(
    f"""
    {_SIDES}
    SELECT * FROM (
        SELECT said.*, row_number() OVER (
            PARTITION BY old_status, old_kind, old_attempted, new_kind, new_attempted
            ORDER BY confidence DESC NULLS LAST, dialogue_id
        ) AS place
        FROM said
        WHERE has_new AND is_current
          AND (old_kind, old_attempted, old_quality, old_reaction, old_categories)
              IS DISTINCT FROM (new_kind, new_attempted, new_quality, new_reaction, new_categories)
    ) AS flips
    WHERE place <= :most
    """
).bindparams(bindparam("run_id", type_=Uuid))
"""The surest of each kind; of the thousands that are no more than that there is no need to know."""


@dataclass(frozen=True, slots=True)
class Price:
    """What the verdicts of one judge took. dialogues: those that both have judged or skipped."""

    dialogues: int
    cost_usd: float
    tokens_in: int
    tokens_out: int


async def read_pairs(tx: AsyncConnection, run_id: UUID) -> tuple[Counter[Pair], Price, Price]:
    """All dialogues of the run, alike ones counted together; and the prices of the old and the new judge's verdicts on
    the same dialogues."""
    rows = (await tx.execute(_PAIRS, {"run_id": run_id})).all()
    pairs: Counter[Pair] = Counter()
    for row in rows:
        pairs[_pair(row)] += row.n
    return pairs, _price(rows, "old"), _price(rows, "new")


async def read_flips(tx: AsyncConnection, run_id: UUID, most: int = TO_LISTEN) -> list[Flip]:
    """Of each kind the `most` that the run is surest of: by default enough for `to_listen`."""
    rows = await tx.execute(_FLIPS, {"run_id": run_id, "most": most})
    return [
        Flip(
            DialogueId(row.dialogue_id),
            row.point_id,
            row.start_ts,
            _said(row, "old"),
            _new(row),
            row.confidence or 0.0,
            row.quote or "",
            row.summary or "",
        )
        for row in rows
    ]


def _pair(row: Row[Any]) -> Pair:
    review = _opinion(row, "review") if row.review_kind else None
    new = _new(row) if row.has_new else None
    return Pair(Standing(row.standing), _said(row, "old"), new, review, row.is_fresh, row.is_random, row.is_current)


def _new(row: Row[Any]) -> Said:
    return _said(row, "new", StageStatus.DONE if row.new_kind else StageStatus.SKIPPED)


def _said(row: Row[Any], whose: str, status: StageStatus | None = None) -> Said:
    values = row._mapping
    status = status or StageStatus(values[f"{whose}_status"])
    if status is not StageStatus.DONE or values[f"{whose}_kind"] is None:
        return Said(status)
    categories = tuple(sorted(set(values[f"{whose}_categories"] or ())))
    return Said(status, _opinion(row, whose), categories, values[f"{whose}_engine"] or "")


def _opinion(row: Row[Any], whose: str) -> Opinion:
    values = row._mapping
    return Opinion(
        Kind(values[f"{whose}_kind"]),
        Attempted(values[f"{whose}_attempted"]),
        values[f"{whose}_quality"],
        Reaction(values[f"{whose}_reaction"]),
    )


def _price(rows: Any, whose: str) -> Price:
    def total(what: str) -> Any:
        return sum(row._mapping[f"{whose}_{what}"] for row in rows)

    return Price(sum(row.n for row in rows if row.has_new), total("cost_usd"), total("tokens_in"), total("tokens_out"))
