"""`make screenshots`: every page as pictures into docs/images, from the seeded shop.

python -m tests.e2e.dashboard.screenshots [--into FOLDER] [--page NAME …]
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from audio.store import FileStore
from db import embedded, migrate
from tests.e2e.dashboard.conftest import DESK, PHONE
from tests.e2e.dashboard.reviewed import review_share
from tests.e2e.dashboard.rig import ADMIN_TOKEN, ROOT, deps_on, running_panel, running_server
from tests.e2e.dashboard.seeded import Seeded, seed

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
    with _shop() as (url, seeded), sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for language, theme, size in LOOKS:
            _shoot(browser, url, seeded, asked.page or list(PAGES), asked.into, language, theme, size)
        browser.close()


@contextmanager
def _shop() -> Iterator[tuple[str, Seeded]]:
    home = Path(tempfile.mkdtemp(prefix="sc-screenshots-"))
    try:
        database_url = embedded.start(home, {"fsync": "off"})
        migrate.upgrade(database_url)
        with running_server() as server:
            deps = deps_on(database_url, FileStore(home / "store"))
            server.serve(deps)
            seeded = server.run(seed(deps.db, deps.store, ROOT / "samples" / "shop_day", with_attack=False))
            _add_people(server.url, seeded)
            server.run(review_share(deps.db))
            with running_panel([server.url], home / "panel.log") as url:
                yield url, seeded
            server.run(deps.db.dispose())
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def _add_people(api_url: str, seeded: Seeded) -> None:
    """Through the api, so that the log has something to show."""
    people = [
        ("mila", "Мила Йованович", "manager", [seeded.russian]),
        ("owner@example.com", "Ivan Petrov", "admin", []),
        ("nikola", "Nikola Ilić", "reviewer", [seeded.russian, seeded.english]),
        ("power-bi", "Power BI", "machine", [seeded.english]),
    ]
    with httpx.Client(base_url=api_url, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}) as client:
        for login, name, role, points in people:
            body = {"login": login, "name": name, "role": role, "points": [str(one.point_id) for one in points]}
            client.post("/api/v1/users", json=body).raise_for_status()
        client.patch(f"/api/v1/admin/points/{seeded.russian.point_id}", json={"goal": 0.4}).raise_for_status()


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
        page.screenshot(path=into / f"{name}-{device}-{language}-{theme}.png", full_page=size is PHONE)
        page.close()
    context.close()


if __name__ == "__main__":
    main()
