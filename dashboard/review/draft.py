"""What the reviewer has chosen so far: from the form, from an earlier review, and to the api. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from httpx import QueryParams

from domain.status import Attempted, Kind, Reaction

MAX_NOTE_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Draft:
    """Empty strings are what was not chosen yet. quality: "0" to "3"."""

    kind: str = Kind.SALE
    attempted: str = ""
    quality: str = ""
    categories: tuple[str, ...] = ()
    reaction: str = ""
    note: str = ""

    @property
    def is_offer(self) -> bool:
        return self.kind == Kind.SALE and self.attempted == Attempted.YES

    @property
    def missing(self) -> str:
        """What has to be chosen before it can be saved: attempted, quality, or nothing."""
        if self.kind == Kind.SALE and not self.attempted:
            return "attempted"
        return "quality" if self.is_offer and not self.quality else ""


def of_form(form: QueryParams) -> Draft:
    """What is not one of the choices counts as not chosen."""
    return Draft(
        kind=_one_of(form.get("kind"), Kind, Kind.SALE),
        attempted=_one_of(form.get("attempted"), Attempted),
        quality=form.get("quality", "") if form.get("quality") in ("0", "1", "2", "3") else "",
        categories=tuple(form.get_list("category")),
        reaction=_one_of(form.get("reaction"), Reaction),
        note=form.get("note", "")[:MAX_NOTE_CHARS],
    )


def of_review(review: Mapping[str, Any]) -> Draft:
    """A stored review, to be changed."""
    is_offer = review["attempted"] == Attempted.YES
    return Draft(
        review["kind"],
        review["attempted"],
        str(review["quality_score"]) if is_offer else "",
        tuple(review["categories"]),
        review["customer_reaction"] if is_offer else "",
        review["note"],
    )


def body_of(draft: Draft, reason: str, revision: int) -> dict[str, Any]:
    """For POST /api/v1/dialogues/{id}/reviews. What belongs to an offer is left out where none was made."""
    body: dict[str, Any] = {"kind": draft.kind, "reason": reason, "revision": revision, "note": draft.note}
    if draft.kind != Kind.SALE:
        return body | {"attempted": Attempted.NO}
    if not draft.is_offer:
        return body | {"attempted": draft.attempted}
    return body | {
        "attempted": Attempted.YES,
        "quality_score": int(draft.quality),
        "categories": list(draft.categories),
        "customer_reaction": draft.reaction or Reaction.UNCLEAR,
    }


def agrees(body: Mapping[str, Any], machine: Mapping[str, Any]) -> bool:
    """Did the machine say the same of what it is and whether something was offered?"""
    names = ("kind", "attempted") if body["kind"] == Kind.SALE else ("kind",)
    return all(body[name] == machine[name] for name in names)


def _one_of(value: str | None, choices: type[Kind] | type[Attempted] | type[Reaction], default: str = "") -> str:
    return value if value in tuple(choices) else default
