"""Why the machine thinks so, in plain words: what it decided, by which rule, from whose words, and how sure. Pure.

The sentences are those of the verdict's definitions (domain/verdict.py), not guesses about the model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.wording import Wording
from domain.dialogue_filter import Reviewed as ReviewState
from domain.reasons import Why
from domain.review_queue import LOW_CONFIDENCE
from domain.status import Attempted, Kind

Wire = Mapping[str, Any]
SURE = 0.8
"""From this confidence on the machine is called sure; below LOW_CONFIDENCE unsure."""
SAID_OTHERWISE = frozenset({Why.NOT_A_SALE, Why.SPECIFIC, Why.PERSONAL, Why.LOW_CONFIDENCE})
"""Reasons that the sentences on kind, quality and confidence give more exactly."""
RULES = "rules-"
"""What the name of the offline engine begins with."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that speak for the verdict. inexact: how like they are to what is in the text, where not the same."""

    text: str
    start_ms: int
    end_ms: int
    inexact: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """headline: what counts; tone as in the list; why: a sentence for each reason."""

    headline: str
    tone: str
    counted: str
    why: tuple[str, ...]
    quotes: tuple[Quote, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a person held."""

    reviewer: str
    at: str
    headline: str
    note: str
    counts: bool
    is_stale: bool
    is_undone: bool


def verdict(w: Wording, detail: Wire) -> Verdict:
    """Of a dialogue that the machine or a reviewer has judged."""
    counts, machine = detail["effective"], detail["machine"]
    return Verdict(
        headline=headline(w, counts),
        tone=tone(counts),
        counted=w.s(f"dialogue.counted.{detail['row']['place']}"),
        why=tuple(_why(w, detail)),
        quotes=tuple(_quote(w, one) for one in (machine or {"quotes": ()})["quotes"]),
        summary=machine["summary"] if machine else "",
    )


def reviews(w: Wording, found: Sequence[Wire], zone: str) -> list[Reviewed]:
    """The newest first, the undone too."""
    return [
        Reviewed(
            reviewer=one["reviewer"],
            at=w.moment(one["created_at"], zone),
            headline=headline(w, {**one, "reaction": one["customer_reaction"]}),
            note=one["note"],
            counts=one["is_counting"],
            is_stale=one["is_stale"],
            is_undone=one["undone_at"] is not None,
        )
        for one in found
    ]


def tone(opinion: Wire) -> str:
    if opinion["kind"] != Kind.SALE:
        return ""
    return {Attempted.YES: "good", Attempted.NO: "bad"}.get(opinion["attempted"], "warn")


def headline(w: Wording, opinion: Wire) -> str:
    """“A specific offer: dessert. The customer declined.”"""
    if opinion["kind"] != Kind.SALE:
        return w.s(f"dialogue.headline.{opinion['kind']}")
    if opinion["attempted"] != Attempted.YES:
        return w.s(f"dialogue.headline.{opinion['attempted']}")
    offer = w.s(f"dialogue.headline.offer.{opinion['quality_score']}")
    categories = ", ".join(w.label("category", category) for category in opinion["categories"])
    named = f"{offer}: {categories}" if categories else offer
    return f"{named}. {w.s('dialogue.reaction.' + opinion['reaction'])}"


def _why(w: Wording, detail: Wire) -> list[str]:
    machine, counts, review = detail["machine"], detail["effective"], detail["row"]["review"]
    said = []
    if counts["by"] == "review" and review:
        said.append(w.s("dialogue.why.review", name=review["reviewer"], at=w.moment(review["at"])))
        if review["state"] == ReviewState.STALE:
            said.append(w.s("dialogue.why.stale"))
        if machine and not _agree(machine, counts):
            said.append(w.s("dialogue.why.machine_said", verdict=headline(w, machine)))
    return said + (_why_machine(w, machine, detail["reasons"]) if machine else [])


def _why_machine(w: Wording, machine: Wire, reasons: Sequence[str]) -> list[str]:
    said = [w.s(f"dialogue.why.kind.{machine['kind']}")]
    said += [w.s(f"dialogue.why.{reason}") for reason in reasons if reason not in SAID_OTHERWISE]
    if machine["attempted"] == Attempted.YES:
        said.append(w.s(f"dialogue.why.quality.{machine['quality_score']}"))
        said.append(w.s(f"dialogue.why.reaction.{machine['reaction']}"))
    return [*said, _why_sure(w, machine["confidence"])]


def _why_sure(w: Wording, confidence: float) -> str:
    level = "sure" if confidence >= SURE else "unsure" if confidence < LOW_CONFIDENCE else "fair"
    return w.s(f"dialogue.why.{level}", share=w.percent(confidence))


def _agree(machine: Wire, counts: Wire) -> bool:
    names = ("kind", "attempted", "quality_score", "categories", "reaction")
    return all(machine[name] == counts[name] for name in names)


def _quote(w: Wording, quote: Wire) -> Quote:
    inexact = w.s("dialogue.inexact", share=w.percent(quote["score"])) if quote["score"] < 1 else ""
    return Quote(quote["text"], quote["start_ms"], quote["end_ms"], inexact)


def judged_by(w: Wording, model: str | None) -> str:
    """What kind of machine it was: rules that anybody can read, or a language model."""
    if not model:
        return ""
    return w.s("dialogue.by_rules" if model.startswith(RULES) else "dialogue.by_model", model=model)


def missed(w: Wording, found: Wire | None) -> list[str]:
    """“With coffee: dessert, syrup.” What could have been offered, by what it would have gone with."""
    if found is None or not found["is_missed"]:
        return []
    with_what: dict[str, list[str]] = {}
    for idea in found["ideas"]:
        with_what.setdefault(", ".join(idea["because"]), []).append(w.label("category", idea["category"]))
    return [
        w.s("dialogue.idea_with", things=things, ideas=", ".join(ideas))
        if things
        else w.s("dialogue.idea", ideas=", ".join(ideas))
        for things, ideas in with_what.items()
    ]
