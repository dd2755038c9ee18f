"""`devices` on the real admin API, as a person calls it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from click.testing import Result
from shop import ADMIN, Device, Shop
from typer.testing import CliRunner

from cluster.cli.devices import app
from domain.errors import ConfigError, Conflict, Rejected, Unavailable

Command = Callable[..., Awaitable[Result]]


@pytest.fixture
def devices(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("ADMIN_TOKEN", ADMIN["Authorization"].removeprefix("Bearer "))

    async def run(*arguments: object) -> Result:
        words = [*map(str, arguments), "--server", str(shop.client.base_url)]
        return await asyncio.to_thread(CliRunner().invoke, app, words)

    return run


async def test_a_device_is_added_once_and_its_token_uploads(shop: Shop, devices: Command) -> None:
    options = ["--point", "Kiosk", "--register", "Till 2", "--name", "Pi 2", "--language", "sr", "--id", uuid4()]
    added = json.loads((await devices("add", *options, "--json")).stdout)
    device = Device(added["token"], added["device_id"], added["point_id"], added["register_id"])
    assert (await shop.upload(device=device)).status_code == 200
    again = json.loads((await devices("add", *options, "--json")).stdout)
    assert (again["device_id"], again["token"], again["created"]) == (added["device_id"], None, False)


async def test_the_list_names_every_device_and_its_point(shop: Shop, devices: Command) -> None:
    await devices("add", "--point", "Kiosk")
    listed = json.loads((await devices("list", "--json")).stdout)
    assert "Kiosk" in {device["point_name"] for device in listed}
    assert str(shop.device.device_id) in {device["device_id"] for device in listed}
    assert "Kiosk" in (await devices("list")).stdout


async def test_a_disabled_device_is_shut_out_until_it_is_enabled(shop: Shop, devices: Command) -> None:
    assert (await devices("disable", shop.device.device_id)).exit_code == 0
    assert (await shop.upload()).status_code == 401
    await devices("disable", shop.device.device_id, "--enable")
    assert (await shop.upload()).status_code == 200


async def test_a_rotation_prints_a_token_and_leaves_the_one_before_alive(shop: Shop, devices: Command) -> None:
    token = (await devices("rotate", shop.device.device_id)).stdout.splitlines()[-1]
    same = shop.device
    renewed = Device(token, same.device_id, same.point_id, same.register_id)
    assert (await shop.upload(device=renewed)).status_code == 200
    assert (await shop.upload(device=same)).status_code == 200


async def test_refusals_are_the_servers_own_words(shop: Shop, devices: Command) -> None:
    refused = await devices("rotate", uuid4())
    assert isinstance(refused.exception, Rejected)
    assert "There is no device" in str(refused.exception)
    await devices("add", "--point", "Kiosk", "--language", "ru")
    contradicted = await devices("add", "--point", "Kiosk", "--language", "en")
    assert isinstance(contradicted.exception, Conflict)


async def test_a_wrong_admin_token_is_said_to_be_wrong(devices: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_TOKEN", "another-token")
    assert "ADMIN_TOKEN" in str((await devices("list")).exception)


async def test_a_server_that_is_away_is_named_with_what_to_do() -> None:
    away = CliRunner().invoke(app, ["list", "--server", "http://127.0.0.1:9"])
    assert isinstance(away.exception, Unavailable)
    assert "http://127.0.0.1:9 does not answer" in str(away.exception)


async def test_a_name_with_a_line_break_is_refused_with_a_sentence(devices: Command) -> None:
    for words in (["--point", "Kiosk\n"], ["--point", "Kiosk", "--name", "Pi\n"]):
        error = (await devices("add", *words)).exception
        assert isinstance(error, ConfigError)
        assert "has a control character in it" in str(error)
