"""Every error of ingest: its status, its code, and a sentence that says what to mend."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from shop import ADMIN, Device, Shop, running, settings_for_tests
from sqlalchemy import text

from audio.store import FileStore
from db.engine import Database
from serve_apps.application import Deps

LIMIT_BYTES = 10_000_000


def field(status: int, code: str, names: str, **changes: Any) -> tuple[dict[str, Any], int, str, str]:
    return changes, status, code, names


WRONG_FIELDS = [
    *(field(422, "field_missing", name, **{name: None}) for name in Device().fields()),
    field(422, "field_missing", "seq", session_id=uuid4()),
    field(422, "field_missing", "session_id", seq=1),
    field(422, "field_invalid", "point_id", point_id="shop-1"),
    field(422, "field_invalid", "session_id", session_id="run-1", seq=0),
    field(422, "field_invalid", "seq", session_id=uuid4(), seq=-1),
    field(422, "field_invalid", "seq", session_id=uuid4(), seq=2**31),
    field(422, "field_invalid", "sample_rate", sample_rate="48 kHz"),
    field(422, "field_invalid", "sample_rate", sample_rate=0),
    field(422, "field_invalid", "sample_rate", sample_rate=10**30),
    field(422, "field_invalid", "channels", channels=0),
    field(422, "field_invalid", "channels", channels="mono"),
    field(422, "field_invalid", "codec", codec="op\0us"),
    field(422, "field_invalid", "codec", codec=""),
    field(422, "field_invalid", "codec", codec="o" * 2000),
    field(422, "field_invalid", "codec", codec="опус"),
    field(422, "field_invalid", "sha256", sha256="abc"),
    field(422, "field_invalid", "start_ts", start_ts="yesterday"),
    field(422, "field_invalid", "start_ts", start_ts="1772442000"),
    field(422, "field_invalid", "start_ts", start_ts="1970-01-01T00:00:00Z"),
    field(422, "field_invalid", "start_ts", start_ts="0001-01-01T00:00:00+14:00"),
    field(422, "field_invalid", "end_ts", end_ts="9999-12-31T23:59:59-12:00"),
    field(422, "field_invalid", "start_ts", start_ts="2026-03-02T09:00:00Z\0"),
    field(422, "naive_timestamp", "start_ts", start_ts="2026-03-02T09:00:00"),
    field(422, "naive_timestamp", "end_ts", end_ts="2026-03-02 09:01:00.5"),
    field(422, "end_not_after_start", "end_ts", end_ts="2026-03-02T09:00:00Z"),
    field(422, "end_not_after_start", "end_ts", end_ts="2026-03-02T09:30:00+01:00"),
    field(422, "chunk_too_long", "600", end_ts="2026-03-02T09:10:00.001Z"),
    field(422, "codec_mismatch", "opus", codec="flac"),
    field(422, "codec_mismatch", "opus", codec="ogg/vorbis"),
    field(422, "sha256_mismatch", "SHA-256", sha256="0" * 64),
    field(403, "identity_mismatch", "device_id", device_id=uuid4()),
    field(403, "identity_mismatch", "point_id", point_id=uuid4()),
    field(403, "identity_mismatch", "register_id", register_id=uuid4()),
]

NOT_AUDIO = [
    (b"", "empty_file", "0 bytes"),
    (b"Good morning, this is a note.\n" * 99, "not_audio", "text"),
    (b"\x89PNG\r\n\x1a\n" + bytes(500), "not_audio", "PNG"),
    (bytes(5000), "not_audio", "zero"),
    (b"OggS" + bytes(200), "not_audio", "Ogg"),
    (b"#EXTM3U\nfile:///etc/passwd\n", "not_audio", "not audio"),
]


def check(answer: httpx.Response, status: int, code: str) -> str:
    """The problem's detail, after every member was looked at."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (body["status"], body["type"]) == (status, f"urn:salescontrol:problem:{code}")
    assert body["title"]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["detail"].endswith(".")
    assert status != 401 or answer.headers["www-authenticate"].startswith("Bearer")
    assert status != 503 or int(answer.headers["retry-after"]) > 0
    return str(body["detail"])


async def nothing_stored(shop: Shop) -> bool:
    async with shop.deps.db.begin() as tx:
        counts = await tx.execute(text("SELECT (SELECT count(*) FROM audio_chunks) + (SELECT count(*) FROM jobs)"))
    return counts.scalar_one() == 0 and shop.files() == []


async def test_a_wrong_field_is_refused_by_name(shop: Shop, subtests: pytest.Subtests) -> None:
    for changes, status, code, names in WRONG_FIELDS:
        with subtests.test(changes=changes):
            assert names in check(await shop.upload(**changes), status, code)
    assert await nothing_stored(shop)


async def test_a_chunk_from_more_than_a_day_ahead_is_refused_with_both_clocks(shop: Shop) -> None:
    now = datetime.now(UTC)
    for ahead, status in ((timedelta(hours=25), 422), (timedelta(hours=23), 200)):
        start = now + ahead
        answer = await shop.upload(start_ts=start.isoformat(), end_ts=(start + timedelta(seconds=60)).isoformat())
        if status == 422:
            detail = check(answer, status, "in_the_future")
            assert detail.startswith("start_ts lies 25 h after this server's clock (2")
            assert await nothing_stored(shop)
        else:
            assert answer.status_code == 200


async def test_a_file_that_is_not_audio_is_refused(shop: Shop, subtests: pytest.Subtests) -> None:
    for audio, code, says in NOT_AUDIO:
        with subtests.test(says=says):
            assert says in check(await shop.upload(audio), 422, code)
    assert await nothing_stored(shop)


async def test_what_is_wrong_with_a_field_is_said_in_words_and_once(shop: Shop, subtests: pytest.Subtests) -> None:
    for changes, detail in (
        ({"codec": "op\0us"}, "codec: must be up to 64 Latin letters, digits and _ . / ; = , + - only, such as opus."),
        ({"sha256": "abc"}, "sha256: must be 64 hex digits."),
        ({"end_ts": "2026-03-02T09:00:00Z"}, "end_ts: must be later than start_ts."),
        ({"seq": 1}, "session_id: is missing; send session_id and seq together, or neither."),
        ({"session_id": uuid4()}, "seq: is missing; send session_id and seq together, or neither."),
        (
            {"start_ts": "1970-01-01T00:00:00Z"},
            "start_ts: must lie in the years 2000 to 2099; check the recorder's clock.",
        ),
    ):
        with subtests.test(changes=changes):
            assert (await shop.upload(**changes)).json()["detail"] == detail


async def test_a_filename_that_is_too_long_is_not_called_a_wrong_boundary(shop: Shop) -> None:
    many = "\r\n".join(f"X-{i}: 1" for i in range(9))
    for filename, says in (("a" * 5000, "filename, is over 4224 bytes"), (f'a"\r\n{many}\r\nX: "', "over 8 headers")):
        head = f'--b\r\nContent-Disposition: form-data; name="chunk_file"; filename="{filename}"\r\n\r\n'
        answer = await shop.client.post(
            "/api/v1/chunks",
            headers={**shop.device.headers, "Content-Type": "multipart/form-data; boundary=b"},
            content=head.encode() + shop.audio + b"\r\n--b--\r\n",
        )
        detail = check(answer, 400, "malformed_multipart")
        assert says in detail
        assert "boundary" not in detail


async def test_all_wrong_fields_are_named_at_once(shop: Shop) -> None:
    answer = await shop.upload(channels="mono", point_id=None, start_ts="2026-03-02T09:00:00")
    assert {e["field"] for e in answer.json()["errors"]} == {"channels", "point_id", "start_ts"}


async def test_tokens_that_open_nothing(shop: Shop) -> None:
    stranger = replace(shop.device, token="x" * 32)
    check(await shop.upload(device=stranger), 401, "token_unknown")
    check(await shop.client.post("/api/v1/chunks"), 401, "token_missing")
    basic = {"Authorization": "Basic dXNlcjpwYXNz"}
    check(await shop.client.post("/api/v1/chunks", headers=basic), 401, "token_missing")
    odd = {"Authorization": "Bearer tøken".encode("latin-1")}
    check(await shop.client.post("/api/v1/chunks", headers=odd), 401, "token_unknown")  # type: ignore[arg-type]
    path = f"/api/v1/admin/devices/{shop.device.device_id}"
    await shop.client.patch(path, headers=ADMIN, json={"is_enabled": False})
    check(await shop.upload(), 401, "device_disabled")
    await shop.client.patch(path, headers=ADMIN, json={"is_enabled": True})
    fingerprint = (await shop.client.get(f"{path}/tokens", headers=ADMIN)).json()[0]["fingerprint"]
    await shop.client.delete(f"{path}/tokens/{fingerprint}", headers=ADMIN)
    check(await shop.upload(), 401, "token_unknown")
    assert await nothing_stored(shop)


async def test_wrong_forms(shop: Shop) -> None:
    def post(**request: Any) -> Awaitable[httpx.Response]:
        headers = {**shop.device.headers, **request.pop("headers", {})}
        return shop.client.post("/api/v1/chunks", headers=headers, **request)

    file = {"chunk_file": ("a.ogg", shop.audio, "audio/ogg")}
    fields = shop.device.fields()
    check(await post(json=fields), 415, "not_multipart")
    check(await post(data=fields), 415, "not_multipart")
    check(await post(), 415, "not_multipart")
    no_boundary = {"Content-Type": "multipart/form-data"}
    check(await post(content=b"x", headers=no_boundary), 400, "malformed_multipart")
    as_text = await post(files=[(name, (None, value)) for name, value in fields.items()])
    assert "chunk_file" in check(as_text, 422, "field_missing")
    whole = shop.client.build_request("POST", "/", data=fields, files=file)
    unclosed = {"content": whole.read()[:-4], "headers": {"Content-Type": whole.headers["Content-Type"]}}
    assert "closing boundary" in check(await post(**unclosed), 400, "malformed_multipart")
    twice = [*((name, (None, value)) for name, value in fields.items()), ("codec", (None, "opus")), *file.items()]
    assert "codec" in check(await post(files=twice), 422, "field_duplicated")
    two_files = [*file.items(), *file.items()]
    assert "chunk_file" in check(await post(data=fields, files=two_files), 422, "field_duplicated")
    many = {**fields, **{f"x{i}": "1" for i in range(99)}}
    check(await post(data=many, files=file), 400, "malformed_multipart")
    assert await nothing_stored(shop)


async def test_unknown_routes_and_methods_answer_problems_too(shop: Shop) -> None:
    check(await shop.client.get("/api/v1/chunks"), 405, "method_not_allowed")
    check(await shop.client.post("/api/v1/chunks/"), 404, "route_not_found")
    check(await shop.client.get("/api/v1/chunks/none/such"), 404, "route_not_found")
    check(await shop.client.get("/none/such"), 404, "route_not_found")


async def test_a_body_over_the_limit_is_refused_by_its_declared_length(shop: Shop) -> None:
    answer = await shop.upload(bytes(LIMIT_BYTES + 1))
    assert str(LIMIT_BYTES) in check(answer, 413, "too_large")
    assert await nothing_stored(shop)


async def test_a_body_without_a_length_is_cut_at_the_limit(shop: Shop) -> None:
    async def undeclared() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="chunk_file"; filename="a.ogg"\r\n\r\n'
        for _ in range(2 * LIMIT_BYTES // 65536):
            yield bytes(65536)

    headers = {**shop.device.headers, "Content-Type": "multipart/form-data; boundary=b"}
    check(await shop.client.post("/api/v1/chunks", headers=headers, content=undeclared()), 413, "too_large")
    assert await nothing_stored(shop)


async def test_a_file_just_inside_the_limit_is_judged_by_its_content(shop: Shop) -> None:
    check(await shop.upload(bytes(LIMIT_BYTES - 4096)), 422, "not_audio")


async def test_a_full_disk_and_a_store_that_fails_ask_for_a_retry(deps: Deps, samples: Path, tmp_path: Path) -> None:
    full = replace(deps, settings=settings_for_tests(SALESCONTROL_STORAGE__FREE_FLOOR_MB="999999999"))
    async with running(full, samples) as shop:
        check(await shop.upload(), 503, "disk_low")
        assert await nothing_stored(shop)
        assert "storage" in check(await shop.client.get("/readyz"), 503, "not_ready")
    gone = FileStore(tmp_path / "gone")
    async with running(replace(deps, store=gone), samples) as shop:
        gone.root.rmdir()
        check(await shop.upload(), 503, "storage_unavailable")
        assert await nothing_stored(shop)


async def test_a_database_that_is_down_asks_for_a_retry(deps: Deps, samples: Path) -> None:
    async with running(deps, samples) as shop:
        healthy = shop.deps.db.engine
        shop.deps.db.engine = Database("postgresql://nobody@127.0.0.1:1/none").engine
        check(await shop.upload(), 503, "database_unavailable")
        assert "database" in check(await shop.client.get("/readyz"), 503, "not_ready")
        assert "127.0.0.1" not in (await shop.client.get("/health")).text
        assert (await shop.client.get("/livez")).status_code == 200
        shop.deps.db.engine = healthy
        assert await nothing_stored(shop)
        assert (await shop.upload()).status_code == 200


async def test_more_uploads_than_it_can_hold_are_shed_before_any_work(deps: Deps, samples: Path) -> None:
    async with running(deps, samples, max_in_flight=0) as shop:
        check(await shop.upload(), 503, "overloaded")
        assert await nothing_stored(shop)


async def test_a_mistake_of_ours_tells_nothing_about_our_insides(shop: Shop, caplog: Any) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("ALTER TABLE tombstones RENAME TO buried"))
    answer = await shop.upload()
    detail = check(answer, 500, "internal_error")
    assert "tombstones" not in detail
    assert answer.json()["request_id"] in [getattr(record, "request_id", None) for record in caplog.records]


async def test_a_request_id_of_the_client_is_kept_unless_it_is_odd(shop: Shop) -> None:
    kept = await shop.client.get("/none/such", headers={"X-Request-ID": "pi-7.42"})
    assert kept.json()["request_id"] == "pi-7.42"
    odd = await shop.client.get("/none/such", headers={"X-Request-ID": "a b" * 99})
    assert odd.json()["request_id"] == odd.headers["x-request-id"]
    assert len(odd.headers["x-request-id"]) == 32
