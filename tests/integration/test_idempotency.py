"""`Idempotency-Key`: what is sent twice is carried out once."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from people import a_person
from shop import ADMIN, Device, Shop
from sqlalchemy import func, select, text

from db import tables as t
from db.purge import purge_people
from domain.access import Role
from serve_apps.needs import WRITES

USERS = "/api/v1/users"


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def keyed(key: str, headers: dict[str, str] = ADMIN) -> dict[str, str]:
    return {**headers, "Idempotency-Key": key}


def a_register(shop: Shop) -> dict[str, Any]:
    return {"register_id": str(uuid4()), "point_id": str(shop.device.point_id), "name": "Till 9"}


async def entries(shop: Shop) -> int:
    async with shop.deps.db.begin() as tx:
        return int((await tx.execute(select(func.count()).select_from(t.audit_log))).scalar_one())


async def test_the_same_request_again_gets_the_first_answer_and_changes_nothing(shop: Shop) -> None:
    body = a_register(shop)
    first = await shop.client.post("/api/v1/admin/registers", headers=keyed("a"), json=body)
    before = await entries(shop)
    await shop.client.patch(f"/api/v1/admin/registers/{body['register_id']}", headers=ADMIN, json={"name": "Till 10"})
    again = await shop.client.post("/api/v1/admin/registers", headers=keyed("a"), json=body)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert await entries(shop) == before + 1


@pytest.mark.parametrize("other", ["body", "path", "query", "method"])
async def test_the_same_key_for_another_request_is_refused(shop: Shop, other: str) -> None:
    body, path = a_register(shop), "/api/v1/admin/registers"
    assert (await shop.client.post(path, headers=keyed("a"), json=body)).status_code == 201
    match other:
        case "body":
            answer = await shop.client.post(path, headers=keyed("a"), json={**body, "name": "Till 10"})
        case "path":
            answer = await shop.client.post("/api/v1/admin/points", headers=keyed("a"), json=body)
        case "query":
            answer = await shop.client.post(path, headers=keyed("a"), json=body, params={"x": "1"})
        case _:
            answer = await shop.client.patch(path, headers=keyed("a"), json=body)
    assert said(answer) == (422, "key_reused")


async def test_keys_are_the_callers_own(shop: Shop) -> None:
    person = await a_person(shop.deps.db, Role.MANAGER)
    for headers in (ADMIN, person.headers):
        answer = await shop.client.post("/api/v1/admin/registers", headers=keyed("a", headers), json=a_register(shop))
        assert answer.status_code == 201


async def test_sent_many_times_at_once_it_is_carried_out_once(shop: Shop) -> None:
    body = {"login": "ana", "name": "Ana", "role": "machine"}
    path = USERS
    answers = await asyncio.gather(*(shop.client.post(path, headers=keyed("a"), json=body) for _ in range(8)))
    kinds = [answer.status_code for answer in answers]
    assert kinds.count(201) == 1
    assert {said(answer)[1] for answer in answers if answer.status_code != 201} <= {"in_progress", "sent_before"}
    assert all(int(a.headers["Retry-After"]) == 1 for a in answers if a.json().get("code") == "in_progress")
    assert await entries(shop) == 2  # the shop's device, and ana


async def test_what_failed_may_be_tried_again_with_the_same_key(shop: Shop) -> None:
    body = {**a_register(shop), "point_id": str(uuid4())}
    assert said(await shop.client.post("/api/v1/admin/registers", headers=keyed("a"), json=body)) == (404, "not_found")
    await shop.client.post("/api/v1/admin/points", headers=ADMIN, json={"point_id": body["point_id"]})
    again = await shop.client.post("/api/v1/admin/registers", headers=keyed("a"), json=body)
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again.headers


async def test_a_secret_that_is_shown_once_is_not_kept(shop: Shop, subtests: pytest.Subtests) -> None:
    device = Device(point_id=shop.device.point_id)
    ids = {name: str(getattr(device, name)) for name in ("point_id", "register_id", "device_id")}
    machine = (
        await shop.client.post(USERS, headers=ADMIN, json={"login": "bi", "name": "BI", "role": "machine"})
    ).json()
    ana = (await shop.client.post(USERS, headers=ADMIN, json={"login": "ana", "name": "Ana", "role": "viewer"})).json()
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/api/v1/admin/devices", ids),
        ("POST", f"/api/v1/admin/devices/{shop.device.device_id}/tokens", {}),
        ("POST", "/api/v1/admin/enrolment-codes", {"point_id": ids["point_id"]}),
        ("POST", USERS, {"login": "eva", "name": "Eva", "role": "viewer"}),
        ("PUT", f"{USERS}/{ana['user_id']}/password", {}),
        ("POST", f"{USERS}/{machine['user_id']}/tokens", {"name": "bi"}),
    ]
    for number, (method, path, body) in enumerate(requests):
        with subtests.test(path):
            first = await shop.client.request(method, path, headers=keyed(f"key-{number}"), json=body)
            assert first.is_success, first.text
            assert first.headers["Cache-Control"] == "no-store"
            again = await shop.client.request(method, path, headers=keyed(f"key-{number}"), json=body)
            assert said(again) == (409, "sent_before")
            assert again.json()["first_status"] == first.status_code
            async with shop.deps.db.begin() as tx:
                kept = str((await tx.execute(select(t.idempotency_keys))).all())
            assert not any(secret in kept for secret in _secrets(first.json()))


def _secrets(answer: Any) -> list[str]:
    """Every text in an answer under a name that is a secret's."""
    if isinstance(answer, dict):
        own = [v for k, v in answer.items() if k in ("token", "code", "password") and isinstance(v, str)]
        found = own + [secret for value in answer.values() for secret in _secrets(value)]
    else:
        found = [secret for value in answer for secret in _secrets(value)] if isinstance(answer, list) else []
    return found


async def test_a_worker_that_died_over_a_request_does_not_keep_the_key(shop: Shop) -> None:
    body = a_register(shop)
    await shop.client.post("/api/v1/admin/registers", headers=keyed("a"), json=body)
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE idempotency_keys SET status = NULL, body = NULL"))
    busy = await shop.client.post("/api/v1/admin/registers", headers=keyed("a"), json=body)
    assert said(busy) == (409, "in_progress")
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE idempotency_keys SET created_at = now() - interval '61 seconds'"))
    taken_over = await shop.client.post("/api/v1/admin/registers", headers=keyed("a"), json=body)
    assert taken_over.status_code == 200


async def test_a_key_is_forgotten_after_a_day(shop: Shop) -> None:
    body = a_register(shop)
    await shop.client.post("/api/v1/admin/registers", headers=keyed("a"), json=body)
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'"))
    again = await shop.client.post("/api/v1/admin/registers", headers=keyed("a"), json={**body, "name": "Till 9"})
    assert "Idempotency-Replayed" not in again.headers
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'"))
    assert await purge_people(shop.deps.db) >= 1


async def test_whose_session_has_ended_gets_no_answer_of_before(shop: Shop) -> None:
    person = await a_person(shop.deps.db, Role.MANAGER)
    body = a_register(shop)
    assert (await shop.client.post("/api/v1/admin/registers", headers=keyed("a", person.headers), json=body)).is_success
    await shop.client.delete(f"{USERS}/{person.user_id}/sessions", headers=ADMIN)
    again = await shop.client.post("/api/v1/admin/registers", headers=keyed("a", person.headers), json=body)
    assert said(again) == (401, "session_ended")


@pytest.mark.parametrize("key", ["", "x" * 201, "two words"])
async def test_a_key_that_is_none_is_refused(shop: Shop, key: str) -> None:
    answer = await shop.client.post("/api/v1/admin/registers", headers=keyed(key), json=a_register(shop))
    assert said(answer) == (400, "bad_request")


async def test_every_write_of_the_api_takes_the_header(shop: Shop) -> None:
    document = json.loads((await shop.client.get("/openapi.json")).content)
    without = [
        operation["operationId"]
        for operations in document["paths"].values()
        for method, operation in operations.items()
        if method in WRITES and not any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", ()))
    ]
    assert sorted(without) == ["enrol_device", "heartbeat", "log_in"]
