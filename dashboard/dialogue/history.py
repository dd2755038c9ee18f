"""What happened to a dialogue, the newest first, and where its text and verdict come from. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.dialogue.verdict import headline
from dashboard.wording import Wording

MONEY_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Event:
    """what: one of revision, transcript, verdict, skipped, review, undone; details: opinion, note or text."""

    what: str
    title: str
    at: str
    by: str
    opinion: str
    text: str
    cost: str
    is_current: bool


def events(w: Wording, history: Sequence[Mapping[str, Any]]) -> list[Event]:
    return [
        Event(
            what=one["what"],
            title=_title(w, one["what"], one["revision"]),
            at=w.moment(one["at"]),
            by=one["by"] or "",
            opinion=headline(w, one["opinion"]) if one["opinion"] else "",
            text=one["text"] or "",
            cost=money(w, one["cost_usd"]),
            is_current=one["is_current"],
        )
        for one in history
    ]


def _title(w: Wording, what: str, revision: int) -> str:
    name = "recorded" if what == "revision" and revision == 1 else what
    return w.s(f"dialogue.event.{name}", revision=revision)


def provenance(w: Wording, found: Mapping[str, Any], language: str | None) -> list[tuple[str, str]]:
    """Name and value of what is known."""
    rows = [
        ("language", w.label("language", language)),
        ("asr_model", found["asr_model"]),
        ("asr_pass", w.label("pass", found["asr_pass"])),
        ("asr_reasons", ", ".join(found["asr_reasons"])),
        ("model", found["model"]),
        ("prompt_version", found["prompt_version"]),
        ("parameters", ", ".join(f"{name}={value}" for name, value in found["parameters"].items())),
        ("tokens", _tokens(w, found)),
        ("cost", money(w, found["cost_usd"]) if found["model"] else ""),
        ("cost_total", money(w, found["cost_usd_total"]) if found["cost_usd_total"] > found["cost_usd"] else ""),
        ("judged_at", w.moment(found["judged_at"]) if found["judged_at"] else ""),
    ]
    return [(w.s(f"dialogue.from.{name}"), str(value)) for name, value in rows if value]


def _tokens(w: Wording, found: Mapping[str, Any]) -> str:
    if not found["tokens_in"] and not found["tokens_out"]:
        return ""
    return w.s("dialogue.tokens", taken=w.number(found["tokens_in"]), given=w.number(found["tokens_out"]))


def money(w: Wording, usd: float | None) -> str:
    """In dollars, as fine as one verdict costs."""
    if usd is None:
        return ""
    return f"${w.number(usd, MONEY_DIGITS)}" if usd else w.s("dialogue.free")
