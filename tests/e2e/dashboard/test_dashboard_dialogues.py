"""The list under a manager's hands: filters, search, pages, and the marks of charts that lead to it."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.e2e.dashboard.seeded import EVIL, Seeded
from tests.e2e.dashboard.steps import follow

Screen = Callable[..., Any]


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def total(page: Page) -> int:
    return int(page.locator("[data-total]").get_attribute("data-total") or -1)


def group(page: Page, name: str) -> Locator:
    return page.locator(".filters .group").filter(has=page.locator(f"input[name={name}]"))


def test_each_filter_changes_the_rows_and_the_address_and_its_chip_takes_it_back(
    seeded: Seeded, screen: Screen
) -> None:
    page = screen()("?page=dialogues", until=".rows")
    everything = total(page)
    names = page.locator(".filters input[type=checkbox]").evaluate_all("all => [...new Set(all.map(one => one.name))]")
    assert {"point", "register", "place", "kind", "attempted", "quality", "category", "reaction", "language"} <= set(
        names
    )
    assert {"weekday", "hour"} <= set(names)
    for name in names:
        choices = group(page, name)
        if choices.get_attribute("open") is None:
            choices.locator("summary").click()
        label = choices.locator("label").last
        n = int(label.locator("small").inner_text().replace(",", ""))
        label.click()
        expect(page.locator("[data-total]")).to_have_attribute("data-total", str(n))
        assert query(page)[name] == [label.locator("input").get_attribute("value")]
        expect(page.locator(".rows > li")).to_have_count(min(n, 30))
        page.locator(".list-head a.chip").click()
        expect(page.locator("[data-total]")).to_have_attribute("data-total", str(everything))
        assert name not in query(page)


def test_typed_filters_days_and_order_go_into_the_address_and_back_undoes_them(seeded: Seeded, screen: Screen) -> None:
    page = screen()("?page=dialogues", until=".rows")
    everything = total(page)
    page.get_by_label("Sure at most").fill("0.5")
    page.get_by_label("Sure at most").press("Tab")
    expect(page.locator("[data-total]")).to_have_attribute("data-total", "1")
    assert query(page)["confidence_max"] == ["0.5"]
    page.go_back()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(everything))
    staff = page.locator(".filters label", has_text="staff talk").first.locator("input")
    staff.check()
    expect(page.locator(".list-head a.chip")).to_have_text(re.compile("Outcome: staff talk"))
    page.go_back()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(everything))
    expect(staff).not_to_be_checked()
    page.get_by_role("button", name="Yesterday").click()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", "16")
    page.locator("select[name=sort]").select_option("length")
    expect(page).to_have_url(re.compile("sort=length"))
    assert len(query(page)["from"][0]) == 10
    copied = page.url
    page.goto(copied)
    page.wait_for_selector(".rows")
    assert total(page) == 16


def test_words_are_found_in_any_form_and_marked(seeded: Seeded, screen: Screen) -> None:
    page = screen()("?page=dialogues", until=".rows")
    page.get_by_role("searchbox").fill("круассаны")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".rows mark").first).to_have_text(re.compile("круассан", re.IGNORECASE))
    assert query(page)["q"] == ["круассаны"]
    page.locator(".row-link").first.click()
    expect(page.locator(".talk mark.hit").first).to_be_visible()
    page.get_by_role("link", name="To the list").click()
    expect(page.get_by_role("searchbox")).to_have_value("круассаны")
    page.get_by_role("searchbox").fill("-only")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".toast")).to_contain_text("There is nothing to look for")


def test_pages_are_turned_forth_and_back_without_a_dialogue_twice(seeded: Seeded, screen: Screen) -> None:
    page = screen()("?page=dialogues&sort=start", until=".rows")
    seen: list[list[str]] = []
    for _ in range(3):
        seen.append(page.locator(".rows > li").evaluate_all("rows => rows.map(row => row.id)"))
        page.get_by_role("link", name="Next").click()
        expect(page.locator(f"#{seen[-1][0]}")).to_have_count(0)
    assert [len(ids) for ids in seen] == [30, 30, 30]
    assert len({one for ids in seen for one in ids}) == 90
    for ids in reversed(seen):
        page.get_by_role("link", name="Previous").click()
        expect(page.locator(".rows > li").first).to_have_id(ids[0])


def test_a_click_on_a_bar_opens_the_dialogues_behind_it(seeded: Seeded, screen: Screen) -> None:
    page = screen()(f"?page=overview&period=28d&point={seeded.english.point_id}", until="[data-chart] svg")
    by_hour = page.locator(".chart-card").nth(1)
    row = by_hour.locator("tbody tr").nth(1)  # the bar of 10:00; its lower part are the sales with an offer
    rate, n = (row.locator("td").nth(i).text_content() or "" for i in range(2))
    by_hour.locator("svg path[fill='#0b6b57']").nth(1).hover()
    # Like a person, who reads first: what is pointed at is drawn anew, and a press within that moment is none.
    expect(by_hour.get_by_text("10:00: offered")).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_selector("[data-total]")
    offers = round(int(rate.rstrip("%")) * int(n) / 100)
    assert (query(page)["hour"], query(page)["place"], total(page)) == (["10"], ["yes"], offers)
    page.go_back()
    page.wait_for_selector(".heat a")
    cell = page.locator(".heat a[aria-label*='of 2 sales']").first
    wanted = (cell.get_attribute("aria-label") or "").split(",")[0].lower()
    cell.click()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", "2")
    assert wanted in page.locator(".list-head").inner_text().lower()


def test_which_point_got_worse_is_said_above_the_league_and_the_table_turns(seeded: Seeded, screen: Screen) -> None:
    page = screen()("?page=overview&period=7d", until=".league")
    expect(page.locator('[data-movers="worse"]')).to_contain_text(seeded.russian.name)
    page.locator(".col-change .sort").click()
    expect(page.locator(".league tbody tr").first).to_contain_text(seeded.russian.name)
    assert query(page)["sort"] == ["change"]
    expect(page.locator(".league tbody tr", has_text="Evil")).to_contain_text("too few")


def test_on_a_phone_the_filters_are_a_drawer(seeded: Seeded, screen: Screen) -> None:
    page = screen(phone=True, language="ru")("?page=dialogues", until=".rows")
    expect(page.locator(".filters")).to_be_hidden()
    page.locator("[data-drawer] > summary").click()
    page.locator(".filters label", has_text="не предложили").first.click()
    expect(page.locator(".list-head a.chip")).to_have_text(re.compile("Итог: не предложили"))
    expect(page.locator(".filters")).to_be_visible()


def test_a_script_in_every_field_stays_text(seeded: Seeded, screen: Screen) -> None:
    evil = seeded.dialogues["evil"]
    page = screen()("?page=overview&period=7d", until=".league")
    stays_text(page)
    follow(page, f"?page=dialogues&q=document&point={seeded.evil.point_id}", until=".rows mark")
    stays_text(page)
    follow(page, f"?page=dialogue&id={evil}&q=owned", until=".talk mark")
    stays_text(page)


def stays_text(page: Page) -> None:
    assert EVIL in page.locator("#main").inner_text().replace("\u00a0", " ")
    assert "owned" not in page.title()
    assert page.locator("#main img, #main script").count() == 0
