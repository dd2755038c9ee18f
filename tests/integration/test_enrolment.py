"""Enrolment: a code makes one device, once, at its own counter, and cannot be guessed."""

import asyncio
import secrets
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from shop import ADMIN, Device, Shop
from sqlalchemy import text

from recorder.service.enrolled_config import Enrolment

CODES = "/api/v1/admin/enrolment-codes"


async def make(shop: Shop, **body: Any) -> list[dict[str, Any]]:
    point = {"point_id": str(shop.device.point_id)}
    answer = await shop.client.post(CODES, headers=ADMIN, json={**point, **body})
    assert answer.status_code == 201, answer.text
    return list(answer.json()["items"])


async def enrol(shop: Shop, code: str, token: str | None = None, **more: Any) -> httpx.Response:
    body = {"code": code, "token_plain": token or secrets.token_hex(24), **more}
    headers = more.pop("headers", {})
    return await shop.client.post("/api/v1/devices/enrol", json=body, headers=headers)


async def count(shop: Shop, table: str) -> int:
    async with shop.deps.db.begin() as tx:
        return int((await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def test_a_code_gives_a_recorder_its_place_and_its_token_uploads(shop: Shop) -> None:
    (made,) = await make(shop)
    token = secrets.token_hex(24)
    answer = await enrol(shop, made["code"].lower().replace("-", " "), token, version="1.0")
    assert answer.status_code == 200, answer.text
    place = answer.json()
    assert place["point_id"] == str(shop.device.point_id)
    assert (place["register_id"], place["register_name"]) == (made["register_id"], "Till 1")
    assert (place["zone"], place["language"]) == ("Europe/Belgrade", "ru")
    assert place["opening_hours"]["sun"] == [{"opens": "08:00", "closes": "22:00"}]
    device = Device(token, *(UUID(place[key]) for key in ("device_id", "point_id", "register_id")))
    assert (await shop.upload(device=device)).status_code == 200
    view = (await shop.client.get(f"/api/v1/admin/devices/{device.device_id}", headers=ADMIN)).json()
    assert view["name"] == "Till 1"


async def test_our_recorder_understands_the_answer(shop: Shop) -> None:
    hours = {"mon": [{"opens": "09:00", "closes": "21:00"}], "exceptions": {"2026-12-25": []}}
    path = f"/api/v1/admin/points/{shop.device.point_id}"
    assert (await shop.client.patch(path, headers=ADMIN, json={"opening_hours": hours})).status_code == 200
    (made,) = await make(shop)
    place = (await enrol(shop, made["code"])).json()
    understood = Enrolment.from_answer(place)
    assert (understood.device_id, understood.zone) == (place["device_id"], "Europe/Belgrade")
    assert understood.hours is not None
    assert (understood.hours.start, understood.hours.end, understood.hours.days) == ("09:00", "21:00", ("mon",))
    assert understood.hours.exceptions == {"2026-12-25": "closed"}


async def test_neither_codes_nor_tokens_are_kept_in_the_clear(shop: Shop) -> None:
    (made,) = await make(shop)
    token = secrets.token_hex(24)
    await enrol(shop, made["code"], token)
    async with shop.deps.db.begin() as tx:
        query = text(
            "SELECT string_agg(row, ' ') FROM"
            " (SELECT c::text AS row FROM enrolment_codes c UNION ALL SELECT t::text FROM device_tokens t) AS rows"
        )
        stored = (await tx.execute(query)).scalar_one()
    assert token not in stored
    assert made["code"] not in stored
    assert made["code"].replace("-", "") not in stored
    listed = await shop.client.get(CODES, headers=ADMIN)
    assert made["code"] not in listed.text


async def test_a_lost_answer_is_given_again_and_a_used_code_to_nobody_else(shop: Shop) -> None:
    (made,) = await make(shop)
    token = secrets.token_hex(24)
    first, again = [await enrol(shop, made["code"], token) for _ in range(2)]
    first_place, second_place = ({k: v for k, v in a.json().items() if k != "server_time"} for a in (first, again))
    assert first_place == second_place
    assert said(await enrol(shop, made["code"])) == (409, "code_used")
    assert await count(shop, "devices") == 2


async def test_twenty_recorders_with_one_code_at_once_make_one_device(shop: Shop) -> None:
    (made,) = await make(shop)
    answers = await asyncio.gather(*(enrol(shop, made["code"]) for _ in range(20)))
    assert sorted(map(said, answers)) == [(200, "")] + [(409, "code_used")] * 19
    assert await count(shop, "devices") == 2


async def test_one_recorder_that_asks_many_times_at_once_gets_one_answer(shop: Shop) -> None:
    (made,) = await make(shop)
    token = secrets.token_hex(24)
    answers = await asyncio.gather(*(enrol(shop, made["code"], token) for _ in range(10)))
    assert {a.status_code for a in answers} == {200}
    assert len({a.json()["device_id"] for a in answers}) == 1


async def test_unknown_expired_and_revoked_codes_are_answered_alike(shop: Shop) -> None:
    unknown = "0000-0000-0000"
    expired, revoked = await make(shop, count=2)
    async with shop.deps.db.begin() as tx:
        statement = "UPDATE enrolment_codes SET expires_at = now() - interval '1 s' WHERE enrolment_id = :id"
        await tx.execute(text(statement), {"id": UUID(expired["enrolment_id"])})
    gone = f"{CODES}/{revoked['enrolment_id']}"
    assert [(await shop.client.delete(gone, headers=ADMIN)).status_code for _ in range(2)] == [204, 204]
    answers = [await enrol(shop, code) for code in (unknown, expired["code"], revoked["code"])]
    assert [said(answer) for answer in answers] == [(404, "code_unknown")] * 3
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert await count(shop, "devices") == 1
    assert (await shop.client.delete(f"{CODES}/{uuid4()}", headers=ADMIN)).status_code == 404


async def test_a_used_code_cannot_be_revoked(shop: Shop) -> None:
    (made,) = await make(shop)
    device_id = (await enrol(shop, made["code"])).json()["device_id"]
    answer = await shop.client.delete(f"{CODES}/{made['enrolment_id']}", headers=ADMIN)
    assert said(answer) == (409, "conflict")
    assert device_id in answer.json()["detail"]
    (listed,) = (await shop.client.get(CODES, headers=ADMIN)).json()["items"]
    assert (listed["device_id"], listed["is_live"]) == (device_id, False)


async def test_guessing_is_stopped_and_forged_addresses_do_not_help(shop: Shop) -> None:
    made = await make(shop, count=3)
    limit = shop.deps.settings.enrolment.failures_per_client
    guesses = await asyncio.gather(*(enrol(shop, f"0000-0000-{n:04}") for n in range(limit + 15)))
    codes = [said(answer) for answer in guesses]
    assert codes.count((404, "code_unknown")) == limit, "counted before the code is looked at, so never more"
    assert codes.count((429, "too_many_attempts")) == 15
    refused = await enrol(shop, made[0]["code"])
    assert said(refused) == (429, "too_many_attempts")
    assert 1 <= int(refused.headers["retry-after"]) <= 600
    forged = {"x-forwarded-for": "203.0.113.9"}
    assert said(await enrol(shop, made[0]["code"], headers=forged)) == (200, "")
    async with shop.deps.db.begin() as tx:
        clients = set((await tx.execute(text("SELECT client FROM enrolment_attempts"))).scalars())
    assert clients <= {"", "127.0.0.1", "unknown"}, "a header that anybody can write makes no new client"


async def test_a_shop_full_of_recorders_behind_one_address_is_not_taken_for_a_guesser(shop: Shop) -> None:
    made = await make(shop, count=40)
    for code in made:
        assert (await enrol(shop, code["code"])).status_code == 200
    assert len({code["register_name"] for code in made}) == 40
    async with shop.deps.db.begin() as tx:
        assert (await tx.execute(text("SELECT max(failures) FROM enrolment_attempts"))).scalar_one() == 0


async def test_tills_go_on_behind_those_in_use_and_unused_codes_give_theirs_back(shop: Shop) -> None:
    first = await make(shop, count=3)
    assert [code["register_name"] for code in first] == ["Till 1", "Till 2", "Till 3"]
    await enrol(shop, first[0]["code"])
    assert [code["register_name"] for code in await make(shop, count=2)] == ["Till 4", "Till 5"]
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE enrolment_codes SET expires_at = now() WHERE used_at IS NULL"))
    again = await make(shop, count=2)
    assert [(c["register_name"], c["register_id"]) for c in again] == [
        (c["register_name"], c["register_id"]) for c in first[1:]
    ]
    named = await make(shop, register_names=["Bar", "Till 2"])
    assert [code["register_name"] for code in named] == ["Bar", "Till 2"]
    assert named[1]["register_id"] == first[1]["register_id"]


async def test_codes_made_at_once_for_one_new_point_share_no_till(shop: Shop) -> None:
    point = {"point_id": str(uuid4()), "point_name": "Kiosk", "language": "sr", "zone": "Europe/Belgrade"}
    batches = await asyncio.gather(*(make(shop, count=5, **point) for _ in range(4)))
    names = [code["register_name"] for batch in batches for code in batch]
    assert sorted(names) == sorted(f"Till {n}" for n in range(1, 21))


async def test_a_replacement_takes_the_old_devices_place_in_the_same_instant(shop: Shop) -> None:
    old = shop.device
    (made,) = await make(shop, replaces=str(old.device_id))
    assert made["register_id"] == str(old.register_id)
    assert (await shop.client.get(f"/api/v1/admin/devices/{old.device_id}", headers=ADMIN)).json()[
        "replaced_by"
    ] is None
    token = secrets.token_hex(24)
    place = (await enrol(shop, made["code"], token)).json()
    view = (await shop.client.get(f"/api/v1/admin/devices/{old.device_id}", headers=ADMIN)).json()
    new = (await shop.client.get(f"/api/v1/admin/devices/{place['device_id']}", headers=ADMIN)).json()
    assert view["replaced_by"] == place["device_id"]
    assert view["replaced_at"] == new["created_at"]
    assert (await shop.upload()).status_code == 200, "what it recorded before may still come"
    later = {"start_ts": "2090-01-01T00:00:00Z", "end_ts": "2090-01-01T00:01:00Z"}
    assert (await shop.upload(**later)).status_code in (403, 422)
    answer = await shop.client.post(
        CODES, headers=ADMIN, json={"point_id": str(old.point_id), "replaces": str(old.device_id)}
    )
    assert said(answer) == (409, "conflict")
    assert place["device_id"] in answer.json()["detail"]


async def test_two_replacements_of_one_device_leave_one(shop: Shop) -> None:
    codes = [(await make(shop, replaces=str(shop.device.device_id)))[0]["code"] for _ in range(2)]
    answers = await asyncio.gather(*(enrol(shop, code) for code in codes))
    assert sorted(map(said, answers)) == [(200, ""), (409, "conflict")]
    assert await count(shop, "devices") == 2


async def test_what_cannot_be_is_refused_by_name(shop: Shop, subtests: pytest.Subtests) -> None:
    point = {"point_id": str(shop.device.point_id)}
    for body, says in (
        ({}, "body.point_id: is missing"),
        ({**point, "count": 501}, "body.count"),
        ({**point, "count": 2, "register_names": ["A"]}, "count must be 1"),
        ({**point, "register_names": ["A", "A"]}, "a name twice"),
        ({**point, "count": 2, "replaces": str(uuid4())}, "a replacement is one code"),
        ({**point, "colour": "red"}, "is not known here"),
    ):
        with subtests.test(says=says):
            answer = await shop.client.post(CODES, headers=ADMIN, json=body)
            assert answer.status_code == 422
            assert says in answer.json()["detail"]
    other = await shop.client.post(CODES, headers=ADMIN, json={**point, "replaces": str(uuid4())})
    assert said(other) == (409, "conflict")
    for code, token, says in (
        ("ABCD-EFGH", "f" * 32, "is no enrolment code"),
        ("ABCD-EFGH-JKMU", "f" * 32, "is no enrolment code"),
        ("ABCD-EFGH-JKMN", "f" * 31, "is shorter than 32 characters"),
        ("ABCD-EFGH-JKMN", "f" * 257, "256"),
    ):
        with subtests.test(says=says, code=code):
            answer = await enrol(shop, code, token)
            assert said(answer) == (422, "field_invalid")
            assert says in answer.json()["detail"]
            assert token not in answer.text
    long = await enrol(shop, "A" * 5000)
    assert said(long) == (413, "too_large")


async def test_a_token_that_another_device_has_is_refused_and_the_code_stays_good(shop: Shop) -> None:
    (made,) = await make(shop)
    taken = secrets.token_hex(24)
    other = Device(taken)
    assert (await shop.register(other)).status_code == 201
    assert said(await enrol(shop, made["code"], taken)) == (409, "conflict")
    assert (await enrol(shop, made["code"])).status_code == 200


async def test_codes_are_made_listed_and_revoked_by_operators_only(shop: Shop) -> None:
    for method, path in (("POST", CODES), ("GET", CODES), ("DELETE", f"{CODES}/{uuid4()}")):
        assert (await shop.client.request(method, path, headers=shop.device.headers)).status_code == 401
