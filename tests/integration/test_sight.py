"""Two users with different points do not see each other's by any route: whatever id they send, in path, query or body,
the answer is the one for an id that nothing has."""

import json
import re
from typing import Any

import httpx
import pytest
from people import a_person
from shop import Shop
from two_shops import Holding, Request, a_holding, everything_of, nothing, requests_of

from domain.access import Role
from serve_apps.openapi import DOCS
from serve_apps.roles_page import who

TAKEN = {
    ("create_register", "body register_id"),
    ("register_device", "body register_id"),
    ("register_device", "body device_id"),
}
"""Ids that the caller gives to something new: one that is taken is refused, without a word of whose it is."""
DOCUMENT: dict[str, Any] = json.loads((DOCS / "openapi" / "api.json").read_text(encoding="utf-8"))
OPERATIONS = [
    (path, method)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if Role.MANAGER in who(operation["x-permission"]) and "nobody" not in who(operation["x-permission"])
]
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{12}\b")


async def send(shop: Shop, request: Request, sender: Holding) -> httpx.Response:
    return await shop.client.request(
        request.method, request.path, params=request.query, json=request.body, headers=sender.manager.headers
    )


def gist(answer: httpx.Response) -> tuple[int, str]:
    """Status and body without ids and the request's own number."""
    body = re.sub(r'"request_id":"[^"]*"', "", answer.text)
    return answer.status_code, IDS.sub("<id>", body)


async def test_an_id_of_another_point_is_answered_like_one_that_nothing_has(shop: Shop) -> None:
    mine, theirs = await a_holding(shop, "mine"), await a_holding(shop, "theirs")
    before = await everything_of(shop, theirs)
    wrong, idle = [], []
    for path, method in OPERATIONS:
        statuses = []
        requests = zip(
            requests_of(DOCUMENT, path, method, mine.ids, lambda: theirs.ids),
            requests_of(DOCUMENT, path, method, mine.ids, nothing),
            strict=True,
        )
        for for_theirs, for_none in requests:
            answer, reference = await send(shop, for_theirs, mine), await send(shop, for_none, mine)
            statuses.append(answer.status_code)
            is_same = gist(answer) == gist(reference)
            is_taken = (for_theirs.operation, for_theirs.asked) in TAKEN and answer.status_code == 409
            if not (is_same or is_taken) or theirs.secret in answer.text or answer.is_server_error:
                wrong.append((for_theirs, gist(answer), gist(reference)))
            sent = json.dumps([for_theirs.path, for_theirs.query, for_theirs.body])
            told = [one for one in theirs.ids.values() if one in answer.text and one not in sent]
            if told:
                wrong.append((for_theirs, told, answer.text))
        if statuses and set(statuses) == {422}:
            idle.append((path, method))
    assert not wrong, "\n\n".join(map(str, wrong))
    assert not idle, f"no request got as far as its ids; add a body to two_shops.BODIES: {idle}"
    after = await everything_of(shop, theirs)
    assert after == before


async def test_lists_and_reports_tell_nothing_of_another_point(shop: Shop) -> None:
    mine, theirs = await a_holding(shop, "mine"), await a_holding(shop, "theirs")
    period = {"from": "2026-03-01", "to": "2026-03-03"}
    told, shown = [], 0
    for path, method in OPERATIONS:
        if method != "get" or "{" in path:
            continue
        names = {p["name"] for p in DOCUMENT["paths"][path][method].get("parameters", ())}
        # ISO days where reports take days, instants where lists take instants.
        asked = period if {"from", "to"} <= names else {}
        answer = await shop.client.get(path, headers=mine.manager.headers, params=asked)
        if answer.status_code == 422:
            asked = {name: f"{day}T00:00:00Z" for name, day in asked.items()}
            answer = await shop.client.get(path, headers=mine.manager.headers, params=asked)
        assert answer.is_success, (path, answer.text)
        shown += mine.secret in answer.text
        if theirs.secret in answer.text or any(one in answer.text for one in theirs.ids.values()):
            told.append((path, answer.text))
    assert not told
    assert shown >= 6  # the lists are not just empty


@pytest.mark.parametrize("word", ["theirs", "summary", "words"])
async def test_search_finds_in_ones_own_points_only(shop: Shop, word: str) -> None:
    mine, theirs = await a_holding(shop, "mine"), await a_holding(shop, "theirs")
    params = {"q": word, "from": "2026-03-01", "to": "2026-03-03"}
    answer = await shop.client.get("/api/v1/dialogues/rows", headers=mine.manager.headers, params=params)
    assert answer.is_success, answer.text
    assert theirs.ids["dialogue"] not in answer.text


async def test_whoever_has_no_point_sees_none(shop: Shop) -> None:
    nobody = await a_person(shop.deps.db, Role.VIEWER, points=[])
    await a_holding(shop, "theirs")
    for path in ("/api/v1/admin/points", "/api/v1/admin/devices", "/api/v1/admin/registers", "/api/v1/dialogues"):
        answer = await shop.client.get(path, headers=nobody.headers)
        assert answer.json()["items"] == [], path
