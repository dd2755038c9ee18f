"""The page Review: one dialogue at a time, what teaches most first, all by keyboard."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from dashboard.client import ApiError
from dashboard.dialogue.talk import turns
from dashboard.dialogue.verdict import headline
from dashboard.kit.page import Desk, Message, Page, Params
from dashboard.kit.player import PlayerView, player_view
from dashboard.review.draft import Draft, agrees, body_of, of_form, of_review
from dashboard.review.keys import letters
from dashboard.wording import Wording

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 30.0
"""A hold lasts five minutes on the server; whoever listens longer keeps it."""
AT_ONCE = 10
"""So many candidates are asked for: colleagues may take some of them in between."""
HEAD = "#item-head"


@dataclass(frozen=True, slots=True)
class Item:
    """What is on the screen. item: of the queue; detail: the dialogue's; player None: its sound is gone."""

    item: Mapping[str, Any]
    detail: Mapping[str, Any]
    player: PlayerView | None

    @property
    def dialogue_id(self) -> str:
        return str(self.item["dialogue_id"])


@dataclass(frozen=True, slots=True)
class Saved:
    """The last review of this visit, to be undone; item: as it was shown."""

    review: Mapping[str, Any]
    item: Mapping[str, Any]


class Review(Page):
    """?page=review, &point=… (several), &dialogue=… for one that was picked."""

    name: ClassVar[str] = "review"
    permission: ClassVar[str] = "review"
    refresh_s: ClassVar[float | None] = LOOK_AGAIN_S

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.points: tuple[str, ...] = ()
        self.current: Item | None = None
        self.draft = Draft()
        self.missing = ""
        self.saved: Saved | None = None
        self.passed: list[str] = []
        self.done = 0
        self.waiting: Mapping[str, int] = {}

    async def load(self, params: Params) -> None:
        points = tuple(point for point in params.get_list("point") if self.desk.me.zone_of(point))
        stays = self.current is not None and self.current.item["reason"] != "manual" and points == self.points
        self.points, picked = points, params.get("dialogue")
        if picked:
            await self._let_go()
            await self._show(await self.client.get(f"/api/v1/reviews/queue/{picked}"))
            await self._count()
        elif not stays:
            await self._next()

    async def refresh(self) -> None:
        """Keeps what is on the screen from colleagues for as long as it is there; looks again where nothing waited."""
        if self.current is None:
            await self._next()
        elif self.current.item["reason"] != "manual":
            with suppress(ApiError):
                await self.client.put(self._hold_path(self.current.dialogue_id), None)

    async def close(self) -> None:
        await self._let_go()

    def regions(self) -> Mapping[str, str]:
        w, current = Wording(self.s), self.current
        total = sum(self.waiting.values())
        head = self.render(
            "review/head.html", done=self.done, total=total, saved=self.saved, item=current, chosen_points=self.points
        )
        if current is None:
            return {"head": head, "item": self.render("review/empty.html", passed=len(self.passed), done=self.done)}
        item, detail = current.item, current.detail
        heard = [{**one, "quotes": []} for one in detail["utterances"]] if item["is_blind"] else detail["utterances"]
        common = {"w": w, "item": item, "detail": detail}
        return {
            "head": head,
            "item": self.render("review/item.html", **common, player=current.player),
            "talk": self.render("dialogue/talk.html", turns=turns(w, heard)),
            "judge": self.render(
                "review/judge.html", **common, draft=self.draft, missing=self.missing, keys=letters(item["catalogue"])
            ),
            "machine": self.render("review/machine.html", **common, headline=headline),
            "help": self.render("review/help.html"),
        }

    async def on(self, action: str, message: Message) -> None:
        if action == "save" and self.current is not None:
            await self._save(self.current, of_form(message.form))
        elif action == "skip" and self.current is not None:
            self.passed.append(self.current.dialogue_id)
            await self._next()
        elif action == "undo" and self.saved is not None:
            await self._undo(self.saved)
        elif action == "look_again":
            self.passed.clear()
            await self._next()
        elif action == "points":
            await self.desk.go({"page": self.name, "point": message.form.get_list("point")})
        elif action == "clip_failed" and self.current is not None:
            detail = await self._detail(self.current.dialogue_id)
            self.current = Item(self.current.item, detail, await self._player(self.current.item, detail))
        if action in ("save", "skip", "undo", "look_again") and not self.missing:
            self.desk.draw()  # the heading may be new
            self.desk.focus(HEAD)

    async def _save(self, current: Item, draft: Draft) -> None:
        self.draft, self.missing = draft, draft.missing
        if draft.missing:
            return
        item = current.item
        body = body_of(draft, item["reason"], item["revision"])
        try:
            review = await self.client.post(f"/api/v1/dialogues/{current.dialogue_id}/reviews", body)
        except ApiError as error:
            if error.code != "conflict":
                raise
            # it was cut anew, merged away, or judged by somebody else in between
            self.desk.note(self.s("review.changed"), "bad")
            self.passed.append(current.dialogue_id)
            return await self._next()
        self.saved = Saved(review, item)
        self.done += 1
        self.desk.note(self._said(body, current.detail["machine"]))
        if item["reason"] == "manual":
            self.passed.append(current.dialogue_id)
            return await self.desk.go({"page": self.name, "point": list(self.points)})
        self.current = None  # the review ended the hold
        await self._next()

    async def _undo(self, saved: Saved) -> None:
        """Takes the last review back and shows its dialogue again with what was chosen."""
        await self.client.delete(f"/api/v1/reviews/{saved.review['review_id']}")
        await self._let_go()
        self.saved = None
        self.done -= 1
        item = saved.item
        if item["reason"] != "manual":
            with suppress(ApiError):
                await self.client.put(self._hold_path(str(item["dialogue_id"])), None)
        await self._show(item, of_review(saved.review))
        await self._count()
        self.desk.note(self.s("review.undone"))

    async def _next(self) -> None:
        """The first of the queue that no colleague has taken meanwhile; nothing where none is left."""
        await self._let_go()
        self.current = None
        queue = await self._queue(AT_ONCE)
        for item in queue["items"]:
            try:
                await self.client.put(self._hold_path(item["dialogue_id"]), None)
                await self._show(item)
                break
            except ApiError as error:
                if error.code not in ("conflict", "not_found"):
                    raise

    async def _show(self, item: Mapping[str, Any], draft: Draft | None = None) -> None:
        detail = await self._detail(item["dialogue_id"])
        self.current = Item(item, detail, await self._player(item, detail))
        self.draft, self.missing = draft or Draft(), ""

    async def _detail(self, dialogue_id: str) -> Mapping[str, Any]:
        detail: Mapping[str, Any] = await self.client.get(f"/api/v1/dialogues/{dialogue_id}/detail")
        return detail

    async def _player(self, item: Mapping[str, Any], detail: Mapping[str, Any]) -> PlayerView | None:
        """Where the reviewer must not know what the machine said, its quotes are not marked."""
        clip, url = detail["clip"], detail["waveform_url"]
        if clip is None:
            return None
        try:
            bins = (await self.client.get(url))["bins"] if url else ()
        except ApiError:
            bins = ()  # the sound plays without its picture
        quotes = () if item["is_blind"] else detail["quotes"]
        src = self.client.public_url(clip["url"])
        player_id = f"{item['dialogue_id']}-{item['revision']}"
        return player_view(player_id, src, clip["duration_ms"], bins, clip["speech"], quotes)

    async def _queue(self, limit: int) -> Mapping[str, Any]:
        query = {"point": self.points, "exclude": self.passed[-100:], "limit": limit}
        queue: Mapping[str, Any] = await self.client.get("/api/v1/reviews/queue", query)
        self.waiting = queue["waiting"]
        return queue

    async def _count(self) -> None:
        await self._queue(1)

    async def _let_go(self) -> None:
        """Gives what is on the screen back to the colleagues."""
        if self.current is not None and self.current.item["reason"] != "manual":
            with suppress(ApiError):
                await self.client.delete(self._hold_path(self.current.dialogue_id))

    def _said(self, body: Mapping[str, Any], machine: Mapping[str, Any] | None) -> str:
        """What was saved, and only now what the machine had said."""
        if machine is None:
            return self.s("review.saved")
        if agrees(body, machine):
            return self.s("review.saved_same")
        return self.s("review.saved_other", verdict=headline(Wording(self.s), machine))

    @staticmethod
    def _hold_path(dialogue_id: str) -> str:
        return f"/api/v1/reviews/queue/{dialogue_id}/hold"
