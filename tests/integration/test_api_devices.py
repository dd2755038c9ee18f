"""Devices, their tokens, points and registers over the admin API."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from shop import ADMIN, Device, Shop
from sqlalchemy import text


class Admin:
    """The admin API as an operator calls it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        url = f"/api/v1/admin{path}"
        return await self._client.request(method, url, headers=ADMIN, json=body, params=query)


@pytest.fixture
def admin(shop: Shop) -> Admin:
    return Admin(shop.client)


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


async def test_the_seeds_curl_registers_a_device_with_its_point_and_register(shop: Shop, admin: Admin) -> None:
    device = Device()
    answer = await admin("POST", "/devices", device.body)
    assert answer.status_code == 201
    assert answer.json()["token"] is None
    assert device.token not in answer.text
    assert (await shop.upload(device=device)).status_code == 200
    point = (await admin("GET", f"/points/{device.point_id}")).json()
    assert (point["zone"], point["language"]) == ("Europe/Belgrade", "ru")
    assert (await admin("GET", f"/registers/{device.register_id}")).json()["point_id"] == str(device.point_id)
    async with shop.deps.db.begin() as tx:
        stored = (await tx.execute(text("SELECT string_agg(t::text, ' ') FROM device_tokens t"))).scalar_one()
    assert device.token not in stored


async def test_the_same_registration_again_changes_nothing(admin: Admin) -> None:
    body = {**Device().body, "name": "Till", "point_name": "Shop", "language": "en", "zone": "Europe/London"}
    first = await admin("POST", "/devices", body)
    again = await admin("POST", "/devices", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert {**again.json(), "created": True} == first.json()


async def test_twenty_operators_registering_the_same_device_at_once_make_one(admin: Admin) -> None:
    body = Device().body
    answers = await asyncio.gather(*(admin("POST", "/devices", body) for _ in range(20)))
    assert sorted(a.status_code for a in answers) == [200] * 19 + [201]


async def test_a_token_that_the_server_makes_is_shown_once_and_works(shop: Shop, admin: Admin) -> None:
    device = Device()
    body = {k: v for k, v in device.body.items() if k != "token_plain"}
    made = (await admin("POST", "/devices", body)).json()["token"]
    assert len(made) == 48
    assert (await admin("POST", "/devices", body)).json()["token"] is None
    own = Device(made, device.device_id, device.point_id, device.register_id)
    assert (await shop.upload(device=own)).status_code == 200


async def test_other_content_under_known_ids_is_a_conflict_and_leaves_nothing_behind(
    shop: Shop, admin: Admin, subtests: pytest.Subtests
) -> None:
    before = (await admin("GET", "/registers")).json()
    for change, says in (
        ({"register_id": str(uuid4())}, "belongs to register"),
        ({"token_plain": "another-token-0123456789"}, "another token"),
        ({"name": "Another"}, "another name"),
        ({"point_name": "Another"}, "another name"),
        ({"zone": "Asia/Tokyo"}, "another zone"),
        ({"register_name": "Another"}, "another name"),
        ({"replaces": str(uuid4())}, "no other device"),
    ):
        with subtests.test(change=change):
            assert says in refused(await admin("POST", "/devices", {**shop.device.body, **change}), 409, "conflict")
    assert (await admin("GET", "/registers")).json() == before


async def test_a_register_of_another_point_and_a_token_of_another_device_are_conflicts(
    shop: Shop, admin: Admin
) -> None:
    stolen_register = {**Device().body, "register_id": str(shop.device.register_id)}
    assert "point_id" in refused(await admin("POST", "/devices", stolen_register), 409, "conflict")
    stolen_token = {**Device().body, "token_plain": shop.device.token}
    assert "already in use" in refused(await admin("POST", "/devices", stolen_token), 409, "conflict")
    assert len((await admin("GET", "/points")).json()["items"]) == 1


async def test_a_wrong_member_is_refused_by_name(admin: Admin, subtests: pytest.Subtests) -> None:
    for name, value in (
        ("token_plain", "short"),
        ("token_plain", "with spaces in it, long"),
        ("device_id", "till-1"),
        ("device_id", None),
        ("name", ""),
        ("name", "a\0b"),
        ("zone", "Mars/Olympus"),
        ("zone", "../etc/passwd"),
        ("language", "russian"),
        ("language", "xx"),
        ("language", "RU"),
        ("country", "Serbia"),
        ("colour", "red"),
    ):
        with subtests.test(name=name, value=value):
            answer = await admin("POST", "/devices", {**Device().body, name: value})
            assert f"body.{name}" in refused(answer, 422, "field_invalid")


async def test_a_language_that_whisper_does_not_know_is_refused_wherever_a_point_gets_one(
    shop: Shop, admin: Admin, subtests: pytest.Subtests
) -> None:
    point = f"/points/{shop.device.point_id}"
    for method, path, body in (
        ("POST", "/devices", Device().body),
        ("POST", "/points", {"point_id": str(uuid4())}),
        ("PATCH", point, {}),
    ):
        with subtests.test(method=method, path=path):
            detail = refused(await admin(method, path, {**body, "language": "xx"}), 422, "field_invalid")
            assert "ISO 639-1" in detail
            assert "auto" in detail
    for code in ("auto", "sr", "haw"):
        assert (await admin("PATCH", point, {"language": code})).json()["language"] == code


async def test_a_refusal_speaks_of_what_is_allowed_and_not_of_how_it_is_checked(
    shop: Shop, admin: Admin, subtests: pytest.Subtests
) -> None:
    device, point = f"/devices/{shop.device.device_id}", f"/points/{shop.device.point_id}"
    for method, path, body, detail in (
        (
            "PATCH", device, {"name": "a\0b"},
            "body.name: must be one line with something to read, without control characters.",
        ),
        ("PATCH", point, {"country": "Serbia"}, "body.country: must be two capital letters of ISO 3166-1, such as RS."),
        ("PATCH", point, {"zone": "Mars/X"}, "body.zone: is no time zone; use an IANA name such as Europe/Belgrade."),
        ("PATCH", point, {"name": None}, "body: name cannot be null; leave it out to keep it."),
        (
            "PATCH", point, {"opening_hours": {"mon": [{"opens": "8:00", "closes": "24:00"}]}},
            "body.opening_hours.mon.0.opens: must be a time of day from 00:00 to 24:00, with two digits each.",
        ),
        ("POST", "/registers", {}, "body.register_id: is missing; body.point_id: is missing."),
        ("PATCH", device, {"colour": "red"}, "body.colour: is not known here; leave it out."),
        (
            "DELETE", f"{device}/tokens/none", None,
            "path.fingerprint: must be 12 lower-case hex digits, as the list of tokens shows them.",
        ),
    ):  # fmt: skip
        with subtests.test(path=path, body=body):
            answer = await admin(method, path, body)
            assert answer.json()["detail"] == detail
            assert answer.json()["errors"][0]["message"] in detail


async def test_a_body_that_is_no_json_is_called_that(shop: Shop, subtests: pytest.Subtests) -> None:
    for content, why in (
        (b'{"a":', "Expecting value at character 5"),
        (b"[" * 200_000, "it is nested too deeply"),
        (b'{"a": "\xff"}', "it is not UTF-8 text"),
        (b"9" * 5000, "a number in it has too many digits"),
    ):
        with subtests.test(why=why):
            headers = {**ADMIN, "Content-Type": "application/json"}
            answer = await shop.client.post("/api/v1/admin/devices", headers=headers, content=content)
            assert refused(answer, 400, "bad_request") == f"The body is not valid JSON: {why}."
    as_form = await shop.client.post("/api/v1/admin/devices", headers=ADMIN, data={"name": "x"})
    assert "application/json" in refused(as_form, 422, "field_invalid")


async def test_a_refusal_never_repeats_the_token(admin: Admin) -> None:
    answer = await admin("POST", "/devices", {**Device().body, "token_plain": "s3cret!s3cret!s3cret!"})
    assert answer.status_code == 422
    assert "s3cret" not in answer.text


async def test_two_tokens_live_at_once_and_the_third_ends_the_first(shop: Shop, admin: Admin) -> None:
    first = shop.device
    path = f"/devices/{first.device_id}/tokens"
    second, third = [(await admin("POST", path)).json() for _ in range(2)]

    async def works(token: str) -> bool:
        device = Device(token, first.device_id, first.point_id, first.register_id)
        return (await shop.upload(device=device)).status_code == 200

    assert [await works(t) for t in (first.token, second["token"], third["token"])] == [False, True, True]
    assert (await admin("DELETE", f"{path}/{second['fingerprint']}")).status_code == 204
    assert [await works(t) for t in (second["token"], third["token"])] == [False, True]
    tokens = (await admin("GET", path)).json()
    assert [t["revoked_at"] is None for t in tokens] == [True, False, False]
    refused(await admin("DELETE", f"{path}/{'0' * 12}"), 404, "not_found")
    refused(await admin("POST", path, {"token_plain": first.token}), 409, "conflict")


async def test_devices_are_listed_in_pages_and_changed_one_by_one(admin: Admin) -> None:
    for _ in range(4):
        await admin("POST", "/devices", Device().body)
    seen, after = [], {}
    while True:
        page = (await admin("GET", "/devices", limit=2, **after)).json()
        seen += [device["device_id"] for device in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(seen) == len(set(seen)) == 5
    renamed = await admin("PATCH", f"/devices/{seen[0]}", {"name": "Till 9", "is_enabled": False})
    assert (renamed.json()["name"], renamed.json()["is_enabled"]) == ("Till 9", False)
    assert (await admin("GET", f"/devices/{seen[0]}")).json() == renamed.json()


async def test_what_is_not_there_is_404(admin: Admin) -> None:
    for path in ("/devices", "/points", "/registers"):
        one = f"{path}/{uuid4()}"
        refused(await admin("GET", one), 404, "not_found")
        refused(await admin("PATCH", one, {"name": "x"}), 404, "not_found")
        refused(await admin("GET", f"{path}/none"), 422, "field_invalid")


async def test_a_point_keeps_its_hours_goal_and_catalogue(shop: Shop, admin: Admin) -> None:
    path = f"/points/{shop.device.point_id}"
    change = {
        "name": "Kiosk",
        "opening_hours": {"mon": [{"opens": "08:00", "closes": "24:00"}], "exceptions": {"2026-12-25": []}},
        "goal": 0.35,
        "catalogue": ["dessert", "syrup"],
        "country": "RS",
    }
    point = (await admin("PATCH", path, change)).json()
    assert {key: point[key] for key in ("name", "goal", "catalogue", "country")} == {
        key: change[key] for key in ("name", "goal", "catalogue", "country")
    }
    assert point["opening_hours"]["mon"] == [{"opens": "08:00", "closes": "24:00"}]
    assert point["opening_hours"]["exceptions"] == {"2026-12-25": []}
    kept = (await admin("PATCH", path, {"goal": None})).json()
    assert (kept["goal"], kept["catalogue"]) == (None, ["dessert", "syrup"])
    for wrong in ({"goal": 1.5}, {"name": None}, {"opening_hours": {"mon": [{"opens": "18:00", "closes": "08:00"}]}}):
        refused(await admin("PATCH", path, wrong), 422, "field_invalid")


async def test_points_and_registers_can_be_made_on_their_own(admin: Admin) -> None:
    point = {"point_id": str(uuid4()), "name": "Depot"}
    register = {"register_id": str(uuid4()), "point_id": point["point_id"]}
    refused(await admin("POST", "/registers", register), 404, "not_found")
    assert [(await admin("POST", "/points", point)).status_code for _ in range(2)] == [201, 200]
    assert [(await admin("POST", "/registers", register)).status_code for _ in range(2)] == [201, 200]
    refused(await admin("POST", "/points", {**point, "name": "Other"}), 409, "conflict")
    renamed = await admin("PATCH", f"/registers/{register['register_id']}", {"name": "Till 2"})
    assert renamed.json()["name"] == "Till 2"
    assert len((await admin("GET", "/registers", point_id=point["point_id"])).json()["items"]) == 1


async def test_without_the_admin_token_nothing_opens(shop: Shop) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, shop.device.headers, {"Authorization": "Bearer"}):
        answer = await shop.client.get("/api/v1/admin/devices", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] in ("token_missing", "token_unknown")
        assert answer.headers["www-authenticate"].startswith("Bearer")
