"""The page Runs: progress that moves, what a run would change, ten dialogues to hear, and figures there and back."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.e2e.dashboard.conftest import DESK, PHONE
from tests.e2e.dashboard.judged_anew import begin_run, go_on, judge_anew
from tests.e2e.dashboard.reviewed import review_share
from tests.e2e.dashboard.rig import Server
from tests.e2e.dashboard.seeded import Seeded
from tests.e2e.dashboard.steps import follow
from tests.e2e.dashboard.test_dashboard_looks import grave, too_wide


def test_a_run_is_followed_compared_heard_promoted_and_rolled_back(
    server: Server, seeded: Seeded, screen: Callable[..., Any]
) -> None:
    server.run(review_share(seeded.db))
    run_id, slow = server.run(judge_anew(seeded.db)), server.run(begin_run(seeded.db))
    page = screen()("?page=overview&period=28d")
    before = page.locator(".figure .value").first.inner_text()
    follow(page, "?page=runs", 'body[data-page="runs"] h1')
    bar = page.get_by_role("progressbar", name="How many are judged: slow one")
    expect(bar).to_have_attribute("value", "0")
    server.run(go_on(seeded.db, slow, 3))
    expect(bar).to_have_attribute("value", "3")

    page.get_by_role("link", name="rules-2 on all").click()
    expect(page.get_by_text("done, waits for a decision")).to_be_visible()
    expect(page.get_by_text(re.compile("with people|on so few|same dialogues|tell who"))).not_to_have_count(0)
    table = page.get_by_role("region", name="Where a dialogue is counted").get_by_role("table")
    assert sum(int(cell) for cell in table.locator("td.number.is-other").all_inner_texts()) > 0
    listen = page.get_by_role("region", name="Hear where they differ")
    expect(listen.get_by_role("listitem")).to_have_count(10)
    listen.get_by_role("button", name="Hear it").first.click()
    expect(listen.locator(".player, .note").first).to_be_visible()
    assert grave(page) == []
    page.set_viewport_size(PHONE)
    assert too_wide(page) == []
    page.set_viewport_size(DESK)

    page.get_by_role("button", name="Promote").click()
    dialog = page.get_by_role("dialog", name="Promote")
    expect(dialog.get_by_text("you can bring them back")).to_be_visible()
    dialog.get_by_role("button", name="Promote").click()
    expect(page.get_by_text("in force", exact=True)).to_be_visible()
    follow(page, "?page=overview&period=28d", 'body[data-page="overview"] h1')
    expect(page.locator(".figure .value").first).not_to_have_text(before)

    follow(page, f"?page=runs&run={run_id}", 'body[data-page="runs"] h1')
    page.get_by_role("button", name="Русский").click()
    page.get_by_role("button", name="Вернуть прежние цифры").click()
    page.get_by_role("dialog").get_by_role("button", name="Вернуть прежние цифры").click()
    expect(page.get_by_text("возвращён", exact=True)).to_be_visible()
    follow(page, f"?page=runs&run={slow}", 'h1:has-text("slow one")')
    page.get_by_role("button", name="Остановить").click()
    page.get_by_role("dialog").get_by_role("button", name="Остановить").click()
    expect(page.get_by_text("остановлен", exact=True)).to_be_visible()
    page.get_by_role("button", name="English").click()
    follow(page, "?page=overview&period=28d", 'body[data-page="overview"] h1')
    expect(page.locator(".figure .value").first).to_have_text(before)
