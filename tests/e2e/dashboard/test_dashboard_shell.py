"""The frame around the pages: language, theme, history, keyboard, a lost connection."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, expect

from tests.e2e.dashboard.rig import ADMIN_TOKEN, Server, running_panel
from tests.e2e.dashboard.seeded import Seeded


def test_language_and_theme_change_at_once_and_are_remembered(seeded: Seeded, screen: Callable[..., Any]) -> None:
    page = screen()("?page=today")
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("heading", name="Сегодня", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Обзор").first).to_be_visible()
    page.get_by_role("button", name="Тёмная тема").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.get_by_role("heading", name="Сегодня", level=1)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page).to_have_title("Сегодня · SalesControl")


def test_back_and_forward_walk_through_the_pages_without_loading_the_document(
    seeded: Seeded, screen: Callable[..., Any]
) -> None:
    page = screen()("?page=today")
    page.evaluate("window.isSameDocument = true")
    page.get_by_role("link", name="Overview").first.click()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_focused()
    assert page.url.endswith("?page=overview")
    page.go_back()
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    assert page.evaluate("window.isSameDocument")


def test_everything_of_the_frame_can_be_reached_with_the_keyboard(seeded: Seeded, screen: Callable[..., Any]) -> None:
    page = screen()("?page=today")
    page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"
            )
        )
    frame = ["Skip to content", "Русский", "English", "Dark theme", "Log out", "Today", "Overview", "Dialogues"]
    assert [name for name in reached if name in frame] == frame
    page.get_by_role("link", name="Overview").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()


def test_an_unknown_page_leads_back_to_today(seeded: Seeded, screen: Callable[..., Any]) -> None:
    page = screen()("?page=nowhere")
    expect(page.get_by_role("alert")).to_contain_text("There is no such page.")
    page.get_by_role("link", name="To the page Today").click()
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()


def test_a_dashboard_that_was_restarted_comes_back_where_it_was(
    seeded: Seeded, server: Server, browser: Browser, tmp_path: Any
) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.add_init_script(f"sessionStorage.token = {ADMIN_TOKEN!r}")
    with running_panel([server.url], tmp_path / "first.log") as panel:
        page.goto(f"{panel.url}/app?page=overview")
        expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    expect(page.get_by_text("The connection to the server is lost")).to_be_visible()
    with running_panel([server.url], tmp_path / "second.log", port=int(panel.url.rsplit(":", 1)[1])):
        expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible(timeout=20_000)
        expect(page.get_by_text("The connection to the server is lost")).to_be_hidden()
        context.close()
