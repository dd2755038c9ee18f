"""A run and what it says otherwise, in sentences, tables and bars. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dashboard.agreement.said import Sentence
from dashboard.kit.charts import Chart, Mark, Series, series_chart
from dashboard.wording import Wording
from domain.change import Period

Wire = Mapping[str, Any]

TONES = {"promoted": "good", "done": "warn", "cancelled": "bad"}
"""Of a state's chip. A run that is done waits for somebody."""
LEFT = ("changed", "busy", "gone", "without_result")
SURE = 0.05
"""Of the test: rarer than 1 in 20 by chance."""


@dataclass(frozen=True, slots=True)
class Cell:
    """n of the row's label now and the column's in the run."""

    n: int
    is_same: bool


@dataclass(frozen=True, slots=True)
class Flips:
    """Rows are what is said now, columns what the run says. Labels that neither used are left out."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def is_open(run: Wire) -> bool:
    return run["state"] in ("planned", "running")


def may(run: Wire) -> list[str]:
    """What can be done with it now."""
    able: list[str] = []
    if run["is_moving"]:
        return able
    if run["state"] in ("done", "promoted", "rolled_back"):
        able.append("promote")
    if run["current"]:
        able.append("rollback")
    if is_open(run):
        able.append("cancel")
    return able


def about(w: Wording, run: Wire, points: Mapping[str, str]) -> list[str]:
    """What it was asked for, and what it does otherwise."""
    filters, settings = run["filters"], run["settings"]
    judging, listening = settings["judging"], settings.get("listening")
    lines = [_period(w, filters), _where(w, filters, points)]
    if run["sample"]:
        lines.append(w.s("runs.sample", n=w.number(run["sample"])))
    if listening:
        lines.append(w.s("runs.heard_by", model=listening["model"]))
    prompt = f", {judging['prompt']}" if judging["prompt"] else ""
    lines.append(w.s("runs.judged_by", model=f"{judging['model']}{prompt}"))
    return lines


def stands(w: Wording, diff: Wire) -> list[str]:
    """Why some of its dialogues keep what they have."""
    standing = diff["standing"]
    return [w.s.n(f"runs.left.{name}", standing[name]) for name in LEFT if standing[name]]


def bears_out(w: Wording, against: Wire) -> Sentence:
    """Whom the reviewers bear out, and whether that may be chance."""
    hits = against["hits"]
    if not against["n"]:
        return Sentence(w.s("runs.nobody_reviewed"), "warn")
    if hits["p_value"] is None:
        return Sentence(w.s("runs.right_alike"))
    p = w.number(hits["p_value"], 3)
    if hits["p_value"] >= SURE:
        return Sentence(w.s("runs.right_unsure", p=p), "warn")
    is_better = hits["only_new"] > hits["only_old"]
    return Sentence(w.s("runs.right_more", p=p), "good") if is_better else Sentence(w.s("runs.right_less", p=p), "warn")


def difference(w: Wording, against: Wire) -> str:
    """How much more or less often the run is right, and between what limits."""
    change = against["hits"]["difference"]
    if change["difference"] is None:
        return ""
    return w.s("runs.difference", **{name: w.points(change[name]) for name in ("difference", "low", "high")})


def flips(w: Wording, diff: Wire) -> list[Flips]:
    """From what to what, largest question first; where nothing is compared, no table."""
    kinds = (("places", "place"), ("attempted", "attempted"), ("kinds", "kind"), ("quality", "quality"))
    found = [
        _flips(w, w.s(f"runs.table.{name}"), diff[name], label) for name, label in (*kinds, ("reactions", "reaction"))
    ]
    return [table for table in found if table.rows]


def counted(w: Wording, diff: Wire) -> Chart:
    """Where the figures count the compared dialogues, now and by the run."""
    labels, counts = diff["places"]["labels"], diff["places"]["counts"]
    now, new = [sum(row) for row in counts], [sum(column) for column in zip(*counts, strict=True)]
    used = [i for i in range(len(labels)) if now[i] or new[i]]
    series = [
        Series(w.s(f"runs.{whose}"), [Mark(n[i], label=w.number(n[i])) for i in used])
        for whose, n in (("now", now), ("by_run", new))
    ]
    return series_chart(w.s("runs.counted"), [_label(w, "place", labels[i]) for i in used], series)


def after(w: Wording, done: Wire) -> str:
    """What a promotion or a rollback came to."""
    if "state" in done and done.get("is_moving"):
        return w.s("runs.goes_on")
    if "restored" in done:
        said, left = w.s.n("runs.restored", done["restored"]), done["left"]
        return f"{said} {w.s.n('runs.left_as_is', left)}" if left else said
    said = w.s.n("runs.moved", done["moved"])
    return f"{said} {w.s.n('runs.again', done['changed'])}" if done["changed"] else said


def _period(w: Wording, filters: Wire) -> str:
    first, before = filters.get("start_from"), filters.get("start_before")
    if not first and not before:
        return w.s("runs.all_days")
    if first and before:
        return w.period(Period(date.fromisoformat(first[:10]), _last_day(before)))
    if first:
        return f"{w.day(first[:10], year=True)} – …"
    return f"… – {w.day(_last_day(str(before)), year=True)}"


def _last_day(before: str) -> date:
    """The day of the last dialogue that starts before the instant."""
    day = date.fromisoformat(before[:10])
    return day - timedelta(days=1) if before[11:19] == "00:00:00" else day


def _where(w: Wording, filters: Wire, points: Mapping[str, str]) -> str:
    asked: Sequence[str] = filters.get("points") or ()
    return ", ".join(points.get(one, one) for one in asked) or w.s("runs.all_points")


def _flips(w: Wording, name: str, table: Wire, kind: str) -> Flips:
    labels, counts = table["labels"], table["counts"]
    used = [i for i in range(len(labels)) if any(counts[i]) or any(row[i] for row in counts)]
    names = tuple(_label(w, kind, labels[i]) for i in used)
    rows = tuple((names[at], tuple(Cell(counts[i][j], i == j) for j in used)) for at, i in enumerate(used))
    return Flips(name, names, rows)


def _label(w: Wording, kind: str, label: str) -> str:
    return w.s("runs.no_verdict") if label == "none" else w.label(kind, label)
