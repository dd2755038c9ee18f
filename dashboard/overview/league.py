"""Points side by side: who is where, and who clearly got better or worse. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.dialogues.filters import Filters
from dashboard.overview.cards import RATED, Wire
from dashboard.wording import Said, Wording
from domain.ranking import MIN_N
from domain.status import Place

COLUMNS = ("rank", "name", "rate", "change", "specific_rate", "acceptance", "coverage")
"""What the table can be put in order by; each but the name also the other way round with a minus."""
DEFAULT_SORT = "rank"


@dataclass(frozen=True, slots=True)
class Row:
    """A point. share: its rate with the interval; goal_at: the goal; both on a scale of 0 to 1."""

    point_id: str
    name: str
    rank: str
    rate: str
    of: str
    sure: str
    change: Said
    specific: str
    acceptance: str
    coverage: str
    goal: str
    is_under_goal: bool
    share: Wire
    goal_at: float | None
    href: str


def rows(w: Wording, report: Wire, base: Filters, sort: str) -> list[Row]:
    """In the order asked for; what a point has no value for comes last, either way."""
    return [_row(w, point, base) for point in ordered(report["points"], sort)]


def ordered(league: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    """sort: one of COLUMNS, with a minus the other way round."""
    column, is_down = sort.removeprefix("-"), sort.startswith("-")
    key = _KEYS.get(column, _KEYS[DEFAULT_SORT])
    by_name = sorted(league, key=lambda point: point["name"].casefold())
    known = [point for point in by_name if key(point) is not None]
    unknown = [point for point in by_name if key(point) is None]
    return sorted(known, key=key, reverse=is_down) + unknown


_KEYS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "rank": lambda point: point["rank"],
    "name": lambda point: point["name"].casefold(),
    "rate": lambda point: point["figures"]["rate"]["value"],
    "change": lambda point: point["change"]["difference"],
    "specific_rate": lambda point: point["figures"]["specific_rate"]["value"],
    "acceptance": lambda point: point["figures"]["acceptance"]["value"],
    "coverage": lambda point: point["coverage"],
}


def _row(w: Wording, point: Wire, base: Filters) -> Row:
    figures, goal = point["figures"], point["goal"]
    rate = figures["rate"]
    return Row(
        point_id=point["point_id"],
        name=point["name"],
        rank=str(point["rank"]) if point["rank"] else "",
        rate=w.percent(rate["value"]),
        of=w.s("figures.of_sales", hits=w.number(rate["hits"]), n=w.number(rate["n"])),
        sure=w.sure(rate),
        change=w.change(point["change"]),
        specific=w.percent(figures["specific_rate"]["value"]),
        acceptance=w.percent(figures["acceptance"]["value"]),
        coverage=w.percent(point["coverage"]),
        goal=w.s("figures.goal", value=w.percent(goal)) if goal is not None else "",
        is_under_goal=goal is not None and rate["high"] is not None and rate["high"] < goal,
        share=rate,
        goal_at=goal,
        href=base.with_(point=point["point_id"], place=RATED).href(),
    )


@dataclass(frozen=True, slots=True)
class Mover:
    """A point whose rate changed by more than chance explains."""

    name: str
    difference: str
    href: str


def movers(w: Wording, report: Wire, base: Filters, *, is_worse: bool) -> list[Mover]:
    """Those that clearly got worse (or better), the greatest change first."""
    moved = [p for p in report["points"] if p["change"]["is_more_than_noise"]]
    found = [p for p in moved if (p["change"]["difference"] < 0) is is_worse]
    found.sort(key=lambda point: -abs(point["change"]["difference"]))
    missed = Place.NO if is_worse else Place.YES
    return [
        Mover(p["name"], w.points(p["change"]["difference"]), base.with_(point=p["point_id"], place=missed).href())
        for p in found
    ]


def is_steady(report: Wire) -> bool:
    """Changes are known, and none of them is more than chance explains."""
    news = [point["change"]["is_more_than_noise"] for point in report["points"]]
    return any(one is not None for one in news) and not any(news)


def few_sales_note(w: Wording, report: Wire) -> str:
    """Why some points have no place; empty where all have one."""
    is_hidden = any(point["rank"] is None for point in report["points"])
    return w.s("overview.unranked", n=MIN_N) if is_hidden and len(report["points"]) > 1 else ""


def other_way(sort: str, column: str) -> str:
    """What a click on a column's head puts the table in order by: first what matters, then the other way round.

    A rank and a change begin at their smallest (the best place, the worst fall), shares at their greatest.
    """
    first = column if column in ("rank", "name", "change") else f"-{column}"
    second = first.removeprefix("-") if first.startswith("-") else f"-{first}"
    return second if sort == first else first
