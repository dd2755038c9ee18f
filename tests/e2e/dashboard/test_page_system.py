"""The page System: a dead job is seen with its error, and tried again."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect
from sqlalchemy import insert

from db import tables as t
from tests.e2e.dashboard.rig import Server
from tests.e2e.dashboard.seeded import EVIL, Seeded


def test_a_dead_job_shows_its_error_and_is_queued_again_at_a_click(
    seeded: Seeded, server: Server, screen: Callable[..., Any]
) -> None:
    async def kill() -> None:
        about = str(seeded.dialogues["ru01"])
        job = {"stage": "asr", "subject_id": about, "lock_key": about, "state": "dead", "attempts": 5}
        async with seeded.db.begin() as tx:
            await tx.execute(insert(t.jobs).values(**job, last_error=f"Transient: whisper is away {EVIL}"))

    server.run(kill())
    page = screen()("?page=system")
    expect(page.get_by_text("1 job has failed and is not tried again by itself")).to_be_visible()
    expect(page.locator("summary").filter(has_text="Transient: whisper is away <img")).to_be_visible()
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_text("1 job is queued again")).to_be_visible()
    expect(page.get_by_text("No failed jobs")).to_be_visible()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="transcribing"))
    expect(row.get_by_role("cell").first).to_have_text("1")
    assert page.title() == "System · SalesControl"
