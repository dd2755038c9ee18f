"""The heartbeat: what a recorder tells, what it is answered, and what stays of it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import httpx
import pytest
from shop import Shop
from sqlalchemy import text

from db.purge import purge_recorders

LEDGER = str(uuid4())


def at(minutes: float) -> str:
    """An instant, so many minutes before now."""
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)
    return moment.isoformat()


def told(start: str, until: str, *intervals: tuple[Any, ...]) -> dict[str, Any]:
    keys = ("start", "end", "fate", "reason")
    return {"from": start, "until": until, "intervals": [dict(zip(keys, i, strict=False)) for i in intervals]}


async def beat(shop: Shop, **body: Any) -> httpx.Response:
    return await shop.client.post("/api/v1/devices/heartbeat", headers=shop.device.headers, json=body)


async def report(shop: Shop, revision: int, coverage: dict[str, Any], ledger: str = LEDGER) -> dict[str, Any]:
    answer = await beat(shop, ledger_id=ledger, revision=revision, coverage=coverage)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["wants"])


async def kept(shop: Shop) -> list[tuple[str, str, str, str | None]]:
    query = text("SELECT start_ts, end_ts, fate, reason FROM coverage ORDER BY start_ts")
    async with shop.deps.db.begin() as tx:
        return [(r[0].isoformat(), r[1].isoformat(), r[2], r[3]) for r in await tx.execute(query)]


async def test_a_bare_heartbeat_of_an_old_recorder_is_heard(shop: Shop) -> None:
    before = datetime.now(UTC)
    for content in (b"{}", json.dumps({"delivered_until": at(3)}).encode()):
        headers = {**shop.device.headers, "Content-Type": "application/json"}
        answer = await shop.client.post("/api/v1/devices/heartbeat", headers=headers, content=content)
        assert answer.status_code == 200
        assert answer.json()["wants"] == {"coverage_from": None}
        server_time = datetime.fromisoformat(answer.json()["server_time"])
        assert before - timedelta(milliseconds=1) <= server_time <= datetime.now(UTC)


async def test_a_report_replaces_what_was_told_of_its_time_and_of_no_other(shop: Shop) -> None:
    a, b, c, d = at(40), at(30), at(20), at(10)
    await report(shop, 1, told(a, c, (a, b, "recorded"), (b, c, "waiting")))
    await report(shop, 2, told(b, d, (b, c, "recorded"), (c, d, "lost", "no_microphone")))
    assert await kept(shop) == [(a, c, "recorded", None), (c, d, "lost", "no_microphone")]
    middle = at(25)
    await report(shop, 3, told(middle, c, (middle, c, "paused")))
    assert [i[2] for i in await kept(shop)] == ["recorded", "paused", "lost"]
    await report(shop, 4, told(a, d))
    assert await kept(shop) == [(a, d, "closed", None)], "its own schedule had it rest all the time"


async def test_a_report_of_an_older_revision_changes_nothing(shop: Shop) -> None:
    a, b = at(20), at(10)
    await report(shop, 7, told(a, b, (a, b, "recorded")))
    assert await report(shop, 6, told(a, b, (a, b, "waiting"))) == {"coverage_from": None}
    assert await kept(shop) == [(a, b, "recorded", None)]
    await report(shop, 7, told(a, b, (a, b, "paused")))
    assert await kept(shop) == [(a, b, "paused", None)]


async def test_a_hole_is_asked_for_until_it_is_told(shop: Shop) -> None:
    a, b, c, d = at(40), at(30), at(20), at(10)
    asked = (await report(shop, 1, told(b, c)))["coverage_from"]
    assert asked is None, "the device was registered after all of it"
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE devices SET created_at = now() - interval '60 days', ledger_id = NULL"))
    asked = datetime.fromisoformat((await report(shop, 1, told(b, c)))["coverage_from"])
    assert abs(datetime.now(UTC) - timedelta(days=30) - asked) < timedelta(minutes=1)
    assert (await report(shop, 2, told(c, d)))["coverage_from"] is not None
    assert await report(shop, 2, told(asked.isoformat(), c)) == {"coverage_from": None}
    assert await report(shop, 3, told(d, at(0))) == {"coverage_from": c.replace("+00:00", "Z")}
    assert await report(shop, 3, told(a, at(0))) == {"coverage_from": None}


async def test_another_ledger_begins_anew_and_is_asked_from_where_the_old_one_ended(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE devices SET created_at = now() - interval '50 minutes'"))
    a, b, c = at(60), at(30), at(10)
    await report(shop, 900, told(a, b, (a, b, "recorded")))
    wanted = await report(shop, 1, told(c, at(0), (c, at(0), "recorded")), ledger=str(uuid4()))
    assert wanted == {"coverage_from": b.replace("+00:00", "Z")}
    assert [i[2] for i in await kept(shop)] == ["recorded", "recorded"]


async def test_a_wrong_clock_rewrites_neither_the_far_past_nor_the_future(shop: Shop) -> None:
    long_ago, later = at(60 * 24 * 400), at(-60 * 24 * 400)
    old = at(60 * 24 * 200)
    async with shop.deps.db.begin() as tx:
        row = {"device_id": shop.device.device_id, "old": datetime.fromisoformat(old)}
        statement = (
            "INSERT INTO coverage VALUES (:device_id, :old, CAST(:old AS timestamptz) + interval '1 h', 'paused')"
        )
        await tx.execute(text(statement), row)
    await report(shop, 1, told(long_ago, later, (long_ago, later, "recorded")))
    first, second = await kept(shop)
    assert (first[0], first[2]) == (old, "paused")
    assert datetime.fromisoformat(second[0]) > datetime.now(UTC) - timedelta(days=31, minutes=1)
    assert datetime.fromisoformat(second[1]) <= datetime.now(UTC)


async def test_what_cannot_be_is_refused_by_name_and_nothing_is_kept(shop: Shop, subtests: pytest.Subtests) -> None:
    a, b, c = at(30), at(20), at(10)
    ledger: dict[str, Any] = {"ledger_id": LEDGER, "revision": 1}
    for body, says in (
        ({"coverage": told(a, b)}, "coverage needs ledger_id and revision"),
        ({**ledger, "coverage": told(b, a)}, "until must not be earlier than from"),
        ({**ledger, "coverage": told(a, c, (b, a, "lost"))}, "end must be later than start"),
        ({**ledger, "coverage": told(a, c, (a, c, "lost"), (b, c, "lost"))}, "intervals.1 begins before"),
        ({**ledger, "coverage": told(b, c, (a, c, "lost"))}, "must lie between from and until"),
        ({**ledger, "coverage": told(a, c, (a, c, "eaten"))}, "body.coverage.intervals.0.fate"),
        ({**ledger, "coverage": told(a, c, (a, c, "lost", "The dog"))}, "lower-case letters"),
        ({**ledger, "coverage": told(a, c, *[(a, c, "lost")] * 5001)}, "at most 5000"),
        ({"revision": -1}, "body.revision"),
        ({"sent_at": "2026-03-02T09:00:00"}, "has no time zone"),
        ({"version": "é" * 5}, "up to 64 characters of ASCII"),
        ({"health": {"a": "\0"}}, "NUL"),
        ({"health": {"a": "x" * 40_000}}, "is over 32768 bytes"),
        ({"health": [1]}, "body.health"),
    ):
        with subtests.test(says=says):
            answer = await beat(shop, **body)
            assert (answer.status_code, answer.json()["code"]) == (422, "field_invalid")
            assert says in answer.json()["detail"]
    assert await kept(shop) == []


async def test_health_that_postgresql_cannot_hold_is_refused(shop: Shop, subtests: pytest.Subtests) -> None:
    headers = {**shop.device.headers, "Content-Type": "application/json"}
    for health in (
        b'{"a": NaN}',
        b'{"a": 1e999}',
        rb'{"a": "\ud800"}',
        rb'{"\u0000": 1}',
        b'{"a": ' + b"[" * 90 + b"]" * 90 + b"}",
    ):
        with subtests.test(health=health):
            answer = await shop.client.post(
                "/api/v1/devices/heartbeat", headers=headers, content=b'{"health": %s}' % health
            )
            assert answer.status_code == 422, answer.text


async def test_reports_of_one_device_that_come_at_once_leave_no_overlap(shop: Shop) -> None:
    a, b, c = at(30), at(20), at(10)
    reports = (told(a, c, (a, c, "recorded")), told(b, c, (b, c, "lost")), told(a, b, (a, b, "paused")))
    await asyncio.gather(*(report(shop, 1, reports[n % 3]) for n in range(12)))
    rows = await kept(shop)
    assert all(one[1] <= other[0] for one, other in pairwise(rows))
    assert (rows[0][0], rows[-1][1]) == (a, c)


async def test_a_silenced_device_is_not_heard(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE devices SET is_enabled = false"))
    assert (await beat(shop)).status_code == 401


async def test_old_heartbeats_are_purged_but_never_the_last_word_of_a_device(shop: Shop) -> None:
    statement = """
        INSERT INTO device_heartbeats (device_id, slot, received_at, version)
        SELECT device_id, now() - age, now() - age, 'old' FROM devices,
            unnest(ARRAY[interval '9 days', interval '8 days', interval '6 days']) AS age
    """
    async with shop.deps.db.begin() as tx:
        await tx.execute(text(statement))
    assert await purge_recorders(shop.deps.db) == 2
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE device_heartbeats SET slot = now() - interval '60 days'"))
    assert await purge_recorders(shop.deps.db) == 0


async def test_the_last_heartbeat_of_ten_minutes_is_kept_with_what_it_said(shop: Shop) -> None:
    sent_at = datetime.now(UTC) + timedelta(hours=1)
    for size in (1, 2):
        await beat(shop, sent_at=sent_at.isoformat(), version="1.0.3", health={"queue_size": size}, colour="red")
    query = text("SELECT version, health, clock_error_ms FROM device_heartbeats ORDER BY slot DESC")
    async with shop.deps.db.begin() as tx:
        rows = (await tx.execute(query)).all()
        seen = (await tx.execute(text("SELECT now() - last_seen_at FROM devices"))).scalar_one()
    assert len(rows) <= 2, "two, where the clock strikes ten minutes between them"
    assert (rows[0].version, rows[0].health) == ("1.0.3", {"queue_size": 2})
    assert 3_590_000 < rows[0].clock_error_ms < 3_600_000
    assert seen < timedelta(minutes=1)
