"""The page of one's own account: who one is, for which points, and another password."""

from collections.abc import Mapping
from typing import Any, ClassVar

from dashboard.client import ExpiredError
from dashboard.kit.page import Desk, Message, Page, Params
from dashboard.people.lines import zone_of


class Account(Page):
    """?page=account; opened by the name at the top."""

    name: ClassVar[str] = "account"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.wrong = ""

    async def load(self, params: Params) -> None:
        self.caller: Mapping[str, Any] = await self.client.get("/api/v1/auth/me")

    def regions(self) -> Mapping[str, str]:
        return {
            "account": self.render(
                "account/account.html", caller=self.caller, wrong=self.wrong, zone=zone_of(self.caller["points"])
            )
        }

    async def on(self, action: str, message: Message) -> None:
        """`password_change`: the form. Every session ends with the old password, and the login comes up."""
        if action != "password_change":
            return
        new, again = message.form.get("new", ""), message.form.get("again", "")
        self.wrong = "" if new == again else self.s("account.differ")
        if self.wrong:
            return
        try:
            await self.client.post("/api/v1/auth/password", {"current": message.form.get("current", ""), "new": new})
        except ExpiredError as error:
            if error.code != "login_wrong":
                raise
            self.wrong = self.s("account.wrong")
            return
        self.desk.note(self.s("account.changed"))
        await self.client.get("/api/v1/auth/me")
