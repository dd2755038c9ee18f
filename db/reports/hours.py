"""Hours of points: what roll-ups are kept by, and what a report job is about."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import DialogueId, PointId


class Hour(NamedTuple):
    """One hour on a point's clock. `hour_ts`: the instant at which it begins, UTC; in zones of half hours that is at
    half past, and where the clocks go back two hours have one name and two instants."""

    point_id: PointId
    hour_ts: datetime


_HOURS_OF = text(
    """
    SELECT point_id, hour_ts FROM dialogue_facts WHERE dialogue_id = ANY (:dialogue_ids)
    UNION
    SELECT d.point_id, date_trunc('hour', d.start_ts, p.zone)
    FROM dialogues d JOIN points p USING (point_id) WHERE d.dialogue_id = ANY (:dialogue_ids)
    ORDER BY point_id, hour_ts
    """
).bindparams(bindparam("dialogue_ids", type_=ARRAY(Uuid)))


async def hours_of(tx: AsyncConnection, dialogue_ids: Iterable[DialogueId]) -> list[Hour]:
    """The hours that these dialogues are in and, by their facts, were in. Before they are deleted, ask first."""
    rows = await tx.execute(_HOURS_OF, {"dialogue_ids": list(dialogue_ids)})
    return [Hour(PointId(row.point_id), row.hour_ts.astimezone(UTC)) for row in rows]
