"""Users: logging in and out, passwords, roles, tokens; and what keeps strangers out."""

import asyncio
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

import httpx
import pytest
from argon2 import PasswordHasher
from people import Person, a_person
from shop import ADMIN, Device, Shop
from sqlalchemy import select, text, update

from configs.secrets import dashboard_key
from db import tables as t
from db.accounts.people import find_secret
from domain.access import OPERATOR, Role
from serve_apps.passwords import NOBODY, Passwords

PASSWORD = "correct horse battery"


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def log_in(shop: Shop, login: str, password: str = PASSWORD) -> httpx.Response:
    return await shop.client.post("/api/v1/auth/login", json={"login": login, "password": password})


async def add(shop: Shop, login: str, role: str = "manager", **more: Any) -> dict[str, Any]:
    body = {"login": login, "name": login.title(), "role": role, "password": PASSWORD, **more}
    answer = await shop.client.post("/api/v1/users", headers=ADMIN, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_person_logs_in_sees_who_they_are_and_logs_out(shop: Shop) -> None:
    await add(shop, "ana", points=[str(shop.device.point_id)])
    session = (await log_in(shop, "Ana")).json()
    me = await shop.client.get("/api/v1/auth/me", headers=bearer(session["token"]))
    assert me.json() == session["user"]
    assert (me.json()["actor"], me.json()["role"]) == ("ana", "manager")
    assert [point["point_id"] for point in me.json()["points"]] == [str(shop.device.point_id)]
    assert me.json()["permissions"] == ["devices_write", "erase", "export", "points_write", "read", "review"]
    assert (await shop.client.post("/api/v1/auth/logout", headers=bearer(session["token"]))).status_code == 204
    gone = await shop.client.get("/api/v1/auth/me", headers=bearer(session["token"]))
    assert said(gone) == (401, "session_ended")


async def test_the_admin_token_is_an_administrator_and_no_session(shop: Shop) -> None:
    me = (await shop.client.get("/api/v1/auth/me", headers=ADMIN)).json()
    assert (me["actor"], me["role"], me["user_id"], me["all_points"]) == (OPERATOR, "admin", None, True)
    assert said(await shop.client.post("/api/v1/auth/logout", headers=ADMIN)) == (409, "conflict")
    change = {"current": PASSWORD, "new": PASSWORD + "!"}
    assert said(await shop.client.post("/api/v1/auth/password", headers=ADMIN, json=change)) == (409, "conflict")


async def test_tokens_and_passwords_lie_in_the_database_as_hashes_only(shop: Shop, subtests: pytest.Subtests) -> None:
    await add(shop, "ana")
    machine = await add(shop, "bi", "machine", password=None)
    made = await shop.client.post(f"/api/v1/users/{machine['user_id']}/tokens", headers=ADMIN, json={"name": "bi"})
    session = (await log_in(shop, "ana")).json()["token"]
    async with shop.deps.db.begin() as tx:
        for table in t.metadata.sorted_tables:
            rows = str((await tx.execute(select(table))).all())
            with subtests.test(str(table.name)):
                for secret in (session, made.json()["token"], PASSWORD, ADMIN["Authorization"].split()[1]):
                    assert secret not in rows
        ana = await find_secret(tx, "ana")
    assert ana is not None
    assert (ana.password_hash or "").startswith("$argon2id$")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expires_at": "now() - interval '1 second'"}, "session_ended"),
        ({"last_used_at": "now() - interval '13 hours'"}, "session_ended"),
        ({"created_at": "now() - interval '13 hours'"}, "session_ended"),
        ({"revoked_at": "now()"}, "session_ended"),
        ({"last_used_at": "now() - interval '11 hours'"}, None),
    ],
    ids=["too old", "idle", "never used", "revoked", "not yet idle"],
)
async def test_a_session_ends_by_age_by_idleness_and_at_once(
    shop: Shop, change: dict[str, str], code: str | None
) -> None:
    person = await a_person(shop.deps.db, Role.VIEWER)
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.user_tokens).values({name: text(value) for name, value in change.items()}))
    answer = await shop.client.get("/api/v1/auth/me", headers=person.headers)
    assert (answer.status_code, answer.json().get("code")) == (401 if code else 200, code)


async def test_a_session_that_is_used_stays_open(shop: Shop) -> None:
    person = await a_person(shop.deps.db, Role.VIEWER)
    ago = text("now() - interval '11 hours'")
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.user_tokens).values(last_used_at=ago, created_at=ago))
    assert (await shop.client.get("/api/v1/auth/me", headers=person.headers)).is_success
    async with shop.deps.db.begin() as tx:
        used = (
            await tx.execute(select(t.user_tokens.c.last_used_at > text("now() - interval '1 minute'")))
        ).scalar_one()
    assert used is True


async def test_a_machine_has_tokens_that_are_shown_once_and_end_at_once(shop: Shop) -> None:
    machine = await add(shop, "bi", "machine", password=None, points=[str(shop.device.point_id)])
    tokens = f"/api/v1/users/{machine['user_id']}/tokens"
    made = (await shop.client.post(tokens, headers=ADMIN, json={"name": "Power BI", "valid_days": 30})).json()
    headers = bearer(made["token"])
    assert (await shop.client.get("/api/v1/admin/points", headers=headers)).json()["items"][0]["name"]
    listed = (await shop.client.get(tokens, headers=ADMIN)).json()
    assert [token["name"] for token in listed] == ["Power BI"]
    assert made["token"] not in str(listed)
    assert (await shop.client.delete(f"{tokens}/{made['token_id']}", headers=ADMIN)).status_code == 204
    assert said(await shop.client.get("/api/v1/admin/points", headers=headers)) == (401, "token_unknown")
    assert said(await log_in(shop, "bi")) == (401, "login_wrong")
    person = await a_person(shop.deps.db, Role.VIEWER)
    refused = await shop.client.post(f"/api/v1/users/{person.user_id}/tokens", headers=ADMIN, json={"name": "no"})
    assert said(refused) == (409, "conflict")


async def test_a_new_password_ends_every_session(shop: Shop) -> None:
    user = await add(shop, "ana")
    first, second = [(await log_in(shop, "ana")).json()["token"] for _ in range(2)]
    change = {"current": PASSWORD, "new": "another good password"}
    changed = await shop.client.post("/api/v1/auth/password", headers=bearer(first), json=change)
    assert changed.status_code == 204
    for token in (first, second):
        assert said(await shop.client.get("/api/v1/auth/me", headers=bearer(token))) == (401, "session_ended")
    fresh = (await log_in(shop, "ana", "another good password")).json()["token"]
    assert said(await log_in(shop, "ana")) == (401, "login_wrong")
    reset = await shop.client.put(f"/api/v1/users/{user['user_id']}/password", headers=ADMIN, json={})
    assert said(await shop.client.get("/api/v1/auth/me", headers=bearer(fresh))) == (401, "session_ended")
    assert (await log_in(shop, "ana", reset.json()["password"])).is_success


async def test_a_disabled_user_is_out_at_once_and_comes_back_by_logging_in_only(shop: Shop) -> None:
    user = await add(shop, "ana")
    token = (await log_in(shop, "ana")).json()["token"]
    path = f"/api/v1/users/{user['user_id']}"
    assert (await shop.client.patch(path, headers=ADMIN, json={"is_enabled": False})).json()["is_enabled"] is False
    assert said(await shop.client.get("/api/v1/auth/me", headers=bearer(token))) == (401, "session_ended")
    assert said(await log_in(shop, "ana")) == (401, "user_disabled")
    assert said(await log_in(shop, "ana", "a wrong password")) == (401, "login_wrong")
    await shop.client.patch(path, headers=ADMIN, json={"is_enabled": True})
    assert said(await shop.client.get("/api/v1/auth/me", headers=bearer(token))) == (401, "session_ended")
    assert (await log_in(shop, "ana")).is_success


async def test_the_last_administrator_stays_even_when_two_remove_each_other(shop: Shop) -> None:
    first, second = [await a_person(shop.deps.db, Role.ADMIN) for _ in range(2)]

    async def remove(who: Person, by: Person) -> httpx.Response:
        path = f"/api/v1/users/{who.user_id}"
        change = {"is_enabled": False} if who is first else {"role": "viewer"}
        return await shop.client.patch(path, headers=by.headers, json=change)

    answers = await asyncio.gather(remove(first, by=second), remove(second, by=first))
    async with shop.deps.db.begin() as tx:
        query = select(t.users.c.user_id).where(t.users.c.role == Role.ADMIN, t.users.c.is_enabled)
        left = (await tx.execute(query)).scalars().all()
    assert len(left) == 1, [answer.text for answer in answers]
    last = first if left == [first.user_id] else second
    assert said(await remove(last, by=last)) == (409, "last_admin")


async def test_a_wrong_member_of_a_user_is_refused_by_name(shop: Shop, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"login": "no spaces"}, "body.login"),
        ({"password": "short"}, "body.password"),
        ({"password": "aaaaaaaaaaaaaaaa"}, "body.password"),
        ({"role": "owner"}, "body.role"),
        ({"role": "machine"}, "body"),
        ({"points": [str(uuid4())]}, "body.points"),
        ({"name": "two\nlines"}, "body.name"),
    ]
    good = {"login": "ana", "name": "Ana", "role": "viewer", "password": PASSWORD}
    for change, field in cases:
        with subtests.test(**change):
            answer = await shop.client.post("/api/v1/users", headers=ADMIN, json={**good, **change})
            assert answer.status_code == 422, answer.text
            assert answer.json()["errors"][0]["field"] == field
            assert str(change.get("password", "secret!")) not in answer.text


async def test_a_login_is_one_persons(shop: Shop) -> None:
    await add(shop, "ana")
    body = {"login": "ANA", "name": "Another", "role": "viewer"}
    assert said(await shop.client.post("/api/v1/users", headers=ADMIN, json=body)) == (409, "conflict")


def test_nobodys_hash_costs_what_a_new_hash_costs() -> None:
    assert not PasswordHasher().check_needs_rehash(NOBODY)


async def test_an_unknown_login_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords()
    known = await passwords.hash(PASSWORD)

    async def took_s(password_hash: str | None) -> float:
        start = perf_counter()
        assert not await passwords.fits(password_hash, "something else")
        return perf_counter() - start

    pairs = [(await took_s(known), await took_s(None)) for _ in range(7)]
    assert 0.5 < median(unknown / wrong for wrong, unknown in pairs) < 2


class TestGuessing:
    """`configs/default.yaml`: 10 wrong passwords for a login, 30 from an address, in ten minutes."""

    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Guesses are counted, not timed."""

        async def fits(self: Passwords, password_hash: str | None, password: str) -> bool:
            return password_hash is not None and password == PASSWORD

        monkeypatch.setattr(Passwords, "fits", fits)

    async def test_a_login_is_guessed_at_ten_times_then_waits(self, shop: Shop) -> None:
        await add(shop, "ana")
        guesses = await asyncio.gather(*(log_in(shop, "ana", "a wrong password") for _ in range(15)))
        codes = sorted(said(guess) for guess in guesses)
        assert codes == [(401, "login_wrong")] * 10 + [(429, "too_many_attempts")] * 5
        refused = await log_in(shop, "ana")
        assert said(refused) == (429, "too_many_attempts")
        assert 0 < int(refused.headers["Retry-After"]) <= 600

    async def test_an_address_guesses_thirty_times_whatever_the_login(self, shop: Shop) -> None:
        guesses = await asyncio.gather(*(log_in(shop, f"user{n}", "a wrong password") for n in range(40)))
        assert sorted(guess.status_code for guess in guesses) == [401] * 30 + [429] * 10

    async def test_who_guesses_elsewhere_does_not_shut_the_owner_out(self, shop: Shop) -> None:
        await add(shop, "ana")
        assert (await log_in(shop, "ana")).is_success
        async with shop.deps.db.begin() as tx:  # the attacker's many addresses have used the login's attempts up
            await tx.execute(text("UPDATE login_attempts SET failures = 10 WHERE subject = 'login:ana'"))
        assert (await log_in(shop, "ana")).is_success

    async def test_who_comes_by_the_dashboard_is_counted_by_their_own_address(self, shop: Shop) -> None:
        user = await add(shop, "ana")
        path, key = "/api/v1/auth/login", dashboard_key(shop.deps.settings)

        async def by_dashboard(address: str, password: str, key: str = key) -> int:
            headers = {"X-Dashboard-Key": key, "X-Client-Address": address}
            body = {"login": f"user-{uuid4()}" if password != PASSWORD else "ana", "password": password}
            return (await shop.client.post(path, headers=headers, json=body)).status_code

        guesses = [await by_dashboard("203.0.113.9", "a wrong password") for _ in range(31)]
        assert guesses == [401] * 30 + [429]
        assert await by_dashboard("203.0.113.10", PASSWORD) == 200
        assert await by_dashboard("203.0.113.11", PASSWORD, key="made up") == 200
        sessions = await shop.client.get(f"/api/v1/users/{user['user_id']}/sessions", headers=ADMIN)
        assert [session["client"] for session in sessions.json()] == ["127.0.0.1", "203.0.113.10"]

    async def test_logging_in_is_no_guess(self, shop: Shop) -> None:
        await add(shop, "ana")
        for _ in range(35):
            assert (await log_in(shop, "ana")).is_success

    async def test_a_stolen_session_does_not_guess_the_password(self, shop: Shop) -> None:
        await add(shop, "ana")
        token = (await log_in(shop, "ana")).json()["token"]
        change = {"current": "a wrong password", "new": "another good password"}
        path, headers = "/api/v1/auth/password", bearer(token)
        statuses = [(await shop.client.post(path, headers=headers, json=change)).status_code for _ in range(11)]
        assert statuses == [401] * 10 + [429]


async def test_every_change_is_in_the_log_with_who_and_what_and_no_secret(shop: Shop) -> None:
    user = await add(shop, "ana")
    device = Device(point_id=shop.device.point_id)
    await shop.register(device)
    path = f"/api/v1/admin/devices/{device.device_id}"
    rotated = (await shop.client.post(f"{path}/tokens", headers=ADMIN)).json()
    await shop.client.patch(f"/api/v1/admin/points/{device.point_id}", headers=ADMIN, json={"goal": 0.4})
    refused = await shop.client.patch(f"/api/v1/admin/points/{uuid4()}", headers=ADMIN, json={"goal": 0.4})
    assert refused.status_code == 404
    log = (await shop.client.get("/api/v1/audit", headers=ADMIN)).json()["items"]
    assert [(entry["action"], entry["subject"]) for entry in log[:4]] == [
        ("point.update", f"point/{device.point_id}"),
        ("device.rotate_token", f"device/{device.device_id}"),
        ("device.register", f"device/{device.device_id}"),
        ("user.add", f"user/{user['user_id']}"),
    ]
    assert log[0]["details"] == {"goal": 0.4}
    assert {entry["actor"] for entry in log} == {OPERATOR}
    assert all(entry["request_id"] for entry in log)
    assert not any(secret in str(log) for secret in (rotated["token"], device.token, PASSWORD))
    of_one = await shop.client.get("/api/v1/audit", headers=ADMIN, params={"subject": f"user/{user['user_id']}"})
    assert [entry["action"] for entry in of_one.json()["items"]] == ["user.add"]


async def test_the_log_is_read_in_pages(shop: Shop) -> None:
    for number in range(5):
        await add(shop, f"user{number}", password=None)
    first = (await shop.client.get("/api/v1/audit", headers=ADMIN, params={"limit": 2})).json()
    second = await shop.client.get("/api/v1/audit", headers=ADMIN, params={"limit": 2, "after": first["next"]})
    logins = [entry["details"]["login"] for entry in first["items"] + second.json()["items"]]
    assert logins == ["user4", "user3", "user2", "user1"]


async def test_a_change_that_fails_leaves_no_entry(shop: Shop) -> None:
    person = await a_person(shop.deps.db, Role.ADMIN)
    before = (await shop.client.get("/api/v1/audit", headers=ADMIN)).json()["items"]
    path = f"/api/v1/users/{person.user_id}"
    assert (await shop.client.patch(path, headers=ADMIN, json={"is_enabled": False})).status_code == 409
    assert (await shop.client.get("/api/v1/audit", headers=ADMIN)).json()["items"] == before


async def test_no_cookie_is_set_or_read(shop: Shop) -> None:
    await add(shop, "ana")
    session = await log_in(shop, "ana")
    assert "set-cookie" not in session.headers
    token = session.json()["token"]
    elsewhere = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    asked = await shop.client.options("/api/v1/auth/me", headers=elsewhere)
    assert not [name for name in asked.headers if name.startswith("access-control")]
    for cookie in (f"token={token}", f"session={token}", f"Authorization=Bearer {token}"):
        answer = await shop.client.get("/api/v1/auth/me", headers={"Cookie": cookie})
        assert said(answer) == (401, "token_missing")


async def test_a_session_ends_after_its_hours_however_much_it_is_used(shop: Shop) -> None:
    await add(shop, "ana")
    session = (await log_in(shop, "ana")).json()
    async with shop.deps.db.begin() as tx:
        row = (await tx.execute(select(t.user_tokens))).one()
    assert row.expires_at - row.created_at == timedelta(hours=168)
    assert session["idle_s"] == 12 * 3600
