"""Points and devices in a browser: a shop is set up and changed, and what somebody said is erased from everywhere."""

import re
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import expect
from sqlalchemy import select, text

from db import tables as t
from serve_apps.application import Deps
from tests.e2e.dashboard.conftest import PHONE
from tests.e2e.dashboard.rig import ADMIN_TOKEN, Server
from tests.e2e.dashboard.seeded import Seeded
from tests.e2e.dashboard.test_dashboard_looks import grave, too_wide

Screen = Callable[..., Any]
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


def test_a_shop_is_added_gets_its_hours_and_a_code_for_its_first_device(seeded: Seeded, screen: Screen) -> None:
    page = screen()("?page=places", until=".places-table")
    page.locator("#add-point summary").click()
    page.get_by_label("Name").fill("<b>Corner</b>")
    page.locator("#add-point button").click()
    expect(page.locator("h1")).to_have_text("<b>Corner</b>")
    page.locator("[name=register]").fill("Till 1")
    page.get_by_role("button", name="Make a code", exact=True).click()
    expect(page.locator(".places-secret")).to_have_text(re.compile("^[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}$"))
    page.get_by_role("button", name="Noted, hide it").click()
    expect(page.locator(".places-secret")).to_have_count(0)
    expect(page.get_by_role("button", name="Revoke")).to_be_visible()

    page.locator("#hours summary").click()
    page.get_by_label("Sunday").fill("late")
    page.locator("#hours").get_by_role("button", name="Save").click()
    expect(page.locator("#hours [role=alert]")).to_contain_text("Sunday: “late” cannot be read")
    page.get_by_label("Sunday").fill("10-14, 15-18")
    page.locator("#hours [name=exception_day]").first.fill("2026-12-25")
    page.locator("#hours").get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_have_text("Saved")
    expect(page.get_by_label("Sunday")).to_have_value("10:00–14:00, 15:00–18:00")
    expect(page.locator("#hours [name=exception_day]").first).to_have_value("2026-12-25")
    page.locator("#settings summary").click()
    page.get_by_label("Goal, %").fill("40")
    page.get_by_label("Keep recordings, days").fill("30")
    page.locator("#settings").get_by_role("button", name="Save").click()
    expect(page.locator(".toast").last).to_have_text("Saved")
    expect(page.get_by_label("Goal, %")).to_have_value("40")


def test_a_device_is_renamed_shut_out_and_let_in_again(seeded: Seeded, screen: Screen) -> None:
    page = screen()("?page=places", until=".places-table")
    page.locator(".places-table th a").nth(1).click()
    page.get_by_label("From").fill("2026-03-02T09:00:00")
    page.get_by_label("To", exact=True).fill("2026-03-02T09:05:00")
    page.get_by_role("button", name="Show what would go").click()
    expect(page.locator("#erasing")).to_contain_text("Nothing of this time is there")
    page.locator("#erasing").get_by_role("button", name="Cancel").click()
    device = page.locator(".places-device").first
    device.get_by_role("button", name="Rename").click()
    page.locator("dialog[open] [name=name]").fill("Pi at the door")
    page.locator("dialog[open]").get_by_role("button", name="Save").click()
    expect(device.locator("b").first).to_have_text("Pi at the door")
    device.get_by_role("button", name="Disable").click()
    page.locator("dialog[open] .is-bad").click()
    expect(device.locator(".chip").first).to_have_text("disabled")
    device.get_by_role("button", name="Enable").click()
    expect(device.get_by_role("button", name="Disable")).to_be_visible()
    device.get_by_role("button", name="New token").click()
    page.locator("dialog[open] .is-main").click()
    expect(page.locator(".places-secret")).to_have_text(re.compile("^[0-9a-f]{48}$"))


def test_an_erased_dialogue_is_gone_from_pages_api_database_and_store(
    seeded: Seeded, screen: Screen, server: Server, deps: Deps
) -> None:
    dialogue_id = seeded.dialogues["ru01"]
    said = server.run(_said(deps, dialogue_id))
    assert len(said) > 40
    page = screen()(f"?page=dialogue&id={dialogue_id}", until=".verdict")
    page.get_by_role("button", name="Erase…").click()
    dialog = page.locator("#erasing")
    expect(dialog).to_contain_text("1 whole dialogue")
    expect(dialog).to_contain_text("This cannot be undone")
    dialog.get_by_role("button", name="Erase", exact=True).click()
    expect(page.locator(".toast")).to_have_text("Erased")
    expect(page.locator(f"a[href*='{dialogue_id}']")).to_have_count(0)

    with httpx.Client(base_url=server.url, headers=ADMIN) as api:
        for path in ("", "/detail", "/clip", "/waveform"):
            assert api.get(f"/api/v1/dialogues/{dialogue_id}{path}").status_code in (404, 410), path
        assert api.get(f"/api/v1/dialogues/{dialogue_id}/reviews").json()["items"] == []
        words = [word for word in re.findall(r"\w+", said) if len(word) > 4][:6]
        found = api.get("/api/v1/dialogues/rows", params={"q": f'"{" ".join(words[:2])}"'}).json()
        assert str(dialogue_id) not in str(found)
    assert server.run(_holding(deps, said)) == []


def test_the_page_of_one_shop_is_open_to_everybody_on_every_screen(seeded: Seeded, screen: Screen) -> None:
    page = screen()(f"?page=places&point={seeded.english.point_id}", until=".places-device")
    for summary in page.locator("details.card > summary").all():
        summary.click()
    for theme in ("Dark theme", "Dark theme"):
        assert grave(page) == []
        page.get_by_role("button", name=theme).click()
    page.locator("[data-opens^=disable]").first.click()
    assert grave(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.set_viewport_size(PHONE)
    assert too_wide(page) == []


async def _said(deps: Deps, dialogue_id: object) -> str:
    async with deps.db.begin() as tx:
        query = select(t.dialogue_transcripts.c.text).where(t.dialogue_transcripts.c.dialogue_id == dialogue_id)
        return str((await tx.execute(query)).scalar_one())


async def _holding(deps: Deps, said: str) -> list[str]:
    """Tables that hold a sentence of it anywhere."""
    async with deps.db.begin() as tx:
        names = [table.name for table in t.metadata.sorted_tables]
        counts = {
            name: await tx.scalar(
                text(f"SELECT count(*) FROM {name} AS r WHERE r::text ILIKE :s"), {"s": f"%{said[:40]}%"}
            )
            for name in names
        }
    return [name for name, count in counts.items() if count]
