"""The rate by day and the sales by hour as charts, with the tables that say the same. Pure.

Every mark says in words what it is and how sure, and leads to the dialogues behind it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.dialogues.filters import Filters
from dashboard.kit.charts import Chart, Mark, Series, series_chart
from dashboard.kit.format import NO_VALUE
from dashboard.overview.cards import RATED, Wire
from dashboard.wording import Wording
from domain.status import Place

HEIGHT_PX = 260
GOAL_ROOM_PX = 44
"""Right of the plot, for the goal's number at the end of its line."""
BAND: Mapping[str, Any] = {
    "type": "line",
    "stack": "band",
    "symbol": "none",
    "silent": True,
    "lineStyle": {"opacity": 0},
}
"""Two lines that are not seen: the lower end of the interval, and on it the area up to the upper end."""


def by_day(w: Wording, report: Wire, base: Filters, goal: float | None) -> Chart:
    """The rate of each day with its interval as a band. goal: a share, drawn as a line across."""
    days = report["by_day"]
    behind = [base.with_(from_=d["day"], to=d["day"], place=RATED) for d in days]
    marks = [_mark(w, d["figures"]["rate"], each) for d, each in zip(days, behind, strict=True)]
    name = w.s("figures.rate")
    names = [w.day(d["day"]) for d in days]
    drawn = series_chart(w.s("overview.by_day"), names, [Series(name, marks, "line")], is_share=True, height=HEIGHT_PX)
    rates = [d["figures"]["rate"] for d in days]
    line = {**drawn.option["series"][0], "z": 3, **(_goal_line(w, goal) if goal is not None else {})}
    # the same name has the same colour
    low = {**BAND, "name": name, "data": [rate["low"] for rate in rates]}
    width = {**low, "data": [_width(rate) for rate in rates], "areaStyle": {"opacity": 0.15}}
    rows = [
        [
            Mark(None, mark.go, f"{w.weekday(d['day'])}, {day}"),
            *_cells(w, d["figures"]["rate"]),
            Mark(None, label=w.percent(d["coverage"])),
        ]
        for d, day, mark in zip(days, names, marks, strict=True)
    ]
    columns = [w.s("overview.day"), *_columns(w), w.s("figures.coverage")]
    room = {**drawn.option["grid"], "right": 12 if goal is None else GOAL_ROOM_PX}
    return Chart(drawn.title, {**drawn.option, "grid": room, "series": [line, low, width]}, columns, rows, HEIGHT_PX)


def by_hour(w: Wording, report: Wire, base: Filters) -> Chart:
    """Sales of each hour of the clock, those with an offer at the foot of the bar."""
    shown = _filled(report["by_hour"])
    names = [f"{hour:02d}:00" for hour, _ in shown]
    offered, left, rows = [], [], []
    for (hour, rate), name in zip(shown, names, strict=True):
        behind = base.with_(hour=str(hour), place=RATED)
        mark = _mark(w, rate, behind)
        offered.append(Mark(rate["hits"], _go(behind.with_(place=Place.YES)), mark.label))
        left.append(Mark(rate["n"] - rate["hits"], _go(behind.with_(place=Place.NO)), mark.label))
        rows.append([Mark(None, mark.go, name), *_cells(w, rate)])
    drawn = series_chart(
        w.s("overview.by_hour"),
        names,
        [
            Series(w.label("place", Place.YES), offered, stack="sales"),
            Series(w.label("place", Place.NO), left, stack="sales"),
        ],
        height=HEIGHT_PX,
    )
    return Chart(drawn.title, drawn.option, [w.s("overview.hour"), *_columns(w)], rows, HEIGHT_PX)


def _filled(hours: Sequence[Wire]) -> list[tuple[int, Wire]]:
    """Hour and rate of every hour from the first to the last with a dialogue: an empty one is a gap, not a jump."""
    known = {h["hour"]: h["figures"]["rate"] for h in hours}
    nothing = {"hits": 0, "n": 0, "value": None, "low": None, "high": None}
    return [(hour, known.get(hour, nothing)) for hour in range(min(known), max(known) + 1)] if known else []


def _mark(w: Wording, rate: Wire, behind: Filters) -> Mark:
    if rate["value"] is None:
        return Mark(None, _go(behind), w.s("figures.no_interval"))
    of = w.s("figures.of_sales", hits=w.number(rate["hits"]), n=w.number(rate["n"]))
    return Mark(round(rate["value"], 4), _go(behind), f"{w.percent(rate['value'])}, {of}, {w.sure(rate)}")


def _go(behind: Filters) -> Mapping[str, str]:
    return {"search": behind.href()}


def _columns(w: Wording) -> tuple[str, str, str]:
    return w.s("figures.rate"), w.s("overview.sales"), w.s("overview.interval")


def _cells(w: Wording, rate: Wire) -> list[Mark]:
    return [
        Mark(None, label=text) for text in (w.percent(rate["value"]), w.number(rate["n"]), w.interval(rate) or NO_VALUE)
    ]


def _width(rate: Wire) -> float | None:
    return None if rate["value"] is None else round(rate["high"] - rate["low"], 4)


def _goal_line(w: Wording, goal: float) -> Mapping[str, Any]:
    label = {"formatter": w.percent(goal), "position": "end"}
    line = {
        "silent": True,
        "symbol": "none",
        "data": [{"yAxis": goal}],
        "lineStyle": {"type": "dashed"},
        "label": label,
    }
    return {"markLine": line}
