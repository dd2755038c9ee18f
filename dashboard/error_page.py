"""What is shown instead of a page that can't be shown, and errors as plain sentences."""

from collections.abc import Mapping

from dashboard.client import ApiError, AwayError, NotAllowedError
from dashboard.kit.page import Desk, Message, Page, Params
from dashboard.strings import Strings


def sentence(s: Strings, error: ApiError) -> str:
    """What a person can do with it. An error that has a text of its own, `errors.code.<code>`, says that."""
    if s.has(f"errors.code.{error.code}"):
        return s(f"errors.code.{error.code}")
    if isinstance(error, AwayError):
        return s("errors.away")
    if isinstance(error, NotAllowedError):
        return s("errors.not_allowed")
    if error.status == 404:
        return s("errors.not_found")
    if error.status >= 500:
        return s("errors.ours")
    return s("errors.refused", detail=str(error))


class ErrorPage(Page):
    """is_passing: it may go well if tried again; needs_start: the person is not known yet."""

    name = "error"

    def __init__(self, desk: Desk, text: str, is_passing: bool = False, needs_start: bool = False) -> None:
        super().__init__(desk)
        self._text = text
        self._is_passing = is_passing
        self._needs_start = needs_start

    @property
    def title(self) -> str:
        return self.s("errors.title")

    async def load(self, params: Params) -> None:
        """Nothing to load."""

    def regions(self) -> Mapping[str, str]:
        context = {"text": self._text, "is_passing": self._is_passing, "needs_start": self._needs_start}
        return {"error": self.render("frame/error.html", **context)}

    async def on(self, action: str, message: Message) -> None:
        """All its buttons are the session's."""
