"""Search of what was said, over the api: Russian, Serbian in both scripts, English; phrases, beginnings, exclusions."""

from typing import Any

import httpx
from shop import ADMIN, Shop
from spoken_dialogues import say
from sqlalchemy import update

from db import tables as t
from db.reports.facts import refresh_facts
from domain.ids import DialogueId

SAID = {
    "ru": ("ru", "Здравствуйте! Капучино с собой.\nХотите ещё что-нибудь? Есть свежие чашки и круассаны."),
    "sr-Latn": ("sr", "Dobar dan. Imate li čokoladu?\nImamo kolače i čaj, hoćete li?"),
    "sr-Cyrl": ("sr", "Добар дан. Имате ли чоколаду?\nИмамо колаче и чај, хоћете ли?"),
    "en": ("en", "Would you like anything else with your latte?\nNo desserts, thanks."),
    "hostile": ("en", "<script>alert(1)</script> ' OR 1=1; DROP TABLE dialogues; --"),
}
FOUND: list[tuple[str, set[str]]] = [
    ("капучино", {"ru"}),
    ("КРУАССАН", {"ru"}),
    ("еще", {"ru"}),
    ('"ещё что-нибудь"', {"ru"}),
    ('"еще что нибудь"', {"ru"}),
    ('"что-нибудь ещё"', set()),
    ("чашк*", {"ru"}),
    ("чашка", {"ru"}),
    ("čokolada", {"sr-Latn", "sr-Cyrl"}),
    ("cokolada", {"sr-Latn", "sr-Cyrl"}),
    ("чоколада", {"sr-Latn", "sr-Cyrl"}),
    ("чоколад*", {"sr-Latn", "sr-Cyrl"}),
    ("hocete kolac", {"sr-Latn", "sr-Cyrl"}),
    ('"колаче и чај"', {"sr-Latn", "sr-Cyrl"}),
    ("anything else", {"en"}),
    ('"anything else"', {"en"}),
    ("dessert", {"en"}),
    ("lattes -dessert", set()),
    ("latte -капучино", {"en"}),
    ("li -čaj", set()),
    ("дан -кафа", {"sr-Latn", "sr-Cyrl"}),
    ("script alert", {"hostile"}),
    ("'; DROP TABLE dialogues; --", {"hostile"}),
    ("ничегоподобного", set()),
]
HOSTILE = (
    "' OR 1=1 --",
    "\\",
    "a & b | !c <-> d:*",
    "((((",
    "кофе\u202e",
    "<b>x</b>",
    "%_",
    "﷽ ok",
    "1e5 -5.5",
    "x:*:*",
    "̈a",
)


async def ask(shop: Shop, **query: Any) -> httpx.Response:
    return await shop.client.get("/api/v1/dialogues/rows", headers=ADMIN, params=query)


async def test_words_are_found_in_every_language_and_script_and_marked(shop: Shop) -> None:
    names = {str(await say(shop, text, language=language)): name for name, (language, text) in SAID.items()}
    for typed, wanted in FOUND:
        rows = (await ask(shop, q=typed)).json()["items"]
        assert {names[row["dialogue_id"]] for row in rows} == wanted, typed
        for row in rows:
            snippet = row["snippet"]
            assert snippet["hits"], typed
            assert all(snippet["text"][start:end].strip() for start, end in snippet["hits"])


async def test_hits_are_ranges_of_the_text_as_it_was_said(shop: Shop) -> None:
    dialogue_id = await say(shop, SAID["sr-Cyrl"][1], language="sr")
    [row] = (await ask(shop, q="cokolad* dan")).json()["items"]
    shown = row["snippet"]["text"]
    assert [shown[start:end] for start, end in row["snippet"]["hits"]] == ["дан", "чоколаду"]
    query = {"q": '"kolače i čaj"'}
    detail = await shop.client.get(f"/api/v1/dialogues/{dialogue_id}/detail", headers=ADMIN, params=query)
    second = detail.json()["utterances"][1]
    assert [second["text"][start:end] for start, end in second["hits"]] == ["колаче и чај"]


async def test_whatever_is_typed_is_answered_or_refused_in_words(shop: Shop) -> None:
    await say(shop, SAID["hostile"][1], language="en")
    for typed in HOSTILE:
        answer = await ask(shop, q=typed)
        assert answer.status_code in (200, 422), typed
        if answer.status_code == 422:
            assert answer.json()["errors"][0]["field"] == "query.q", typed


async def test_a_search_is_narrowed_by_filters_and_paged_newest_first(shop: Shop) -> None:
    put = [str(await say(shop, "Ещё десерт?", minute=m, attempted=a)) for m, a in ((0, "yes"), (1, "no"), (900, "yes"))]
    await say(shop, "Десерта нет", minute=5, attempted="no")
    first = (await ask(shop, q="ещё десерт", limit=2)).json()
    second = (await ask(shop, q="ещё десерт", limit=2, after=first["next"])).json()
    assert [row["dialogue_id"] for row in first["items"] + second["items"]] == put[::-1]
    assert second["next"] is None
    assert [r["dialogue_id"] for r in (await ask(shop, q="десерт ещё", attempted="no")).json()["items"]] == [put[1]]
    other = await ask(shop, q="десерт", limit=2, after=first["next"])
    assert other.json()["errors"][0]["field"] == "query.after"


async def test_a_text_that_changed_is_found_by_its_new_words_only(shop: Shop) -> None:
    dialogue_id = await say(shop, "Капучино")
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.dialogue_transcripts).values(text="Эспрессо", transcript_sha256="new"))
        await refresh_facts(tx, [DialogueId(dialogue_id)])
    assert (await ask(shop, q="капучино")).json()["items"] == []
    assert len((await ask(shop, q="эспрессо")).json()["items"]) == 1
