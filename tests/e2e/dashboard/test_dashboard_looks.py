"""Every page, in one walk: nothing serious for axe in light and dark, no sideways scrolling on a phone or a desk in
either language, no stored script that runs, every heading there."""

from collections.abc import Callable, Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from dashboard import nav
from tests.e2e.dashboard.conftest import DESK, PHONE
from tests.e2e.dashboard.seeded import Seeded

GRAVE = ("serious", "critical")
SETTLE_MS = 120
STICKS_OUT = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
      .map((e) => e.outerHTML.slice(0, 120))"""

OPEN = "(search) => { history.pushState(null, '', search); dispatchEvent(new Event('popstate')) }"


def findings(page: Page) -> Iterator[tuple[str, list[str]]]:
    """What is amiss with the page that is open, by what was tried."""
    page.set_viewport_size(DESK)
    page.wait_for_timeout(SETTLE_MS)
    yield "axe, light", grave(page)
    page.get_by_role("button", name="Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    yield "axe, dark", grave(page)
    page.get_by_role("button", name="Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    for language, name in (("ru", "Русский"), ("en", "English")):
        page.get_by_role("button", name=name).click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            page.wait_for_timeout(SETTLE_MS)
            yield f"too wide, {language}, {size['width']} px", too_wide(page)
    if "owned" in page.title():
        yield "a stored script ran", [page.title()]


def grave(page: Page) -> list[str]:
    """Axe's findings that keep somebody out, with the elements."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {node['html'][:160]}" for v in found if v["impact"] in GRAVE for node in v["nodes"]]


def too_wide(page: Page) -> list[str]:
    """What sticks out at the right, where the document scrolls sideways. A chart follows its place a moment later."""
    for _ in range(50):
        found: list[str] = page.evaluate(STICKS_OUT)
        if not found:
            break
        page.wait_for_timeout(100)
    return found


def test_every_page_is_open_to_everybody_on_every_screen(seeded: Seeded, screen: Callable[..., Any]) -> None:
    page = screen()("?page=today")
    amiss = {}
    for name in sorted(nav.found()):
        search = f"?page={name}" + (f"&id={seeded.dialogues['evil']}" if name == "dialogue" else "")
        page.evaluate(
            "(search) => { history.pushState(null, '', search); dispatchEvent(new Event('popstate')) }", search
        )
        expect(page.locator(f'body[data-page="{name}"] h1').first).to_be_visible()
        amiss |= {f"{name}: {tried}": found for tried, found in findings(page) if found}
    assert amiss == {}


def test_the_login_is_open_to_everybody_on_every_screen(seeded: Seeded, screen: Callable[..., Any]) -> None:
    page = screen(token=None)()
    assert {tried: found for tried, found in findings(page) if found} == {}
