"""Today: how is the day, can it be believed, what is to be done."""

from collections.abc import Mapping
from typing import Any

from dashboard.kit.page import Page, Params

REFRESH_S = 10.0


class TodayPage(Page):
    """Made for a phone and for one glance."""

    name = "today"
    refresh_s = REFRESH_S

    _params: Params
    _today: Mapping[str, Any]

    async def load(self, params: Params) -> None:
        self._params = params
        await self.refresh()

    async def refresh(self) -> None:
        asked = [("point", point) for point in self._params.get_list("point")]
        self._today = await self.client.get("/api/v1/reports/today", [*asked, ("day", self._params.get("day"))])

    def regions(self) -> Mapping[str, str]:
        return {"today": self.render("today/today.html", today=self._today)}
