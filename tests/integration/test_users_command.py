"""`users` on the real API, as a person calls it."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from click.testing import Result
from shop import ADMIN, Shop
from typer.testing import CliRunner

from cluster.cli.users import app
from domain.errors import Conflict, Rejected

Command = Callable[..., Awaitable[Result]]


@pytest.fixture
def users(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("ADMIN_TOKEN", ADMIN["Authorization"].removeprefix("Bearer "))

    async def run(*arguments: object, typed: str | None = None) -> Result:
        words = [*map(str, arguments), "--server", str(shop.client.base_url)]
        return await asyncio.to_thread(CliRunner().invoke, app, words, input=typed)

    return run


async def log_in(shop: Shop, login: str, password: str) -> int:
    body = {"login": login, "password": password}
    return (await shop.client.post("/api/v1/auth/login", json=body)).status_code


async def test_a_person_is_added_and_logs_in_with_the_password_that_was_printed(shop: Shop, users: Command) -> None:
    added = await users("add", "ana", "--role", "manager", "--point", shop.device.point_id)
    assert await log_in(shop, "ana", added.stdout.splitlines()[-1]) == 200
    listed = json.loads((await users("list", "--json")).stdout)
    assert [(user["login"], user["role"], user["points"]) for user in listed] == [
        ("ana", "manager", [str(shop.device.point_id)])
    ]
    assert "ana" in (await users("list")).stdout


async def test_a_password_is_read_from_standard_input_and_never_printed(shop: Shop, users: Command) -> None:
    typed = "correct horse battery"
    added = await users("add", "ana", "--role", "admin", "--stdin", typed=f"{typed}\n")
    assert typed not in added.output
    assert await log_in(shop, "ana", typed) == 200
    renewed = await users("passwd", "ana")
    assert await log_in(shop, "ana", typed) == 401
    assert await log_in(shop, "ana", renewed.stdout.splitlines()[-1]) == 200


async def test_a_machine_gets_a_token_and_may_get_another(shop: Shop, users: Command) -> None:
    added = json.loads((await users("add", "bi", "--role", "machine", "--all-points", "--json")).stdout)
    second = (await users("token", "bi")).stdout.splitlines()[-1]
    for token in (added["token"], second):
        answer = await shop.client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["role"] == "machine"


async def test_a_disabled_person_is_shut_out_until_they_are_enabled(shop: Shop, users: Command) -> None:
    typed = "correct horse battery"
    await users("add", "ana", "--role", "viewer", "--all-points", "--stdin", typed=f"{typed}\n")
    assert "disabled" in (await users("disable", "ana")).stdout
    assert await log_in(shop, "ana", typed) == 401
    await users("disable", "ana", "--enable")
    assert await log_in(shop, "ana", typed) == 200


async def test_refusals_say_what_to_do(users: Command) -> None:
    assert "--all-points" in (await users("add", "ana", "--role", "viewer")).output
    unknown = await users("add", "ana", "--role", "viewer", "--point", "Nowhere")
    assert isinstance(unknown.exception, Rejected)
    assert "there is no point Nowhere" in str(unknown.exception)
    assert isinstance((await users("passwd", "eva")).exception, Rejected)
    await users("add", "ana", "--role", "admin")
    assert isinstance((await users("add", "ana", "--role", "admin")).exception, Conflict)
