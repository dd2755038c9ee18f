"""The installer's test upload: everything is checked, nothing is kept."""

import hashlib

import pytest
from shop import Shop
from sqlalchemy import text


async def nothing_kept(shop: Shop) -> bool:
    query = text("SELECT (SELECT count(*) FROM audio_chunks) + (SELECT count(*) FROM jobs)")
    async with shop.deps.db.begin() as tx:
        return (await tx.execute(query)).scalar_one() == 0 and not shop.files()


async def test_a_dry_run_answers_as_an_upload_would_and_keeps_nothing(shop: Shop) -> None:
    sha256 = hashlib.sha256(shop.audio).hexdigest()
    answer = await shop.upload(dry_run="true", sha256=sha256)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "chunk_id": None,
        "stored_path": None,
        "queued": False,
        "sha256": sha256,
        "duplicate": False,
    }
    assert await nothing_kept(shop)
    assert (await shop.upload()).json()["duplicate"] is False


async def test_a_dry_run_refuses_whatever_an_upload_refuses(shop: Shop, subtests: pytest.Subtests) -> None:
    for changes, code in (
        ({"device_id": "6d1f4b1c-8a54-5d0e-9a53-0d2a7e1c4f10"}, "identity_mismatch"),
        ({"sha256": "0" * 64}, "sha256_mismatch"),
        ({"codec": "flac"}, "codec_mismatch"),
        ({"start_ts": "2026-03-02T09:00:00"}, "naive_timestamp"),
        ({"end_ts": "2026-03-02T10:00:00Z"}, "chunk_too_long"),
        ({"audio": b"no audio at all"}, "not_audio"),
        ({"audio": b""}, "empty_file"),
        ({"dry_run": "perhaps"}, "field_invalid"),
    ):
        with subtests.test(code=code):
            answer = await shop.upload(**{"dry_run": "true", **changes})
            assert answer.json()["code"] == code
    assert await nothing_kept(shop)


async def test_what_is_no_dry_run_is_kept(shop: Shop) -> None:
    assert (await shop.upload(dry_run="false")).json()["queued"] is True
    assert not await nothing_kept(shop)
