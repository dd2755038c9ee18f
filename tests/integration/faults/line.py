"""The way of a chunk in one process, without Ray: uploads over HTTP, a worker of every stage, the real model."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from audio.decode import RATE_HZ, decode
from audio.open import open_store
from cluster.stage import StageContext
from cluster.stages import discover
from cluster.worker import Worker
from configs.settings import Settings
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import Queue
from serve_apps.application import Deps
from serve_apps.whisper.assembly import find_speech
from serve_apps.whisper.engine import Engine
from serve_apps.whisper.listener import Listener
from serve_apps.whisper.options import suspicion_rules
from tests.integration.faults.outcome import Outcome, is_quiet, outcome_of
from tests.integration.faults.whisper import LocalWhisper
from tests.integration.shop import Device, Shop, running, settings_for_tests
from tests.integration.sounds import encode

SAMPLES = Path(__file__).resolve().parents[3] / "samples" / "shop_day"
CHUNK = SAMPLES / "chunks" / "dev_en_20260302T091500Z.ogg"
FROM_S, TO_S = 15.5, 31.0
"""Of that chunk: an offer, and that it is taken."""
START = datetime.fromisoformat("2026-03-02T09:15:15.5+00:00")
RETRY_S = 0.1
SETTLE_S = 90.0
QUICK = {
    "SALESCONTROL_ASR__FAST__BEAM_SIZE": "1",
    "SALESCONTROL_ASR__FAST__PACK": "false",  # unpacked, words do not depend on who else waits
    "SALESCONTROL_ASR__ACCURATE_MIN_S": "1000",
    "SALESCONTROL_JOBS__POLL_S": "0.1",
    "SALESCONTROL_JOBS__LEASE_S": "4",
    "SALESCONTROL_JOBS__RENEW_S": "0.5",
    "SALESCONTROL_JOBS__BACKOFF_S": "0.05",
    "SALESCONTROL_JOBS__BACKOFF_MAX_S": "0.2",
    "SALESCONTROL_JOBS__PAUSE_MAX_S": "0.5",
}
"""Pauses and leases that a test can wait for."""


@cache
def sound() -> bytes:
    """The chunk that every recorder delivers, as Ogg/Opus."""
    samples = decode(CHUNK, max_s=61)
    return encode(samples[round(FROM_S * RATE_HZ) : round(TO_S * RATE_HZ)], rate=RATE_HZ)


@dataclass
class Recorder:
    """A recorder with one chunk to deliver, which it sends again until it has its receipt. `refused`: by status, or
    the kind of error where nobody answered."""

    device: Device = field(default_factory=Device)
    refused: Counter[str] = field(default_factory=Counter)
    has_receipt: bool = False
    retry_after: set[str | None] = field(default_factory=set)


@dataclass
class Line:
    """A running one."""

    shop: Shop
    settings: Settings
    database: Database
    whisper: LocalWhisper

    async def recorder(self) -> Recorder:
        """A new one, registered."""
        recorder = Recorder()
        (await self.shop.register(recorder.device, language="en")).raise_for_status()
        return recorder

    async def deliver(self, recorder: Recorder) -> None:
        """The chunk, then the word that nothing more is owed."""
        until = {"delivered_until": (START + timedelta(minutes=10)).isoformat()}
        times = {"start_ts": START.isoformat(), "end_ts": (START + timedelta(seconds=TO_S - FROM_S)).isoformat()}
        run = {"session_id": str(uuid4()), "seq": 0}
        await self._until_taken(recorder, lambda: self.shop.upload(sound(), recorder.device, **times, **run))
        recorder.has_receipt = True
        post = self.shop.client.post
        await self._until_taken(
            recorder, lambda: post("/api/v1/devices/heartbeat", headers=recorder.device.headers, json=until)
        )

    async def settle(self, recorders: Sequence[Recorder]) -> list[Outcome]:
        """What there is of each, once nothing of theirs is under way."""
        async with asyncio.timeout(SETTLE_S):
            for recorder in recorders:
                while not await is_quiet(self.database, recorder.device.device_id):
                    await asyncio.sleep(0.1)
        return [await outcome_of(self.database, recorder.device.device_id) for recorder in recorders]

    async def _until_taken(self, recorder: Recorder, send: Any) -> None:
        deadline = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline:
            try:
                answer = await send()
            except httpx.TransportError as error:
                recorder.refused[type(error).__name__] += 1
            else:
                if answer.status_code == 200:
                    return
                assert answer.status_code >= 429, answer.text
                recorder.refused[str(answer.status_code)] += 1
                recorder.retry_after.add(answer.headers.get("retry-after"))
            await asyncio.sleep(RETRY_S)
        raise AssertionError("no receipt")


@asynccontextmanager
async def line(url: str, engine: Engine, hosted: Sequence[str] | None = None, **env: str) -> AsyncIterator[Line]:
    """On the database at `url`, with a worker of these stages, all where None."""
    settings = settings_for_tests(**{**QUICK, **env})
    store, database, workers = open_store(settings), Database(url), Database(url)
    suspicion = suspicion_rules(settings.asr)
    listener = Listener(engine, store, find_speech, suspicion, padding_ms=settings.asr.padding_ms, stretch_s=240)
    whisper, stages = LocalWhisper(listener, settings), discover()
    stages["asr"]._whisper = whisper  # type: ignore[attr-defined]
    ctx, queue = StageContext(workers, store, settings), Queue(workers, settings.jobs)
    renewer = LeaseRenewer(workers.url, settings.jobs)
    worker = Worker("line", ctx, queue, renewer, stages, hosted or list(stages))
    working = asyncio.create_task(worker.run())
    try:
        async with running(Deps(database, store, settings), SAMPLES) as shop:
            yield Line(shop, settings, database, whisper)
    finally:
        await worker.drain(2)
        await working
        await workers.dispose()
        await database.dispose()
