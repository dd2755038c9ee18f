"""`devices codes` and `devices coverage` on the real admin API, as a person calls them."""

import asyncio
import csv
import io
import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from shop import ADMIN, Shop
from sqlalchemy import text
from typer.testing import CliRunner

from cluster.cli.devices import app
from domain.errors import Conflict, Rejected

Command = Callable[..., Awaitable[Result]]
ZONE = ZoneInfo("Europe/Belgrade")
DAY = datetime.now(ZONE).date() - timedelta(days=1)


@pytest.fixture
def devices(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("ADMIN_TOKEN", ADMIN["Authorization"].removeprefix("Bearer "))
    monkeypatch.setenv("COLUMNS", "160")

    async def run(*arguments: object) -> Result:
        words = [*map(str, arguments), "--server", str(shop.client.base_url)]
        return await asyncio.to_thread(CliRunner().invoke, app, words)

    return run


async def enrol(shop: Shop, code: str) -> dict[str, Any]:
    body = {"code": code, "token_plain": secrets.token_hex(24)}
    answer = await shop.client.post("/api/v1/devices/enrol", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_codes_for_a_new_shop_are_printed_once_and_enrol_its_recorders(shop: Shop, devices: Command) -> None:
    options = ["--point", "Kiosk", "--count", 2, "--language", "sr", "--zone", "Europe/Belgrade"]
    made = json.loads((await devices("codes", *options, "--json")).stdout)
    assert [row["register"] for row in made] == ["Till 1", "Till 2"]
    place = await enrol(shop, made[1]["code"])
    assert (place["point_name"], place["register_name"], place["language"]) == ("Kiosk", "Till 2", "sr")
    more = json.loads((await devices("codes", "--point", "Kiosk", "--json")).stdout)
    assert [row["register"] for row in more] == ["Till 3"]
    assert more[0]["point_id"] == place["point_id"], "the shop of that name, not another one"
    shown = await devices("codes", "--point", "Kiosk", "--register", "Bar")
    assert "Bar" in shown.stdout
    assert "recorder-agent enrol CODE" in shown.stderr


async def test_a_shop_made_by_codes_is_that_of_devices_add(devices: Command) -> None:
    made = json.loads((await devices("codes", "--point", "Kiosk", "--json")).stdout)
    added = json.loads((await devices("add", "--point", "Kiosk", "--register", "Till 1", "--json")).stdout)
    assert (added["point_id"], added["register_id"]) == (made[0]["point_id"], made[0]["register_id"])


async def test_codes_come_as_csv_that_no_spreadsheet_runs(devices: Command) -> None:
    printed = (await devices("codes", "--point", "=Kiosk", "--register", "Bar", "--register", "Till 7", "--csv")).stdout
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [(row["point"], row["register"]) for row in rows] == [("'=Kiosk", "Bar"), ("'=Kiosk", "Till 7")]
    assert all(len(row["code"]) == 14 for row in rows)
    assert datetime.fromisoformat(rows[0]["expires_at"]) - datetime.now(UTC) > timedelta(hours=47)


async def test_codes_are_listed_by_what_became_of_them_and_revoked(shop: Shop, devices: Command) -> None:
    used, revoked, _ = json.loads((await devices("codes", "--point", "Kiosk", "--count", 3, "--json")).stdout)
    await enrol(shop, used["code"])
    assert (await devices("codes", "--revoke", revoked["enrolment_id"])).exit_code == 0
    listed = (await devices("codes", "--list", "--point", "Kiosk")).stdout
    assert [state for line in listed.splitlines() for state in ("used", "revoked", "open") if f" {state} " in line] == [
        "used",
        "revoked",
        "open",
    ]
    assert used["code"] not in listed
    assert isinstance((await devices("codes", "--revoke", used["enrolment_id"])).exception, Conflict)
    assert len(json.loads((await devices("codes", "--list", "--json")).stdout)) == 3


async def test_a_code_replaces_a_device(shop: Shop, devices: Command) -> None:
    old = str(shop.device.device_id)
    (made,) = json.loads((await devices("codes", "--replace", old, "--json")).stdout)
    place = await enrol(shop, made["code"])
    listed = {device["device_id"]: device for device in json.loads((await devices("list", "--json")).stdout)}
    assert listed[old]["replaced_by"] == place["device_id"]
    assert isinstance((await devices("codes", "--replace", uuid4())).exception, Rejected)


async def test_codes_for_nowhere_are_asked_where(devices: Command) -> None:
    refused = await devices("codes", "--count", 2)
    assert refused.exit_code == 2
    assert "--point" in refused.stderr


async def test_coverage_says_a_days_fate_in_a_sentence_and_a_strip(shop: Shop, devices: Command) -> None:
    def at(clock: str) -> str:
        return datetime.fromisoformat(f"{DAY}T{clock}").replace(tzinfo=ZONE).isoformat()

    intervals = [
        {"start": at("08:00"), "end": at("08:11"), "fate": "lost", "reason": "no_microphone"},
        {"start": at("08:11"), "end": at("08:18"), "fate": "paused"},
        {"start": at("08:18"), "end": at("22:00"), "fate": "recorded"},
    ]
    told = {"from": at("08:00"), "until": at("22:00"), "intervals": intervals}
    body = {"ledger_id": str(uuid4()), "revision": 1, "coverage": told}
    await shop.client.post("/api/v1/devices/heartbeat", headers=shop.device.headers, json=body)
    statement = """
        INSERT INTO audio_chunks (chunk_id, device_id, point_id, register_id, start_ts, end_ts, codec, sample_rate,
                                  channels, sha256, size_bytes)
        SELECT gen_random_uuid(), device_id, point_id, register_id, minute, minute + interval '60 s', 'opus', 48000, 1,
               'x', 1
        FROM devices, generate_series(CAST(:since AS timestamptz), CAST(:until AS timestamptz) - interval '1 s', '60 s')
            AS minute
    """
    async with shop.deps.db.begin() as tx:
        span = {"since": datetime.fromisoformat(at("08:18")), "until": datetime.fromisoformat(at("22:00"))}
        await tx.execute(text(statement), span)
    for choice in ((), ("--device", shop.device.device_id)):
        shown = (await devices("coverage", "--day", DAY, *choice)).stdout
        assert "08:00–22:00: 13 h 42 m recorded, 11 m no microphone, 7 m paused" in shown
        assert "█" * 40 in shown
        assert "97.9%" in shown
    (report,) = json.loads((await devices("coverage", "--day", DAY, "--json")).stdout)
    assert report["devices"][0]["totals"]["lost_by_reason"] == {"no_microphone": 11 * 60_000}
    assert (await devices("coverage")).exit_code == 0


async def test_coverage_of_nothing_known_is_refused_by_name(devices: Command) -> None:
    assert "no point 'Nowhere'" in str((await devices("coverage", "--point", "Nowhere")).exception)
    assert "There is no device" in str((await devices("coverage", "--device", uuid4())).exception)
    assert "2026-03-02" in (await devices("coverage", "--day", "yesterday")).stderr
