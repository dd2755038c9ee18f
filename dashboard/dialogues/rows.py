"""A line of the list: what happened, in whose words, and how sure that is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.dialogues.filters import Filters
from dashboard.marks import Piece, pieces
from dashboard.wording import Wording
from domain.status import Place, Reaction

TONES: Mapping[str, str] = {Place.YES: "good", Place.NO: "bad", Place.UNCERTAIN: "warn", Place.FAILED: "warn"}


@dataclass(frozen=True, slots=True)
class Line:
    """One dialogue. said: the words that speak for the verdict, or those around the first hit of a search."""

    dialogue_id: str
    href: str
    day: str
    clock: str
    length: str
    where: str
    what: str
    tone: str
    quality: str
    about: str
    said: tuple[Piece, ...]
    summary: str
    confidence: str
    review: str
    is_stale: bool


def line(w: Wording, row: Mapping[str, Any], filters: Filters) -> Line:
    """filters: those of the list, so that the dialogue's page leads back to it."""
    is_offer = row["place"] == Place.YES
    quality = w.s("dialogues.quality_of", score=row["quality_score"]) if is_offer and row["quality_score"] else ""
    reaction = w.label("reaction", row["reaction"]) if is_offer and row["reaction"] != Reaction.UNCLEAR else ""
    categories = [w.label("category", category) for category in row["categories"]]
    review = row["review"]
    return Line(
        dialogue_id=row["dialogue_id"],
        href=filters.href("dialogue", id=row["dialogue_id"]),
        day=f"{w.weekday(row['start_ts'])} {w.day(row['start_ts'])}",
        clock=w.clock(row["start_ts"]),
        length=w.length(row["duration_s"]),
        where=" · ".join(name for name in (row["point"], row["register"]) if name),
        what=w.label("place", row["place"]),
        tone=TONES.get(row["place"], ""),
        quality=quality,
        about=" · ".join(part for part in (", ".join(categories), reaction) if part),
        said=_said(row),
        summary=row["summary"] or "",
        confidence=w.percent(row["confidence"]) if row["confidence"] is not None else "",
        review=w.s("dialogues.reviewed_by", name=review["reviewer"]) if review else "",
        is_stale=bool(review) and review["state"] == "stale",
    )


def _said(row: Mapping[str, Any]) -> tuple[Piece, ...]:
    snippet = row["snippet"]
    if snippet:
        return tuple(pieces(snippet["text"], {"hit": snippet["hits"]}))
    return (Piece(row["first_quote"], "quote"),) if row["first_quote"] else ()


def new_above(shown: list[str], fresh: list[str]) -> int:
    """How many dialogues have come above the first that is shown; all of `fresh` where it is not among them."""
    if not shown:
        return len(fresh)
    return fresh.index(shown[0]) if shown[0] in fresh else len(fresh)
