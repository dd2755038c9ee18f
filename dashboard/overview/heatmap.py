"""The week as a table of hours: how often something was offered then, and how sure that is. Pure."""

from dataclasses import dataclass

from dashboard.dialogues.filters import Filters
from dashboard.overview.cards import RATED, Wire
from dashboard.wording import Wording

FEW = 5
"""A cell with fewer sales has no colour: one offer more would change it too much."""
LEVELS = 5
"""Shades of the accent colour."""


@dataclass(frozen=True, slots=True)
class Cell:
    """level: 0 to LEVELS - 1, None where there are too few sales; empty text: no sale at all."""

    text: str
    title: str
    href: str
    level: int | None


@dataclass(frozen=True, slots=True)
class Heatmap:
    """rows: the day's short name and one cell for each of `hours`."""

    hours: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


def heatmap(w: Wording, report: Wire, base: Filters) -> Heatmap:
    """All seven days, and the hours between the first and the last with a sale."""
    known = {(cell["weekday"], cell["hour"]): cell for cell in report["heatmap"]}
    if not known:
        return Heatmap((), ())
    hours = range(min(hour for _, hour in known), max(hour for _, hour in known) + 1)
    rows = [(w.weekday(day), tuple(_cell(w, known.get((day, h)), base) for h in hours)) for day in range(7)]
    return Heatmap(tuple(f"{hour:02d}" for hour in hours), tuple(rows))


def _cell(w: Wording, found: Wire | None, base: Filters) -> Cell | None:
    if found is None:
        return None
    rate = found["rate"]
    when = f"{w.label('weekday', found['weekday'])}, {found['hour']:02d}:00"
    of = w.s("figures.of_sales", hits=w.number(rate["hits"]), n=w.number(rate["n"]))
    title = f"{when}: {w.percent(rate['value'])}, {of}, {w.sure(rate)}"
    behind = base.with_(weekday=str(found["weekday"]), hour=str(found["hour"]), place=RATED)
    level = None if rate["n"] < FEW else min(int(rate["value"] * LEVELS), LEVELS - 1)
    return Cell(f"{round(rate['value'] * 100)}", title, behind.href(), level)
