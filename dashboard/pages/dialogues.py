"""The page Dialogues: find them by any filter and by what was said, page by page; take them away as a file."""

from asyncio import gather
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from dashboard.client import ApiError
from dashboard.dialogues.choices import chips, groups, total
from dashboard.dialogues.filters import Filters
from dashboard.dialogues.rows import line, new_above
from dashboard.kit.page import Desk, Message, Page, Params
from dashboard.period import DAYS, Preset, of_preset, today_in, zone_of
from dashboard.wording import Wording
from domain.dialogue_filter import Sort

ROWS = 30
MOST_STEPS = 8
"""So often a page that came short is asked on for, before what was found is shown."""
FORMATS = ("xlsx", "csv", "json")
FIELDS = ("confidence_min", "confidence_max", "min_s", "max_s")
"""Filters that are typed, beside those that are ticked."""


class Dialogues(Page):
    """?page=dialogues and every filter of dashboard/dialogues/filters.py; &after=… is the place to read on from."""

    name: ClassVar[str] = "dialogues"
    refresh_s: ClassVar[float | None] = 20.0

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.filters = Filters()
        self.after = ""
        self.trail: list[str] = []
        """Where the pages before this one begin, "" for the first; empty too where a link led into the middle."""
        self.new = 0

    async def load(self, params: Params) -> None:
        filters, after = Filters.of({name: params.get_list(name) for name in params}), params.get("after", "")
        if filters != self.filters or not after:
            self.trail = []
        elif after in self.trail:
            self.trail = self.trail[: self.trail.index(after)]
        elif after != self.after:
            self.trail.append(self.after)
        self.filters, self.after, self.new = filters, after, 0
        rows, facets = await gather(self._page(after), self.client.get("/api/v1/dialogues/facets", self._query()))
        self.page: Mapping[str, Any] = rows
        self.facets: Mapping[str, Any] = facets

    async def refresh(self) -> None:
        """Counts what has come; the rows stay where they are."""
        if self.after or self.filters.sort != Sort.NEWEST:
            return
        fresh = await self._rows("")
        self.new = new_above(_ids(self.page), _ids(fresh))

    def regions(self) -> Mapping[str, str]:
        w = Wording(self.s)
        points = {point["point_id"]: point["name"] for point in self.desk.me.points}
        listed = {"w": w, "filters": self.filters, "total": total(self.facets, self.filters)}
        return {
            "head": self.render(
                "dialogues/head.html",
                **listed,
                is_complete=self.facets["is_complete"],
                chips=chips(w, self.facets, self.filters, points),
                clear=self.filters.only_period().href(),
                presets=[preset for preset in Preset if preset is not Preset.CUSTOM],
                preset=self._preset(),
                sorts=Sort,
                formats=FORMATS if self.desk.me.may("export") else (),
            ),
            "list": self.render(
                "dialogues/list.html",
                **listed,
                groups=groups(w, self.facets, self.filters),
                fields=FIELDS,
                lines=[line(w, row, self.filters) for row in self.page["items"]],
                new=self.new,
                next=self.filters.href(after=self.page["next"]) if self.page["next"] else "",
                before=self._before(),
                clear=self.filters.only_period().href(),
                wider=self.filters.without("from").without("to").href(),
            ),
        }

    async def on(self, action: str, message: Message) -> None:
        form = {name: message.form.get_list(name) for name in message.form}
        if action == "filter":
            kept = {name: value for name, value in self.filters.one.items() if name not in FIELDS}
            await self._open(Filters.of({**kept, **form}))
        elif action == "search":
            await self._search(message.form.get("q", ""))
        elif action == "days":
            await self._open(self.filters.with_(from_=form.get("from", ""), to=form.get("to", "")))
        elif action == "period" and message.value in set(Preset) - {Preset.CUSTOM}:
            days = of_preset(Preset(message.value), self._today())
            await self._open(self.filters.with_(from_=days.first.isoformat(), to=days.last.isoformat()))
        elif action == "sort":
            await self._open(self.filters.with_(sort=message.value))
        elif action == "export" and message.value in FORMATS:
            await self._export(message.value)

    async def _search(self, typed: str) -> None:
        found = self.filters.with_(q=typed)
        if typed.strip() and "q" not in found.one:
            return self.desk.note(self.s("dialogues.unsearchable"), "bad")
        await self._open(found)

    async def _export(self, kind: str) -> None:
        link = await self.client.post(
            "/api/v1/dialogues/export-links", {"format": kind, "filters": self.filters.body()}
        )
        self.desk.download(self.client.public_url(link["url"]))

    async def _rows(self, after: str) -> dict[str, Any]:
        """A page of {items, next}. A rare filter is looked for in steps, of which some find nothing."""
        found: list[Any] = []
        for _ in range(MOST_STEPS):
            query = {**self._query(), "sort": self.filters.sort, "after": after, "limit": ROWS - len(found)}
            page = await self.client.get("/api/v1/dialogues/rows", query)
            found += page["items"]
            after = page["next"] or ""
            if not after or len(found) >= ROWS:
                break
        return {"items": found, "next": after}

    async def _page(self, after: str) -> dict[str, Any]:
        """From the beginning where the place to read on from is of another list, or made up."""
        try:
            return await self._rows(after)
        except ApiError as error:
            if not after or error.code != "field_invalid":
                raise
            self.after = ""
            return await self._rows("")

    def _query(self) -> dict[str, list[str]]:
        return self.filters.without("sort").query()

    async def _open(self, filters: Filters) -> None:
        await self.desk.go({"page": self.name, **filters.query()})

    def _before(self) -> str:
        """The page before, or the first where the one before is not known; empty on the first."""
        if not self.after:
            return ""
        return self.filters.href(after=self.trail[-1]) if self.trail and self.trail[-1] else self.filters.href()

    def _today(self) -> Any:
        return today_in(zone_of(self.desk.me.points, self.filters.values("point")), datetime.now(UTC))

    def _preset(self) -> str:
        """The preset that these days are; empty where they are none."""
        days, today = (self.filters.one.get("from"), self.filters.one.get("to")), self._today()
        for preset in (*DAYS, Preset.YESTERDAY):
            period = of_preset(preset, today)
            if days == (period.first.isoformat(), period.last.isoformat()):
                return preset
        return ""


def _ids(page: Mapping[str, Any]) -> list[str]:
    return [row["dialogue_id"] for row in page["items"]]
