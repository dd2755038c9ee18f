"""A reviewer's work by keyboard alone, and what it moves."""

import re
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.dashboard.rig import ADMIN_TOKEN, Server
from tests.e2e.dashboard.seeded import Seeded

ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


def todays_rate(server: Server, seeded: Seeded) -> tuple[int, int, int]:
    """Attempts, sales in the rate and reviewed of the Russian point, as Overview has them."""
    query = {"from": str(seeded.day), "to": str(seeded.day), "point": str(seeded.russian.point_id)}
    report = httpx.get(f"{server.url}/api/v1/reports/overview", params=query, headers=ADMIN, timeout=30).json()
    figures = report["figures"]
    return figures["rate"]["hits"], figures["rate"]["n"], figures["reviewed"]


def overview_value(screen: Callable[..., Any], seeded: Seeded) -> str:
    page: Page = screen()(f"?page=overview&period=today&point={seeded.russian.point_id}", until=".figure .value")
    return page.locator(".figure", has=page.get_by_text("Offers made")).first.locator(".value").inner_text()


def test_a_review_by_keyboard_alone_moves_the_overview_and_is_undone_by_a_key(
    server: Server, seeded: Seeded, screen: Callable[..., Any]
) -> None:
    before, shown_before = todays_rate(server, seeded), overview_value(screen, seeded)
    dialogue_id = seeded.dialogues["ru04"]  # the machine is uncertain of it, so it is in no rate
    page = screen()(f"?page=review&dialogue={dialogue_id}")
    heading = page.get_by_role("heading", name="Dialogue of")
    expect(heading).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("y for yes")
    page.keyboard.press("Space")
    expect(page.locator("[data-player]")).to_have_class(re.compile("is-playing"))
    page.keyboard.press("Space")
    expect(page.locator("[data-player]")).not_to_have_class(re.compile("is-playing"))
    page.keyboard.press("y")
    expect(page.get_by_text("named a product")).to_be_visible()
    for key in ("2", "d", "a", "c"):
        page.keyboard.press(key)
    page.keyboard.type("торт y 3")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("The machine thought otherwise")
    expect(page.get_by_text("1 dialogue reviewed")).to_be_visible()
    hits, n, reviewed = before
    assert todays_rate(server, seeded) == (hits + 1, n + 1, reviewed + 1)
    assert overview_value(screen, seeded) != shown_before
    stored = httpx.get(f"{server.url}/api/v1/dialogues/{dialogue_id}/reviews", headers=ADMIN).json()["items"][0]
    assert (stored["quality_score"], stored["categories"]) == (2, ["dessert"])
    assert (stored["customer_reaction"], stored["note"]) == ("accepted", "торт y 3")

    page.keyboard.press("z")
    expect(page.get_by_text("0 dialogues reviewed")).to_be_visible()
    assert todays_rate(server, seeded) == before
    expect(page.get_by_label("named a product")).to_be_checked()
    expect(page.get_by_label("Note")).to_have_value("торт y 3")


def test_the_queue_is_worked_off_in_a_russian_layout_without_seeing_what_the_machine_said(
    server: Server, seeded: Seeded, screen: Callable[..., Any]
) -> None:
    page = screen(language="ru")("?page=review", until="#item-head")
    first = page.locator(".judge").get_attribute("id")
    expect(page.locator(".chip", has_text="случайная доля")).to_be_visible()  # the queue begins with the sample
    expect(page.get_by_text("Что сказала машина, вы увидите")).to_be_visible()
    assert page.locator(".quote, mark").count() == 0
    page.dispatch_event("body", "keydown", {"key": "т", "code": "KeyN", "bubbles": True})  # at the place of n
    expect(page.locator("[name=attempted][value=no]")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_text("проверен 1 диалог")).to_be_visible()
    assert page.locator(".judge").get_attribute("id") != first
    second = page.locator(".judge").get_attribute("id")
    page.keyboard.press("s")
    expect(page.locator(".judge")).not_to_have_id(str(second))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("записать и дальше")
    page.keyboard.press("y")
    page.keyboard.press("Escape")
    expect(page.locator("[name=attempted]:checked")).to_have_count(0)
