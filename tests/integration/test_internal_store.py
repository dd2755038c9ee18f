"""A node without the disk reads through the internal route: of a real server, and of servers that misbehave."""

import asyncio
import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID

import pytest
from scripted_server import scripted_server
from shop import Shop

from audio import internal
from audio.internal import InternalStore
from audio.traffic import Read
from domain.errors import Rejected, Unavailable

CHUNK = "0198c0de-0000-4000-8000-000000000001"
PATH = f"audio/p/r/2026-03-02/09/chunk_20260302T090000Z_{CHUNK}.ogg"
AUDIO = bytes(range(256)) * 700
TOKEN = "an-internal-token-for-tests"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(internal, "PAUSE_S", 0.01)


def store_of(shop: Shop, token: str = TOKEN) -> InternalStore:
    return InternalStore(f"{shop.client.base_url}/", token)


async def test_what_was_uploaded_is_read_whole_and_counted(shop: Shop) -> None:
    path = (await shop.upload()).json()["stored_path"]
    store = store_of(shop)
    assert await asyncio.to_thread(store.read, path) == shop.audio
    assert await asyncio.to_thread(store.size, path) == len(shop.audio)
    assert await asyncio.to_thread(store.exists, path)
    with await asyncio.to_thread(store.open, path) as file:
        file.seek(100)
        assert file.read(50) == shop.audio[100:150]
    assert store.traffic.seen() == {"internal": Read(files=2, size_bytes=2 * len(shop.audio))}
    await asyncio.to_thread(store.check)


async def test_what_is_not_there_is_a_missing_file(shop: Shop) -> None:
    store = store_of(shop)
    for path in (PATH, "audio/other.ogg"):
        for call in (store.read, store.open, store.size):
            with pytest.raises(FileNotFoundError, match="no such file in the audio store"):
                await asyncio.to_thread(call, path)
        assert not await asyncio.to_thread(store.exists, path)
    for path in ("../x", "/etc/passwd", ""):
        with pytest.raises(Rejected, match="audio store"):
            await asyncio.to_thread(store.read, path)


async def test_nothing_is_written_from_a_node_without_the_disk(shop: Shop) -> None:
    store = store_of(shop)
    path = (await shop.upload()).json()["stored_path"]
    calls = (lambda: store.put(path, b"x"), lambda: store.delete(path), store.walk)
    for call in calls:
        with pytest.raises(Unavailable, match="this node only reads audio"):
            call()
    assert not store.is_writable
    assert store.free_bytes() is None
    assert await asyncio.to_thread(store.read, path) == shop.audio


async def test_a_wrong_token_loses_no_work_and_is_named(shop: Shop) -> None:
    path = (await shop.upload()).json()["stored_path"]
    store = store_of(shop, token="another")
    for call in (store.check, lambda: store.read(path), lambda: store.size(path)):
        with pytest.raises(Unavailable, match="This is not the server's INTERNAL_TOKEN; set the same one on both"):
            await asyncio.to_thread(call)


async def test_a_disk_that_is_away_is_waited_for(shop: Shop) -> None:
    path = (await shop.upload()).json()["stored_path"]
    shop.store_root.rename(shop.store_root.with_name("unmounted"))
    with pytest.raises(Unavailable, match="answers 503: The audio store cannot be read"):
        await asyncio.to_thread(store_of(shop).read, path)
    shop.store_root.with_name("unmounted").rename(shop.store_root)
    assert await asyncio.to_thread(store_of(shop).read, path) == shop.audio


@pytest.mark.parametrize(
    ("url", "token", "lacks"),
    [("", TOKEN, r"set storage\.internal_url"), ("http://127.0.0.1:9", "", "set INTERNAL_TOKEN"), ("", "", "set stor")],
)
def test_a_node_that_was_not_told_where_to_read_says_so(url: str, token: str, lacks: str) -> None:
    store = InternalStore(url, token)
    for call in (store.check, lambda: store.read(PATH)):
        with pytest.raises(Unavailable, match=lacks):
            call()


def test_an_address_where_nobody_answers_is_named() -> None:
    store = InternalStore("http://127.0.0.1:9", TOKEN)
    for call in (store.check, lambda: store.read(PATH)):
        with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 does not answer .* storage\.internal_url"):
            call()


def test_another_server_at_the_address_is_not_taken_for_one_without_the_file() -> None:
    with scripted_server(lambda request: request.send_error(404)) as url:
        store = InternalStore(url, TOKEN)
        for call in (store.check, lambda: store.read(PATH)):
            with pytest.raises(Unavailable, match=r"answers 404: is storage\.internal_url its address"):
                call()


def test_a_file_that_breaks_off_is_gone_on_with_where_it_stopped() -> None:
    seen: list[tuple[str | None, str | None]] = []

    def break_off(request: BaseHTTPRequestHandler) -> None:
        """Sends 60,000 bytes at a time, then closes the connection."""
        wanted = request.headers["Range"]
        seen.append((wanted, request.headers["If-Range"]))
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        headers = {"Content-Range": f"bytes {start}-{len(AUDIO) - 1}/{len(AUDIO)}"} if wanted else {}
        answer(request, 206 if wanted else 200, AUDIO[start:], cut=60_000, **headers)

    with scripted_server(break_off) as url:
        store = InternalStore(url, TOKEN)
        assert store.read(PATH) == AUDIO
    etag = f'"{hashlib.sha256(AUDIO).hexdigest()}"'
    assert seen == [(None, None), ("bytes=60000-", etag), ("bytes=120000-", etag)]
    assert store.traffic.seen() == {"internal": Read(files=1, size_bytes=len(AUDIO), tried_again=2)}


def test_a_server_that_sends_all_of_it_again_is_understood() -> None:
    cuts = iter((100_000, None))
    with scripted_server(lambda request: answer(request, 200, AUDIO, cut=next(cuts))) as url:
        assert InternalStore(url, TOKEN).read(PATH) == AUDIO


def test_a_file_that_is_not_what_the_server_says_is_asked_for_again_then_rejected() -> None:
    flipped = AUDIO[:-1] + b"?"
    asked = 0

    def send(request: BaseHTTPRequestHandler) -> None:
        nonlocal asked
        asked += 1
        answer(request, 200, flipped, sha256=hashlib.sha256(AUDIO).hexdigest())

    with scripted_server(send) as url, pytest.raises(Rejected, match=f"chunk {CHUNK}: .* has not the SHA-256"):
        InternalStore(url, TOKEN).read(PATH)
    assert asked == internal.ATTEMPTS


def test_a_tag_of_a_proxys_own_is_not_taken_for_a_sha256() -> None:
    with scripted_server(lambda request: answer(request, 200, AUDIO, sha256="65e2-5f1")) as url:
        assert InternalStore(url, TOKEN).read(PATH) == AUDIO


def test_a_server_that_is_busy_is_asked_again_a_few_times_and_then_waited_for() -> None:
    statuses: Iterator[int] = iter((503, 502, 200, *[503] * internal.ATTEMPTS))

    def send(request: BaseHTTPRequestHandler) -> None:
        answer(request, next(statuses), AUDIO, **{"Retry-After": "33"})

    with scripted_server(send) as url:
        store = InternalStore(url, TOKEN)
        assert store.read(PATH) == AUDIO
        with pytest.raises(Unavailable, match="answers 503") as refused:
            store.read(PATH)
    assert refused.value.retry_after_s == 33
    assert next(statuses, None) is None


def test_it_asks_with_the_token_for_the_chunk_of_the_path() -> None:
    seen: list[Any] = []

    def send(request: BaseHTTPRequestHandler) -> None:
        seen.append((request.path, request.headers["Authorization"]))
        answer(request, 200, AUDIO)

    silenced = f"audio/p/r/2026-03-02/09/{UUID(int=7).hex}/chunk_20260302T090000Z_{CHUNK}.ogg"
    with scripted_server(send) as url:
        for path in (PATH, silenced):
            InternalStore(url, TOKEN).read(path)
    assert seen == [(f"/api/v1/internal/chunks/{CHUNK}/file", f"Bearer {TOKEN}")] * 2


def answer(
    request: BaseHTTPRequestHandler,
    status: int,
    content: bytes,
    cut: int | None = None,
    sha256: str | None = None,
    **headers: str,
) -> None:
    """An answer as the route gives it; `cut`: the connection closes after so many bytes."""
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("ETag", f'"{sha256 or hashlib.sha256(AUDIO).hexdigest()}"')
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content[:cut])
    request.close_connection = cut is not None
