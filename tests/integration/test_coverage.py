"""Coverage over HTTP: the schedule, what the server received, what recorders say, and silence."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from shop import ADMIN, Device, Shop
from sqlalchemy import text

ZONE = ZoneInfo("Europe/Belgrade")
DAY = datetime.now(ZONE).date() - timedelta(days=2)
HOUR, MINUTE = 3_600_000, 60_000


def at(clock: str, day: date = DAY) -> datetime:
    """A local time of the point's day, UTC."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZONE).astimezone(UTC)


async def execute(shop: Shop, statement: str, **values: Any) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(text(statement), values)


async def beat(shop: Shop, since: datetime, until: datetime, *told: tuple[str, str, str, str | None]) -> None:
    intervals = [
        {"start": at(start).isoformat(), "end": at(end).isoformat(), "fate": fate, "reason": reason}
        for start, end, fate, reason in told
    ]
    coverage = {"from": since.isoformat(), "until": until.isoformat(), "intervals": intervals}
    body = {"ledger_id": str(uuid4()), "revision": 1, "coverage": coverage}
    answer = await shop.client.post("/api/v1/devices/heartbeat", headers=shop.device.headers, json=body)
    assert answer.status_code == 200, answer.text


async def received(shop: Shop, start: datetime, end: datetime, decoded_ms: int | None = None) -> None:
    statement = """
        INSERT INTO audio_chunks (chunk_id, device_id, point_id, register_id, start_ts, end_ts, codec, sample_rate,
                                  channels, sha256, size_bytes, decoded_ms)
        SELECT gen_random_uuid(), device_id, point_id, register_id, :start, :end, 'opus', 48000, 1, 'x', 1, :decoded_ms
        FROM devices WHERE device_id = :device_id
    """
    await execute(shop, statement, device_id=shop.device.device_id, start=start, end=end, decoded_ms=decoded_ms)


async def ask(shop: Shop, path: str, **query: Any) -> httpx.Response:
    return await shop.client.get(f"/api/v1/admin/{path}/coverage", headers=ADMIN, params=query)


async def coverage(shop: Shop, **query: Any) -> dict[str, Any]:
    answer = await ask(shop, f"devices/{shop.device.device_id}", **(query or {"day": DAY}))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.fixture
async def old_shop(shop: Shop) -> Shop:
    """Its device has been there for ten days."""
    await execute(shop, "UPDATE devices SET created_at = now() - interval '10 days'")
    return shop


async def test_a_day_is_told_to_the_millisecond(old_shop: Shop) -> None:
    await received(old_shop, at("08:00"), at("12:00"))
    await received(old_shop, at("12:11"), at("20:00"), decoded_ms=7 * HOUR + 49 * MINUTE)
    await beat(
        old_shop, at("08:00"), at("22:00"),
        ("08:00", "12:00", "recorded", None),
        ("12:00", "12:11", "lost", "no_microphone"),
        ("12:11", "21:30", "recorded", None),
        ("21:30", "21:37", "paused", None),
        ("21:37", "22:00", "waiting", None),
    )  # fmt: skip
    found = await coverage(old_shop)
    totals = found["totals"]
    assert totals["scheduled_ms"] == 14 * HOUR
    assert totals["recorded_ms"] == 11 * HOUR + 49 * MINUTE
    assert totals["lost_by_reason"] == {"not_received": 90 * MINUTE, "no_microphone": 11 * MINUTE}
    assert (totals["paused_ms"], totals["waiting_ms"], totals["ahead_ms"]) == (7 * MINUTE, 23 * MINUTE, 0)
    assert totals["share"] == pytest.approx((11 + 49 / 60) / 14)
    assert found["intervals"][1]["reason"] == "no_microphone"
    assert datetime.fromisoformat(found["windows"][0]["start"]) == at("08:00")
    ends = [(i["start"], i["end"]) for i in found["intervals"]]
    assert all(one[1] == other[0] for one, other in pairwise(ends))


async def test_a_dead_recorders_hours_are_lost_without_its_saying_so(old_shop: Shop) -> None:
    totals = (await coverage(old_shop))["totals"]
    assert totals["lost_by_reason"] == {"silent": 14 * HOUR}


async def test_nothing_was_expected_of_a_device_before_it_was_there_but_what_it_proves_counts(shop: Shop) -> None:
    assert (await coverage(shop))["totals"]["scheduled_ms"] == 0
    assert (await coverage(shop))["totals"]["share"] is None
    await beat(shop, at("08:00"), at("22:00"), ("09:00", "10:00", "lost", "off"))
    assert (await coverage(shop))["totals"]["lost_by_reason"] == {"off": HOUR}


async def test_nothing_is_expected_of_a_device_while_it_is_disabled_or_once_it_was_replaced(old_shop: Shop) -> None:
    path = f"/api/v1/admin/devices/{old_shop.device.device_id}"
    for is_enabled in (False, False, True, True, False):
        await old_shop.client.patch(path, headers=ADMIN, json={"is_enabled": is_enabled})
    await execute(old_shop, "UPDATE disabled_spans SET start_ts = :start WHERE end_ts IS NULL", start=at("18:00"))
    assert (await coverage(old_shop))["totals"]["scheduled_ms"] == 10 * HOUR
    await execute(
        old_shop, "UPDATE disabled_spans SET start_ts = :start, end_ts = :end WHERE end_ts IS NULL",
        start=at("18:00"), end=at("19:00"),
    )  # fmt: skip
    assert (await coverage(old_shop))["totals"]["scheduled_ms"] == 13 * HOUR
    new = Device(point_id=old_shop.device.point_id, register_id=old_shop.device.register_id)
    assert (await old_shop.register(new, replaces=str(old_shop.device.device_id))).status_code == 201
    await execute(old_shop, "UPDATE devices SET replaced_at = :at WHERE replaced_by IS NOT NULL", at=at("12:00"))
    await execute(old_shop, "UPDATE devices SET created_at = now() - interval '9 days'")
    point = (await ask(old_shop, f"points/{new.point_id}", day=DAY)).json()
    scheduled = {row["device_id"]: row["totals"]["scheduled_ms"] for row in point["devices"]}
    assert scheduled == {str(old_shop.device.device_id): 4 * HOUR, str(new.device_id): 10 * HOUR}
    assert point["totals"]["scheduled_ms"] == 14 * HOUR


async def test_a_point_sums_its_devices(old_shop: Shop) -> None:
    second = Device(point_id=old_shop.device.point_id)
    assert (await old_shop.register(second)).status_code == 201
    await execute(old_shop, "UPDATE devices SET created_at = now() - interval '10 days'")
    await received(old_shop, at("08:00"), at("08:30"))
    point = (await ask(old_shop, f"points/{second.point_id}", day=DAY)).json()
    assert len(point["devices"]) == 2
    assert point["totals"]["scheduled_ms"] == 28 * HOUR
    assert point["totals"]["recorded_ms"] == HOUR // 2
    assert point["day"] == str(DAY)


async def test_today_is_partly_ahead_and_its_last_minutes_are_not_yet_lost(old_shop: Shop) -> None:
    hours = {"opening_hours": {"exceptions": {str(datetime.now(ZONE).date()): [{"opens": "00:00", "closes": "24:00"}]}}}
    path = f"/api/v1/admin/points/{old_shop.device.point_id}"
    assert (await old_shop.client.patch(path, headers=ADMIN, json=hours)).status_code == 200
    answer = await ask(old_shop, f"devices/{old_shop.device.device_id}")
    totals = answer.json()["totals"]
    now = datetime.fromisoformat(answer.json()["now"])
    passed = now - datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    assert totals["waiting_ms"] == min(10 * MINUTE, passed // timedelta(milliseconds=1))
    assert totals["ahead_ms"] == totals["scheduled_ms"] - passed // timedelta(milliseconds=1)


async def test_hours_outside_of_the_schedule_are_counted_apart(old_shop: Shop) -> None:
    hours = {
        "opening_hours": {
            day: [{"opens": "10:00", "closes": "24:00"}] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        }
    }
    await old_shop.client.patch(f"/api/v1/admin/points/{old_shop.device.point_id}", headers=ADMIN, json=hours)
    await received(old_shop, at("09:00"), at("09:50"))
    totals = (await coverage(old_shop))["totals"]
    assert (totals["scheduled_ms"], totals["outside_ms"]) == (14 * HOUR, 50 * MINUTE)


async def test_a_span_may_stand_for_the_day_and_goes_over_midnight(old_shop: Shop) -> None:
    day = {"from": at("20:00").isoformat(), "to": (at("20:00") + timedelta(hours=24)).isoformat()}
    found = await coverage(old_shop, **day)
    assert found["totals"]["scheduled_ms"] == 14 * HOUR
    assert len(found["windows"]) == 2
    assert found["day"] is None


async def test_what_cannot_be_asked_is_refused_by_name(shop: Shop, subtests: pytest.Subtests) -> None:
    device = f"devices/{shop.device.device_id}"
    for query, says in (
        ({"day": "yesterday"}, "query.day"),
        ({"day": "0001-01-01"}, "query.day"),
        ({"from": "2026-03-02T00:00:00Z"}, "query.to: is missing"),
        ({"to": "2026-03-02T00:00:00Z"}, "query.from: is missing"),
        ({"from": "2026-03-02T00:00:00Z", "to": "2026-03-02T00:00:00Z"}, "must be later"),
        ({"from": "2026-03-02T00:00:00Z", "to": "2026-06-02T00:00:00Z"}, "31 days"),
        ({"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z", "day": "2026-03-02"}, "query.day"),
    ):
        with subtests.test(query=query):
            answer = await ask(shop, device, **query)
            assert answer.status_code == 422
            assert says in answer.json()["detail"]
    for path in (f"devices/{uuid4()}", f"points/{uuid4()}"):
        assert (await ask(shop, path)).json()["code"] == "not_found"


async def test_a_device_shows_its_last_heartbeat(shop: Shop) -> None:
    path = f"/api/v1/admin/devices/{shop.device.device_id}"
    assert (await shop.client.get(path, headers=ADMIN)).json()["heartbeat"] is None
    body = {"version": "1.0.3", "health": {"recording": True}}
    await shop.client.post("/api/v1/devices/heartbeat", headers=shop.device.headers, json=body)
    for view in (
        (await shop.client.get(path, headers=ADMIN)).json(),
        (await shop.client.get("/api/v1/admin/devices", headers=ADMIN)).json()["items"][0],
    ):
        assert (view["heartbeat"]["version"], view["heartbeat"]["health"]) == ("1.0.3", {"recording": True})


async def test_a_point_shows_the_hours_that_count_and_whether_anybody_gave_them(shop: Shop) -> None:
    path = f"/api/v1/admin/points/{shop.device.point_id}"
    point = (await shop.client.get(path, headers=ADMIN)).json()
    assert point["has_opening_hours"] is False
    assert point["opening_hours"]["sun"] == [{"opens": "08:00", "closes": "22:00"}]
    hours = {"mon": [{"opens": "08:00", "closes": "12:00"}, {"opens": "11:00", "closes": "14:00"}]}
    refused = await shop.client.patch(path, headers=ADMIN, json={"opening_hours": hours})
    assert "11:00 lies before 12:00" in refused.json()["detail"]
    hours["mon"].pop()
    point = (await shop.client.patch(path, headers=ADMIN, json={"opening_hours": hours})).json()
    assert point["has_opening_hours"] is True
    assert (point["opening_hours"]["mon"], point["opening_hours"]["tue"]) == (hours["mon"], [])
