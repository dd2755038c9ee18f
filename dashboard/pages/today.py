"""The page Today: how is the day, can it be believed, what is to be done. Made for a phone and for one glance."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from dashboard.kit.page import Message, Page, Params
from dashboard.period import today_in, zone_of
from dashboard.today.judgement import recorded_tone, to_goal, trust

REFRESH_S = 5.0


class Today(Page):
    """?page=today&point=… of one point; &day=2026-03-02 of another day than the points' present one."""

    name: ClassVar[str] = "today"
    refresh_s: ClassVar[float | None] = REFRESH_S

    async def load(self, params: Params) -> None:
        known = {point["point_id"] for point in self.desk.me.points}
        self.point = params.get("point", "") if params.get("point") in known else ""
        self.day = params.get("day", "")
        await self.refresh()

    async def refresh(self) -> None:
        self.today: Mapping[str, Any] = await self.client.get(
            "/api/v1/reports/today", {"point": self.point, "day": self.day}
        )

    def regions(self) -> Mapping[str, str]:
        zone = zone_of(self.desk.me.points, [self.point] if self.point else [])
        is_past = self.today["day"] < today_in(zone, datetime.now(UTC)).isoformat()
        head = self.render("today/head.html", day=self.today["day"], is_past=is_past, chosen=self.point)
        if not self.desk.me.points:
            return {"head": head, "day": self.render("today/no_points.html")}
        total = self.today["total"]
        goals = [point["goal"] for point in self.today["points"] if point["goal"] is not None]
        judged = to_goal(total["figures"]["rate"], total["goal"], goals)
        doubts = trust(total["figures"], total["coverage"])
        silent = [
            {**device, "point": point["name"], "point_id": point["point_id"]}
            for point in self.today["points"]
            for device in point["silent_devices"]
        ]
        said = {"judged": judged, "doubts": doubts, "recorded_tone": recorded_tone(total["coverage"]["share"])}
        shown = {"today": self.today, "is_past": is_past, "silent": silent}
        day = self.render("today/day.html", **shown, chosen=self.point, **said)
        return {"head": head, "day": day}

    async def on(self, action: str, message: Message) -> None:
        """`point`: the shop to look at; without a value all."""
        if action == "point":
            await self.desk.go({"page": self.name, "point": message.value, "day": self.day})
