"""A desk for one page: the api's answers come from a table, what the page asks the browser for is kept."""

from collections.abc import Mapping
from typing import Any, cast

from httpx import QueryParams

from dashboard.client import ApiClient
from dashboard.kit.page import Me, Message, Params
from dashboard.kit.render import Look
from tests.unit.dashboard.answers import POINTS, point_row


class Api:
    """Path → JSON; `asked` are the queries."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[str, Any]] = []

    async def get(self, path: str, params: Any = None) -> Any:
        self.asked.append((path, params))
        return self.answers[path]

    async def post(self, path: str, json: Any = None, params: Any = None) -> Any:
        self.asked.append((path, json))
        return self.answers[path]

    def public_url(self, path: str) -> str:
        return f"http://api.example{path}"


class Desk:
    """What a session gives its pages, without a session."""

    def __init__(self, answers: Mapping[str, Any], language: str = "en") -> None:
        self.api = Api(answers)
        self.client = cast(ApiClient, self.api)
        self.me = Me("Мила", "manager", frozenset({"read", "review", "export"}), tuple(map(point_row, POINTS)))
        self.look = Look(language)
        self.went: list[QueryParams] = []
        self.notes: list[str] = []
        self.downloads: list[str] = []

    async def go(self, params: Mapping[str, Any] | Params) -> None:
        pairs = [(k, one) for k, v in params.items() for one in (v if isinstance(v, list) else [v]) if one]
        self.went.append(QueryParams(pairs))

    def address(self, params: Mapping[str, Any] | Params) -> None:
        pass

    def draw(self) -> None:
        pass

    def note(self, text: str, tone: str = "good") -> None:
        self.notes.append(text)

    def close_dialogs(self) -> None:
        pass

    def focus(self, selector: str) -> None:
        pass

    def play(self, start_ms: int, end_ms: int) -> None:
        pass

    def download(self, url: str) -> None:
        self.downloads.append(url)


def pressed(do: str, value: str = "", **form: Any) -> Message:
    """A click, with the fields of the form around it."""
    pairs = [(name, one) for name, v in form.items() for one in (v if isinstance(v, list) else [v])]
    return Message(do, value, form=QueryParams(pairs))
