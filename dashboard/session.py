"""One person's session: who they are, which page they look at, what of it their browser has.

Messages of a session are answered one after the other, so that two quick clicks can't overtake each other; going to
another page abandons a page that is still loading.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

from dashboard import nav
from dashboard.apis import Apis
from dashboard.client import ApiClient, ApiError, ExpiredError
from dashboard.error_page import ErrorPage, sentence
from dashboard.kit.messages import message_of, query_of
from dashboard.kit.page import Me, Message, Page, Params
from dashboard.kit.render import Look
from dashboard.kit.view import View
from dashboard.login import LoginPage
from dashboard.strings import LANGUAGES

log = logging.getLogger(__name__)

THEMES = ("light", "dark")
LOOK_AGAIN_S = 1.0
"""So often a session asks itself whether its page wants to look again."""


class Session:
    """The Desk of its pages (kit/page.py)."""

    def __init__(self, apis: Apis, language: str, screen_url: str) -> None:
        self.view = View(self._take, screen_url=screen_url)
        self.look = Look(language)
        self.me = Me("", "", frozenset(), ())
        self._apis = apis
        self.client: ApiClient = apis.client(apis.default, "")
        self._page: Page | None = None
        self._params = Params()
        self._sent: dict[str, str] = {}
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loading: asyncio.Task[None] | None = None
        self._is_looked_at = True

    # What the browser says

    def _take(self, message: dict[str, Any]) -> None:
        if message["do"] in ("hidden", "visible"):
            self._is_looked_at = message["do"] == "visible"
            return self.view.send("done", id=message.get("id"))
        if message["do"] in ("go", "start") and self._loading is not None:
            self._loading.cancel()
        task = self._spawn(self._answer(message))
        if message["do"] in ("go", "start"):
            self._loading = task

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _answer(self, raw: dict[str, Any]) -> None:
        try:
            async with self._turn:
                await self._act(raw, message_of(raw))
        except ExpiredError:
            await self._log_in_again("login.expired")
        except ApiError as error:
            self.note(sentence(self.look.s, error), "bad")
        except Exception:
            log.exception("page_failed", extra={"page": self._page.name if self._page else "", "do": raw["do"]})
            self.note(self.look.s("errors.ours"), "bad")
        finally:
            self.view.send("done", id=raw.get("id"))

    async def _act(self, raw: dict[str, Any], message: Message) -> None:
        match message.do:
            case "start":
                await self._start(message, str(raw.get("search", "")))
            case "go":
                search = message.data.get("search", "")
                if message.data.get("how") != "back":
                    self.view.send("url", search=search)
                await self._open(Params(search.removeprefix("?")))
            case "again":
                await self._open(self._params)
            case "set_language" | "set_theme":
                await self._change_look(message)
            case "log_out":
                await self._log_out()
            case _ if self._page is not None:
                await self._page.on(message.do, message)
                self.draw()

    async def _start(self, message: Message, search: str) -> None:
        language, theme = message.data.get("language", ""), message.data.get("theme", "")
        self.look = Look(
            language if language in LANGUAGES else self.look.language, theme if theme in THEMES else "light"
        )
        self._params = Params(search.removeprefix("?"))
        if len(self._tasks) == 1:
            self._spawn(self._keep_looking())
        if message.data.get("token"):
            await self.log_in(message.data.get("api", ""), message.data["token"])
        else:
            await self._show_login("")

    async def _change_look(self, message: Message) -> None:
        language, theme = self.look.language, self.look.theme
        if message.do == "set_language" and message.value in LANGUAGES:
            language = message.value
        elif message.do == "set_theme":
            theme = THEMES[theme == "light"]
        self.look = Look(language, theme)
        self.view.send("store", area="local", values={"language": language, "theme": theme})
        self.view.send("look", language=language, theme=theme)
        self.draw()

    # Who it is

    async def log_in(self, api: str, token: str) -> None:
        """Takes the token and opens the page that the address asks for. Without a server the token is kept."""
        self.client = self._apis.client(api, token)
        try:
            self.me = await _who(self.client)
        except ExpiredError:
            return await self._log_in_again("login.expired")
        except ApiError as error:
            return await self._enter(ErrorPage(self, sentence(self.look.s, error), needs_start=True))
        self.view.send("store", area="session", values={"token": token, "api": api})
        await self._open(self._params)

    async def _log_in_again(self, why: str) -> None:
        self.view.send("store", area="session", values={"token": None})
        await self._show_login(why)

    async def _log_out(self) -> None:
        client, self.client = self.client, self._apis.client(self._apis.default, "")
        self.view.send("store", area="session", values={"token": None})
        self.view.send("url", search="")
        self._params = Params()
        await self._show_login("")
        with suppress(ApiError):  # ADMIN_TOKEN is no session, and one that has ended needs no end
            await client.post("/api/v1/auth/logout")

    async def _show_login(self, why: str) -> None:
        self.me = Me("", "", frozenset(), ())
        await self._enter(LoginPage(self, self._apis, self.log_in, why))

    # Which page is on the screen

    async def _open(self, params: Params) -> None:
        name = params.get("page") or nav.HOME
        self._params = params
        page_class = nav.found().get(name)
        if page_class is None or not self.me.may(page_class.permission):
            key = "errors.no_page" if page_class is None else "errors.not_allowed"
            return await self._enter(ErrorPage(self, self.look.s(key)))
        same = self._page if type(self._page) is page_class else None
        page = same or page_class(self)
        try:
            await page.load(params)
        except ExpiredError:
            raise
        except ApiError as error:
            return await self._enter(ErrorPage(self, sentence(self.look.s, error), is_passing=error.status != 404))
        await self._enter(page)

    async def _enter(self, page: Page) -> None:
        arrived = "same" if page is self._page else "new"
        if self._page is not None and page is not self._page:
            await self._page.close()
        self._page = page
        self.draw(arrived=arrived)

    def draw(self, live: bool = False, arrived: str = "") -> None:
        """Sends the regions that differ from what the browser has."""
        page = self._page
        if page is None:
            return
        regions = dict(page.regions())
        shown = {**self._frame(page), **regions}
        changed = {name: html for name, html in shown.items() if self._sent.get(name) != html}
        self._sent = shown
        if not changed and not arrived:
            return
        title = f"{page.title} · {self.look.s('kit.product')}"
        order = list(regions)
        self.view.send("draw", page=page.name, title=title, regions=changed, order=order, live=live, arrived=arrived)

    def _frame(self, page: Page) -> dict[str, str]:
        menu = nav.menu(self.me, page.name)
        context = {"me": self.me, "menu": menu, "on_phone": nav.ON_PHONE, "languages": LANGUAGES}
        return {name: self.look.render(f"frame/{name}.html", **context) for name in ("top", "menu")}

    async def _keep_looking(self) -> None:
        waited_s = 0.0
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            waited_s += LOOK_AGAIN_S
            page = self._page
            if page is None or page.refresh_s is None or waited_s < page.refresh_s or not self._is_looked_at:
                continue
            waited_s = 0.0
            await self._look_again(page)

    async def _look_again(self, page: Page) -> None:
        try:
            async with self._turn:
                if page is self._page:
                    await page.refresh()
                    self.draw(live=True)
        except ExpiredError:
            await self._log_in_again("login.expired")
        except ApiError as error:
            log.info("refresh_failed", extra={"page": page.name, "error": str(error)})
        except Exception:
            log.exception("refresh_failed", extra={"page": page.name})

    # What pages ask for

    async def go(self, params: Mapping[str, Any] | Params) -> None:
        """See kit/page.py, as for all of these."""
        query = query_of(params)
        self.view.send("url", search=f"?{query}")
        await self._open(query)

    def address(self, params: Mapping[str, Any] | Params) -> None:
        self._params = query_of(params)
        self.view.send("url", search=f"?{self._params}", replace=True)

    def note(self, text: str, tone: str = "good") -> None:
        self.view.send("toast", text=text, tone=tone)

    def close_dialogs(self) -> None:
        self.view.send("close")

    def focus(self, selector: str) -> None:
        self.view.send("focus", selector=selector)

    def play(self, start_ms: int, end_ms: int) -> None:
        self.view.send("play", start_ms=start_ms, end_ms=end_ms)

    def download(self, url: str) -> None:
        self.view.send("download", url=url)

    def end(self) -> None:
        """The browser has gone: nothing of this session goes on."""
        for task in list(self._tasks):
            task.cancel()
        self._page = None


async def _who(client: ApiClient) -> Me:
    body = await client.get("/api/v1/auth/me")
    points = sorted(body["points"], key=lambda point: str(point["name"]))
    name = body.get("name") or body["actor"]
    return Me(name, body["role"], frozenset(body["permissions"]), tuple(points), body.get("language"))
