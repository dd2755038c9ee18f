"""Random days in random orders through the real dialogues stage: what comes out depends on what was recorded only."""

from random import Random

import pytest
from dialogue_days import Day, random_day
from dialogue_delivery import Delivery, random_delivery
from sqlalchemy import func, select

from db import tables as t
from db.engine import Database
from domain.status import ChunkStatus, DialogueState
from domain.timeline import Rules

DAYS = 24
"""`benchmarks/dialogues.py` runs 2,000 and more."""
ORDERS = 3


@pytest.mark.parametrize("seed", range(DAYS))
async def test_any_order_of_arrival_gives_the_same_dialogues(db: Database, seed: int) -> None:
    day = random_day(Random(seed))
    expected = day.expected(Rules())
    for order in range(ORDERS):
        random = Random(f"{seed}/{order}")
        delivery = Delivery(db, random)
        await delivery.run(random_delivery(day, random))
        assert await delivery.dialogues() == expected
        await assert_closed_and_sent(delivery)


@pytest.mark.parametrize("seed", range(1000, 1006))
async def test_after_every_job_the_dialogues_are_what_the_settled_audio_says(db: Database, seed: int) -> None:
    day, random = random_day(Random(seed)), Random(seed)

    async def compare(delivery: Delivery) -> None:
        c = t.audio_chunks.c
        async with db.begin() as tx:
            rows = (await tx.execute(select(c).where(c.device_id == delivery.device_id))).all()
        if any(row.is_unsettled for row in rows):
            return
        settled = {row.size_bytes for row in rows if row.settled_status == ChunkStatus.DONE}
        so_far = Day(tuple(clip for clip in day.clips if clip.number in settled))
        assert await delivery.dialogues() == so_far.expected(Rules())

    delivery = Delivery(db, random, after_job=compare)
    await delivery.run(random_delivery(day, random))
    assert delivery.jobs > 0


async def assert_closed_and_sent(delivery: Delivery) -> None:
    """Every current dialogue is closed, its current revision went to asr, and no revision went twice."""
    d = t.dialogues.c
    async with delivery.db.begin() as tx:
        mine = select(d.dialogue_id, d.revision, d.state, d.alias_of).where(d.device_id == delivery.device_id)
        rows = (await tx.execute(mine)).all()
        unfinished = select(func.count()).where(d.device_id == delivery.device_id, d.state == DialogueState.OPEN)
        assert (await tx.execute(unfinished)).scalar_one() == 0
    current = {row.dialogue_id for row in rows if row.state == DialogueState.CLOSED}
    assert len(delivery.sent_to_asr) == len(set(delivery.sent_to_asr))
    assert {(str(row.dialogue_id), row.revision) for row in rows if row.dialogue_id in current} <= set(
        delivery.sent_to_asr
    )
