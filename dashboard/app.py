"""The page: `panel serve dashboard/app.py`. A login form, then the dialogues with their verdicts and figures.

The api's address is the server's (SALESCONTROL_API_URL), so a visitor can't make this process call another one. The
token that a visitor types lives in their session only; every query is authorised by the api.
"""

import os
from collections.abc import Awaitable, Callable

import panel as pn

from dashboard.client import MOST, ApiClient
from dashboard.data import DataStore, Filters
from dashboard.strings import LANGUAGES, Strings, preferred_language
from dashboard.views import figures_html, figures_of, table_html

STYLE = """
.cards {display: flex; flex-wrap: wrap; gap: 12px}
.card {border: 1px solid #ddd; border-radius: 8px; padding: 12px 16px; min-width: 150px}
.card b {display: block; font-size: 28px} .card span {display: block} .card small {color: #666}
.dialogues {border-collapse: collapse; width: 100%}
.dialogues th, .dialogues td {text-align: left; vertical-align: top; padding: 6px 10px; border-bottom: 1px solid #eee}
.dialogues tr.yes td:first-child {border-left: 4px solid #2a9d4e}
.dialogues tr.uncertain td:first-child {border-left: 4px solid #e0a800}
.dialogues q {display: block; font-style: italic} .dialogues summary {color: #666; cursor: pointer}
"""


class App:
    """One session: the login form, and after it the page."""

    def __init__(self, api_url: str, language: str) -> None:
        self._api_url = api_url
        self._strings = Strings(language)
        self._body = pn.Column(sizing_mode="stretch_width")
        self._store: DataStore | None = None
        pn.state.on_session_destroyed(self._end)
        self._token = pn.widgets.PasswordInput(name=self._strings("token"), width=320)
        self._show_login()

    def view(self) -> pn.Column:
        """What is put on the page."""
        title = pn.pane.Markdown(f"# {self._strings('title')}")
        links = " · ".join(f"[{name}](?lang={language})" for language, name in LANGUAGES.items())
        head = pn.Row(title, pn.Spacer(), pn.pane.Markdown(links, align="center"), sizing_mode="stretch_width")
        return pn.Column(head, self._body, sizing_mode="stretch_width", max_width=1400)

    def _show_login(self, message: str = "") -> None:
        self._token.value = ""
        button = pn.widgets.Button(name=self._strings("log_in"), button_type="primary")
        button.on_click(self._log_in)
        self._body[:] = [self._token, button, pn.pane.Alert(message, alert_type="warning", visible=bool(message))]

    async def _log_in(self, _: object) -> None:
        store = DataStore(ApiClient(self._api_url, self._token.value), Filters())
        await store.load()
        if store.problem:
            await store.close()
            self._show_login(self._problem(store.problem))
            return
        self._token.value = ""
        self._store = store
        self._body[:] = Page(store, self._strings, self._log_out).parts()

    async def _log_out(self, _: object) -> None:
        await self._end(None)
        self._show_login()

    async def _end(self, _: object) -> None:
        if self._store:
            await self._store.close()
            self._store = None

    def _problem(self, problem: str) -> str:
        return self._strings("wrong_token") if problem == "wrong_token" else self._strings("away", reason=problem)


class Page:
    """Filters, figures, and the table of one DataStore."""

    def __init__(self, store: DataStore, strings: Strings, log_out: Callable[[object], Awaitable[None]]) -> None:
        self._store = store
        self._strings = strings
        self._log_out = log_out
        self._figures = pn.pane.HTML(stylesheets=[STYLE], sizing_mode="stretch_width")
        self._table = pn.pane.HTML(stylesheets=[STYLE], sizing_mode="stretch_width")
        self._note = pn.pane.Alert(alert_type="warning", visible=False)
        self._draw()

    def parts(self) -> list[pn.viewable.Viewable]:
        """The page from top to bottom."""
        filters, strings = self._store.filters, self._strings
        points = {point.point_id: point for point in self._store.points}
        everything = {strings("all"): ""}
        names = {point.name: point_id for point_id, point in points.items()}
        answers = {strings(answer): answer for answer in ("yes", "no", "uncertain")}
        point = pn.widgets.Select(name=strings("point"), options={**everything, **names}, value="", width=220)
        day = pn.widgets.DatePicker(name=strings("day"), width=150)
        offered = pn.widgets.Select(name=strings("offered"), options={**everything, **answers}, value="", width=150)
        point.param.watch(lambda event: filters.param.update(point=points.get(event.new)), "value")
        day.param.watch(lambda event: filters.param.update(day=event.new), "value")
        offered.param.watch(lambda event: filters.param.update(attempted=event.new or None), "value")
        filters.param.watch(self._reload, ["point", "day", "attempted"])
        refresh = pn.widgets.Button(name=strings("refresh"), align="end")
        refresh.on_click(self._reload)
        leave = pn.widgets.Button(name=strings("log_out"), align="end")
        leave.on_click(self._log_out)
        return [pn.Row(point, day, offered, refresh, leave), self._note, self._figures, self._table]

    async def _reload(self, *_: object) -> None:
        await self._store.load()
        self._draw()

    def _draw(self) -> None:
        store, strings = self._store, self._strings
        note = strings("away", reason=store.problem) if store.problem else ""
        if not note and len(store.dialogues) >= MOST:
            note = strings("cut", count=len(store.dialogues))
        self._note.param.update(object=note, visible=bool(note))
        self._figures.object = figures_html(figures_of(store.dialogues), strings)
        self._table.object = table_html(store.dialogues, store.zones, strings)


def create() -> pn.Column:
    """A session's page; its language is the address's ?lang=, else the browser's."""
    asked = pn.state.session_args.get("lang", [b""])[0].decode()
    language = asked if asked in LANGUAGES else preferred_language(pn.state.headers.get("Accept-Language", ""))
    return App(os.environ.get("SALESCONTROL_API_URL", "http://127.0.0.1:8000"), language).view()


if pn.state.served:
    pn.extension()
    create().servable(title="SalesControl")
