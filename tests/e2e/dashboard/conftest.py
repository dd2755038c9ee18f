"""Fixtures of the browser's tests. Everything here is synchronous, as Playwright's plain API is.

`screen` opens pages as somebody: `screen(token)("?page=overview")`. An error on the browser's console, or one that no
code caught, fails the test.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from audio.store import FileStore
from serve_apps.application import Deps
from tests.e2e.dashboard.rig import ADMIN_TOKEN, Server, deps_on, running_panel, running_server
from tests.e2e.dashboard.seeded import Seeded, seed

WAIT_MS = 30_000
SIGNS_OF_FAULT = ("page_failed", "refresh_failed", "Error running application")
"""In the dashboard's log. A browser that closes in the middle of an answer leaves tracebacks of tornado's there."""
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The api's address, for all modules."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def panel_url(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard's address."""
    log_path = tmp_path_factory.mktemp("panel") / "panel.log"
    with running_panel([server.url], log_path) as panel:
        yield panel.url
    said = log_path.read_text()
    assert not [sign for sign in SIGNS_OF_FAULT if sign in said], said[-5000:]


@pytest.fixture(scope="module")
def deps(
    server: Server, own_database: Callable[[], AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deps]:
    """The module's own database and store, behind the api's address."""
    with own_database() as database_url:
        deps = deps_on(database_url, FileStore(tmp_path_factory.mktemp("store")))
        server.serve(deps)
        yield deps
        server.serve(None)
        server.run(deps.db.dispose())


@pytest.fixture(scope="module")
def seeded(server: Server, deps: Deps, samples: Path) -> Seeded:
    """A shop with a day of real audio and two weeks of history."""
    return server.run(seed(deps.db, deps.store, samples))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """An English browser that keeps its cache through the module; every test gets tabs of its own."""
    context = browser.new_context(locale="en-GB", viewport=DESK)
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    yield context
    context.close()


@pytest.fixture
def screen(context: BrowserContext, panel_url: str) -> Iterator[Callable[..., Open]]:
    """Opens pages with a token, in a language, theme and size: `screen(language="ru", phone=True)("?page=today")`."""
    pages: list[Page] = []
    errors: list[str] = []

    def as_somebody(
        token: str | None = ADMIN_TOKEN, language: str = "en", theme: str = "light", phone: bool = False
    ) -> Open:
        def open_page(search: str = "", until: str = "h1") -> Page:
            page = context.new_page()
            pages.append(page)
            page.on("console", lambda message: _note(message, errors))
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.set_viewport_size(PHONE if phone else DESK)
            kept = f"sessionStorage.setItem('token', sessionStorage.getItem('token') ?? {token!r});" if token else ""
            chosen = f"localStorage.setItem('language', {language!r}); localStorage.setItem('theme', {theme!r});"
            page.add_init_script(f"if (!sessionStorage.opened) {{ {kept}{chosen} sessionStorage.opened = 1 }}")
            page.goto(f"{panel_url}/app{search}")
            page.wait_for_selector(until)
            return page

        return open_page

    yield as_somebody
    for page in pages:
        page.close()
    assert not errors, errors


def _note(message: ConsoleMessage, errors: list[str]) -> None:
    if message.type == "error":
        errors.append(f"{message.text} {message.location}")
