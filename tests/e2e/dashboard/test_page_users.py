"""The page of people: who is added gets in as what they were added, and is out as soon as they are shut out."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.dashboard.rig import Server
from tests.e2e.dashboard.seeded import Seeded


def log_in(page: Page, login: str, password: str) -> None:
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def change_password(page: Page, current: str) -> None:
    page.get_by_label("The present password").fill(current)
    page.locator("input[name=new]").fill("three random words")
    page.get_by_label("The new one again").fill("three random words")
    page.get_by_role("button", name="Change", exact=True).click()


def test_a_manager_is_added_logs_in_changes_the_password_and_is_shut_out(
    seeded: Seeded, screen: Callable[..., Any]
) -> None:
    admin = screen()("?page=users")
    expect(admin.get_by_text("There is nobody yet")).to_be_visible()
    admin.get_by_text("Add somebody").first.click()
    admin.get_by_label("Login").fill("Mira")
    admin.get_by_label("Name", exact=True).fill("Мира <b>")
    admin.get_by_role("checkbox", name=seeded.russian.name).check()
    admin.get_by_role("button", name="Add somebody").click()
    password = admin.locator(".users-secret code").inner_text()
    expect(admin.get_by_role("heading", name="Мира <b>", level=1)).to_be_visible()
    expect(admin.get_by_text("No sessions.")).to_be_visible()
    expect(admin.get_by_role("rowheader", name="added a person")).to_be_visible()

    page = screen(token=None)("?page=places")
    log_in(page, "mira", password)
    expect(page.get_by_role("rowheader", name=seeded.russian.name)).to_be_visible()
    assert seeded.english.name not in page.content()
    expect(page.get_by_role("link", name="People")).to_have_count(0)
    page.get_by_role("link", name="My account").click()
    change_password(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text("The present password is wrong.")
    change_password(page, password)
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    log_in(page, "mira", "three random words")
    expect(page.get_by_role("heading", name="My account", level=1)).to_be_visible()

    admin.get_by_role("button", name="Written down, hide it").click()
    admin.get_by_role("button", name="Close access").click()
    admin.locator("#disable").get_by_role("button", name="Close access").click()
    expect(admin.get_by_role("button", name="Open access")).to_be_visible()
    expect(admin.get_by_text("until")).to_have_count(0)
    page.get_by_role("link", name="Shops").first.click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_a_program_gets_a_token_that_is_shown_once_and_ended_at_a_click(
    seeded: Seeded, server: Server, screen: Callable[..., Any]
) -> None:
    page = screen()("?page=users")
    page.get_by_text("Add somebody").first.click()
    page.get_by_label("Login").fill("power-bi")
    page.get_by_label("Name", exact=True).fill("Power BI")
    page.get_by_label("Role").select_option("machine")
    page.get_by_role("checkbox", name="Every shop").check()
    page.get_by_role("button", name="Add somebody").click()
    assert page.locator(".users-secret code").inner_text().startswith("scm_")
    page.reload()
    expect(page.get_by_role("heading", name="Power BI", level=1)).to_be_visible()
    expect(page.locator(".users-secret")).to_have_count(0)
    page.get_by_role("button", name="End: Power BI").click()
    expect(page.get_by_role("row").filter(has_text="Power BI").get_by_text("ended", exact=True)).to_be_visible()
    page.get_by_role("link", name="All people").click()
    expect(page.locator("[data-region=list] tr").filter(has_text="power-bi")).to_contain_text("Program")
