"""The dialog that erases: first it says what would go, then it is asked for once more. For any page of something that
may be erased.

    self.erasing = Erasing(self.desk)
    …
    regions: "erasing": self.erasing.html()                       # draws the dialog; a button with data-opens="erasing"
    on: "erase_ask" → await self.erasing.ask({"kind": "dialogue", "dialogue_id": …})     # what would go
        "erase_do"  → await self.erasing.carry_out()
"""

from collections.abc import Mapping
from typing import Any

from dashboard.client import ApiError
from dashboard.kit.format import as_instant
from dashboard.kit.page import Desk

COUNTED = ("dialogues_erased", "dialogues_cut", "transcripts", "reviews", "chunks_deleted", "chunks_silenced")


class Erasing:
    """What the dialog shows now. `tried`: what would go; `refused`: why it cannot."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.body: Mapping[str, Any] | None = None
        self.tried: Mapping[str, Any] | None = None
        self.refused = ""

    async def ask(self, body: Mapping[str, Any]) -> None:
        """Finds out what would go."""
        self.body, self.tried, self.refused = body, None, ""
        try:
            self.tried = await self._desk.client.post("/api/v1/erasures", {**body, "dry_run": True})
        except ApiError as error:
            self.refuse(str(error))

    def refuse(self, why: str) -> None:
        self.body, self.tried, self.refused = None, None, why

    async def carry_out(self) -> Mapping[str, Any] | None:
        """Erases what was asked for; None where nothing was. The dialog closes."""
        if self.body is None or self.tried is None:
            return None
        erased: Mapping[str, Any] = await self._desk.client.post("/api/v1/erasures", self.body)
        self.body, self.tried = None, None
        self._desk.close_dialogs()
        s = self._desk.look.s
        self._desk.note(s("erasing.done") if erased["finished_at"] else s("erasing.goes_on"))
        return erased

    def html(self, zone: str | None = None) -> str:
        """`zone`: of the point, for the times."""
        counts = [(name, self.tried["counts"][name]) for name in COUNTED] if self.tried else []
        context = {"tried": self.tried, "counts": [one for one in counts if one[1]], "refused": self.refused}
        f = self._desk.look.f
        ends = (self.tried["start_ts"], self.tried["end_ts"]) if self.tried else ()
        span = [f"{f.day(as_instant(at, zone).date())}, {f.clock(at, zone, seconds=True)}" for at in ends]
        return self._desk.look.render("erasing/dialog.html", span=span, **context)
