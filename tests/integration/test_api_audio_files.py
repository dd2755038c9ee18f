"""The internal route: stored audio for nodes that do not share the disk."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from shop import ADMIN, INTERNAL, Shop, running, settings_for_tests
from sqlalchemy import text

from serve_apps.application import Deps


async def test_a_file_comes_back_whole_with_its_hash(shop: Shop) -> None:
    receipt = (await shop.upload()).json()
    answer = await shop.client.get(f"/api/v1/internal/chunks/{receipt['chunk_id']}/file", headers=INTERNAL)
    assert (answer.status_code, answer.content) == (200, shop.audio)
    assert answer.headers["etag"] == f'"{receipt["sha256"]}"'
    assert (answer.headers["content-type"], answer.headers["accept-ranges"]) == ("audio/ogg", "bytes")
    assert answer.headers["content-length"] == str(len(shop.audio))


async def test_a_range_comes_back_as_206(shop: Shop) -> None:
    url = f"/api/v1/internal/chunks/{(await shop.upload()).json()['chunk_id']}/file"
    total = len(shop.audio)
    for wanted, start, end in (("bytes=0-99", 0, 100), ("bytes=100-", 100, total), ("bytes=-50", total - 50, total)):
        answer = await shop.client.get(url, headers={**INTERNAL, "Range": wanted})
        assert (answer.status_code, answer.content) == (206, shop.audio[start:end])
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{total}"


async def test_conditions_and_impossible_ranges(shop: Shop) -> None:
    receipt = (await shop.upload()).json()
    url, etag = f"/api/v1/internal/chunks/{receipt['chunk_id']}/file", f'"{receipt["sha256"]}"'

    async def get(**headers: str) -> tuple[int, int]:
        answer = await shop.client.get(
            url, headers={**INTERNAL, **{k.replace("_", "-"): v for k, v in headers.items()}}
        )
        return answer.status_code, len(answer.content)

    assert await get(If_None_Match=etag) == (304, 0)
    assert (await get(Range="bytes=0-9", If_Range=etag)) == (206, 10)
    assert (await get(Range="bytes=0-9", If_Range='"older"')) == (200, len(shop.audio))
    assert (await get(Range="bytes=0-1,4-5"))[0] == 200
    impossible = await shop.client.get(url, headers={**INTERNAL, "Range": "bytes=99999999-"})
    assert (impossible.status_code, impossible.json()["code"]) == (416, "range_not_satisfiable")
    assert impossible.headers["content-range"] == f"bytes */{len(shop.audio)}"


async def test_what_is_not_there_says_why(shop: Shop) -> None:
    async def code(chunk_id: object) -> tuple[int, str]:
        answer = await shop.client.get(f"/api/v1/internal/chunks/{chunk_id}/file", headers=INTERNAL)
        return answer.status_code, answer.json()["code"]

    chunk_id = (await shop.upload()).json()["chunk_id"]
    assert await code(uuid4()) == (404, "not_found")
    assert await code("..%2f..%2fetc") == (404, "route_not_found")
    assert await code("none") == (422, "field_invalid")
    shop.files()[0].unlink()
    assert await code(chunk_id) == (404, "not_found")
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE audio_chunks SET stored_path = NULL"))
    assert await code(chunk_id) == (410, "audio_erased")


async def test_only_the_internal_token_opens_it_and_with_none_set_nothing_does(
    shop: Shop, deps: Deps, samples: Path
) -> None:
    url = f"/api/v1/internal/chunks/{uuid4()}/file"
    for headers in ({}, ADMIN, shop.device.headers):
        assert (await shop.client.get(url, headers=headers)).status_code == 401
    async with running(replace(deps, settings=settings_for_tests(INTERNAL_TOKEN="")), samples) as closed:
        for headers in ({}, {"Authorization": "Bearer"}, INTERNAL):
            answer = await closed.client.get(url, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "internal_closed")
            assert "closed until INTERNAL_TOKEN is set" in answer.json()["detail"]
