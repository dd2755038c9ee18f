"""Who gets in, and what they are told when they don't."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.dashboard.rig import ADMIN_TOKEN
from tests.e2e.dashboard.seeded import Seeded


def log_in(page: Page, token: str) -> None:
    page.get_by_role("button", name="With a token").click()
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Log in").click()


def test_a_wrong_token_is_refused_in_plain_words_and_a_right_one_opens_today(
    seeded: Seeded, screen: Callable[..., Any]
) -> None:
    page = screen(token=None)()
    assert seeded.russian.name not in page.content()
    log_in(page, "a-wrong-token")
    expect(page.get_by_role("alert")).to_have_text("The server did not take the token. Check it.")
    log_in(page, ADMIN_TOKEN)
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    assert page.evaluate("[sessionStorage.token, localStorage.token]") == [ADMIN_TOKEN, None]
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('token')") is None
    assert seeded.russian.name not in page.content()
