"""The figures as Markdown, and their place in the docs."""

from collections.abc import Mapping

from benchmarks.fleet_month.figures import TARGET_S, Figures
from benchmarks.fleet_month.scenes import COMPARED, SWEPT, TUNED, Scene

BEGIN, END = "<!-- benchmarks/fleet.py --write: begin -->\n", "<!-- benchmarks/fleet.py --write: end -->\n"
HEAD = ["GPU-hours", "of fixed", "p50", "p95", "p99", "worst", "later than 10 min", "most", "changes a day"]
LONG = [*HEAD, "outage made up in", "re-analysis done in"]


def text(found: Mapping[Scene, Figures]) -> str:
    """Three tables."""
    return "\n".join(
        [
            _head(LONG) + "".join(row(scene, found) for scene in COMPARED),
            "Serve's own scaling with other numbers, up to the fixed fleet and down after ten minutes: calls in flight",
            "for a replica, upscaling factor.\n",
            _head(HEAD) + "".join(_line([scene.name, *_short(scene, found)]) for scene in TUNED),
            "By waiting audio, where something else is true or chosen.\n",
            _head(LONG) + "".join(row(scene, found) for scene in SWEPT),
        ]
    )


def put(document: str, tables: str) -> str:
    """The document with the tables between its marks. Raises ValueError where it has none."""
    before, _, rest = document.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the document lacks the marks {BEGIN.strip()} and {END.strip()}")
    return before + BEGIN + tables + END + after


def row(scene: Scene, found: Mapping[Scene, Figures]) -> str:
    """A scene's line with all columns."""
    of = found[scene]
    made_up = "not yet" if of.backfill_h is None else f"{of.backfill_h:.1f} h"
    days = "not yet" if of.reanalysis_days is None else f"{of.reanalysis_days:.1f} days"
    return _line([scene.name, *_short(scene, found), made_up, days])


def _short(scene: Scene, found: Mapping[Scene, Figures]) -> list[str]:
    of = found[scene]
    whole = scene.fixed * scene.shops.days * 24
    times = [f"{seconds} s" for seconds in (of.p50_s, of.p95_s, of.p99_s, of.worst_s)]
    late = f"{of.late:.2%}" if of.late >= 0.00005 else "none" if of.worst_s <= TARGET_S else "< 0.01%"
    return [
        f"{of.gpu_hours:,.0f}",
        f"{of.gpu_hours / whole:.0%}",
        *times,
        late,
        str(of.most),
        f"{of.changes_a_day:.0f}",
    ]


def _head(columns: list[str]) -> str:
    return _line(["", *columns]) + _line(["---", *("---:" for _ in columns)])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
