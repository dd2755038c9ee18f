"""The login: the server's address, and a login with its password or a token."""

from collections.abc import Awaitable, Callable, Mapping

from dashboard.apis import Apis
from dashboard.client import ApiError, AwayError, ExpiredError
from dashboard.error_page import sentence
from dashboard.kit.page import Desk, Message, Page, Params

TOO_MANY = 429


class LoginPage(Page):
    """log_in(api, token): what a right answer leads to; why: the key of what to say at first."""

    name = "login"

    def __init__(self, desk: Desk, apis: Apis, log_in: Callable[[str, str], Awaitable[None]], why: str) -> None:
        super().__init__(desk)
        self._apis = apis
        self._log_in = log_in
        self._api = apis.default
        self._login = ""
        self._by_token = False
        self._problem = why

    @property
    def title(self) -> str:
        return self.s("login.title")

    async def load(self, params: Params) -> None:
        """Nothing to load."""

    def regions(self) -> Mapping[str, str]:
        problem = self.s(self._problem, address=self._api) if self.s.has(self._problem) else self._problem
        context = {"apis": list(self._apis.public_urls), "api": self._api, "login": self._login}
        return {"login": self.render("frame/login.html", problem=problem, by_token=self._by_token, **context)}

    async def on(self, action: str, message: Message) -> None:
        """`way`: with a password or with a token; `log_in`: the form."""
        if action == "way":
            self._by_token = message.value == "token"
            self._problem = ""
        elif action == "log_in":
            await self._try(message.form)

    async def _try(self, form: Params) -> None:
        self._api = form.get("api") or self._apis.default
        self._login = form.get("login", "").strip()
        try:
            token = await self._token(form)
        except ApiError as error:
            self._problem = self._why(error)
            return
        if token is None:
            self._problem = "login.empty"
        else:
            await self._log_in(self._api, token)

    async def _token(self, form: Params) -> str | None:
        """A token that the api takes; None where nothing was typed. Raises ApiError."""
        if self._by_token:
            token: str = form.get("token", "").strip()
            if token:
                await self._apis.client(self._api, token).get("/api/v1/auth/me")
            return token or None
        if not self._login or not form.get("password"):
            return None
        body = {"login": self._login, "password": form["password"]}
        answer = await self._apis.client(self._api, "").post("/api/v1/auth/login", body)
        return str(answer["token"])

    def _why(self, error: ApiError) -> str:
        if isinstance(error, AwayError):
            return "login.away"
        if error.code == "user_disabled":
            return "login.disabled"
        if isinstance(error, ExpiredError):
            return "login.wrong_token" if self._by_token else "login.wrong_password"
        return "login.throttled" if error.status == TOO_MANY else sentence(self.s, error)
