"""`GET /metrics` on a real queue, without Ray: what lies in the database, and who may ask."""

import asyncio
import subprocess
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from shop import ADMIN, INTERNAL, Shop
from sqlalchemy import text

from domain.metrics import CATALOGUE
from serve_apps.api.app import create_app
from serve_apps.application import Deps


async def scraped(shop: Shop) -> str:
    answer = await shop.client.get("/metrics", headers=INTERNAL)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


def series(document: str, name: str) -> dict[str, float]:
    """Labels → value of one metric."""
    lines = [line for line in document.splitlines() if line.startswith((f"{name}{{", f"{name} "))]
    return {line[len(name) : line.rindex(" ")]: float(line[line.rindex(" ") :]) for line in lines}


def found_by_promtool(document: str) -> str:
    """What `promtool check metrics` says against a document."""
    command = ["promtool", "check", "metrics"]
    checked = subprocess.run(command, input=document, capture_output=True, text=True, check=False)
    return checked.stdout + checked.stderr


async def test_what_waits_is_told_by_stage_and_class(shop: Shop) -> None:
    (await shop.upload()).raise_for_status()
    document = await scraped(shop)
    key = '{stage="vad",job_class="backfill"'
    assert series(document, "salescontrol_queue_jobs")[f'{key},state="queued"}}'] == 1
    assert series(document, "salescontrol_queue_audio_seconds")[f"{key}}}"] == 60
    assert series(document, "salescontrol_queue_oldest_seconds")[f"{key}}}"] >= 0
    assert series(document, "salescontrol_database_up") == {"": 1}
    free, floor = (series(document, f"salescontrol_store_{what}_bytes")[""] for what in ("free", "floor"))
    assert free > floor


async def test_prometheus_own_checker_has_nothing_to_say(shop: Shop) -> None:
    (await shop.upload()).raise_for_status()
    assert found_by_promtool(await scraped(shop)) == ""


async def test_every_name_is_in_the_list_of_metrics(shop: Shop) -> None:
    (await shop.upload()).raise_for_status()
    told = {line.split()[2] for line in (await scraped(shop)).splitlines() if line.startswith("# TYPE")}
    assert told <= {metric.name for metric in CATALOGUE}


@pytest.mark.parametrize("headers", [{}, ADMIN, {"Authorization": "Bearer wrong"}])
async def test_only_prometheus_and_nodes_get_in(shop: Shop, headers: dict[str, Any]) -> None:
    assert (await shop.client.get("/metrics", headers=headers)).status_code == 401


async def test_a_database_that_is_down_is_told_and_no_error(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("ALTER TABLE jobs RENAME TO jobs_away"))
    document = await scraped(shop)
    assert series(document, "salescontrol_database_up") == {"": 0}
    assert series(document, "salescontrol_store_free_bytes")[""] > 0


async def test_the_scrape_token_opens_this_and_nothing_else(deps: Deps) -> None:
    token = SecretStr("a-scrape-token-for-tests")
    metrics = deps.settings.metrics.model_copy(update={"scrape_token": token})
    app = create_app(replace(deps, settings=deps.settings.model_copy(update={"metrics": metrics})))
    transport, headers = httpx.ASGITransport(app), {"Authorization": f"Bearer {token.get_secret_value()}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as client:
        assert (await client.get("/metrics")).status_code == 200
        assert (await client.get("/api/v1/system")).status_code == 401


async def test_ten_who_scrape_at_once_ask_the_database_once(shop: Shop) -> None:
    (await shop.upload()).raise_for_status()
    documents = await asyncio.gather(*(scraped(shop) for _ in range(10)))
    took = {
        value for d in documents for at, value in series(d, "salescontrol_collect_seconds").items() if "database" in at
    }
    assert len(took) == 1
