"""The check against the product's own server: the test upload goes the whole way and leaves nothing behind."""

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from check_bench import context_in, run_steps
from shop import Device, Shop
from sqlalchemy import text

from recorder.check.result import Result, State, Step

SERVER = (Step.SERVER, Step.SERVER_CLOCK, Step.PORTAL, Step.TLS, Step.TOKEN, Step.UPLOAD)


async def check(shop: Shop, folder: Path, device: Device) -> dict[Step, Result]:
    ids = {name: getattr(device, name) for name in ("point_id", "register_id", "device_id")}
    url = str(shop.client.base_url).rstrip("/")
    context = context_in(folder, ingest_base_url=url, ingest_token=device.token, **ids)
    return await asyncio.to_thread(run_steps, context, *SERVER)


async def test_a_registered_device_passes_and_nothing_of_its_test_is_kept(shop: Shop, tmp_path: Path) -> None:
    results = await check(shop, tmp_path, shop.device)

    assert {step: results[step].key for step in SERVER} == {
        Step.SERVER: "answers",
        Step.SERVER_CLOCK: "same",
        Step.PORTAL: "ours",
        Step.TLS: "local",
        Step.TOKEN: "accepted",
        Step.UPLOAD: "arrived",
    }
    assert shop.files() == []
    async with shop.deps.db.begin() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM audio_chunks"))).scalar_one() == 0
        assert (await tx.execute(text("SELECT count(*) FROM jobs"))).scalar_one() == 0


@pytest.mark.parametrize(
    ("changed", "step", "key"),
    [
        ({"token": "not-the-devices-token"}, Step.TOKEN, "unknown"),
        ({"register_id": uuid4()}, Step.UPLOAD, "ids"),
    ],
)
async def test_a_wrong_token_and_wrong_ids_are_told_apart(
    shop: Shop, tmp_path: Path, changed: dict[str, object], step: Step, key: str
) -> None:
    results = await check(shop, tmp_path, replace(shop.device, **changed))

    assert (results[step].state, results[step].key) == (State.FAIL, key)
    assert shop.files() == []
