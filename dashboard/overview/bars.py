"""What was offered and taken, how good offers were, and the way from dialogues to accepted offers. Pure.

Bars are lengths of 0 to 100; each leads to the dialogues behind it.
"""

from dataclasses import dataclass

from dashboard.dialogues.filters import QUALITIES, Filters
from dashboard.kit.format import NO_VALUE
from dashboard.overview.cards import RATED, SPECIFIC, Wire
from dashboard.wording import Wording
from domain.status import Place, Reaction

MOST_CATEGORIES = 12
"""The rest are rare; the list has them all."""


@dataclass(frozen=True, slots=True)
class Bar:
    """name, its number, what part of the whole it is, and how long it is drawn."""

    name: str
    n: str
    share: str
    length: float
    href: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """offered and taken of one category."""

    name: str
    offered: Bar
    taken: Bar
    acceptance: str


def categories(w: Wording, report: Wire, base: Filters) -> list[Category]:
    """The most offered first; bars are measured by the most offered."""
    found = report["categories"][:MOST_CATEGORIES]
    most = max((row["offered"] for row in found), default=1) or 1
    return [_category(w, row, most, base.with_(place=Place.YES, category=row["category"])) for row in found]


def _category(w: Wording, row: Wire, most: int, behind: Filters) -> Category:
    name, acceptance = w.label("category", row["category"]), row["acceptance"]
    offered = Bar(name, w.number(row["offered"]), "", _length(row["offered"], most), behind.href())
    taken = Bar(
        name,
        w.number(row["accepted"]),
        w.percent(acceptance["value"]),
        _length(row["accepted"], most),
        behind.with_(reaction=Reaction.ACCEPTED).href(),
        w.sure(acceptance),
    )
    of = w.s("figures.of_answers", hits=w.number(acceptance["hits"]), n=w.number(acceptance["n"]))
    return Category(name, offered, taken, f"{w.percent(acceptance['value'])}: {of}" if acceptance["n"] else NO_VALUE)


def quality(w: Wording, report: Wire, base: Filters) -> list[Bar]:
    """How many offers were how good; lengths are parts of all offers."""
    counts = {row["score"]: row["n"] for row in report["quality"]}
    total = sum(counts.values())
    return [
        Bar(
            w.label("quality", score),
            w.number(counts.get(int(score), 0)),
            w.percent(counts.get(int(score), 0) / total if total else None),
            _length(counts.get(int(score), 0), total),
            base.with_(place=Place.YES, quality=score).href(),
        )
        for score in QUALITIES
    ]


def funnel(w: Wording, report: Wire, base: Filters) -> list[Bar]:
    """dialogues → sales → offers → specific offers → accepted; each as part of all and of the step before."""
    offered = base.with_(place=Place.YES)
    steps = [
        ("dialogues", base),
        ("sales", base.with_(place=RATED)),
        ("attempts", offered),
        ("specific", offered.with_(quality=SPECIFIC)),
        ("accepted", offered.with_(reaction=Reaction.ACCEPTED)),
    ]
    counts, bars = report["funnel"], []
    for i, (name, behind) in enumerate(steps):
        n, above = counts[name], counts[_ABOVE.get(name, "dialogues")]
        share = w.s(f"overview.funnel_of.{name}", share=w.percent(n / above if above else None)) if i else ""
        name, length = w.s(f"overview.funnel.{name}"), _length(n, counts["dialogues"])
        bars.append(Bar(name, w.number(n), share, length, behind.href()))
    return bars


_ABOVE = {"sales": "dialogues", "attempts": "sales", "specific": "attempts", "accepted": "attempts"}


def _length(n: int, most: int) -> float:
    return round(n / most * 100, 1) if most else 0.0
