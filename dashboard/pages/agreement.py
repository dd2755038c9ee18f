"""The page Agreement: how far the machine can be believed, measured by people who judged the same dialogues."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from dashboard.agreement.said import confusion_table, corrected_said, kappa_said, sample_said
from dashboard.kit.page import Message, Page, Params
from dashboard.period import Choice, Preset, chosen, today_in, zone_of
from dashboard.wording import Wording

PRESETS = (Preset.WEEK, Preset.FOUR_WEEKS, Preset.QUARTER)


class Agreement(Page):
    """?page=agreement&period=90d, or &from=…&to=…; &point=… (several)."""

    name: ClassVar[str] = "agreement"
    refresh_s: ClassVar[float | None] = 30.0

    async def load(self, params: Params) -> None:
        self.points = tuple(point for point in params.get_list("point") if self.desk.me.zone_of(point))
        today = today_in(zone_of(self.desk.me.points, self.points), datetime.now(UTC))
        days = (params.get("period", ""), params.get("from", ""), params.get("to", ""))
        self.choice: Choice = chosen(*days, today=today, default=Preset.QUARTER)
        await self.refresh()

    async def refresh(self) -> None:
        days = self.choice.period
        query = {"from": days.first, "to": days.last, "point": self.points}
        self.found: Mapping[str, Any] = await self.client.get("/api/v1/reviews/agreement", query)

    def regions(self) -> Mapping[str, str]:
        w, found = Wording(self.s), self.found
        controls = self.render(
            "agreement/controls.html", w=w, choice=self.choice, presets=PRESETS, chosen_points=self.points
        )
        if not found["judged"] and not found["picked"]["n"]:
            return {"controls": controls, "empty": self.render("agreement/empty.html")}
        sample, between = found["sample"], found["between_reviewers"]
        common = {"w": w, "found": found, "sample": sample}
        return {
            "controls": controls,
            "sample": self.render("agreement/sample.html", **common, said=sample_said(w, found)),
            "figures": self.render("agreement/figures.html", **common) if sample["n"] else "",
            "corrected": self.render("agreement/corrected.html", **common, said=corrected_said(w, found["corrected"])),
            "tables": self.render(
                "agreement/tables.html",
                **common,
                table=confusion_table(w, sample["calls"]),
                picked=confusion_table(w, found["picked"]["calls"]),
                between=between,
                between_table=confusion_table(w, between["calls"]),
                machine_kappa=kappa_said(w, sample["kappa"]),
                people_kappa=kappa_said(w, between["kappa"]),
            ),
        }

    async def on(self, action: str, message: Message) -> None:
        if action == "period":
            await self._open(period=message.value)
        elif action == "days":
            await self._open(**{"from": message.form.get("from", ""), "to": message.form.get("to", "")})
        elif action == "points":
            await self._open(point=message.form.get_list("point"), **self._period())

    def _period(self) -> dict[str, str]:
        days = self.choice
        if days.preset is Preset.CUSTOM:
            return {"from": days.period.first.isoformat(), "to": days.period.last.isoformat()}
        return {"period": days.preset}

    async def _open(self, **changes: Any) -> None:
        await self.desk.go({"page": self.name, "point": list(self.points), **changes})
