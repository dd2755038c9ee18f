"""The machine measured against reviewers over HTTP, from rows to figures."""

from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

from review_dialogues import DAY, Judged, in_random_share, in_second_share, outside_shares, person, store
from shop import ADMIN, Shop
from sqlalchemy import update

from db import tables as t
from db.reports.facts import refresh_facts
from domain.figures import wilson
from domain.ids import DialogueId

YES = {"kind": "sale", "attempted": "yes", "quality_score": 2}
NO = {"kind": "sale", "attempted": "no"}
SAID_YES = {"attempted": "yes", "quality_score": 2}


async def agreement(shop: Shop, headers: Any = ADMIN, **params: Any) -> dict[str, Any]:
    answer = await shop.client.get(
        "/api/v1/reviews/agreement", headers=headers, params={"from": "2026-03-02", "to": "2026-03-02", **params}
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def review(shop: Shop, dialogue: Judged, body: dict[str, Any], headers: Any = ADMIN) -> None:
    path = f"/api/v1/dialogues/{dialogue.dialogue_id}/reviews"
    answer = await shop.client.post(path, headers=headers, json=body)
    assert answer.status_code == 201, answer.text


async def test_the_machine_is_measured_on_the_random_share_and_its_rate_is_its_own(shop: Shop) -> None:
    shared, picked = in_random_share(), outside_shares()
    right_yes = [Judged(one, verdict=SAID_YES) for one in islice(shared, 3)]
    wrong_yes = [Judged(next(shared), verdict=SAID_YES)]
    right_no = [Judged(one) for one in islice(shared, 4)]
    lessons = [Judged(one, verdict=SAID_YES) for one in islice(picked, 2)]
    other_day = [Judged(next(shared), DAY + timedelta(days=1), SAID_YES)]
    async with shop.deps.db.begin() as tx:
        await store(tx, shop.device, [*right_yes, *wrong_yes, *right_no, *lessons, *other_day])
    for dialogue in [*right_yes, *other_day]:
        await review(shop, dialogue, {**YES, "reason": "random"})
    for dialogue in [*wrong_yes, *right_no]:
        await review(shop, dialogue, {**NO, "reason": "random"})
    for dialogue in lessons:
        await review(shop, dialogue, NO)

    found = await agreement(shop)
    sample, corrected = found["sample"], found["corrected"]
    assert (found["judged"], sample["n"], sample["missing"], sample["is_enough"]) == (10, 8, 89, False)
    assert (sample["precision"]["hits"], sample["precision"]["n"]) == (3, 4)
    assert (sample["recall"]["hits"], sample["recall"]["n"]) == (3, 3)
    assert sample["calls"]["labels"] == ["yes", "no", "uncertain", "no_sale"]
    assert sample["calls"]["counts"] == [[3, 1, 0, 0], [0, 4, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    # figures say 3 of 10 by now; the machine itself said 6 of 10
    assert corrected["apparent"] == {
        "hits": 6,
        "n": 10,
        "value": 0.6,
        "low": wilson(6, 10).low,
        "high": wilson(6, 10).high,
    }
    assert corrected["value"] == (0.6 + 0.8 - 1) / (1.0 + 0.8 - 1)
    assert (found["picked"]["n"], found["picked"]["is_biased"]) == (2, True)
    assert "random share only" in found["basis"]


async def test_people_are_compared_where_two_judged_blind_and_the_settled_word_counts(shop: Shop) -> None:
    dialogues = [Judged(one, verdict=SAID_YES) for one in islice(in_second_share(), 3)]
    ana, boris, vesna = [await person(shop.deps.db, name) for name in ("ana", "boris", "vesna")]
    async with shop.deps.db.begin() as tx:
        await store(tx, shop.device, dialogues)
    for dialogue, word in zip(dialogues, (YES, NO, NO), strict=True):
        await review(shop, dialogue, {**YES, "reason": "random"}, ana)
        await review(shop, dialogue, {**word, "reason": "second"}, boris)
    await review(shop, dialogues[1], {**NO, "reason": "reviewers_disagree"}, vesna)
    found = await agreement(shop)
    between = found["between_reviewers"]
    assert (between["n"], between["calls"]["agreed"], between["reviewers"]) == (3, 1, ["ana", "boris"])
    assert between["kappa"]["value"] == 0.0
    assert found["sample"]["precision"]["hits"] == 2  # vesna's no is the truth of the second one


async def test_what_changed_after_its_review_is_left_out_and_counted_as_stale(shop: Shop) -> None:
    dialogue = Judged(next(in_random_share()))
    async with shop.deps.db.begin() as tx:
        await store(tx, shop.device, [dialogue])
    await review(shop, dialogue, {**NO, "reason": "random"})
    assert (await agreement(shop))["sample"]["n"] == 1
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.dialogues).values(revision=2, analysis_status="PENDING"))
        await refresh_facts(tx, [DialogueId(dialogue.dialogue_id)])
    found = await agreement(shop)
    assert (found["stale"], found["sample"]["n"], found["judged"]) == (1, 0, 0)
    assert found["corrected"]["why_not"] == "no_rate"


async def test_with_nothing_reviewed_it_says_how_much_is_missing(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await store(tx, shop.device, [Judged(next(in_random_share()))])
    found = await agreement(shop)
    assert (found["sample"]["n"], found["sample"]["missing"], found["sample"]["waiting"]) == (0, 97, 1)
    assert found["sample"]["kappa"]["value"] is None
    assert found["corrected"]["why_not"] == "no_true_yes"
    assert found["engines"] == [{"engine": "rules-1", "n": 1}]


async def test_a_caller_sees_the_points_that_are_his(shop: Shop) -> None:
    dialogue = Judged(next(in_random_share()))
    async with shop.deps.db.begin() as tx:
        await store(tx, shop.device, [dialogue])
    await review(shop, dialogue, {**NO, "reason": "random"})
    own = await person(shop.deps.db, "mira", "viewer", points=[shop.device.point_id])
    none = await person(shop.deps.db, "eve", "viewer", points=[])
    assert (await agreement(shop, own))["sample"]["n"] == 1
    found = await agreement(shop, none)
    assert (found["sample"]["n"], found["judged"], found["sample"]["waiting"]) == (0, 0, 0)
    query = {"from": "2026-03-02", "to": "2026-03-02", "point": str(shop.device.point_id)}
    refused = await shop.client.get("/api/v1/reviews/agreement", headers=none, params=query)
    assert refused.status_code == 404


async def test_a_period_that_ends_before_it_begins_is_refused_in_words(shop: Shop) -> None:
    query = {"from": "2026-03-02", "to": "2026-03-01", "point": str(uuid4())}
    answer = await shop.client.get("/api/v1/reviews/agreement", headers=ADMIN, params=query)
    assert (answer.status_code, answer.json()["detail"]) == (422, "query.to: must not be before from.")
