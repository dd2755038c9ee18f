"""Reviews of the seeded shop's random share by two people, who mostly agree with the machine and with each other."""

from dataclasses import replace

from sqlalchemy import select

from db import tables as t
from db.engine import Database
from db.reviewing.reviews import add_review, lock_subject
from domain.access import Principal, Role
from domain.review import Judgement
from domain.review_queue import SECOND_SHARE, Reason
from domain.status import Attempted, Kind, Reaction

ANA, BORIS = (Principal(name, None, Role.REVIEWER, None) for name in ("ana", "boris"))
WRONG_EVERY, APART_EVERY = 7, 4


async def review_share(db: Database) -> int:
    """Ana judges all of the share, Boris what two are to judge; returns how many Ana judged."""
    q, a = t.review_queue.c, t.dialogue_upsell_analysis.c
    query = select(q.position, t.dialogue_upsell_analysis).join(
        t.dialogue_upsell_analysis, a.dialogue_id == q.dialogue_id
    )
    async with db.begin() as tx:
        rows = (await tx.execute(query.where(q.reason == Reason.RANDOM).order_by(q.position))).all()
        for place, row in enumerate(rows):
            subject = await lock_subject(tx, row.dialogue_id)
            assert subject is not None
            said = Judgement(
                Kind(row.kind),
                Attempted(row.attempted),
                row.quality_score,
                tuple(set(row.categories) & set(subject.catalogue)),
                Reaction(row.customer_reaction),
            )
            said = _other(said) if place % WRONG_EVERY == 3 else said
            await add_review(tx, subject, said, ANA, Reason.RANDOM)
            if row.position < SECOND_SHARE:
                await add_review(tx, subject, _other(said) if place % APART_EVERY == 3 else said, BORIS, Reason.SECOND)
    return len(rows)


def _other(said: Judgement) -> Judgement:
    if said.attempted is Attempted.YES:
        return Judgement(said.kind, Attempted.NO)
    return replace(said, attempted=Attempted.YES, quality_score=1)
