"""Every page, in one go: nothing serious for axe in light and dark, no sideways scrolling on a phone or a desk in
either language, and no stored script that runs."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from dashboard import nav
from tests.e2e.dashboard.conftest import DESK, PHONE
from tests.e2e.dashboard.rig import ADMIN_TOKEN
from tests.e2e.dashboard.seeded import Seeded

PAGES = ["login", *sorted(nav.found())]
GRAVE = ("serious", "critical")
SETTLE_MS = 250


def grave(page: Page) -> list[str]:
    """Axe's findings that keep somebody out, with the elements."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {node['html'][:160]}" for v in found if v["impact"] in GRAVE for node in v["nodes"]]


def too_wide(page: Page) -> list[str]:
    """What sticks out at the right, where the document scrolls sideways."""
    return page.evaluate(  # type: ignore[no-any-return]
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
            [...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
              .map((e) => e.outerHTML.slice(0, 120))"""
    )


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_open_to_everybody_on_every_screen(name: str, seeded: Seeded, screen: Callable[..., Any]) -> None:
    search = f"?page={name}" + (f"&id={seeded.dialogues['evil']}" if name == "dialogue" else "")
    page = screen(token=None if name == "login" else ADMIN_TOKEN)("" if name == "login" else search)
    expect(page.locator("body")).to_have_attribute("data-page", name)
    page.wait_for_timeout(SETTLE_MS)
    assert grave(page) == []
    page.get_by_role("button", name="Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert grave(page) == []
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        page.wait_for_timeout(SETTLE_MS)
        assert too_wide(page) == [], size
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert too_wide(page) == []
    assert page.title() != "owned"
