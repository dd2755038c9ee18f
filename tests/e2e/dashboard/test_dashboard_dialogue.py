"""One dialogue: its sound, its words, why it was judged so, and judging it again."""

from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import expect

from tests.e2e.dashboard.rig import ADMIN_TOKEN, Server
from tests.e2e.dashboard.seeded import Seeded
from tests.e2e.dashboard.steps import follow

Screen = Callable[..., Any]
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
LISTEN = """() => {
  window.heard = []
  const audio = document.querySelector("audio")
  const note = () => window.heard.push([audio.currentTime, document.querySelectorAll(".is-heard").length])
  audio.addEventListener("timeupdate", note)
}"""
SLACK_S = 0.3
"""Between the end of a quote and the pause that the player makes there."""


def test_a_quote_plays_its_own_span_and_stops_and_its_words_are_followed(seeded: Seeded, screen: Screen) -> None:
    page = screen()(f"?page=dialogue&id={seeded.dialogues['ru01']}", until=".quote")
    quote = page.locator(".quote").first
    start, end = (int(ms) / 1000 for ms in (quote.get_attribute("data-span") or "").split())
    audio = page.locator("audio")
    expect(audio).to_have_js_property("currentTime", 0)
    page.evaluate(LISTEN)
    quote.click()
    expect(audio).to_have_js_property("paused", False)
    expect(audio).to_have_js_property("paused", True, timeout=20_000)
    heard = page.evaluate("window.heard")
    times = [at for at, _ in heard]
    assert start - 0.05 <= min(times) <= start + 1
    assert max(times) > start + (end - start) / 2
    assert end - SLACK_S <= audio.evaluate("audio => audio.currentTime") <= end + SLACK_S
    assert any(words for _, words in heard)
    assert "base64" not in (page.locator("audio").get_attribute("src") or "")


def test_why_it_is_an_offer_is_answered_on_the_page(seeded: Seeded, screen: Screen) -> None:
    page = screen()(f"?page=dialogue&id={seeded.dialogues['ru01']}", until=".verdict")
    verdict = page.locator(".verdict")
    for said in ("A specific offer: pastry", "unasked", "names a product", "The machine is sure: 90%", "rules-1"):
        expect(verdict).to_contain_text(said)
    marked = "".join(page.locator(".talk mark.quote").all_inner_texts())
    quote = page.locator(".quote q").first.inner_text()
    assert marked.replace(" ", "") in quote.replace(" ", "")
    assert page.locator(".talk .turn").count() > 1
    page.locator("#history summary").click()
    expect(page.locator(".event").first).to_be_visible()
    page.locator("#provenance summary").click()
    expect(page.locator("#provenance")).to_contain_text("rules-1")


def test_neighbours_lead_on_and_the_list_keeps_its_filters(seeded: Seeded, screen: Screen) -> None:
    page = screen()(f"?page=dialogue&id={seeded.dialogues['ru02']}&place=yes&place=no", until=".verdict")
    title = page.locator("h1").inner_text()
    page.locator("a[rel=next]").click()
    expect(page.locator("h1")).not_to_have_text(title)
    page.locator("a[rel=prev]").click()
    expect(page.locator("h1")).to_have_text(title)
    page.get_by_role("link", name="To the list").click()
    expect(page.locator(".list-head a.chip")).to_have_count(2)


def test_judging_again_is_queued_and_said(server: Server, seeded: Seeded, screen: Screen) -> None:
    page = screen()(f"?page=dialogue&id={seeded.dialogues['ru03']}", until=".verdict")
    page.get_by_role("button", name="Run again").click()
    page.get_by_role("button", name="Judge anew").click()
    expect(page.locator(".toast")).to_contain_text("Queued")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_viewer_may_look_but_neither_review_nor_run_again_nor_download(
    server: Server, seeded: Seeded, screen: Screen
) -> None:
    opened = screen(server.run(seeded.token("vera", "viewer")))
    page = opened(f"?page=dialogue&id={seeded.dialogues['ru01']}", until=".verdict")
    assert page.locator(".actions > *").count() == 0
    follow(page, "?page=dialogues", until=".rows")
    assert page.get_by_text("Download").count() == 0


def test_another_points_dialogue_is_not_there_by_any_address(server: Server, seeded: Seeded, screen: Screen) -> None:
    token = server.run(seeded.token("boris", "manager", [seeded.english]))
    page = screen(token)("?page=dialogues", until=".rows")
    assert seeded.russian.name not in page.content()
    for search in (f"?page=dialogue&id={seeded.dialogues['ru01']}", f"?page=dialogues&point={seeded.russian.point_id}"):
        follow(page, search, until=".empty[role=alert]")
        expect(page.locator("#main")).to_contain_text("It does not exist, or it is not yours to see.")
        follow(page, "?page=dialogues", until=".rows")
    answer = httpx.get(
        f"{server.url}/api/v1/dialogues/{seeded.dialogues['ru01']}/detail", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 404
