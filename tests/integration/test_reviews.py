"""Reviews over HTTP: what counts, what is refused, and what every figure shows at once."""

import asyncio
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import httpx
from review_dialogues import Judged, in_random_share, in_second_share, outside_shares, person, store
from shop import ADMIN, Shop
from sqlalchemy import func, select, update

from db import tables as t
from db.reports.facts import refresh_facts
from db.reviewing.reviews import add_review, lock_subject
from domain.access import Principal, Role
from domain.ids import DialogueId
from domain.review import Judgement
from domain.status import Attempted, Kind

YES = {
    "kind": "sale",
    "attempted": "yes",
    "quality_score": 2,
    "categories": ["dessert"],
    "customer_reaction": "accepted",
}
NO = {"kind": "sale", "attempted": "no"}


async def a_dialogue(shop: Shop, dialogue_id: UUID | None = None, **verdict: Any) -> UUID:
    one = Judged(dialogue_id or next(outside_shares()), verdict=verdict)
    async with shop.deps.db.begin() as tx:
        await store(tx, shop.device, [one])
    return one.dialogue_id


async def review(shop: Shop, dialogue_id: UUID, body: dict[str, Any], headers: Any = ADMIN) -> httpx.Response:
    return await shop.client.post(f"/api/v1/dialogues/{dialogue_id}/reviews", headers=headers, json=body)


async def undo(shop: Shop, written: httpx.Response, headers: Any = ADMIN) -> httpx.Response:
    return await shop.client.delete(f"/api/v1/reviews/{written.json()['review_id']}", headers=headers)


async def history(shop: Shop, dialogue_id: UUID) -> list[dict[str, Any]]:
    answer = await shop.client.get(f"/api/v1/dialogues/{dialogue_id}/reviews", headers=ADMIN)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def day_counts(shop: Shop) -> dict[str, int]:
    days = t.report_days.c
    async with shop.deps.db.begin() as tx:
        row = (await tx.execute(select(days.yes, days.no, days.reviewed))).one()
    return dict(row._mapping)


async def test_a_review_counts_in_the_day_at_once_and_its_undoing_gives_the_machine_back(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    assert await day_counts(shop) == {"yes": 0, "no": 1, "reviewed": 0}
    written = await review(shop, dialogue_id, {**YES, "note": "  торт  "})
    assert written.status_code == 201
    assert written.json()["is_counting"]
    assert written.json()["note"] == "торт"
    assert written.json()["reason"] == "manual"
    assert await day_counts(shop) == {"yes": 1, "no": 0, "reviewed": 1}
    undone = await undo(shop, written)
    assert undone.json()["undone_by"] == "ADMIN_TOKEN"
    assert not undone.json()["is_counting"]
    assert await day_counts(shop) == {"yes": 0, "no": 1, "reviewed": 0}


async def test_the_last_word_counts_and_undoing_it_gives_the_word_before_back(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    await review(shop, dialogue_id, YES)
    second = await review(shop, dialogue_id, NO)
    assert [item["is_counting"] for item in await history(shop, dialogue_id)] == [True, False]
    await undo(shop, second)
    assert [item["is_counting"] for item in await history(shop, dialogue_id)] == [False, True]
    assert (await day_counts(shop))["yes"] == 1


async def test_undoing_what_is_undone_changes_nothing(shop: Shop) -> None:
    written = await review(shop, await a_dialogue(shop), YES)
    once = await undo(shop, written)
    again = await undo(shop, written)
    assert again.status_code == 200
    assert again.json() == once.json()


async def test_the_same_word_again_is_written_once_even_by_two_clicks_at_once(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    answers = await asyncio.gather(*(review(shop, dialogue_id, YES) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len(await history(shop, dialogue_id)) == 1


async def test_a_write_sent_again_with_its_key_is_answered_as_the_first_time(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    first, again = [await review(shop, dialogue_id, YES, {**ADMIN, "Idempotency-Key": "one-click"}) for _ in "12"]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(await history(shop, dialogue_id)) == 1


async def test_saying_the_same_again_counts_once_more_where_somebody_spoke_in_between(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    ana, boris = await person(shop.deps.db, "ana"), await person(shop.deps.db, "boris")
    codes = [(await review(shop, dialogue_id, body, who)).status_code for body, who in ((YES, ana), (NO, boris))]
    codes.append((await review(shop, dialogue_id, YES, ana)).status_code)
    assert codes == [201, 201, 201]
    assert (await day_counts(shop))["yes"] == 1


async def test_reviews_holds_and_roll_ups_at_once_never_wait_for_each_other_in_a_ring(shop: Shop) -> None:
    ids = [DialogueId(one) for one in islice(outside_shares(), 4)]
    async with shop.deps.db.begin() as tx:
        await store(tx, shop.device, [Judged(one, verdict={"attempted": "uncertain"}) for one in ids])
    ana, boris = await person(shop.deps.db, "ana"), await person(shop.deps.db, "boris")

    async def judge(who: dict[str, str], order: list[DialogueId]) -> list[int]:
        codes = []
        for dialogue_id in order:
            await shop.client.put(f"/api/v1/reviews/queue/{dialogue_id}/hold", headers=who)
            written = await review(shop, dialogue_id, YES, who)
            codes += [written.status_code, (await undo(shop, written, who)).status_code]
        return codes

    async def roll_up() -> None:
        for _ in range(6):
            async with shop.deps.db.begin() as tx:
                await refresh_facts(tx, ids)

    first, second, _ = await asyncio.gather(judge(ana, ids), judge(boris, ids[::-1]), roll_up())
    assert first == second == [201, 200] * 4
    assert await day_counts(shop) == {"yes": 0, "no": 0, "reviewed": 0}


async def test_two_reviewers_at_once_leave_two_reviews_of_which_the_last_counts(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    ana, boris = await person(shop.deps.db, "ana"), await person(shop.deps.db, "boris")
    answers = await asyncio.gather(review(shop, dialogue_id, YES, ana), review(shop, dialogue_id, NO, boris))
    assert [answer.status_code for answer in answers] == [201, 201]
    newest, older = await history(shop, dialogue_id)
    assert newest["created_at"] > older["created_at"]
    assert (newest["is_counting"], older["is_counting"]) == (True, False)
    counts = await day_counts(shop)
    assert counts == {"yes": int(newest["attempted"] == "yes"), "no": int(newest["attempted"] == "no"), "reviewed": 1}


async def test_only_the_reviewer_or_an_administrator_undoes_a_review(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    ana, boris = await person(shop.deps.db, "ana"), await person(shop.deps.db, "boris")
    written = await review(shop, dialogue_id, YES, ana)
    refused = await undo(shop, written, boris)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert (await undo(shop, written, ADMIN)).json()["undone_by"] == "ADMIN_TOKEN"


async def test_quality_categories_and_reaction_need_an_attempt(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    answer = await review(shop, dialogue_id, {**YES, "attempted": "uncertain"})
    assert (answer.status_code, answer.json()["code"]) == (422, "field_invalid")
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"body.quality_score", "body.categories", "body.customer_reaction"}
    assert await history(shop, dialogue_id) == []


async def test_categories_come_from_the_points_catalogue(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.points).values(catalogue=["pie", "tea"]))
    dialogue_id = await a_dialogue(shop)
    answer = await review(shop, dialogue_id, YES)
    assert answer.status_code == 422
    assert "pie, tea" in answer.json()["detail"]
    assert (await review(shop, dialogue_id, {**YES, "categories": ["pie", "tea", "pie"]})).json()["categories"] == [
        "pie",
        "tea",
    ]


async def test_a_review_goes_stale_with_a_new_revision_and_counts_until_the_next_review(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    await review(shop, dialogue_id, YES)
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.dialogues).values(revision=2, analysis_status="PENDING"))
        await refresh_facts(tx, [DialogueId(dialogue_id)])
    (item,) = await history(shop, dialogue_id)
    assert (item["is_counting"], item["is_stale"]) == (True, True)
    assert (await day_counts(shop))["yes"] == 1
    behind = await review(shop, dialogue_id, {**YES, "revision": 1})
    assert (behind.status_code, behind.json()["code"]) == (409, "conflict")
    fresh = await review(shop, dialogue_id, {**YES, "revision": 2})
    assert (fresh.status_code, fresh.json()["is_stale"]) == (201, False)


async def test_a_review_of_a_merged_dialogue_counts_for_its_heir_and_can_be_undone(shop: Shop) -> None:
    shares = outside_shares()
    heir, merged = next(shares), next(shares)
    await a_dialogue(shop, heir)
    await a_dialogue(shop, merged)
    written = await review(shop, merged, YES)
    async with shop.deps.db.begin() as tx:
        gone = update(t.dialogues).where(t.dialogues.c.dialogue_id == merged)
        await tx.execute(gone.values(state="superseded", alias_of=heir))
        await refresh_facts(tx, [DialogueId(heir), DialogueId(merged)])
    (item,) = await history(shop, heir)
    assert (item["is_counting"], item["is_stale"]) == (True, True)
    assert await day_counts(shop) == {"yes": 1, "no": 0, "reviewed": 1}
    refused = await review(shop, merged, NO)
    assert refused.status_code == 409
    assert str(heir) in refused.json()["detail"]
    await undo(shop, written)
    assert await day_counts(shop) == {"yes": 0, "no": 1, "reviewed": 0}


async def test_an_open_dialogue_is_not_reviewed_and_one_without_a_verdict_is(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.dialogues).values(state="open"))
    assert (await review(shop, dialogue_id, YES)).status_code == 409
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.dialogues).values(state="closed", analysis_status="SKIPPED"))
    assert (await review(shop, dialogue_id, YES)).status_code == 201
    assert (await day_counts(shop))["yes"] == 1


async def test_a_second_opinion_counts_nowhere_and_comes_from_another_person(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop, next(in_second_share()))
    ana, boris = await person(shop.deps.db, "ana"), await person(shop.deps.db, "boris")
    too_early = await review(shop, dialogue_id, {**YES, "reason": "second"}, boris)
    assert too_early.status_code == 409
    await review(shop, dialogue_id, {**YES, "reason": "random"}, ana)
    own = await review(shop, dialogue_id, {**NO, "reason": "second"}, ana)
    assert own.status_code == 409
    second = await review(shop, dialogue_id, {**NO, "reason": "second"}, boris)
    assert (second.status_code, second.json()["is_counting"]) == (201, False)
    assert await day_counts(shop) == {"yes": 1, "no": 0, "reviewed": 1}


async def test_nobody_smuggles_a_dialogue_into_the_random_share(shop: Shop) -> None:
    refused = await review(shop, await a_dialogue(shop), {**YES, "reason": "random"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    inside = await a_dialogue(shop, next(in_random_share()))
    assert (await review(shop, inside, {**YES, "reason": "random"})).status_code == 201


async def test_dialogues_of_other_points_look_as_if_they_were_not_there(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    written = await review(shop, dialogue_id, YES)
    stranger = await person(shop.deps.db, "eve", "manager", points=[])
    nowhere = await review(shop, uuid4(), NO, stranger)
    assert nowhere.status_code == 404
    for answer in (
        await review(shop, dialogue_id, NO, stranger),
        await shop.client.get(f"/api/v1/dialogues/{dialogue_id}/reviews", headers=stranger),
        await undo(shop, written, stranger),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_viewer_reads_reviews_and_writes_none(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    viewer = await person(shop.deps.db, "vera", "viewer")
    assert (await review(shop, dialogue_id, NO, viewer)).status_code == 403
    assert (await shop.client.get(f"/api/v1/dialogues/{dialogue_id}/reviews", headers=viewer)).status_code == 200


async def test_a_note_may_hold_script_and_lines_and_no_nul(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    script = "<script>alert(1)</script>\n=1+1"
    assert (await review(shop, dialogue_id, {**NO, "note": script})).json()["note"] == script
    nul = await review(shop, dialogue_id, {**NO, "note": "a\x00b"})
    assert (nul.status_code, nul.json()["code"]) == (422, "field_invalid")


async def test_who_began_earlier_and_wrote_later_has_the_last_word(shop: Shop) -> None:
    dialogue_id = await a_dialogue(shop)
    boris = Principal("boris", None, Role.REVIEWER, None)
    async with shop.deps.db.begin() as slow:
        await slow.execute(select(func.now()))  # this transaction's now() stands still from here on
        assert (await review(shop, dialogue_id, YES)).status_code == 201
        subject = await lock_subject(slow, dialogue_id)
        assert subject is not None
        await add_review(slow, subject, Judgement(Kind.SALE, Attempted.NO), boris)
    assert [item["reviewer"] for item in await history(shop, dialogue_id)] == ["boris", "ADMIN_TOKEN"]
    assert await day_counts(shop) == {"yes": 0, "no": 1, "reviewed": 1}
