"""The page Accuracy: what a manager reads about the machine, before and after people have judged the random share."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.e2e.dashboard.reviewed import review_share
from tests.e2e.dashboard.rig import Server
from tests.e2e.dashboard.seeded import Seeded


def test_accuracy_says_what_is_missing_and_then_what_it_found_with_its_limits(
    server: Server, seeded: Seeded, screen: Callable[..., Any]
) -> None:
    page = screen()("?page=agreement&period=90d")
    expect(page.get_by_text("No dialogue of the random share is reviewed yet")).to_be_visible()
    expect(page.get_by_role("link", name="Review them")).to_have_attribute("href", "?page=review")
    judged = server.run(review_share(seeded.db))
    page.get_by_role("button", name="28 days").click()
    expect(page.get_by_text(f"{judged} of 97 random dialogues")).to_be_visible()
    expect(page.get_by_text("look at the limits")).to_be_visible()
    expect(page.get_by_role("heading", name="When it hears an offer, it is right")).to_be_visible()
    table = page.get_by_role("region", name="What the machine says, and what a person says").get_by_role("table")
    cells = [int(cell) for cell in table.locator("td.number").all_inner_texts()]
    assert sum(cells) == judged
    expect(page.get_by_text("Corrected for its mistakes")).to_be_visible()
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("heading", name="Насколько точна машина")).to_be_visible()
    expect(page.get_by_text("Согласие сверх случайного").first).to_be_visible()
    page.get_by_role("link", name="Проверка").click()
    expect(page.locator("#item-head")).to_be_visible()
