"""The page of people: who may log in, as what and where, what opens the api for them, and who changed what."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from dashboard.kit.page import Desk, Message, Page, Params
from dashboard.people.lines import ROLES, change_line, subjects, token_line, user_line, user_of, zone_of
from dashboard.wording import Wording

USERS = "/api/v1/users"
PAGE = 1000
ENTRIES = 25


class Users(Page):
    """?page=users: all of them; &user=…: one, with what opens the api for them."""

    name: ClassVar[str] = "users"
    permission: ClassVar[str] = "users"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.secret: Mapping[str, str] | None = None

    async def load(self, params: Params) -> None:
        self.user_id = params.get("user", "")
        self.shown = ENTRIES
        await self._read()

    async def _read(self) -> None:
        self.users: list[Mapping[str, Any]] = (await self.client.get(USERS, {"limit": PAGE}))["items"]
        self.user: Mapping[str, Any] | None = None
        self.sessions: list[Mapping[str, Any]] = []
        self.tokens: list[Mapping[str, Any]] = []
        if self.user_id:
            self.user = await self.client.get(f"{USERS}/{self.user_id}")
            kind = "tokens" if self.user["role"] == "machine" else "sessions"
            found = await self.client.get(f"{USERS}/{self.user_id}/{kind}")
            self.tokens, self.sessions = (found, []) if kind == "tokens" else ([], found)
        about = {"subject": f"user/{self.user_id}"} if self.user_id else {}
        self.log: Mapping[str, Any] = await self.client.get("/api/v1/audit", {**about, "limit": self.shown})

    def regions(self) -> Mapping[str, str]:
        w, points = Wording(self.s), {point["point_id"]: point["name"] for point in self.desk.me.points}
        choices = {"roles": [(one, self.s(f"users.role.{one}")) for one in ROLES], "points": points}
        names, zone = subjects(self.users, points), zone_of(self.desk.me.points)
        changes = [change_line(w, entry, names, zone) for entry in self.log["items"]]
        log = self.render("users/log.html", changes=changes, more=self.log["next"])
        head = self.render("users/head.html", user=self.user, secret=self.secret)
        if self.user is None:
            lines = [user_line(w, user, points) for user in self.users]
            return {
                "head": head,
                "list": self.render("users/list.html", lines=lines),
                "add": self.render("users/add.html", **choices),
                "log": log,
            }
        now = datetime.now(UTC)
        opens = [token_line(w, token, now, zone) for token in (*self.tokens, *self.sessions)]
        return {
            "head": head,
            "settings": self.render("users/settings.html", user=self.user, **choices),
            "access": self.render("users/access.html", user=self.user, opens=opens),
            "log": log,
        }

    async def on(self, action: str, message: Message) -> None:
        """Forms and buttons of the page; each method is called as its action."""
        handler = getattr(self, f"_on_{action}", None)
        if handler is not None:
            await handler(message)

    async def _on_user_add(self, message: Message) -> None:
        form = message.form
        body = {**user_of(form), "login": form.get("login", "").strip(), "role": form.get("role", "viewer")}
        user = await self.client.post(USERS, body)
        if user["role"] == "machine":
            made = await self.client.post(f"{USERS}/{user['user_id']}/tokens", {"name": user["name"]})
            self.secret = {"kind": "token", "text": made["token"], "login": user["login"]}
        else:
            self.secret = {"kind": "password", "text": user["password"], "login": user["login"]}
        await self.desk.go({"page": "users", "user": user["user_id"]})

    async def _on_user_save(self, message: Message) -> None:
        await self._patch(user_of(message.form))

    async def _on_user_disable(self, message: Message) -> None:
        await self._patch({"is_enabled": False})

    async def _on_user_enable(self, message: Message) -> None:
        await self._patch({"is_enabled": True})

    async def _on_password_new(self, message: Message) -> None:
        made = await self.client.put(f"{USERS}/{self.user_id}/password", {})
        await self._show("password", made["password"])

    async def _on_token_add(self, message: Message) -> None:
        days = message.form.get("valid_days", "").strip()
        body = {"name": message.form.get("name", "").strip(), "valid_days": int(days) if days.isdigit() else None}
        made = await self.client.post(f"{USERS}/{self.user_id}/tokens", body)
        await self._show("token", made["token"])

    async def _on_token_end(self, message: Message) -> None:
        kind = "tokens" if self.tokens else "sessions"
        await self.client.delete(f"{USERS}/{self.user_id}/{kind}/{message.data['token']}")
        await self._read()

    async def _on_sessions_end(self, message: Message) -> None:
        await self.client.delete(f"{USERS}/{self.user_id}/sessions")
        self.desk.close_dialogs()
        await self._read()

    async def _on_secret_seen(self, message: Message) -> None:
        self.secret = None

    async def _on_older(self, message: Message) -> None:
        self.shown = min(self.shown * 2, 500)
        await self._read()

    async def _patch(self, changes: Mapping[str, Any]) -> None:
        await self.client.patch(f"{USERS}/{self.user_id}", changes)
        self.desk.close_dialogs()
        self.desk.note(self.s("users.saved"))
        await self._read()

    async def _show(self, kind: str, text: str) -> None:
        """What is shown this once."""
        assert self.user is not None
        self.desk.close_dialogs()
        self.secret = {"kind": kind, "text": text, "login": self.user["login"]}
        await self._read()
