"""What machine and reviewers said about the same dialogues of a period, and how many the machine judged in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Uuid

from domain.assessment import Pair
from domain.change import Period
from domain.figures import Opinion, Proportion, wilson
from domain.status import Attempted, Kind, Reaction

_PAIRS = text(
    """
    SELECT f.is_stale, f.place,
        c.kind, c.attempted, c.quality_score, c.customer_reaction,
        a.kind AS machine_kind, a.attempted AS machine_attempted, a.quality_score AS machine_quality,
        a.customer_reaction AS machine_reaction,
        r.reviewer AS first_reviewer, r.kind AS first_kind, r.attempted AS first_attempted,
        r.quality_score AS first_quality, r.customer_reaction AS first_reaction,
        s.reviewer AS second_reviewer, s.kind AS second_kind, s.attempted AS second_attempted,
        s.quality_score AS second_quality, s.customer_reaction AS second_reaction
    FROM dialogue_facts f
    JOIN dialogues d ON d.dialogue_id = f.dialogue_id AND d.state = 'closed'
    JOIN reviews c ON c.review_id = f.review_id
    LEFT JOIN dialogue_transcripts tr ON tr.dialogue_id = d.dialogue_id AND tr.revision = d.revision
    LEFT JOIN dialogue_upsell_analysis a ON a.dialogue_id = d.dialogue_id AND a.revision = d.revision
        AND a.transcript_sha256 = tr.transcript_sha256 AND d.analysis_status = 'DONE'
    LEFT JOIN LATERAL (
        SELECT * FROM reviews WHERE dialogue_id = d.dialogue_id AND revision = d.revision AND undone_at IS NULL
            AND reason = 'random' ORDER BY created_at DESC LIMIT 1
    ) r ON true
    LEFT JOIN LATERAL (
        SELECT * FROM reviews WHERE dialogue_id = d.dialogue_id AND revision = d.revision AND undone_at IS NULL
            AND reason = 'second' AND reviewer <> r.reviewer ORDER BY created_at DESC LIMIT 1
    ) s ON true
    WHERE f.review_id IS NOT NULL AND f.day BETWEEN :first AND :last
        AND (CAST(:points AS uuid[]) IS NULL OR f.point_id = ANY (:points))
    """
).bindparams(bindparam("points", type_=ARRAY(Uuid)))

_COUNTED = text(
    """
    SELECT coalesce(sum(yes), 0) AS yes, coalesce(sum(no), 0) AS no,
        coalesce(sum(yes + no + uncertain + enquiry + staff + unclear_kind), 0) AS judged
    FROM report_days
    WHERE day BETWEEN :first AND :last AND (CAST(:points AS uuid[]) IS NULL OR point_id = ANY (:points))
    """
).bindparams(bindparam("points", type_=ARRAY(Uuid)))

_ENGINES = text(
    """
    SELECT engine, sum(dialogues) AS n FROM report_day_engines
    WHERE day BETWEEN :first AND :last AND (CAST(:points AS uuid[]) IS NULL OR point_id = ANY (:points))
    GROUP BY engine HAVING sum(dialogues) > 0 ORDER BY n DESC, engine
    """
).bindparams(bindparam("points", type_=ARRAY(Uuid)))


@dataclass(frozen=True, slots=True)
class Population:
    """All that the machine judged. rate: its own yes of yes and no, whatever reviewers said; stale: dialogues whose
    review is of an older revision, which are not among the pairs."""

    judged: int
    rate: Proportion
    engines: tuple[tuple[str, int], ...]
    stale: int


async def read_pairs(
    tx: AsyncConnection, period: Period, points: Sequence[UUID] | None
) -> tuple[list[Pair], Population]:
    """Of these points (None: all).

    Roll-ups count what reviewers said where they said something. The machine's own rate comes from them by putting its
    word back in for each reviewed dialogue: the reviewed are few, and the history is never scanned.
    """
    given = {"first": period.first, "last": period.last, "points": points}
    rows = (await tx.execute(_PAIRS, given)).all()
    counted = (await tx.execute(_COUNTED, given)).one()
    engines = tuple((row.engine, row.n) for row in await tx.execute(_ENGINES, given))
    yes, no, judged = counted.yes, counted.no, counted.judged
    for row in rows:
        machine = _opinion(row, "machine_")
        place = _place(machine)
        yes += (place == "yes") - (row.place == "yes")
        no += (place == "no") - (row.place == "no")
        judged -= machine is None
    pairs = [_pair(row) for row in rows if not row.is_stale]
    rate = wilson(min(max(0, yes), max(0, yes) + max(0, no)), max(0, yes) + max(0, no))
    return pairs, Population(max(0, judged), rate, engines, sum(1 for row in rows if row.is_stale))


def _place(opinion: Opinion | None) -> str | None:
    """Where the figures would count it: yes, no, or beside."""
    if opinion is None or opinion.kind is not Kind.SALE or opinion.attempted is Attempted.UNCERTAIN:
        return None
    return opinion.attempted.value


def _pair(row: Any) -> Pair:
    has_both = row.second_reviewer is not None
    reviewer = Opinion(Kind(row.kind), Attempted(row.attempted), row.quality_score, Reaction(row.customer_reaction))
    return Pair(
        is_random=row.first_reviewer is not None,
        reviewer=reviewer,
        machine=_opinion(row, "machine_"),
        first=_opinion(row, "first_") if has_both else None,
        second=_opinion(row, "second_") if has_both else None,
        people=(row.first_reviewer, row.second_reviewer) if has_both else (),
    )


def _opinion(row: Any, prefix: str) -> Opinion | None:
    kind = getattr(row, f"{prefix}kind")
    if kind is None:
        return None
    attempted, quality = getattr(row, f"{prefix}attempted"), getattr(row, f"{prefix}quality")
    return Opinion(Kind(kind), Attempted(attempted), quality, Reaction(getattr(row, f"{prefix}reaction")))
