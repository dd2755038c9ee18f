"""What machine and reviewers said about the same dialogues of a period, and how many the machine judged in all."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Uuid

from domain.assessment import Pair
from domain.change import Period
from domain.figures import Opinion, Proportion, wilson
from domain.status import Attempted, Kind, Reaction

_PAIRS = text(
    """
    SELECT f.is_stale, f.place, c.kind, c.attempted, c.quality_score, c.customer_reaction,
        a.kind AS machine_kind, a.attempted AS machine_attempted, a.quality_score AS machine_quality,
        a.customer_reaction AS machine_reaction,
        r.review_id IS NOT NULL AS is_random, s.review_id IS NOT NULL AS has_both,
        CASE WHEN s.review_id IS NOT NULL THEN r.reviewer END AS first_reviewer, s.reviewer AS second_reviewer,
        r.kind AS first_kind, r.attempted AS first_attempted, s.kind AS second_kind, s.attempted AS second_attempted,
        count(*) AS n
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
    ) s ON r.review_id IS NOT NULL
    WHERE f.review_id IS NOT NULL AND f.day BETWEEN :first AND :last
        AND (CAST(:points AS uuid[]) IS NULL OR f.point_id = ANY (:points))
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18
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
) -> tuple[Counter[Pair], Population]:
    """Of these points (None: all), alike pairs counted together.

    Roll-ups count what reviewers said where they said something. The machine's own rate comes from them by putting its
    word back in for each reviewed dialogue: the reviewed are few, and the history is never scanned.
    """
    given = {"first": period.first, "last": period.last, "points": points}
    rows = (await tx.execute(_PAIRS, given)).all()
    counted = (await tx.execute(_COUNTED, given)).one()
    engines = tuple((row.engine, row.n) for row in await tx.execute(_ENGINES, given))
    yes, no, judged, stale = counted.yes, counted.no, counted.judged, 0
    pairs: Counter[Pair] = Counter()
    for row in rows:
        machine = _machine(row)
        place = _place(machine)
        yes += row.n * ((place == "yes") - (row.place == "yes"))
        no += row.n * ((place == "no") - (row.place == "no"))
        judged -= row.n * (machine is None)
        if row.is_stale:
            stale += row.n
        else:
            pairs[_pair(row, machine)] += row.n
    # roll-ups and rows are of one snapshot only where no review came in between: never below nothing
    rate = wilson(max(0, yes), max(0, yes) + max(0, no))
    return pairs, Population(max(0, judged), rate, engines, stale)


def _place(opinion: Opinion | None) -> str | None:
    """Where the figures would count it: yes, no, or beside."""
    if opinion is None or opinion.kind is not Kind.SALE or opinion.attempted is Attempted.UNCERTAIN:
        return None
    return opinion.attempted.value


def _pair(row: Row[Any], machine: Opinion | None) -> Pair:
    reviewer = Opinion(Kind(row.kind), Attempted(row.attempted), row.quality_score, Reaction(row.customer_reaction))
    if not row.has_both:
        return Pair(row.is_random, reviewer, machine)
    first, second = (
        Opinion(Kind(kind), Attempted(attempted))
        for kind, attempted in ((row.first_kind, row.first_attempted), (row.second_kind, row.second_attempted))
    )
    return Pair(row.is_random, reviewer, machine, first, second, (row.first_reviewer, row.second_reviewer))


def _machine(row: Row[Any]) -> Opinion | None:
    if row.machine_kind is None:
        return None
    reaction = Reaction(row.machine_reaction)
    return Opinion(Kind(row.machine_kind), Attempted(row.machine_attempted), row.machine_quality, reaction)
