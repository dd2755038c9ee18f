"""`make screenshots`: every page as pictures into docs/images, from the seeded shop.

python -m tests.e2e.dashboard.screenshots [--into FOLDER] [--page NAME …]
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.dashboard.conftest import DESK, PHONE
from tests.e2e.dashboard.rig import ADMIN_TOKEN, ROOT
from tests.e2e.dashboard.seeded import Seeded
from tests.e2e.dashboard.standalone import running_shop

PAGES = {
    "login": "",
    "today": "?page=today",
    "overview": "?page=overview&period=7d",
    "dialogues": "?page=dialogues",
    "dialogue": "?page=dialogue&id={ru01}",
    "review": "?page=review",
    "agreement": "?page=agreement",
    "places": "?page=places",
    "users": "?page=users",
    "system": "?page=system",
}
SETTLE_MS = 900
LOOKS = [("en", "light", DESK), ("ru", "dark", DESK), ("ru", "light", PHONE)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--page", action="append", choices=list(PAGES))
    asked = parser.parse_args()
    asked.into.mkdir(parents=True, exist_ok=True)
    with running_shop() as (panel, seeded), sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for language, theme, size in LOOKS:
            _shoot(browser, panel.url, seeded, asked.page or list(PAGES), asked.into, language, theme, size)
        browser.close()


def _shoot(
    browser: Browser,
    url: str,
    seeded: Seeded,
    names: list[str],
    into: Path,
    language: str,
    theme: str,
    size: dict[str, int],
) -> None:
    context = browser.new_context(viewport=size, device_scale_factor=2 if size is PHONE else 1)
    for name in names:
        page = context.new_page()
        token = "" if name == "login" else ADMIN_TOKEN
        chosen = f"localStorage.language = {language!r}; localStorage.theme = {theme!r}"
        page.add_init_script(f"sessionStorage.token = {token!r}; {chosen}")
        page.goto(f"{url}/app{PAGES[name].format(**seeded.dialogues)}")
        page.wait_for_selector("h1")
        page.wait_for_timeout(SETTLE_MS)
        device = "phone" if size is PHONE else "desk"
        page.screenshot(path=into / f"{name}-{device}-{language}-{theme}.png")
        page.close()
    context.close()


if __name__ == "__main__":
    main()
