"""Figures counted by hand are the figures on the page, in the list behind each of them, and in what is downloaded."""

import csv
import json
from collections.abc import Callable, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from domain.figures import Counts, added, figures_of
from serve_apps.application import Deps
from tests.e2e.dashboard.rig import Server
from tests.e2e.dashboard.steps import follow
from tests.integration import forty_dialogues as forty
from tests.integration.forty_dialogues import DAYS, B, K

PERIODS = [
    ((B,), date(2026, 3, 29), date(2026, 3, 29)),  # 23 hours
    ((B,), date(2026, 10, 25), date(2026, 10, 25)),  # 25 hours
    ((B, K), date(2026, 10, 25), date(2026, 10, 26)),  # two zones
    ((B, K), date(2026, 3, 28), date(2026, 10, 26)),
]


@pytest.fixture(scope="module")
def shops(server: Server, deps: Deps) -> None:
    server.run(forty.seed(deps.db))


def counted(points: Sequence[str], first: date, last: date) -> Counts:
    return added(counts for (point, day), counts in DAYS.items() if point in points and first <= day <= last)


def address(page: str, points: Sequence[str], first: date, last: date) -> str:
    chosen = "".join(f"&point={forty.point_id(point)}" for point in points)
    return f"?page={page}&from={first}&to={last}{chosen}"


def card(page: Page, key: str) -> str:
    return page.locator(f'[data-figure="{key}"]').inner_text()


def test_every_card_says_what_was_counted_by_hand(shops: None, screen: Callable[..., Any]) -> None:
    page = screen()("?page=dialogues", until=".rows")
    for points, first, last in PERIODS:
        follow(page, address("overview", points, first, last), until="[data-figure]")
        says_what_was_counted(page, counted(points, first, last))
        is_mixed = first <= date(2026, 3, 29) <= last
        assert page.get_by_text("These rates mix verdicts of several models: ").count() == is_mixed
        follow(page, "?page=dialogues", until=".rows")


def says_what_was_counted(page: Page, counts: Counts) -> None:
    figures = figures_of(counts)
    for key, share, of in (
        ("rate", figures.rate, "sales"),
        ("specific_rate", figures.specific_rate, "sales"),
        ("acceptance", figures.acceptance, "clear answers"),
    ):
        assert f"{share.value:.0%}" in card(page, key)
        assert f"{share.hits} of {share.n} {of}" in card(page, key)
    assert f"{figures.average_quality:.1f}" in card(page, "average_quality")
    assert f"\n{counts.dialogues}\n" in card(page, "dialogues")
    funnel = [page.locator(f'[data-step="{step}"] b').inner_text() for step in range(5)]
    assert funnel == [str(n) for n in (counts.dialogues, counts.sales, counts.yes, counts.specific, counts.accepted)]


def test_the_list_behind_each_figure_has_as_many_dialogues(shops: None, screen: Callable[..., Any]) -> None:
    points, first, last = PERIODS[0]
    counts = counted(points, first, last)
    page = screen()(address("overview", points, first, last), until="[data-figure]")
    wanted = [
        ('[data-figure="rate"] a', counts.sales),
        ('[data-figure="specific_rate"] a', counts.specific),
        ('[data-figure="acceptance"] a', counts.accepted + counts.rejected),
        ('[data-step="4"] a', counts.accepted),
        (".beside a >> nth=0", counts.uncertain),
        ('table.bars tr:has-text("dessert") a >> nth=0', 3),
    ]
    for selector, n in wanted:
        page.locator(selector).first.click()
        expect(page.locator("[data-total]")).to_have_attribute("data-total", str(n))
        expect(page.locator(".rows > li")).to_have_count(n)
        page.go_back()
        page.wait_for_selector("[data-figure]")


def downloaded(page: Page, kind: str) -> Path:
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=kind, exact=True).click()
    page.get_by_text("Download").click()
    return download.value.path()


def test_a_download_in_each_format_is_exactly_the_filtered_list(shops: None, screen: Callable[..., Any]) -> None:
    points, first, last = PERIODS[3]
    page = screen()(address("dialogues", points, first, last) + "&place=yes&quality=2&sort=start", until=".rows")
    shown = page.locator(".rows > li").evaluate_all("rows => rows.map(row => row.id.replace('row-', ''))")
    assert len(shown) == int(page.locator("[data-total]").get_attribute("data-total") or 0) > 5
    with downloaded(page, "CSV").open(encoding="utf-8-sig", newline="") as file:
        assert [row["dialogue_id"] for row in csv.DictReader(file)] == shown
    body = json.loads(downloaded(page, "JSON").read_text())
    assert [row["dialogue_id"] for row in body["dialogues"]] == shown
    sheet = load_workbook(BytesIO(downloaded(page, "Excel").read_bytes()), read_only=True).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    at = [str(name) for name in rows[0]].index("dialogue_id")
    assert [row[at] for row in rows[1:]] == shown
