"""The page Today, and that it keeps itself fresh without getting under the hands."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect
from sqlalchemy import update

from dashboard.pages.today import REFRESH_S
from db import tables as t
from db.reports.facts import refresh_facts
from domain.ids import DialogueId
from tests.e2e.dashboard.rig import Server
from tests.e2e.dashboard.seeded import Seeded

FRESH_WITHIN_MS = 30_000


def test_one_glance_tells_how_it_is_whether_to_believe_it_and_what_to_do(
    seeded: Seeded, screen: Callable[..., Any]
) -> None:
    page = screen(phone=True)(f"?page=today&point={seeded.english.point_id}")
    how = page.locator(".today-how")
    expect(how).to_contain_text("60%")
    expect(how).to_contain_text("3 of 5 sales · 95%: 23–88% · goal 50%")
    expect(how).to_contain_text("too few sales to be sure")
    expect(page.get_by_text("90% of the opening hours are recorded")).to_be_visible()
    expect(page.get_by_text("no microphone is plugged in")).to_be_visible()
    expect(page.get_by_text("Judged by rules-1")).to_be_visible()
    missed = page.get_by_role("listitem").filter(has_text="Listen: nothing was offered")
    missed.get_by_role("link").click()
    expect(page).to_have_url(f"{page.url.split('?')[0]}?page=dialogue&id={seeded.dialogues['en05']}")


def test_a_new_verdict_is_on_the_page_by_itself_but_not_under_the_hands(
    seeded: Seeded, server: Server, screen: Callable[..., Any]
) -> None:
    page = screen()(f"?page=today&point={seeded.russian.point_id}")
    how = page.locator(".today-how")
    expect(how).to_contain_text("6 of 8 sales")
    page.get_by_label("Which shop").focus()

    async def judge() -> None:
        async with seeded.db.begin() as tx:
            one = t.dialogue_upsell_analysis.c.dialogue_id == seeded.dialogues["ru02"]
            await tx.execute(update(t.dialogue_upsell_analysis).where(one).values(attempted="yes", quality_score=2))
            await refresh_facts(tx, [DialogueId(seeded.dialogues["ru02"])])

    server.run(judge())
    page.wait_for_timeout(1000 * REFRESH_S + 1000)
    expect(how).to_contain_text("6 of 8 sales")
    page.evaluate("document.activeElement.blur()")
    expect(how).to_contain_text("7 of 8 sales", timeout=FRESH_WITHIN_MS)
