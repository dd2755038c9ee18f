"""The queue of dialogues that wait for a review: what is in it and why, who sees what, who has what open."""

import asyncio
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import httpx
from review_dialogues import (
    Judged,
    in_random_share,
    in_second_share,
    outside_shares,
    person,
    store,
    store_engine,
)
from shop import ADMIN, Shop
from sqlalchemy import func, select, update

from db import tables as t
from db.reports.facts import refresh_facts
from domain.ids import DialogueId
from domain.review_queue import share_position

NO = {"kind": "sale", "attempted": "no"}
YES = {"kind": "sale", "attempted": "yes", "quality_score": 1}


async def fill(shop: Shop, *dialogues: Judged) -> None:
    async with shop.deps.db.begin() as tx:
        await store(tx, shop.device, dialogues)


async def queue(shop: Shop, headers: Any = ADMIN, **params: Any) -> dict[str, Any]:
    answer = await shop.client.get("/api/v1/reviews/queue", headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def reasons(shop: Shop, headers: Any = ADMIN, **params: Any) -> dict[str, str]:
    return {item["dialogue_id"]: item["reason"] for item in (await queue(shop, headers, **params))["items"]}


async def hold(shop: Shop, dialogue_id: UUID, headers: Any) -> httpx.Response:
    return await shop.client.put(f"/api/v1/reviews/queue/{dialogue_id}/hold", headers=headers)


async def review(shop: Shop, dialogue_id: UUID, body: dict[str, Any], headers: Any = ADMIN) -> None:
    answer = await shop.client.post(f"/api/v1/dialogues/{dialogue_id}/reviews", headers=headers, json=body)
    assert answer.status_code == 201, answer.text


async def test_what_is_sure_and_outside_the_share_does_not_wait_and_what_is_doubtful_does(shop: Shop) -> None:
    sure, uncertain, unclear, doubtful = islice(outside_shares(), 4)
    random = next(in_random_share())
    await fill(
        shop,
        Judged(sure),
        Judged(uncertain, verdict={"attempted": "uncertain"}),
        Judged(unclear, verdict={"kind": "unclear"}),
        Judged(doubtful, verdict={"confidence": 0.4}),
        Judged(random),
    )
    found = await queue(shop)
    assert {item["dialogue_id"]: item["reason"] for item in found["items"]} == {
        str(random): "random",
        str(uncertain): "uncertain",
        str(unclear): "uncertain",
        str(doubtful): "low_confidence",
    }
    assert (found["waiting"]["uncertain"], found["waiting"]["second"], found["total"]) == (2, 0, 4)
    assert found["items"][0]["reason"] == "random"


async def test_an_item_of_the_share_says_nothing_of_the_machine_and_a_lesson_does(shop: Shop) -> None:
    await fill(
        shop, Judged(next(in_random_share())), Judged(next(outside_shares()), verdict={"attempted": "uncertain"})
    )
    blind, lesson = (await queue(shop))["items"]
    assert (blind["is_blind"], blind["machine"]) == (True, None)
    assert (lesson["is_blind"], lesson["machine"]["attempted"]) == (False, "uncertain")
    assert lesson["start_ts"] == "2026-03-02T10:00:00+01:00"
    assert "dessert" in lesson["catalogue"]


async def test_a_review_takes_an_item_out_and_its_undoing_puts_it_back(shop: Shop) -> None:
    dialogue_id = next(outside_shares())
    await fill(shop, Judged(dialogue_id, verdict={"attempted": "uncertain"}))
    written = await shop.client.post(f"/api/v1/dialogues/{dialogue_id}/reviews", headers=ADMIN, json=NO)
    assert await reasons(shop) == {}
    await shop.client.delete(f"/api/v1/reviews/{written.json()['review_id']}", headers=ADMIN)
    assert await reasons(shop) == {str(dialogue_id): "uncertain"}


async def test_a_dialogue_of_the_share_that_somebody_judged_by_choice_is_still_drawn(shop: Shop) -> None:
    dialogue_id = next(in_random_share())
    await fill(shop, Judged(dialogue_id))
    await review(shop, dialogue_id, NO)
    assert await reasons(shop) == {str(dialogue_id): "random"}
    await review(shop, dialogue_id, {**NO, "reason": "random"})
    assert await reasons(shop) == {}


async def test_a_second_opinion_is_asked_of_another_and_a_third_settles_what_they_disagree_on(shop: Shop) -> None:
    dialogue_id = next(in_second_share())
    ana, boris, vesna = [await person(shop.deps.db, name) for name in ("ana", "boris", "vesna")]
    await fill(shop, Judged(dialogue_id))
    await review(shop, dialogue_id, {**YES, "reason": "random"}, ana)
    assert await reasons(shop, ana) == {}
    assert await reasons(shop, boris) == {str(dialogue_id): "second"}
    await review(shop, dialogue_id, {**NO, "reason": "second"}, boris)
    assert await reasons(shop, vesna) == {str(dialogue_id): "reviewers_disagree"}
    await review(shop, dialogue_id, {**NO, "reason": "reviewers_disagree"}, vesna)
    assert await reasons(shop, ana) == {}


async def test_engines_that_say_yes_and_no_disagree_and_one_that_is_uncertain_does_not(shop: Shop) -> None:
    at_odds, undecided = islice(outside_shares(), 2)
    await fill(shop, Judged(at_odds), Judged(undecided))
    async with shop.deps.db.begin() as tx:
        for dialogue_id, other in ((at_odds, "yes"), (undecided, "uncertain")):
            await store_engine(tx, dialogue_id, "rules-1", "no")
            await store_engine(tx, dialogue_id, "gpt-4o-mini", other)
    assert await reasons(shop) == {str(at_odds): "engines_disagree"}
    async with shop.deps.db.begin() as tx:
        await store_engine(tx, at_odds, "gpt-4o-mini", "no")  # its newer word counts
    assert await reasons(shop) == {}


async def test_a_changed_dialogue_waits_anew_once_it_has_a_verdict(shop: Shop) -> None:
    dialogue_id = next(in_random_share())
    await fill(shop, Judged(dialogue_id))
    await review(shop, dialogue_id, {**NO, "reason": "random"})
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.dialogues).values(revision=2, analysis_status="PENDING"))
        await refresh_facts(tx, [DialogueId(dialogue_id)])
    assert await reasons(shop) == {}
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.dialogues).values(analysis_status="DONE"))
        await tx.execute(update(t.dialogue_transcripts).values(revision=2))
        await tx.execute(update(t.dialogue_upsell_analysis).values(revision=2))
        await refresh_facts(tx, [DialogueId(dialogue_id)])
    assert await reasons(shop) == {str(dialogue_id): "random"}


async def test_two_reviewers_get_different_items_and_one_who_holds_keeps_it(shop: Shop) -> None:
    one, other = islice(outside_shares(), 2)
    ana, boris = await person(shop.deps.db, "ana"), await person(shop.deps.db, "boris")
    await fill(shop, *(Judged(dialogue_id, verdict={"attempted": "uncertain"}) for dialogue_id in (one, other)))
    held = sorted(answer.status_code for answer in await asyncio.gather(hold(shop, one, ana), hold(shop, one, boris)))
    assert held == [200, 409]
    holder, waiter = (ana, boris) if str(one) in await reasons(shop, ana) else (boris, ana)
    assert set(await reasons(shop, holder)) == {str(one), str(other)}
    assert set(await reasons(shop, waiter)) == {str(other)}
    assert (await hold(shop, one, holder)).status_code == 200
    await shop.client.delete(f"/api/v1/reviews/queue/{one}/hold", headers=holder)
    assert (await hold(shop, one, waiter)).status_code == 200


async def test_a_hold_ends_by_itself(shop: Shop) -> None:
    dialogue_id = next(outside_shares())
    ana, boris = await person(shop.deps.db, "ana"), await person(shop.deps.db, "boris")
    await fill(shop, Judged(dialogue_id, verdict={"attempted": "uncertain"}))
    await hold(shop, dialogue_id, ana)
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.review_queue).values(held_until=func.now() - timedelta(seconds=1)))
    assert set(await reasons(shop, boris)) == {str(dialogue_id)}
    assert (await hold(shop, dialogue_id, boris)).status_code == 200


async def test_the_queue_is_narrowed_by_point_reason_and_what_is_passed_over(shop: Shop) -> None:
    one, other = islice(outside_shares(), 2)
    await fill(shop, Judged(one, verdict={"attempted": "uncertain"}), Judged(other, verdict={"confidence": 0.1}))
    assert set(await reasons(shop, reason="low_confidence")) == {str(other)}
    assert set(await reasons(shop, exclude=str(one))) == {str(other)}
    assert len(await reasons(shop, point=str(shop.device.point_id))) == 2
    assert len(await reasons(shop, limit=1)) == 1
    nowhere = await shop.client.get("/api/v1/reviews/queue", headers=ADMIN, params={"point": str(uuid4())})
    assert nowhere.json()["items"] == []


async def test_a_reviewer_of_other_points_finds_nothing_and_holds_nothing(shop: Shop) -> None:
    dialogue_id = next(outside_shares())
    await fill(shop, Judged(dialogue_id, verdict={"attempted": "uncertain"}))
    stranger = await person(shop.deps.db, "eve", points=[])
    found = await queue(shop, stranger)
    assert (found["items"], found["total"]) == ([], 0)
    assert (await hold(shop, dialogue_id, stranger)).status_code == 404


async def test_any_dialogue_can_be_picked_and_is_then_of_no_share(shop: Shop) -> None:
    dialogue_id = next(in_random_share())
    await fill(shop, Judged(dialogue_id))
    path = f"/api/v1/reviews/queue/{dialogue_id}"
    item = (await shop.client.get(path, headers=ADMIN)).json()
    assert (item["reason"], item["is_blind"], item["machine"]["attempted"]) == ("manual", False, "no")
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.dialogues).values(analysis_status="SKIPPED"))
    assert (await shop.client.get(path, headers=ADMIN)).json()["machine"] is None
    assert (await shop.client.get(path, headers=await person(shop.deps.db, "eve", points=[]))).status_code == 404


async def test_an_erased_dialogue_waits_no_longer(shop: Shop) -> None:
    await fill(shop, Judged(next(in_random_share())))
    async with shop.deps.db.begin() as tx:
        await tx.execute(t.dialogues.delete())
    assert (await queue(shop))["total"] == 0


async def test_the_database_hashes_ids_as_the_domain_does(shop: Shop) -> None:
    await fill(shop, *(Judged(uuid4(), verdict={"confidence": 0.1}) for _ in range(5)))
    async with shop.deps.db.begin() as tx:
        rows = (await tx.execute(select(t.review_queue.c.dialogue_id, t.review_queue.c.position))).all()
    assert len(rows) == 5
    assert all(row.position == share_position(row.dialogue_id) for row in rows)
