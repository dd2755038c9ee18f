"""The recorder's uploader and heartbeat against the product's own ingest, on a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from shop import Shop, running
from sqlalchemy import text
from till import Till

from recorder.chunk import Identity
from recorder.fate import ChunkState, Condition
from recorder.steps import Step, pass_through
from recorder.timing.clock import moment
from recorder.timing.hours import Hours
from recorder.timing.schedule import Schedule
from recorder.upload.heartbeat import EVERY_S, Heartbeat
from serve_apps.application import Deps

MakeTill = Callable[..., Till]


@pytest.fixture
def tills(tmp_path: Path) -> Iterator[MakeTill]:
    """Tills with the identity and token of a shop's device, unless told otherwise."""
    with ExitStack() as stack:

        def make(shop: Shop, **changes: Any) -> Till:
            device = shop.device
            identity = Identity(str(device.point_id), str(device.register_id), str(device.device_id))
            url = str(shop.client.base_url)
            till = Till(tmp_path / "spool", url, **{"identity": identity, "token": device.token, **changes})
            till.client._deadline_s = 60.0
            stack.callback(till.close)
            return till

        yield make


async def rows(shop: Shop, query: str) -> list[tuple[Any, ...]]:
    async with shop.deps.db.begin() as tx:
        return [tuple(row) for row in await tx.execute(text(query))]


async def upload_all(till: Till) -> None:
    await asyncio.to_thread(till.upload_all, 60.0)


async def test_chunks_are_stored_once_with_their_times_and_bytes(shop: Shop, tills: MakeTill) -> None:
    till = tills(shop)
    chunks = [till.record(shop.audio) for _ in range(3)]
    stamps = [till.timekeeper.stamp(chunk) for chunk in chunks]
    await upload_all(till)
    assert {till.state(chunk) for chunk in chunks} == {ChunkState.DELIVERED}
    stored = await rows(shop, "SELECT session_id, seq, sha256, start_ts, end_ts FROM audio_chunks ORDER BY seq")
    assert [(str(s), n, h) for s, n, h, _, _ in stored] == [(c.session_id, c.seq, c.sha256) for c in chunks]
    times = [(round(start.timestamp() * 1000), round(end.timestamp() * 1000)) for *_, start, end in stored]
    assert times == stamps
    assert [path.read_bytes() for path in shop.files()] == [shop.audio] * 3


async def test_a_kill_after_the_upload_stores_nothing_twice(shop: Shop, tills: MakeTill) -> None:
    class Killed(BaseException):
        pass

    def kill(step: Step) -> None:
        if step is Step.AFTER_UPLOAD:
            raise Killed

    till = tills(shop, reached=kill)
    chunk = till.record(shop.audio)
    with pytest.raises(Killed):
        await asyncio.to_thread(till.uploader.step)
    till.uploader._reached = pass_through
    await upload_all(till)
    assert till.state(chunk) is ChunkState.DELIVERED
    assert await rows(shop, "SELECT count(*) FROM audio_chunks") == [(1,)]
    assert len(shop.files()) == 1


async def test_a_wrong_token_pauses_and_keeps_and_the_right_one_delivers(shop: Shop, tills: MakeTill) -> None:
    till = tills(shop, token="wrong" * 8)
    chunks = [till.record(shop.audio) for _ in range(2)]
    await asyncio.to_thread(till.steps, 3)
    assert till.uploader.uploads.paused_by == 401
    assert {till.state(chunk) for chunk in chunks} == {ChunkState.WAITING}
    till.close()
    mended = tills(shop)
    await upload_all(mended)
    assert {mended.state(chunk) for chunk in chunks} == {ChunkState.DELIVERED}


@pytest.mark.parametrize(("what", "status"), [("audio", "422"), ("point", "403")])
async def test_what_the_server_refuses_is_set_aside_and_the_rest_goes_on(
    shop: Shop, tills: MakeTill, what: str, status: str
) -> None:
    till = tills(shop)
    if what == "point":
        till.identity = Identity(str(uuid4()), till.identity.register_id, till.identity.device_id)
    refused = till.record(b"this is no audio" if what == "audio" else shop.audio)
    till.identity = till.credentials.current.identity
    fine = till.record(shop.audio)
    await upload_all(till)
    assert (till.state(refused), till.state(fine)) == (ChunkState.QUARANTINED, ChunkState.DELIVERED)
    entry = till.ledger.entry(refused.key)
    assert entry is not None
    assert entry.detail == status


@pytest.fixture
async def busy_shop(deps: Deps, samples: Path) -> AsyncIterator[Shop]:
    async with running(deps, samples, max_in_flight=0) as shop:
        yield shop


async def test_an_overloaded_server_is_given_the_time_it_asks_for(busy_shop: Shop, tills: MakeTill) -> None:
    till = tills(busy_shop)
    chunk = till.record(busy_shop.audio)
    rest_s = await asyncio.to_thread(lambda: (till.steps(1), till.uploader.step())[1])
    assert rest_s > 1.0
    assert till.state(chunk) is ChunkState.WAITING
    assert till.uploader.uploads.last_error is not None
    assert till.uploader.uploads.last_error.startswith("http_503_overloaded")


async def test_the_server_keeps_the_account_and_corrects_the_clock(shop: Shop, tills: MakeTill) -> None:
    till = tills(shop)
    till.ledger.enter(Condition.NO_MICROPHONE, moment(till.clock))
    heart = Heartbeat(
        till.ledger,
        till.timekeeper,
        till.client,
        till.credentials.current,
        Schedule(Hours.between("00:00", "24:00"), ZoneInfo("UTC")),
        till.clock,
        version="1.0",
        health=lambda: {"status": "degraded"},
        recording_from_ms=lambda: None,
        chance=lambda: 0.0,
    )
    for _ in range(3):
        assert await asyncio.to_thread(heart.beat) == EVERY_S
    kept = await rows(shop, "SELECT fate, reason FROM coverage")
    assert ("lost", "no_microphone") in kept
    state = till.timekeeper.state
    assert (state.state, state.source) == ("right", "server")
