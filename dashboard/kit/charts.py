"""Charts as ECharts options: colours and fonts come from the page's CSS, text from the caller. Pure.

`{{ ui.chart(chart, do="open") }}` draws one, with the same numbers as a table for who can't see it. A value may carry
where a click on it leads: `Mark(12, {"hour": "9"})` arrives as `message.data["hour"]`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Mark:
    """One value, and what a click on it says. label: the value in words, for the tooltip and the table."""

    value: float | None
    go: Mapping[str, str] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """kind: bar, line or area. Series of one `stack` stand on each other."""

    name: str
    marks: Sequence[Mark]
    kind: str = "bar"
    stack: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """title: what the chart shows, in a sentence; columns and rows: the same as a table. height in px."""

    title: str
    option: Mapping[str, Any]
    columns: Sequence[str]
    rows: Sequence[Sequence[Mark]]
    height: int = 240


GRID = {"left": 8, "right": 12, "top": 28, "bottom": 8, "containLabel": True}


def series_chart(
    title: str,
    categories: Sequence[str],
    series: Sequence[Series],
    *,
    is_share: bool = False,
    horizontal: bool = False,
    height: int = 240,
) -> Chart:
    """Bars and lines over categories. is_share: the values are shares 0 to 1, the axis shows percent."""
    names: dict[str, Any] = {"type": "category", "data": list(categories), "inverse": horizontal}
    values: dict[str, Any] = {"type": "value", "minInterval": 0 if is_share else 1}
    if is_share:
        values |= {"min": 0, "max": 1}
    option: dict[str, Any] = {
        "grid": {**GRID, "top": 28 if len(series) > 1 else 12},
        "tooltip": {"trigger": "item", "confine": True},
        "xAxis": values if horizontal else names,
        "yAxis": names if horizontal else values,
        "series": [_series(one) for one in series],
        "animationDuration": 200,
        "shares": is_share,
    }
    if len(series) > 1:
        option["legend"] = {"top": 0, "left": 0, "itemHeight": 10, "itemWidth": 14}
    rows = [[Mark(None, label=name), *(one.marks[i] for one in series)] for i, name in enumerate(categories)]
    return Chart(title, option, ["", *(one.name for one in series)], rows, height)


def _series(one: Series) -> dict[str, Any]:
    data = [{"value": mark.value, "go": dict(mark.go), "label_text": mark.label} for mark in one.marks]
    drawn: dict[str, Any] = {"name": one.name, "data": data, "type": "bar" if one.kind == "bar" else "line"}
    if one.kind == "bar":
        drawn |= {"barMaxWidth": 36, "itemStyle": {"borderRadius": 0 if one.stack else 3}}
    else:
        drawn |= {"symbolSize": 8, "connectNulls": False}
    if one.kind == "area":
        drawn["areaStyle"] = {"opacity": 0.15}
    if one.stack:
        drawn["stack"] = one.stack
    return drawn


def attribute(option: Mapping[str, Any]) -> str:
    """The option as the value of a data attribute; the template escapes it."""
    return json.dumps(option, ensure_ascii=False, separators=(",", ":"))
