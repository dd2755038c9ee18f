"""One dialogue over the api: what its page shows, its sound, running it again, and who may."""

import hashlib
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from people import a_person
from shop import ADMIN, Device, Shop
from spoken_dialogues import record, say
from sqlalchemy import insert, select, update

from audio.decode import decode
from db import tables as t
from domain.access import Role
from serve_apps.api.dialogues.links import Links

SCRIPT = "<script>alert(1)</script>"
TALK = "Здравствуйте! Можно капучино?\nХотите к нему десерт?\nДа, давайте."


async def get(shop: Shop, path: str, headers: Any = ADMIN, **query: Any) -> httpx.Response:
    return await shop.client.get(f"/api/v1/dialogues/{path}", headers=headers, params=query)


async def test_the_page_has_text_verdict_missed_chance_provenance_and_neighbours(shop: Shop) -> None:
    before = await say(shop, "Раньше", minute=-10)
    dialogue_id = await say(shop, TALK, quotes=("Хотите к нему десерт?",), tokens_in=700, cost_usd=0.0002)
    after = await say(shop, "Позже", minute=10)
    await record(shop, dialogue_id)
    async with shop.deps.db.begin() as tx:
        for model, attempted, cost in (("gpt-4o-mini", "no", 0.001), ("rules-1", "yes", 0.0002)):
            verdict = {"kind": "sale", "attempted": attempted, "quality_score": 0, "summary": SCRIPT}
            payload = {"verdict": verdict, "provenance": {"model": model, "cost_usd": cost}}
            row = {"stage": "analysis", "subject_id": str(dialogue_id), "subject_rev": 1, "job_id": 1}
            await tx.execute(insert(t.stage_results).values(**row, payload=payload))
    detail = (await get(shop, f"{dialogue_id}/detail", q="десерты")).json()
    assert detail["row"]["start_ts"] == "2026-03-02T10:00:00+01:00"
    first, second, third = detail["utterances"]
    assert [first["speaker"], second["speaker"], third["speaker"]] == ["customer", "staff", "customer"]
    assert second["text"][slice(*second["quotes"][0])] == "Хотите к нему десерт?"
    assert [second["text"][slice(*hit)] for hit in second["hits"]] == ["десерт"]
    [quote] = detail["quotes"]
    assert (quote["start_ms"], quote["end_ms"]) == (second["start_ms"], second["end_ms"])
    assert first["words"][1]["start_ms"] == 250
    assert detail["effective"] | {"by": "machine", "attempted": "yes"} == detail["effective"]
    assert detail["reasons"] == ["quoted", "specific"]
    assert detail["missed"]["is_missed"] is False
    assert detail["missed"]["bought"] == ["капучино"]
    assert detail["provenance"]["tokens_in"] == 700
    assert detail["provenance"]["cost_usd_total"] == 0.0012
    verdicts = [(event["by"], event["is_current"]) for event in detail["history"] if event["what"] == "verdict"]
    assert verdicts == [("rules-1", True), ("gpt-4o-mini", False)]
    assert [detail["neighbours"][side]["dialogue_id"] for side in ("before", "after")] == [str(before), str(after)]
    assert detail["can_rerun"] == ["asr", "analysis"]


async def test_a_review_counts_at_once_on_the_page_and_stays_in_the_history(shop: Shop) -> None:
    dialogue_id = await say(shop, TALK, quotes=("Хотите к нему десерт?",))
    body = {"kind": "sale", "attempted": "no", "note": SCRIPT}
    posted = await shop.client.post(f"/api/v1/dialogues/{dialogue_id}/reviews", headers=ADMIN, json=body)
    assert posted.status_code in (200, 201), posted.text
    detail = (await get(shop, f"{dialogue_id}/detail")).json()
    assert (detail["effective"]["by"], detail["effective"]["attempted"]) == ("review", "no")
    assert detail["machine"]["attempted"] == "yes"
    assert detail["row"]["review"]["state"] == "reviewed"
    assert detail["missed"]["is_missed"] is True
    assert next((e["what"], e["text"]) for e in detail["history"]) == ("review", SCRIPT)
    [row] = (await get(shop, "rows", reviewed="reviewed", attempted="no")).json()["items"]
    assert row["dialogue_id"] == str(dialogue_id)


async def test_script_in_every_text_is_answered_as_text_never_as_a_page(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.points).values(name=SCRIPT))
        await tx.execute(update(t.registers).values(name=SCRIPT))
    dialogue_id = await say(shop, f"{SCRIPT} кофе", summary=SCRIPT, analysis_model=SCRIPT, quotes=(SCRIPT,))
    for path, query in (("rows", {"q": "кофе"}), ("facets", {}), (f"{dialogue_id}/detail", {}), ("export.json", {})):
        answer = await get(shop, path, **query)
        assert answer.headers["content-type"].startswith("application/json")
        assert SCRIPT in answer.text
    rows = (await get(shop, "rows", q="кофе")).json()["items"]
    assert rows[0]["snippet"]["text"] == f"{SCRIPT} кофе"


async def test_the_clip_is_one_ogg_file_in_any_ranges_for_whoever_has_its_address(shop: Shop) -> None:
    dialogue_id = await say(shop, TALK)
    await record(shop, dialogue_id)
    clip = (await get(shop, f"{dialogue_id}/clip")).json()
    whole = await shop.client.get(clip["url"])
    size, etag = len(whole.content), whole.headers["etag"]
    assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/ogg")
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["access-control-allow-origin"] == "*"
    samples = decode(BytesIO(whole.content), max_s=60)
    assert abs(len(samples) / 16 - clip["duration_ms"]) < 20
    assert clip["segments"] == [{"clip_start_ms": 0, "start_ts": "2026-03-02T10:00:00+01:00", "length_ms": 20_500}]
    assert clip["speech"] == [[0, 20_000]]
    for asked, status, part in (
        ("bytes=0-99", 206, whole.content[:100]),
        (f"bytes={size - 10}-", 206, whole.content[-10:]),
        ("bytes=-7", 206, whole.content[-7:]),
        ("bytes=5-2", 200, whole.content),
        (f"bytes={size}-", 416, None),
    ):
        answer = await shop.client.get(clip["url"], headers={"Range": asked})
        assert answer.status_code == status, asked
        assert part is None or answer.content == part
        if status == 416:
            assert answer.headers["content-range"] == f"bytes */{size}"
    both = {"Range": "bytes=0-9", "If-Range": etag}
    assert (await shop.client.get(clip["url"], headers=both)).status_code == 206
    assert (await shop.client.get(clip["url"], headers={**both, "If-Range": '"another"'})).status_code == 200
    assert (await shop.client.get(clip["url"], headers={"If-None-Match": etag})).status_code == 304
    head = await shop.client.head(clip["url"])
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(size), b"")
    waveform = (await get(shop, f"{dialogue_id}/waveform")).json()
    assert max(waveform["bins"]) == 1.0
    assert len(waveform["bins"]) * waveform["bin_ms"] == clip["duration_ms"]


async def test_an_address_opens_nothing_else_and_not_for_ever(shop: Shop) -> None:
    one, other = await say(shop, TALK), await say(shop, TALK, minute=5)
    await record(shop, one)
    url = (await get(shop, f"{one}/clip")).json()["url"]
    path, _, query = url.partition("?")
    expires, _, signature = query.partition("&")
    forged = (
        url.replace(str(one), str(other)),
        f"{path}?expires=4102444800&{signature}",
        f"{path}?{expires}&signature=" + "A" * 43,
        f"{path}?{expires}",
        f"{path}?expires=x&{signature}",
        f"{path}?expires={'9' * 19}&{signature}",
        path,
        f"{path}?{expires}&signature=%C3%A9",
    )
    for address in forged:
        answer = await shop.client.get(address, headers=ADMIN)
        assert (answer.status_code, answer.json()["code"]) == (403, "link_forged"), address
    links = Links(shop.deps.settings.auth.admin_token.get_secret_value())
    past = datetime.now(UTC) - timedelta(seconds=1)
    late = f"{path}?expires={int(past.timestamp())}&signature={links.sign(f'clip of {one} for None', past)}"
    answer = await shop.client.get(late)
    assert (answer.status_code, answer.json()["code"]) == (410, "link_expired")
    stranger = Links("another server's token")
    until = datetime.now(UTC) + timedelta(hours=1)
    foreign = f"{path}?expires={int(until.timestamp())}&signature={stranger.sign(f'clip of {one} for None', until)}"
    assert (await shop.client.get(foreign)).status_code == 403


async def test_audio_that_changed_or_went_is_never_played_from_memory(shop: Shop) -> None:
    dialogue_id = await say(shop, TALK)
    chunk_id = await record(shop, dialogue_id)
    url = (await get(shop, f"{dialogue_id}/clip")).json()["url"]
    before = await shop.client.get(url)
    chunks = update(t.audio_chunks).where(t.audio_chunks.c.chunk_id == chunk_id)
    other = shop.audio + b"\0"
    shop.deps.store.put("audio/other.ogg", other)
    async with shop.deps.db.begin() as tx:
        changed = {"stored_path": "audio/other.ogg", "sha256": hashlib.sha256(other).hexdigest()}
        await tx.execute(chunks.values(changed))
    after = await shop.client.get(url)
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]
    async with shop.deps.db.begin() as tx:
        await tx.execute(chunks.values(stored_path=None))
    gone = await shop.client.get(url)
    assert (gone.status_code, gone.json()["code"]) == (410, "audio_erased")
    detail = (await get(shop, f"{dialogue_id}/detail")).json()
    assert detail["clip"] is None
    assert detail["can_rerun"] == ["analysis"]
    assert detail["utterances"][0]["words"][1]["start_ms"] == 750
    async with shop.deps.db.begin() as tx:
        await tx.execute(t.dialogues.delete().where(t.dialogues.c.dialogue_id == dialogue_id))
    assert (await shop.client.get(url)).status_code == 404


async def test_running_again_queues_one_job_keeps_the_old_verdict_and_counts_as_waiting(shop: Shop) -> None:
    dialogue_id = await say(shop, TALK)
    await record(shop, dialogue_id)
    path = f"/api/v1/dialogues/{dialogue_id}/rerun"
    for stage in ("analysis", "analysis", "asr"):
        answer = await shop.client.post(path, headers=ADMIN, json={"stage": stage})
        assert answer.json() == {"stage": stage, "dialogue_id": str(dialogue_id), "revision": 1}
        assert answer.status_code == 202
    async with shop.deps.db.begin() as tx:
        of_dialogue = t.jobs.c.subject_id == str(dialogue_id)
        stages = (await tx.execute(select(t.jobs.c.stage).where(of_dialogue).order_by(t.jobs.c.stage))).scalars().all()
        log = select(t.audit_log.c.action, t.audit_log.c.details)
        written = [row for row in await tx.execute(log) if row.action == "dialogue.rerun"]
        kept = await tx.scalar(select(t.dialogue_upsell_analysis.c.dialogue_id))
    assert stages == ["analysis", "asr"]
    assert [row.details["stage"] for row in written] == ["analysis", "analysis", "asr"]
    assert kept == dialogue_id
    assert [row["place"] for row in (await get(shop, "rows")).json()["items"]] == ["pending"]
    assert (await shop.client.post(path, headers=ADMIN, json={"stage": "vad"})).status_code == 422


async def test_a_dialogue_whose_words_went_by_age_keeps_its_verdict_and_is_not_run_again(shop: Shop) -> None:
    dialogue_id = await say(shop, TALK)
    await record(shop, dialogue_id)
    async with shop.deps.db.begin() as tx:
        gone = {"text": "", "segments_json": [], "dropped_at": datetime.now(UTC)}
        await tx.execute(update(t.dialogue_transcripts).values(gone))
    detail = (await get(shop, f"{dialogue_id}/detail")).json()
    assert (detail["effective"]["attempted"], detail["utterances"], detail["can_rerun"]) == ("yes", [], [])
    for stage in ("asr", "analysis"):
        again = await shop.client.post(f"/api/v1/dialogues/{dialogue_id}/rerun", headers=ADMIN, json={"stage": stage})
        assert (again.status_code, again.json()["code"]) == (409, "conflict"), stage


async def test_nobody_sees_another_point_by_any_address_nor_registers_that_are_not_shown(shop: Shop) -> None:
    elsewhere = Device()
    await shop.register(elsewhere)
    mine = await say(shop, TALK)
    theirs = await say(shop, TALK, device=elsewhere, minute=5)
    await record(shop, mine)
    manager = (await a_person(shop.deps.db, Role.MANAGER, [shop.device.point_id])).headers
    rows = (await get(shop, "rows", manager)).json()["items"]
    assert [(row["dialogue_id"], row["register"], row["register_id"]) for row in rows] == [(str(mine), None, None)]
    assert str(elsewhere.point_id) not in (await get(shop, "facets", manager)).text
    assert (await get(shop, "facets", manager)).json()["facets"]["register"] == []
    for path in (f"{theirs}/detail", f"{theirs}/clip", f"{theirs}/waveform", f"{theirs}", f"{uuid4()}/detail"):
        answer = await get(shop, path, manager)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert (await get(shop, "rows", manager, point=str(elsewhere.point_id))).status_code == 404
    assert (await get(shop, "rows", manager, register=str(elsewhere.register_id))).status_code == 404
    for name in ("register", "device"):
        own = str(getattr(shop.device, f"{name}_id"))
        hidden = await get(shop, "rows", manager, **{name: own})
        assert (hidden.status_code, hidden.json()["code"]) == (403, "registers_hidden"), name
    again = await shop.client.post(f"/api/v1/dialogues/{theirs}/rerun", headers=manager, json={"stage": "asr"})
    assert again.status_code == 404
    exported = (await get(shop, "export.json", manager)).json()["dialogues"]
    assert [(row["dialogue_id"], row["register"]) for row in exported] == [(str(mine), None)]
    old = (await shop.client.get("/api/v1/dialogues", headers=manager)).json()["items"]
    assert [(item["dialogue_id"], item["register"], item["device_id"]) for item in old] == [(str(mine), None, None)]
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.points).values(shows_registers=True))
    [row] = (await get(shop, "rows", manager, register=str(shop.device.register_id))).json()["items"]
    assert row["register_id"] == str(shop.device.register_id)


async def test_a_dialogue_that_went_into_another_names_its_heir(shop: Shop) -> None:
    heir, old = await say(shop, TALK), await say(shop, TALK, minute=1)
    async with shop.deps.db.begin() as tx:
        into = {"state": "superseded", "alias_of": heir}
        await tx.execute(update(t.dialogues).where(t.dialogues.c.dialogue_id == old).values(into))
    answer = await get(shop, f"{old}/detail")
    assert answer.status_code == 404
    assert UUID(answer.json()["detail"].rstrip(".").split()[-1]) == heir


async def test_an_address_ends_with_the_login_that_asked_for_it(shop: Shop) -> None:
    dialogue_id = await say(shop, TALK)
    await record(shop, dialogue_id)
    new = {"login": "ana", "name": "Ana", "role": "manager", "password": "a long enough password", "all_points": True}
    (await shop.client.post("/api/v1/users", headers=ADMIN, json=new)).raise_for_status()
    who = {"login": new["login"], "password": new["password"]}
    token = (await shop.client.post("/api/v1/auth/login", json=who)).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    clip = (await shop.client.get(f"/api/v1/dialogues/{dialogue_id}/clip", headers=headers)).json()["url"]
    wanted = {"format": "csv"}
    file = (await shop.client.post("/api/v1/dialogues/export-links", headers=headers, json=wanted)).json()["url"]
    for url in (clip, file):
        assert (await shop.client.get(url)).status_code == 200
    (await shop.client.post("/api/v1/auth/logout", headers=headers)).raise_for_status()
    for url in (clip, file):
        answer = await shop.client.get(url)
        assert (answer.status_code, answer.json()["code"]) == (410, "link_expired")


@pytest.mark.parametrize("zone", ["localtime", "Factory", "Nowhere/Land"])
async def test_a_zone_that_the_database_may_not_know_is_refused(shop: Shop, zone: str) -> None:
    path = f"/api/v1/admin/points/{shop.device.point_id}"
    answer = await shop.client.patch(path, headers=ADMIN, json={"zone": zone})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.zone")


async def test_half_a_character_in_a_password_is_refused_and_breaks_nothing(shop: Shop) -> None:
    body = b'{"login": "ana", "password": "\\ud800"}'
    headers = {"Content-Type": "application/json"}
    answer = await shop.client.post("/api/v1/auth/login", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "field_invalid")
