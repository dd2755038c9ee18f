"""Five questions of a shop manager, answered from the pages alone with the clicks that docs/for-managers.md gives."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.dashboard.seeded import Seeded


class Manager:
    """Begins on the page Today and counts every click and every key that sends something."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def menu(self, name: str) -> None:
        self.click(self.page.locator("nav.menu").get_by_role("link", name=name, exact=True))
        expect(self.page.locator("h1")).to_have_text(name)


@pytest.fixture
def manager(seeded: Seeded, screen: Callable[..., Any]) -> Manager:
    return Manager(screen()("?page=today"))


def test_how_is_today_and_can_i_believe_it_takes_no_click(seeded: Seeded, manager: Manager) -> None:
    today = manager.page.locator("#main")
    expect(today).to_contain_text(re.compile(r"\d+ of \d+ sales"))
    expect(today).to_contain_text("95%")
    expect(today).to_contain_text("opening hours")
    assert manager.clicks == 0


def test_which_shop_got_worse_since_last_week_takes_one_click(seeded: Seeded, manager: Manager) -> None:
    manager.menu("Overview")
    worse = manager.page.locator('[data-movers="worse"]')
    expect(worse).to_contain_text(seeded.russian.name)
    expect(worse).to_contain_text(re.compile(r"−\d+"))
    assert manager.clicks == 1


def test_why_the_machine_thought_this_was_an_offer_takes_three_clicks(seeded: Seeded, manager: Manager) -> None:
    manager.menu("Dialogues")
    manager.click(manager.page.locator(".rows > li.is-good .row-link").first)
    verdict = manager.page.locator(".verdict")
    expect(verdict).to_contain_text("An offer is when the cashier, unasked, offers something beyond the order.")
    expect(verdict).to_contain_text(re.compile(r"The machine is (fairly )?(un)?sure: \d+%"))
    manager.click(manager.page.locator(".quote").first)
    expect(manager.page.locator("audio")).to_have_js_property("paused", False)
    assert manager.clicks == 3


def test_what_could_have_been_offered_takes_four_clicks(seeded: Seeded, manager: Manager) -> None:
    manager.menu("Dialogues")
    manager.click(manager.page.get_by_role("button", name="Today", exact=True))
    manager.click(manager.page.locator(".filters label", has_text="not offered").first)
    expect(manager.page.locator(".list-head a.chip")).to_have_text(re.compile("Outcome: not offered"))
    manager.click(manager.page.locator(f"#row-{seeded.dialogues['en02']} .row-link"))
    expect(manager.page.locator(".missed")).to_contain_text(re.compile("With coffee: .*dessert"))
    assert manager.clicks == 4


def test_where_croissants_were_spoken_of_as_a_table_for_excel_takes_four_clicks(
    seeded: Seeded, manager: Manager
) -> None:
    manager.menu("Dialogues")
    manager.page.get_by_role("searchbox").fill("круассан")
    manager.click(manager.page.get_by_role("button", name="Search"))
    expect(manager.page.locator(".rows mark").first).to_be_visible()
    manager.click(manager.page.get_by_text("Download"))
    with manager.page.expect_download() as download:
        manager.click(manager.page.get_by_role("button", name="Excel"))
    assert download.value.suggested_filename.endswith(".xlsx")
    assert manager.clicks == 4
