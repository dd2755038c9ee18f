"""The page of points: what stands where, how it does, what became of the day, and all that can be changed about it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4
from zoneinfo import ZoneInfo, available_timezones

from dashboard.erasing import Erasing
from dashboard.kit.page import Desk, Message, Page, Params
from dashboard.places.devices import TONES, device_line, point_line
from dashboard.places.forms import FormError, interval_of, settings_of
from dashboard.places.hours import HoursError, exceptions_of, hours_of, text_of
from dashboard.places.moments import shifted
from dashboard.places.strip import FATES
from dashboard.wording import Wording
from domain.opening_hours import WEEKDAYS
from domain.verdict import DEFAULT_CATALOGUE

LANGUAGES = ("ru", "sr", "en", "auto")
ADMIN = "/api/v1/admin"
ERASURES = 5


class Places(Page):
    """?page=places: all of them; &point=…: one, with its forms; &day=…: what became of that day."""

    name: ClassVar[str] = "places"
    refresh_s: ClassVar[float | None] = 15.0

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.erasing = Erasing(desk)
        self.secret: Mapping[str, str] | None = None
        self.wrong: dict[str, str] = {}
        self.erase_form: dict[str, str] = {}

    async def load(self, params: Params) -> None:
        self.point, self.day, self.after = (params.get(name, "") for name in ("point", "day", "after"))
        self.erase_form = {name: params.get(f"erase_{name}", "") for name in ("from", "to", "device_id")}
        await self.refresh()

    async def refresh(self) -> None:
        query = {"point": self.point, "day": self.day, "after": self.after}
        self.places: Mapping[str, Any] = await self.client.get("/api/v1/places", query)
        self.erasures: list[Mapping[str, Any]] = []
        if self.place and self.desk.me.may("erase"):
            page = await self.client.get("/api/v1/erasures", {"point": self.point, "limit": ERASURES})
            self.erasures = page["items"]

    @property
    def place(self) -> Mapping[str, Any] | None:
        """The one point that the page is about."""
        return self.places["items"][0] if self.point and self.places["items"] else None

    def regions(self) -> Mapping[str, str]:
        w, place = Wording(self.s), self.place
        head = self.render("places/head.html", place=place, **self._head(w))
        if place is None:
            lines = [point_line(w, one) for one in self.places["items"]]
            shown = {"lines": lines, "tones": TONES, "fates": FATES, "next": self.places["next"]}
            return {"head": head, "list": self.render("places/list.html", asked_day=self.day, **shown)}
        registers = [(r, [device_line(w, place, d) for d in r["devices"]]) for r in place["registers"]]
        return {
            "head": head,
            "devices": self.render(
                "places/devices.html", place=place, registers=registers, codes=place["codes"], secret=self.secret
            ),
            "settings": self.render("places/settings.html", place=place, wrong=self.wrong, **self._settings(w, place)),
            "erasures": self.render(
                "places/erasures.html",
                place=place,
                erasures=self.erasures,
                erase=self.erase_form,
                devices=[("", self.s("places.every_device")), *self._devices(place)],
            ),
            "erasing": self.erasing.html(place["zone"]) if self.desk.me.may("erase") else "",
        }

    async def on(self, action: str, message: Message) -> None:
        """Forms and buttons of the page; each method is called as its action."""
        self.wrong = {}
        handler = getattr(self, f"_on_{action}", None)
        if handler is None:
            return
        try:
            await handler(message)
        except HoursError as error:
            where = self.s(f"labels.weekday.{WEEKDAYS.index(error.where)}") if error.where in WEEKDAYS else error.where
            self.wrong[action] = self.s("places.hours_wrong", where=where, typed=error.typed)
        except FormError as error:
            self.wrong[action] = self.s(error.key)

    async def _on_day(self, message: Message) -> None:
        await self.desk.go({"page": "places", "point": self.point, "day": message.value})

    async def _on_point_add(self, message: Message) -> None:
        point_id = str(uuid4())
        values = {name: message.form.get(name, "").strip() for name in ("name", "zone", "language")}
        await self.client.post(f"{ADMIN}/points", {"point_id": point_id, **values})
        await self.desk.go({"page": "places", "point": point_id})

    async def _on_point_save(self, message: Message) -> None:
        changes = settings_of(message.form, is_admin=self.desk.me.role == "admin")
        await self._patch(f"points/{self.point}", changes)

    async def _on_hours_save(self, message: Message) -> None:
        await self._patch(f"points/{self.point}", {"opening_hours": hours_of(message.form)})

    async def _on_register_rename(self, message: Message) -> None:
        await self._patch(f"registers/{message.data['register']}", {"name": message.form.get("name", "").strip()})

    async def _on_device_rename(self, message: Message) -> None:
        await self._patch(f"devices/{message.data['device']}", {"name": message.form.get("name", "").strip()})

    async def _on_device_disable(self, message: Message) -> None:
        await self._patch(f"devices/{message.data['device']}", {"is_enabled": False})

    async def _on_device_enable(self, message: Message) -> None:
        await self._patch(f"devices/{message.data['device']}", {"is_enabled": True})

    async def _on_device_rotate(self, message: Message) -> None:
        made = await self.client.post(f"{ADMIN}/devices/{message.data['device']}/tokens")
        await self._show("token", made["token"])

    async def _on_device_replace(self, message: Message) -> None:
        await self._code({"replaces": message.data["device"]})

    async def _on_code_add(self, message: Message) -> None:
        register = message.data.get("register") or message.form.get("register", "").strip()
        await self._code({"register_names": [register]})

    async def _on_code_revoke(self, message: Message) -> None:
        await self.client.delete(f"{ADMIN}/enrolment-codes/{message.data['code']}")
        await self.refresh()

    async def _on_secret_seen(self, message: Message) -> None:
        self.secret = None

    async def _on_erase_ask(self, message: Message) -> None:
        assert self.place is not None
        self.erase_form = {name: message.form.get(name, "") for name in ("from", "to", "device_id")}
        try:
            body = interval_of(message.form, self.point, self.place["zone"])
        except FormError as error:
            return self.erasing.refuse(self.s(error.key))
        await self.erasing.ask(body)

    async def _on_erase_do(self, message: Message) -> None:
        if await self.erasing.carry_out():
            self.erase_form = {}
            await self.refresh()

    async def _patch(self, path: str, changes: Mapping[str, Any]) -> None:
        await self.client.patch(f"{ADMIN}/{path}", changes)
        self.desk.close_dialogs()
        self.desk.note(self.s("places.saved"))
        await self.refresh()

    async def _code(self, wanted: Mapping[str, Any]) -> None:
        made = await self.client.post(f"{ADMIN}/enrolment-codes", {"point_id": self.point, **wanted})
        await self._show("code", made["items"][0]["code"])

    async def _show(self, kind: str, text: str) -> None:
        """What is shown this once."""
        self.desk.close_dialogs()
        self.secret = {"kind": kind, "text": text}
        await self.refresh()

    def _head(self, w: Wording) -> Mapping[str, Any]:
        items = self.places["items"]
        day = self.day or (items[0]["day"] if items else self.places["now"][:10])
        windows, zone = (items[0]["windows"], items[0]["zone"]) if self.place else ((), None)
        hours = [f"{w.clock(o['start'], zone)}–{_closing(w, o['end'], items[0])}" for o in windows]
        return {
            "day": day,
            "before": shifted(day, -1),
            "after": shifted(day, 1),
            "is_today": not self.day,
            "here": f"&point={self.point}" if self.point else "",
            "hours": ", ".join(hours),
            "languages": self._languages(w, "ru"),
            "zones": sorted(zone for zone in available_timezones() if zone.startswith(("Europe/", "Asia/"))),
        }

    def _settings(self, w: Wording, place: Mapping[str, Any]) -> Mapping[str, Any]:
        hours = place["opening_hours"]
        today = datetime.fromisoformat(self.places["now"]).astimezone(ZoneInfo(place["zone"])).date()
        return {
            "languages": self._languages(w, place["language"]),
            "usual": "\n".join(DEFAULT_CATALOGUE),
            "goal": "" if place["goal"] is None else f"{place['goal'] * 100:g}",
            "week": [(day, w.s(f"labels.weekday.{n}"), text_of(hours[day])) for n, day in enumerate(WEEKDAYS)],
            "exceptions": [*exceptions_of(hours, today), ("", ""), ("", "")],
        }

    def _languages(self, w: Wording, current: str) -> list[tuple[str, str]]:
        return [(code, w.label("language", code)) for code in dict.fromkeys((*LANGUAGES, current))]

    def _devices(self, place: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [(d["device_id"], f"{r['name']}: {d['name']}") for r in place["registers"] for d in r["devices"]]


def _closing(w: Wording, end: str, place: Mapping[str, Any]) -> str:
    """Midnight at the end of the day is 24:00."""
    return "24:00" if end == place["end"] else w.clock(end, place["zone"])
