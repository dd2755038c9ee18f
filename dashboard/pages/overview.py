"""The page Overview: the figures of any period and points, how they changed, and where."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from dashboard.dialogues.filters import Filters
from dashboard.kit.page import Message, Page, Params
from dashboard.overview import bars, charts, league
from dashboard.overview.cards import beside, cards, common_goal
from dashboard.overview.heatmap import heatmap
from dashboard.period import Choice, Preset, chosen, today_in, zone_of
from dashboard.wording import Wording


class Overview(Page):
    """?page=overview&period=7d, or &from=…&to=…; &point=… (several); &sort=… of the league table."""

    name: ClassVar[str] = "overview"
    refresh_s: ClassVar[float | None] = 20.0

    async def load(self, params: Params) -> None:
        points = Filters.of({"point": params.get_list("point")}).values("point")
        self.points = tuple(point for point in points if self.desk.me.zone_of(point))
        self.asked = (params.get("period", ""), params.get("from", ""), params.get("to", ""))
        self.sort = params.get("sort", league.DEFAULT_SORT)
        await self.refresh()

    async def refresh(self) -> None:
        """Also where the day has turned meanwhile: “today” is another one then."""
        zone = zone_of(self.desk.me.points, self.points)
        self.choice: Choice = chosen(*self.asked, today=today_in(zone, datetime.now(UTC)))
        days = self.choice.period
        query = {"from": days.first, "to": days.last, "point": self.points}
        self.report: Mapping[str, Any] = await self.client.get("/api/v1/reports/overview", query)

    def regions(self) -> Mapping[str, str]:
        w, report = Wording(self.s), self.report
        base = self._behind()
        controls = self.render(
            "overview/controls.html", w=w, choice=self.choice, presets=Preset, chosen_points=self.points
        )
        if not report["figures"]["dialogues"] and not report["before"]["dialogues"]:
            return {"controls": controls, "figures": self.render("overview/empty.html", w=w, choice=self.choice)}
        figures = self.render(
            "overview/figures.html",
            w=w,
            report=report,
            period=self.choice.period,
            previous=self.choice.period.before,
            engines=", ".join(one["engine"] for one in report["engines"]),
            cards=cards(w, report, base),
            beside=beside(w, report["figures"], base),
        )
        return {
            "controls": controls,
            "figures": figures,
            "league": self._league(w, base),
            "series": self.render(
                "overview/series.html",
                by_day=charts.by_day(w, report, base, common_goal(report)) if len(report["by_day"]) > 1 else None,
                by_hour=charts.by_hour(w, report, base),
                heatmap=heatmap(w, report, base) if len(report["by_day"]) > 1 else None,
            ),
            "offers": self.render(
                "overview/offers.html",
                funnel=bars.funnel(w, report, base),
                categories=bars.categories(w, report, base),
                quality=bars.quality(w, report, base),
            ),
        }

    async def on(self, action: str, message: Message) -> None:
        if action == "period":
            await self._open(period=message.value)
        elif action == "days":
            await self._open(**{"from": message.form.get("from", ""), "to": message.form.get("to", "")})
        elif action == "points":
            await self._open(point=message.form.get_list("point"), **self._period())
        elif action == "sort":
            self.sort = message.value
            self.desk.address(self._address(**self._period()))

    def _league(self, w: Wording, base: Filters) -> str:
        """Nothing to compare where there is one point: its figures are the cards'."""
        if len(self.report["points"]) < 2:
            return ""
        return self.render(
            "overview/league.html",
            rows=league.rows(w, self.report, base, self.sort),
            columns=league.COLUMNS,
            sort=self.sort,
            other_way=league.other_way,
            worse=league.movers(w, self.report, base, is_worse=True),
            better=league.movers(w, self.report, base, is_worse=False),
            is_steady=league.is_steady(self.report),
            unranked=league.few_sales_note(w, self.report),
        )

    def _behind(self) -> Filters:
        """The dialogues of this period and these points."""
        days = self.choice.period
        return Filters.of({"from": days.first.isoformat(), "to": days.last.isoformat(), "point": self.points})

    def _period(self) -> dict[str, str]:
        days = self.choice
        if days.preset is Preset.CUSTOM:
            return {"from": days.period.first.isoformat(), "to": days.period.last.isoformat()}
        return {"period": days.preset}

    def _address(self, **changes: Any) -> dict[str, Any]:
        sort = self.sort if self.sort != league.DEFAULT_SORT else ""
        return {"page": self.name, "point": list(self.points), "sort": sort, **changes}

    async def _open(self, **changes: Any) -> None:
        await self.desk.go(self._address(**changes))
