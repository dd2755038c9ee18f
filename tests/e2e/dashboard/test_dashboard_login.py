"""Who gets in, and what they are told when they don't."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect
from sqlalchemy import insert, text

from db import tables as t
from serve_apps.application import Deps
from serve_apps.passwords import Passwords
from tests.e2e.dashboard.rig import ADMIN_TOKEN, Server
from tests.e2e.dashboard.seeded import Seeded

LOGIN = {"login": "mira", "name": "Мира", "role": "manager", "all_points": True}


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


def test_a_login_with_its_password_opens_the_page_that_the_address_asks_for(
    seeded: Seeded, server: Server, screen: Callable[..., Any]
) -> None:
    async def add() -> None:
        hashed = await Passwords().hash("correct horse battery")
        async with seeded.db.begin() as tx:
            await tx.execute(insert(t.users).values({**LOGIN, "password_hash": hashed, "user_id": uuid4()}))

    server.run(add())
    page = screen(token=None)("?page=overview")
    page.get_by_label("Login").fill("mira")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The login or the password is wrong.")
    expect(page.get_by_label("Login")).to_have_value("mira")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    expect(page.get_by_text("Мира")).to_be_visible()
    expect(page.get_by_role("link", name="System")).to_have_count(0)


def test_a_session_that_has_ended_leads_to_the_login_and_back_to_the_same_page(
    seeded: Seeded, server: Server, screen: Callable[..., Any]
) -> None:
    token = server.run(seeded.token("viktor", "viewer"))
    page = screen(token)("?page=today")

    async def end() -> None:
        async with seeded.db.begin() as tx:
            await tx.execute(text("UPDATE user_tokens SET expires_at = now() - interval '1 minute'"))

    server.run(end())
    page.get_by_role("link", name="Overview").first.click()
    expect(page.get_by_role("alert")).to_have_text("Your session has ended. Log in again.")
    assert page.evaluate("sessionStorage.getItem('token')") is None
    log_in(page, ADMIN_TOKEN)
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()


def test_without_a_server_the_login_says_so_and_an_open_page_can_be_tried_again(
    deps: Deps, seeded: Seeded, server: Server, screen: Callable[..., Any]
) -> None:
    page = screen(token=None)()
    opened = screen()("?page=today")
    server.serve(None)
    try:
        log_in(page, ADMIN_TOKEN)
        expect(page.get_by_role("alert")).to_contain_text("does not answer. Check that it is running.")
        opened.get_by_role("link", name="Overview").first.click()
        expect(opened.get_by_role("alert")).to_contain_text("The server does not answer.")
    finally:
        server.serve(deps)
    opened.get_by_role("button", name="Try again").click()
    expect(opened.get_by_role("heading", name="Overview", level=1)).to_be_visible()


def test_a_page_that_is_not_for_them_says_so(seeded: Seeded, server: Server, screen: Callable[..., Any]) -> None:
    page = screen(server.run(seeded.token("vera", "viewer")))("?page=system")
    expect(page.get_by_role("alert")).to_contain_text("You may not do this.")
