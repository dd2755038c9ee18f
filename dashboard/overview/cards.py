"""The figures of the period, each with what it rests on, how sure it is, and how it changed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.dialogues.filters import Filters
from dashboard.kit.format import NO_VALUE
from dashboard.wording import Said, Wording
from domain.averages import TOP_SCORE, change_of_means, mean
from domain.status import Place, Reaction

PLACES_PAGE = "?page=places"
"""Where lost hours are explained: the devices of the points."""
Wire = Mapping[str, Any]
RATED = (Place.YES, Place.NO)
SPECIFIC = ("2", "3")
ANSWERED = (Reaction.ACCEPTED, Reaction.REJECTED)
BESIDE = {
    "uncertain": Place.UNCERTAIN,
    "enquiries": Place.ENQUIRY,
    "staff": Place.STAFF,
    "unclear_kind": Place.UNCLEAR_KIND,
    "skipped": Place.SKIPPED,
    "failed": Place.FAILED,
    "pending": Place.PENDING,
}
"""Counts that are in no rate, and the place of the dialogues behind each."""


@dataclass(frozen=True, slots=True)
class Card:
    """One figure. share: it and its interval on a scale of 0 to 1; href: the dialogues behind it."""

    key: str
    value: str
    of: str
    sure: str
    change: Said
    href: str
    share: Wire | None = None
    goal: float | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """Dialogues that no rate counts."""

    name: str
    n: str
    href: str


def cards(w: Wording, report: Wire, base: Filters) -> list[Card]:
    """base: the period and the points of the report, as filters of the list."""
    rated = base.with_(place=RATED)
    offered = base.with_(place=Place.YES)
    return [
        _share(w, "rate", report, "figures.of_sales", rated),
        _share(w, "specific_rate", report, "figures.of_sales", offered.with_(quality=SPECIFIC)),
        _share(w, "acceptance", report, "figures.of_answers", offered.with_(reaction=ANSWERED)),
        _quality(w, report, offered),
        _dialogues(w, report, base),
        _coverage(w, report),
    ]


def _share(w: Wording, key: str, report: Wire, of: str, behind: Filters) -> Card:
    figure = report["figures"][key]
    return Card(
        key=key,
        value=w.percent(figure["value"]),
        of=w.s(of, hits=w.number(figure["hits"]), n=w.number(figure["n"])),
        sure=w.sure(figure),
        change=w.change(report["change"][key]),
        href=behind.href(),
        share=figure,
        goal=common_goal(report) if key == "rate" else None,
    )


def common_goal(report: Wire) -> float | None:
    """The goal where all points of the report have the same."""
    goals = {point["goal"] for point in report["points"]}
    return goals.pop() if len(goals) == 1 else None


def _quality(w: Wording, report: Wire, behind: Filters) -> Card:
    now, before = (mean(report[name]["average_quality"], report[name]["attempts"]) for name in ("figures", "before"))
    shown, sure, share = NO_VALUE, w.s("figures.no_interval"), None
    if now.value is not None and now.low is not None and now.high is not None:
        shown = w.number(now.value, 1)
        sure = w.s("kit.interval", interval=f"{w.number(now.low, 1)}–{w.number(now.high, 1)}")
        ends = {"value": now.value, "low": now.low, "high": now.high}
        share = {name: end / TOP_SCORE for name, end in ends.items()}
    of = w.s("figures.of_offers", n=w.number(now.n))
    said = w.change(change_of_means(now, before), is_share=False)
    return Card("average_quality", shown, of, sure, said, behind.href(), share)


def _dialogues(w: Wording, report: Wire, base: Filters) -> Card:
    now, before = report["figures"]["dialogues"], report["before"]["dialogues"]
    sales = w.number(report["figures"]["rate"]["n"])
    said = (
        _plain(w, w.percent(abs(now / before - 1)), now - before) if before else Said(w.s("figures.unknown"), "unknown")
    )
    return Card("dialogues", w.number(now), w.s("overview.of_them_sales", n=sales), "", said, base.href())


def _plain(w: Wording, size: str, change: float) -> Said:
    """A change that has no interval, as of a count."""
    if not change:
        return Said(w.s("figures.same"), "plain")
    return Said(w.s("figures.plain", value=("+" if change > 0 else "−") + size), "plain")


def _coverage(w: Wording, report: Wire) -> Card:
    now, before = report["coverage"]["share"], report["coverage_before"]["share"]
    said = Said(w.s("figures.unknown"), "unknown")
    if now is not None and before is not None:
        said = _plain(w, w.points(abs(now - before)).lstrip("+±"), round(now - before, 2))
    of = w.s("overview.of_opening_hours") if now is not None else w.s("overview.no_opening_hours")
    return Card("coverage", w.percent(now), of, "", said, PLACES_PAGE)


def beside(w: Wording, figures: Wire, base: Filters) -> list[Beside]:
    """What is counted beside the rates, where there is any."""
    return [
        Beside(w.label("place", place), w.number(figures[name]), base.with_(place=place).href())
        for name, place in BESIDE.items()
        if figures[name]
    ]
