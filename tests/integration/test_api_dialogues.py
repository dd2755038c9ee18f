"""Current dialogues over the api: pages, filters, and one with every word."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from shop import ADMIN, Shop
from sqlalchemy import insert

from db import tables as t
from db.reports.facts import refresh_facts
from domain.ids import DialogueId

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NINE_MS = round(NINE.timestamp() * 1000)


async def seed(shop: Shop, minute: int, attempted: str | None = "yes", quality: int = 2, **more: Any) -> UUID:
    """One dialogue, judged unless `attempted` is None."""
    dialogue_id, device = uuid4(), shop.device
    ids = {"device_id": device.device_id, "point_id": device.point_id, "register_id": device.register_id}
    start = NINE + timedelta(minutes=minute)
    status = "DONE" if attempted else "PENDING"
    span = {"start_ts": start, "end_ts": start + timedelta(seconds=30)}
    word = {"start_ms": NINE_MS, "end_ms": NINE_MS + 250, "word": "Dessert?", "probability": 0.9}
    utterance = {**{k: word[k] for k in ("start_ms", "end_ms")}, "text": "Dessert?", "words": [word]}
    quote = {"quote": "Dessert?", "utterance": 0, "start_ms": NINE_MS, "end_ms": NINE_MS + 250, "score": 1.0}
    transcript = {"language": "en", "text": "Dessert?", "segments_json": [utterance], "transcript_sha256": "t"}
    verdict = {
        "kind": "sale", "attempted": attempted, "quality_score": quality, "categories": ["dessert"],
        "closing_question": False, "customer_reaction": "accepted", "evidence_quotes": [quote], "summary": "Offered.",
        "confidence": 0.9, "analysis_model": "rules-1", "prompt_version": "p", "prompt_sha256": "x",
        "transcript_sha256": "t",
    }  # fmt: skip
    statuses = {"state": "closed", "asr_status": status, "analysis_status": status}
    async with shop.deps.db.begin() as tx:
        row = {**ids, **span, **statuses, "dialogue_id": dialogue_id, **more}
        await tx.execute(insert(t.dialogues).values(row))
        if attempted:
            for table, values in ((t.dialogue_transcripts, transcript), (t.dialogue_upsell_analysis, verdict)):
                await tx.execute(insert(table).values(dialogue_id=dialogue_id, revision=1, **values))
    return dialogue_id


async def ask(shop: Shop, path: str = "", **query: Any) -> httpx.Response:
    return await shop.client.get(f"/api/v1/dialogues{path}", headers=ADMIN, params=query)


async def ids(shop: Shop, **query: Any) -> list[str]:
    answer = await ask(shop, **query)
    assert answer.status_code == 200, answer.text
    return [item["dialogue_id"] for item in answer.json()["items"]]


async def test_pages_hold_every_dialogue_once_in_order_even_where_starts_are_equal(shop: Shop) -> None:
    put = [await seed(shop, minute) for minute in (5, 1, 1, 1, 3)]
    seen: list[tuple[str, str]] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await ask(shop, **query)).json()
        seen += [(item["start_ts"], item["dialogue_id"]) for item in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert seen == sorted(seen)
    assert {UUID(dialogue_id) for _, dialogue_id in seen} == set(put)
    assert len(seen) == len(put)


async def test_filters_choose_by_time_verdict_status_and_place(shop: Shop) -> None:
    offered, ignored, waiting = await seed(shop, 0), await seed(shop, 10, "no", 0), await seed(shop, 20, None)
    await seed(shop, 30, state="superseded")
    assert await ids(shop) == [str(offered), str(ignored), str(waiting)]
    assert await ids(shop, attempted="no") == [str(ignored)]
    assert await ids(shop, min_quality=2) == [str(offered)]
    assert await ids(shop, status="PENDING") == [str(waiting)]
    assert await ids(shop, **{"from": "2026-03-02T09:10:00Z", "to": "2026-03-02T09:20:00Z"}) == [str(ignored)]
    assert len(await ids(shop, point=str(shop.device.point_id), device=str(shop.device.device_id))) == 3
    assert await ids(shop, point=str(uuid4())) == []


async def test_one_dialogue_comes_with_every_word_and_quote_in_absolute_time(shop: Shop) -> None:
    dialogue_id = await seed(shop, 0)
    dialogue = (await ask(shop, f"/{dialogue_id}")).json()
    times = {"start_ts": "2026-03-02T09:00:00.000Z", "end_ts": "2026-03-02T09:00:00.250Z"}
    word = {**times, "word": "Dessert?", "probability": 0.9}
    assert dialogue["segments"] == [{**times, "text": "Dessert?", "words": [word]}]
    assert dialogue["analysis"]["evidence"] == [{**times, "quote": "Dessert?"}]
    [listed] = (await ask(shop)).json()["items"]
    assert listed == {**dialogue, "segments": []}


async def test_wrong_questions_are_refused_by_name(shop: Shop) -> None:
    for query, field in (
        ({"after": "nonsense"}, "query.after"),
        ({"after": "bm9uc2Vuc2U="}, "query.after"),
        ({"after": "\0ÿ"}, "query.after"),
        ({"from": "2026-03-02T09:00:00"}, "query.from"),
        ({"limit": 0}, "query.limit"),
        ({"limit": 100_000}, "query.limit"),
        ({"attempted": "maybe"}, "query.attempted"),
        ({"point": "shop"}, "query.point"),
    ):
        answer = await ask(shop, **query)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert (await ask(shop, f"/{uuid4()}")).json()["code"] == "not_found"
    assert (await shop.client.get("/api/v1/dialogues")).status_code == 401


async def test_a_time_beyond_what_a_clock_can_say_is_refused_by_name(shop: Shop, subtests: pytest.Subtests) -> None:
    last, first = "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"
    for name in ("from", "to"):
        for instant in (last, first, "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "2026-03-02T09:00:00"):
            with subtests.test(name=name, instant=instant):
                answer = await ask(shop, **{name: instant})
                assert (answer.status_code, answer.json()["code"]) == (422, "field_invalid")
                assert answer.json()["errors"][0]["field"] == f"query.{name}"
    for instant in (last, first):
        with subtests.test(cursor=instant):
            cursor = base64.urlsafe_b64encode(f"{instant}|{uuid4()}".encode()).decode()
            assert (await ask(shop, after=cursor)).status_code == 422


async def test_every_filter_of_the_rows_and_every_order_is_here_as_well(shop: Shop) -> None:
    put = [await seed(shop, minute, attempted, quality) for minute, attempted, quality in
           ((0, "yes", 1), (10, "no", 0), (20, "yes", 3), (30, "uncertain", 0))]  # fmt: skip
    async with shop.deps.db.begin() as tx:
        await refresh_facts(tx, map(DialogueId, put))
    assert await ids(shop, place=["yes", "no"]) == [str(i) for i in put[:3]]
    assert await ids(shop, q="desserts", min_quality=2) == [str(put[2])]
    assert await ids(shop, attempted=["yes", "uncertain"], sort="-quality") == [str(put[i]) for i in (2, 0, 3)]
    page = (await ask(shop, kind="sale", sort="-start", limit=3)).json()
    assert [item["dialogue_id"] for item in page["items"]] == [str(i) for i in put[:0:-1]]
    assert await ids(shop, kind="sale", sort="-start", limit=3, after=page["next"]) == [str(put[0])]
    assert await ids(shop, **{"from": "2026-03-02", "to": "2026-03-02"}) == [str(i) for i in put]
    refused = await ask(shop, kind="enquiry", sort="-start", after=page["next"])
    assert refused.json()["errors"][0]["field"] == "query.after"
