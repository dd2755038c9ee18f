"""The page of points over HTTP, and who may erase where."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from people import a_person
from shop import ADMIN, Device, Shop
from sqlalchemy import select
from typer.testing import CliRunner

from cluster.cli.app import app
from db import tables as t
from domain.access import Role

HEALTH = {
    "queue_size": 2, "condition": "recording", "level": {"rms_dbfs": -41.5, "peak_dbfs": -3},
    "disk": {"waiting_bytes": 5}, "uploads": {"oldest_waiting_s": 61.5}, "microphone": {"name": "USB"},
    "problems": [{"code": "x", "message": "Mend it."}],
}  # fmt: skip


async def places(shop: Shop, headers: dict[str, str] = ADMIN, **query: str) -> dict:  # type: ignore[type-arg]
    answer = await shop.client.get("/api/v1/places", headers=headers, params=query)
    answer.raise_for_status()
    return answer.json()  # type: ignore[no-any-return]


async def test_a_device_is_shown_with_its_pulse_and_the_fate_of_its_day(shop: Shop) -> None:
    (item,) = (await places(shop))["items"]
    (register,) = item["registers"]
    (device,) = register["devices"]
    assert (device["state"], device["pulse"], device["last_chunk_at"]) == ("new", None, None)

    now = datetime.now(UTC)
    times = {"start_ts": (now - timedelta(minutes=2)).isoformat(), "end_ts": (now - timedelta(minutes=1)).isoformat()}
    await shop.upload(**times)
    beat = {"sent_at": (now + timedelta(seconds=5)).isoformat(), "version": "1.2", "health": HEALTH}
    answer = await shop.client.post("/api/v1/devices/heartbeat", headers=shop.device.headers, json=beat)
    answer.raise_for_status()
    (item,) = (await places(shop, point=str(shop.device.point_id)))["items"]
    device = item["registers"][0]["devices"][0]
    pulse = device["pulse"]
    assert (pulse["queue_files"], pulse["queue_bytes"], pulse["level_dbfs"], pulse["version"]) == (2, 5, -41.5, "1.2")
    assert pulse["clock_error_ms"] == pytest.approx(5000, abs=3000)
    assert pulse["problems"] == ["Mend it."]
    assert device["last_chunk_at"] is not None
    assert device["totals"]["recorded_ms"] + device["totals"]["outside_ms"] == pytest.approx(60_000, abs=1000)


@pytest.mark.parametrize(
    "health", [{"queue_size": "many", "level": 3, "problems": "none", "disk": {"free_bytes": True}}]
)
async def test_a_recorder_that_talks_nonsense_hides_nothing_else(shop: Shop, health: object) -> None:
    beat = {"health": health}
    await shop.client.post("/api/v1/devices/heartbeat", headers=shop.device.headers, json=beat)
    (item,) = (await places(shop))["items"]
    pulse = item["registers"][0]["devices"][0]["pulse"]
    assert (pulse["queue_files"], pulse["level_dbfs"], pulse["problems"], pulse["free_bytes"]) == (None, None, [], None)


async def test_points_are_paged_by_name_and_shown_to_their_people_only(shop: Shop) -> None:
    mine, other = Device(), Device()
    for device, name in ((mine, "Alpha"), (other, "beta")):
        await shop.register(device, point_name=name)
    manager = await a_person(shop.deps.db, Role.MANAGER, [mine.point_id])
    assert [item["name"] for item in (await places(shop, manager.headers))["items"]] == ["Alpha"]
    first = await places(shop, limit="1")
    rest = await places(shop, after=first["next"])
    names = [item["name"] for item in (*first["items"], *rest["items"])]
    assert names == sorted(names, key=str.lower)
    assert len(names) == 3
    refused = await shop.client.get("/api/v1/places", headers=manager.headers, params={"point": str(other.point_id)})
    assert refused.status_code == 404


async def test_a_manager_erases_at_own_points_only_and_a_viewer_nowhere(shop: Shop) -> None:
    other = Device()
    await shop.register(other)
    manager = await a_person(shop.deps.db, Role.MANAGER, [shop.device.point_id])
    viewer = await a_person(shop.deps.db, Role.VIEWER, [shop.device.point_id])

    async def erase(headers: dict[str, str], **body: object) -> tuple[int, dict[str, object]]:
        times = {"from": "2026-03-02T09:00:00Z", "to": "2026-03-02T10:00:00Z"}
        answer = await shop.client.post("/api/v1/erasures", headers=headers, json={"kind": "interval", **times, **body})
        return answer.status_code, answer.json()

    mine, theirs = {"point_id": str(shop.device.point_id)}, {"point_id": str(other.point_id)}
    assert (await erase(manager.headers, **theirs))[0] == 404
    assert (await erase(manager.headers, **mine, device_id=str(other.device_id)))[0] == 404
    assert (await erase(viewer.headers, **mine))[0] == 403
    status, told = await erase(manager.headers, **mine)
    assert (status, told["requested_by"]) == (201, manager.login)
    for headers, count in ((manager.headers, 1), (ADMIN, 1)):
        listed = (await shop.client.get("/api/v1/erasures", headers=headers)).json()["items"]
        assert [one["erasure_id"] for one in listed] == [told["erasure_id"]] * count
    async with shop.deps.db.begin() as tx:
        log = (await tx.execute(select(t.audit_log).where(t.audit_log.c.action == "erasure.order"))).one()
    assert (log.actor, log.subject) == (manager.login, f"erasure/{told['erasure_id']}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "interval"},
        {"kind": "dialogue"},
        {"kind": "dialogue", "dialogue_id": str(uuid4()), "point_id": str(uuid4())},
        {"kind": "interval", "point_id": "here", "from": "2026-03-02T09:00:00Z", "to": "2026-03-02T10:00:00Z"},
        {"kind": "interval", "from": "2026-03-02T09:00:00Z", "to": "2026-03-02T08:00:00Z"},
        {"kind": "interval", "from": "2026-03-02T09:00:00Z", "to": "2026-05-02T08:00:00Z"},
        {"kind": "interval", "from": "2096-03-02T09:00:00Z", "to": "2096-03-02T10:00:00Z"},
        {"kind": "interval", "from": "2026-03-02T09:00:00", "to": "2026-03-02T10:00:00Z"},
        {"kind": "retention"},
    ],
)
async def test_an_order_that_cannot_be_is_refused(shop: Shop, wrong: dict[str, str]) -> None:
    place = {"point_id": str(shop.device.point_id)} if wrong["kind"] == "interval" and len(wrong) == 3 else {}
    answer = await shop.client.post("/api/v1/erasures", headers=ADMIN, json={**place, **wrong})
    assert answer.status_code == 422, answer.text
    async with shop.deps.db.begin() as tx:
        assert (await tx.execute(select(t.erasures))).all() == []


async def test_another_zone_has_the_points_reports_made_anew(shop: Shop) -> None:
    path = f"/api/v1/admin/points/{shop.device.point_id}"
    for zone, jobs in (("Europe/Belgrade", 0), ("Asia/Tokyo", 1)):
        (await shop.client.patch(path, headers=ADMIN, json={"zone": zone})).raise_for_status()
        async with shop.deps.db.begin() as tx:
            queued = (await tx.execute(select(t.jobs).where(t.jobs.c.stage == "report"))).all()
        assert [UUID(job.subject_id) for job in queued] == [shop.device.point_id] * jobs


async def test_figures_by_register_are_turned_on_by_administrators_only(shop: Shop) -> None:
    manager = await a_person(shop.deps.db, Role.MANAGER, [shop.device.point_id])
    path = f"/api/v1/admin/points/{shop.device.point_id}"
    refused = await shop.client.patch(path, headers=manager.headers, json={"shows_registers": True})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert (await shop.client.patch(path, headers=ADMIN, json={"shows_registers": True})).json()["shows_registers"]


async def test_the_command_says_what_would_go_before_it_erases(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_TOKEN", ADMIN["Authorization"].removeprefix("Bearer "))
    await shop.upload()
    server = ["--server", str(shop.client.base_url)]
    times = ["--from", "2026-03-02T10:00:00+01:00", "--to", "2026-03-02T10:01:00+01:00"]
    where = ["erase", "--point", str(shop.device.point_id), *times, *server]

    async def run(*more: str, answer: str = "") -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, [*where, *more], answer)
        return result.exit_code, result.output

    tried = await run("--dry-run", "--json")
    assert json.loads(tried[1])["counts"]["chunks_deleted"] == 1
    code, said = await run(answer="n\n")
    assert (code, said.count("recordings deleted   1")) == (1, 1), said
    assert len(shop.files()) == 1
    code, said = await run(answer="y\n")
    assert (code, "Erased: " in said) == (0, True)
    assert shop.files() == []
    code, said = await run("--dialogue", str(uuid4()))
    assert code == 2
