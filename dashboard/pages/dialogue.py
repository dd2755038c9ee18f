"""The page of one dialogue: hear it, read it, see why it was judged so, and what became of it before."""

from collections.abc import Mapping
from typing import Any, ClassVar

from dashboard.client import ApiError
from dashboard.dialogue.clip import is_shortened
from dashboard.dialogue.history import events, provenance
from dashboard.dialogue.talk import turns
from dashboard.dialogue.verdict import judged_by, missed, reviews, verdict
from dashboard.dialogues.filters import Filters, is_id
from dashboard.erasing import Erasing
from dashboard.kit.page import Desk, Message, Page, Params
from dashboard.kit.player import PlayerView, player_view
from dashboard.wording import Wording
from domain.status import DialogueState, Place

STAGES = ("asr", "analysis")


class Dialogue(Page):
    """?page=dialogue&id=…, and the filters of the list that led here, for the way back."""

    name: ClassVar[str] = "dialogue"
    refresh_s: ClassVar[float | None] = 10.0

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.dialogue_id = ""
        self.filters = Filters()
        self.erasing = Erasing(desk)
        self.player: PlayerView | None = None

    @property
    def title(self) -> str:
        return self._title(Wording(self.s))

    async def load(self, params: Params) -> None:
        self.dialogue_id = params.get("id", "")
        if not is_id(self.dialogue_id):
            raise ApiError("no dialogue has such an id", "not_found", 404)
        self.filters = Filters.of({name: params.get_list(name) for name in params})
        self.player = None
        await self.refresh()

    async def refresh(self) -> None:
        """The clip stays as it is while its address holds: a new one would stop the sound."""
        query = {"q": self.filters.one.get("q")}
        self.detail: Mapping[str, Any] = await self.client.get(f"/api/v1/dialogues/{self.dialogue_id}/detail", query)
        if self.player is None or self.player.player_id != self._player_id():
            self.player = await self._player()

    def regions(self) -> Mapping[str, str]:
        w, detail = Wording(self.s), self.detail
        row = detail["row"]
        common = {"w": w, "detail": detail, "row": row, "filters": self.filters}
        return {
            "head": self.render("dialogue/head.html", **common, title=self._title(w), back=self.filters.href()),
            "player": self.render(
                "dialogue/player.html", player=self.player, is_shortened=is_shortened(detail["clip"])
            ),
            "verdict": self.render(
                "dialogue/verdict.html",
                **common,
                verdict=verdict(w, detail) if detail["effective"] else None,
                state=self._state(),
                judged_by=judged_by(w, detail["provenance"]["model"]),
                missed=missed(w, detail["missed"]),
                reviews=reviews(w, detail["reviews"], detail["zone"]),
            ),
            "talk": self.render(
                "dialogue/talk.html", turns=turns(w, detail["utterances"]), dropped=detail.get("words_dropped_at")
            ),
            "history": self.render(
                "dialogue/history.html",
                events=events(w, detail["history"]),
                provenance=provenance(w, detail["provenance"], row["language"]),
            ),
            "erasing": self.erasing.html(detail["zone"]) if self.desk.me.may("erase") else "",
        }

    async def on(self, action: str, message: Message) -> None:
        if action == "rerun" and message.value in STAGES:
            await self.client.post(f"/api/v1/dialogues/{self.dialogue_id}/rerun", {"stage": message.value})
            self.desk.close_dialogs()
            self.desk.note(self.s("dialogue.queued"))
            await self.refresh()
        elif action == "erase_ask":
            await self.erasing.ask({"kind": "dialogue", "dialogue_id": self.dialogue_id})
        elif action == "erase_do" and await self.erasing.carry_out():
            await self.desk.go(Params(self.filters.href().removeprefix("?")))
        elif action == "clip_failed":
            self.player = None
            await self.refresh()

    def _title(self, w: Wording) -> str:
        return w.s("dialogue.title", at=w.moment(self.detail["row"]["start_ts"]))

    def _player_id(self) -> str:
        """A dialogue that was cut anew has another clip."""
        return f"{self.dialogue_id}-{self.detail['row']['revision']}"

    async def _player(self) -> PlayerView | None:
        clip, url = self.detail["clip"], self.detail["waveform_url"]
        if clip is None:
            return None
        try:
            bins = (await self.client.get(url))["bins"] if url else ()
        except ApiError:
            bins = ()  # the sound plays without its picture
        src = self.client.public_url(clip["url"])
        return player_view(self._player_id(), src, clip["duration_ms"], bins, clip["speech"], self.detail["quotes"])

    def _state(self) -> str:
        """Why there is no verdict: open, waiting, skipped or failed."""
        place = self.detail["row"]["place"]
        if self.detail["state"] == DialogueState.OPEN:
            return "open"
        return {Place.SKIPPED: "skipped", Place.FAILED: "failed"}.get(place, "waiting")
