"""What `doctor` says of a server with shops on it, on a real database."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from uuid import uuid4

import pytest

from cluster.doctor import production
from configs.settings import Settings, load
from db import tables as t
from db.engine import Database

Of = Callable[..., Settings]


@pytest.fixture
def of(database_url: str) -> Of:
    base = {"DATABASE_URL": database_url, "ADMIN_TOKEN": "an-admin-token-for-tests"}
    return lambda **env: load({**base, **env})


def fill(url: str, *rows: object) -> None:
    async def once() -> None:
        db = Database(url)
        try:
            async with db.begin() as tx:
                for row in rows:
                    await tx.execute(row)
        finally:
            await db.dispose()

    asyncio.run(once())


def said(check: Callable[[Settings], object], settings: Settings) -> list[tuple[str, str]]:
    return [(finding.level, finding.detail) for finding in check(settings)]


def test_the_two_clocks_agree_on_one_machine(of: Of) -> None:
    assert said(production.clock, of()) == [("ok", "0.0 s from the database's")]


def test_a_clock_that_is_off_is_named(of: Of, monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) - timedelta(seconds=90)

    monkeypatch.setattr(production, "datetime", Late)
    ((level, detail),) = said(production.clock, of())
    assert (level, detail[:3]) == ("warn", "90.")


def test_a_backup_is_missed_once_there_is_something_to_lose(of: Of, database_url: str) -> None:
    assert said(production.backups, of()) == [("ok", "none was ever made")]
    device = {name: uuid4() for name in ("device_id", "point_id", "register_id")}
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    chunk = {
        "chunk_id": uuid4(), "start_ts": start, "end_ts": start + timedelta(minutes=1), "codec": "opus", "channels": 1,
        "sample_rate": 48000, "sha256": "0", "size_bytes": 1, "stored_path": "a.ogg",
    }  # fmt: skip
    place = {name: device[name] for name in ("point_id", "register_id")}
    fill(
        database_url,
        t.points.insert().values(point_id=device["point_id"], name="Bakery"),
        t.registers.insert().values(**place, name="Till"),
        t.devices.insert().values(**device, name="Pi"),
        t.audio_chunks.insert().values(**device, **chunk),
    )
    assert said(production.backups, of()) == [("warn", "none was ever made")]
    for age_h, level in ((30, "warn"), (3, "ok")):
        as_of = datetime.now(UTC) - timedelta(hours=age_h)
        made = {
            "backup_id": uuid4(), "name": f"{age_h}", "target": "/x", "as_of": as_of,
            "database_bytes": 1, "audio_files": 1, "audio_missing": 0,
        }  # fmt: skip
        fill(database_url, t.backups.insert().values(**made))
        assert said(production.backups, of()) == [(level, f"the newest is {age_h} h old")]


S3 = {"AUDIO_STORAGE_PATH": "s3://bucket/audio", "SALESCONTROL_STORAGE__S3__REGION": "eu-central-1"}
LLM = {"OPENAI_API_KEY": "k"}
ELSEWHERE = {**LLM, "OPENAI_BASE_URL": "https://llm.example.com/v1"}


@pytest.mark.parametrize(
    ("env", "levels"),
    [
        ({}, ["ok"]),
        (S3, ["warn"]),
        ({**S3, "SALESCONTROL_STORAGE__COUNTRY": "RS"}, ["ok"]),
        (LLM, ["ok", "warn"]),
        ({**LLM, "OPENAI_BASE_URL": "http://10.0.0.7/v1"}, ["ok", "ok"]),
        (ELSEWHERE, ["ok", "warn"]),
        (
            {**LLM, "OPENAI_BASE_URL": "https://llm.example.com/v1", "SALESCONTROL_ANALYSIS__COUNTRY": "RS"},
            ["ok", "ok"],
        ),
    ],
)
def test_voices_that_leave_their_country_are_named(
    of: Of, database_url: str, env: dict[str, str], levels: list[str]
) -> None:
    assert said(production.countries, of(**env)) == []
    point = {"point_id": uuid4(), "name": "Bakery", "country": "RS", "zone": "Europe/Belgrade"}
    fill(database_url, t.points.insert().values(**point))
    assert [level for level, _ in said(production.countries, of(**env))] == levels


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        good = self.headers.get("Authorization") == "Bearer good"
        self.send_response(200 if good else 401)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        return


def test_the_language_model_is_asked_whether_it_is_there(of: Of) -> None:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        at = {"OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1"}
        levels = [said(production.model, of(**at, OPENAI_API_KEY=key))[0][0] for key in ("good", "bad")]
        server.shutdown()
        thread.join()
    assert levels == ["ok", "fail"]
    assert said(production.model, of(**at, OPENAI_API_KEY="good"))[0][0] == "warn"
    assert said(production.model, of()) == []


@pytest.mark.parametrize(
    ("env", "level"),
    [
        ({"PUBLIC_URL": "http://shops.example.com"}, "fail"),
        ({"PUBLIC_URL": "https://shops.example.com"}, "ok"),
        ({"PUBLIC_URL": "https://shops.example.com", "SALESCONTROL_SERVER__PROXIES": "0"}, "warn"),
        ({}, "warn"),
        ({"PUBLIC_URL": "https://shops.example.com", "SALESCONTROL_SERVER__HOST": "0.0.0.0"}, "warn"),
    ],
)
def test_the_way_in_is_through_tls(of: Of, env: dict[str, str], level: str) -> None:
    settings = of(SALESCONTROL_PROFILE="server", **env)
    assert said(production.way_in, settings)[-1][0] == level
