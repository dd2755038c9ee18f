"""The page Runs: history judged anew, beside what is current; what would change, and the buttons that change it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from dashboard.agreement.said import kappa_said
from dashboard.client import ApiError
from dashboard.dialogue.sound import player_of
from dashboard.dialogues.filters import is_id
from dashboard.kit.page import Desk, Message, Page, Params
from dashboard.kit.player import PlayerView
from dashboard.runs.said import TONES, about, after, bears_out, counted, difference, flips, is_open, may, stands
from dashboard.wording import Wording

ACTIONS = ("promote", "rollback", "cancel")
SHOWN = 50


class Runs(Page):
    """?page=runs; &run=… for one of them."""

    name: ClassVar[str] = "runs"
    permission: ClassVar[str] = "runs"
    refresh_s: ClassVar[float | None] = 5.0

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.run_id = ""
        self.run: Mapping[str, Any] | None = None
        self.diff: Mapping[str, Any] | None = None
        self.runs: list[Mapping[str, Any]] = []
        self.heard = ""
        self.player: PlayerView | None = None

    @property
    def title(self) -> str:
        return str(self.run["name"]) if self.run else super().title

    async def load(self, params: Params) -> None:
        asked = params.get("run", "")
        if asked and not is_id(asked):
            raise ApiError("no run has such an id", "not_found", 404)
        self.run_id, self.run, self.diff, self.heard, self.player = asked, None, None, "", None
        await self.refresh()

    async def refresh(self) -> None:
        """The comparison takes a while to make: only when the run has become another."""
        if not self.run_id:
            self.runs = (await self.client.get("/api/v1/runs", {"limit": SHOWN}))["items"]
            return
        before, self.run = self.run, await self.client.get(f"/api/v1/runs/{self.run_id}")
        if self.diff is None or before is None or _moment(before) != _moment(self.run):
            self.diff = await self.client.get(f"/api/v1/runs/{self.run_id}/diff")

    def regions(self) -> Mapping[str, str]:
        w = Wording(self.s)
        points = {point["point_id"]: point["name"] for point in self.desk.me.points}
        if self.run is None or self.diff is None:
            lines = [(run, about(w, run, points)) for run in self.runs]
            return {"runs": self.render("runs/list.html", w=w, runs=lines, tones=TONES, is_open=is_open)}
        run, diff = self.run, self.diff
        common = {"w": w, "run": run, "diff": diff}
        head = {"about": about(w, run, points), "tones": TONES, "is_open": is_open, "stands": stands(w, diff)}
        found = {"head": self.render("runs/head.html", **common, **head, able=may(run))}
        if diff["compared"]:
            against = {"bears_out": bears_out, "difference": difference, "kappa": kappa_said}
            found |= {
                "figures": self.render("runs/figures.html", **common),
                "reviewers": self.render("runs/reviewers.html", **common, **against),
                "listen": self.render(
                    "runs/listen.html", **common, heard=self.heard, player=self.player, places=points, zone=self._zone
                ),
                "flips": self.render("runs/flips.html", **common, tables=flips(w, diff), chart=counted(w, diff)),
            }
        return found | {"ask": self.render("runs/ask.html", **common, able=may(run))}

    async def on(self, action: str, message: Message) -> None:
        """`hear`: the player of one of the dialogues; the others as they are called."""
        if action == "hear" and is_id(message.data["dialogue"]):
            self.heard = message.data["dialogue"]
            self.player = await player_of(self.client, self.heard)
        elif action == "clip_failed" and self.heard:
            self.player = await player_of(self.client, self.heard)
        elif action in ACTIONS and self.run_id:
            self.desk.close_dialogs()
            done = await self.client.post(f"/api/v1/runs/{self.run_id}/{action}")
            self.desk.note(self.s("runs.cancelled") if action == "cancel" else after(Wording(self.s), done))
            await self.refresh()

    def _zone(self, point_id: str) -> str | None:
        return self.desk.me.zone_of(point_id)


def _moment(run: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a comparison depends on, roughly: counts that move by the second do not make it anew."""
    return run["state"], run["promoted_at"], run["rolled_back_at"], run["finished_at"], run["current"]
