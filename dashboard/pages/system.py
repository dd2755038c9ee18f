"""The page System: what waits, what failed and can be tried again, which models, how much disk."""

from collections.abc import Mapping
from typing import Any, ClassVar

from dashboard.kit.page import Message, Page, Params

ORDER = ("vad", "dialogues", "asr", "analysis", "report", "coverage", "erasure")
"""Of the stages, as the audio goes through them; others come after."""
PAGE = 20


class System(Page):
    """?page=system; &stage=asr: only its failed jobs."""

    name: ClassVar[str] = "system"
    permission: ClassVar[str] = "system"
    refresh_s: ClassVar[float | None] = 5.0

    async def load(self, params: Params) -> None:
        self.stage = params.get("stage", "")
        self.shown = PAGE
        await self.refresh()

    async def refresh(self) -> None:
        self.system: Mapping[str, Any] = await self.client.get("/api/v1/system")
        query = {"stage": self.stage, "limit": self.shown}
        self.dead: Mapping[str, Any] = await self.client.get("/api/v1/system/jobs", query)

    def regions(self) -> Mapping[str, str]:
        stages = sorted(self.system["stages"], key=lambda stage: (_place(stage["stage"]), stage["stage"]))
        disk = self.system["disk"]
        is_low = disk["free_bytes"] is not None and disk["free_bytes"] < disk["floor_bytes"]
        state = {"stages": stages, "dead_n": sum(stage["dead"] for stage in stages), "is_low": is_low}
        jobs = {"jobs": self.dead["items"], "more": self.dead["next"], "stage": self.stage}
        return {
            "state": self.render("system/state.html", system=self.system, **state),
            "jobs": self.render("system/jobs.html", **jobs, dead_n=state["dead_n"], failing=self.system["failing"]),
            "facts": self.render("system/facts.html", system=self.system),
        }

    async def on(self, action: str, message: Message) -> None:
        """`retry`: one job by its number; `retry_all`: all that are shown by the filter; `older`: more of them."""
        if action == "retry":
            await self._retry({"job_ids": [int(message.data["job"])]})
        elif action == "retry_all":
            await self._retry({"stage": self.stage} if self.stage else {})
            self.desk.close_dialogs()
        elif action == "older":
            self.shown = min(self.shown + PAGE, 200)
            await self.refresh()

    async def _retry(self, which: Mapping[str, Any]) -> None:
        answer = await self.client.post("/api/v1/system/jobs/retry", which)
        self.desk.note(self.s.n("system.retried", answer["retried"]))
        await self.refresh()


def _place(stage: str) -> int:
    return ORDER.index(stage) if stage in ORDER else len(ORDER)
