"""The Panel page in a real browser, served as `panel serve` serves it, on the real api."""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Page, async_playwright, expect
from shop import ADMIN, Shop
from sqlalchemy import insert

from db import tables as t

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVIL = "<img src=x onerror=document.title='owned'>"


@pytest.fixture
async def page_url(shop: Shop, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a dashboard on the shop's api."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "panel", "serve", str(ROOT / "dashboard" / "app.py"), "--index", "app"]
    command += ["--address", "127.0.0.1", "--port", str(port), "--allow-websocket-origin", f"127.0.0.1:{port}"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "SALESCONTROL_API_URL": str(shop.client.base_url)}
    log = (tmp_path / "panel.log").open("wb")
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        await _until_up(url, process)
        yield url
    finally:
        process.terminate()
        await process.wait()
        log.close()


async def _until_up(url: str, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(300):
            assert process.returncode is None, "panel serve ended"
            try:
                if (await client.get(f"{url}/app", timeout=10)).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)
    raise TimeoutError("panel serve did not come up within a minute")


@pytest.fixture
async def browser_page() -> AsyncIterator[Page]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = await browser.new_page(locale="en-GB")
        page.set_default_timeout(30_000)
        yield page
        await browser.close()


async def seed(shop: Shop) -> None:
    """Two judged dialogues of the shop's device, a day apart; the second one's quote is an attack."""
    ids = {"point_id": shop.device.point_id, "register_id": shop.device.register_id, "device_id": shop.device.device_id}
    async with shop.deps.db.begin() as tx:
        for number, (quote, attempted) in enumerate([("Хотите круассан?", "yes"), (EVIL, "no")]):
            start = START + timedelta(days=number)
            dialogue_id, start_ms = uuid4(), round(start.timestamp() * 1000)
            span = {"start_ms": start_ms, "end_ms": start_ms + 2000}
            done = {"state": "closed", "asr_status": "DONE", "analysis_status": "DONE"}
            end = start + timedelta(seconds=41)
            row = {**ids, **done, "dialogue_id": dialogue_id, "start_ts": start, "end_ts": end}
            await tx.execute(insert(t.dialogues).values(**row))
            text = {"language": "ru", "text": f"Добрый день!\n{quote}", "segments_json": [], "transcript_sha256": "t"}
            await tx.execute(insert(t.dialogue_transcripts).values(dialogue_id=dialogue_id, revision=1, **text))
            await tx.execute(
                insert(t.dialogue_upsell_analysis).values(
                    dialogue_id=dialogue_id,
                    revision=1,
                    kind="sale",
                    attempted=attempted,
                    quality_score=2,
                    categories=[],
                    closing_question=False,
                    customer_reaction="accepted",
                    evidence_quotes=[{"quote": quote, "utterance": 1, "score": 1.0, **span}],
                    summary="",
                    confidence=0.5,
                    analysis_model="rules-1",
                    prompt_version="1",
                    prompt_sha256="p",
                    transcript_sha256="t",
                )
            )


async def log_in(page: Page, token: str) -> None:
    await page.locator("input[type=password]").fill(token)
    await page.get_by_role("button", name="Log in").click()


async def test_the_page_shows_nothing_before_a_right_token_and_then_the_verdicts(
    shop: Shop, page_url: str, browser_page: Page
) -> None:
    await seed(shop)
    page = browser_page
    await page.goto(page_url)
    await expect(page.locator("input[type=password]")).to_be_visible()
    assert "круассан" not in await page.content()
    await log_in(page, "a-wrong-token")
    await expect(page.get_by_text("The server did not take the token.")).to_be_visible()

    await log_in(page, ADMIN["Authorization"].removeprefix("Bearer "))
    await expect(page.locator("table.dialogues tbody tr")).to_have_count(2)
    await expect(page.locator("q").first).to_have_text("Хотите круассан?")
    await expect(page.get_by_text("1 of 2 sales").first).to_be_visible()
    await expect(page.get_by_text("2026-03-02 10:00:00")).to_be_visible()
    await expect(page.locator("q").nth(1)).to_have_text(EVIL)
    assert await page.title() == "SalesControl"

    [point] = (await shop.client.get("/api/v1/admin/points", headers=ADMIN)).json()["items"]
    await page.get_by_label("Point", exact=True).select_option(point["name"])
    await page.get_by_label("Offer", exact=True).select_option("yes")
    await expect(page.locator("table.dialogues tbody tr")).to_have_count(1)
    await page.locator("summary").click()
    await expect(page.locator("mark")).to_have_text("Хотите круассан?")
    await page.get_by_role("button", name="Log out").click()
    await expect(page.locator("input[type=password]")).to_be_visible()
    await expect(page.locator("table.dialogues")).to_have_count(0)


async def test_the_page_speaks_russian_where_it_is_asked_to(page_url: str, browser_page: Page) -> None:
    await browser_page.goto(f"{page_url}/app?lang=ru")
    await expect(browser_page.get_by_role("button", name="Войти")).to_be_visible()
