"""What a page is: it loads from the api, draws itself into regions, and answers what the person does.

    class LeaguePage(Page):
        name = "league"                         # opened by ?page=league; nav.py says where it stands in the menu

        async def load(self, params):           # the address's query; also on Back and Forward
            self.rows = await self.client.get("/api/v1/reports/overview", {"point": params.get_list("point")})

        def regions(self):                      # name → HTML, from top to bottom; only what changed is sent
            return {"league": self.render("league/league.html", rows=self.rows)}

        async def on(self, action, message):    # data-do, data-change, data-input
            if action == "sort":
                await self.desk.go({"page": "league", "sort": message.value})

After `on`, the regions are drawn anew. An ApiError that a page lets through becomes a plain sentence: in place of the
page when it comes from `load`, as a passing note when it comes from `on`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from httpx import QueryParams

from dashboard.client import ApiClient
from dashboard.kit.format import Format
from dashboard.kit.render import Look
from dashboard.strings import Strings

Params = QueryParams
"""An address's query, several values to a name: `params.get("from")`, `params.get_list("point")`."""


@dataclass(frozen=True, slots=True)
class Message:
    """What the person did. data: the element's data-* attributes; form: the fields of the form around it."""

    do: str
    value: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    form: Params = field(default_factory=Params)


@dataclass(frozen=True, slots=True)
class Me:
    """Whom the token stands for. points: {point_id, name, zone, language} of those that they may see, by name."""

    name: str
    role: str
    permissions: frozenset[str]
    points: tuple[Mapping[str, Any], ...]
    language: str | None = None

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def zone_of(self, point_id: str) -> str | None:
        """The time zone of one of the points."""
        return next((point["zone"] for point in self.points if point["point_id"] == point_id), None)


class Desk(Protocol):
    """What a session gives its pages."""

    client: ApiClient
    me: Me
    look: Look

    async def go(self, params: Mapping[str, Any] | Params) -> None:
        """Opens a page; the address shows it, and Back comes back. Values that are None or "" are left out."""

    def address(self, params: Mapping[str, Any] | Params) -> None:
        """Shows another address for what is on the screen already: nothing is loaded, no step for Back."""

    def draw(self) -> None:
        """Sends what has changed, now: for steps within a long `on`."""

    def note(self, text: str, tone: str = "good") -> None:
        """A passing note; tone: good or bad."""

    def close_dialogs(self) -> None: ...

    def focus(self, selector: str) -> None: ...

    def play(self, start_ms: int, end_ms: int) -> None:
        """Plays this span of the page's clip."""

    def download(self, url: str) -> None:
        """Has the browser fetch a file, see ApiClient.public_url."""


class Page(ABC):
    """One page of one session. It lives while it is on the screen."""

    name: ClassVar[str]
    permission: ClassVar[str] = "read"
    refresh_s: ClassVar[float | None] = None
    """So often `refresh` is called while the page is looked at; None: never."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @property
    def client(self) -> ApiClient:
        return self.desk.client

    @property
    def s(self) -> Strings:
        return self.desk.look.s

    @property
    def f(self) -> Format:
        return self.desk.look.f

    @property
    def title(self) -> str:
        """Of the browser's tab, and of the page in the menu."""
        return self.s(f"nav.{self.name}")

    @abstractmethod
    async def load(self, params: Params) -> None:
        """Reads what the address asks for."""

    @abstractmethod
    def regions(self) -> Mapping[str, str]:
        """The page from top to bottom: region → HTML."""

    async def on(self, action: str, message: Message) -> None:  # noqa: B027 (most pages only show)
        """Answers what the person did."""

    async def refresh(self) -> None:  # noqa: B027
        """Looks again. What changed is put in place when the person's hands are off it."""

    async def close(self) -> None:  # noqa: B027
        """The page leaves the screen."""

    def render(self, template: str, **context: Any) -> str:
        """`templates/<template>` with the context, and with s, f, me, page."""
        return self.desk.look.render(template, me=self.desk.me, page=self, **context)
