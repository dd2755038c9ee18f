"""A run's comparison on the screen."""

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from db.runs.diff import Price
from db.runs.read import Run
from domain.agreement import Confusion, Kappa
from domain.figures import Figures, Proportion
from domain.run_diff import Against, Diff, Standing

_STANDING = {
    Standing.READY: "may become current",
    Standing.MOVED: "are current by it",
    Standing.CHANGED: "changed since it judged them",
    Standing.BUSY: "are being worked on just now",
    Standing.GONE: "are gone",
    Standing.WITHOUT_RESULT: "have no result of it yet",
}


def render_diff(run: Run, diff: Diff, old_price: Price, new_price: Price) -> Group:
    """Top to bottom: what may be promoted, what flips, whom reviewers bear out, what figures would be, what it cost."""
    stands = ", ".join(f"{diff.standing[one]} {what}" for one, what in _STANDING.items() if diff.standing.get(one))
    tables = [
        _flips("Where the figures count it", diff.places),
        _flips("Offered", diff.attempted),
        _flips("What it is", diff.kinds),
        _flips("Quality, where both see an offer", diff.quality),
        _flips("The customer, where both see an offer", diff.reactions),
    ]
    return Group(
        Text(
            f"Run '{run.name}' ({run.state}): of {sum(diff.standing.values())} dialogues {stands or 'none is there'}."
        ),
        Text(f"Compared: {diff.compared}; told otherwise: {diff.differing}; counted elsewhere: {diff.flipped}."),
        *(table for table in tables if table is not None),
        *([_categories(diff)] if diff.categories else []),
        _against("Against the reviewed random share", diff.share),
        _against("Against all reviewed (mostly picked where the present judge doubted)", diff.reviewed),
        _figures(diff.old_figures, diff.new_figures),
        _prices(old_price, new_price),
    )


def _flips(title: str, table: Confusion) -> RenderableType | None:
    """Labels that neither used are left out; None where nothing was compared."""
    used = [i for i in range(len(table.labels)) if any(table.counts[i]) or any(row[i] for row in table.counts)]
    if not used:
        return None
    shown = Table("now ↓ run →", *(table.labels[j] for j in used), box=SIMPLE_HEAD, title=title, title_justify="left")
    for i in used:
        cells = [
            Text(str(table.counts[i][j]), style="dim" if i == j or not table.counts[i][j] else "bold") for j in used
        ]
        shown.add_row(table.labels[i], *cells)
    return shown


def _categories(diff: Diff) -> Table:
    shown = Table("category", "both", "only now", "only run", box=SIMPLE_HEAD, title="Named", title_justify="left")
    for one in diff.categories:
        shown.add_row(one.category, str(one.both), str(one.only_old), str(one.only_new))
    return shown


def _against(title: str, against: Against) -> RenderableType:
    if not against.n:
        return Text(f"{title}: none of the compared dialogues.")
    hits = against.hits
    shown = _plain(title)
    shown.add_row("Same call as the reviewer, now", *_share(hits.old))
    shown.add_row("Same call as the reviewer, run", *_share(hits.new))
    shown.add_row("Cohen's κ, now", *_kappa(against.old))
    shown.add_row("Cohen's κ, run", *_kappa(against.new))
    change = hits.difference
    if change.difference is not None and change.low is not None and change.high is not None:
        p = "they never differ" if hits.p_value is None else f"McNemar's exact p = {hits.p_value:.3f}"
        limits = f"95 % interval {change.low:+.0%} to {change.high:+.0%}; {p}"
        shown.add_row("Run minus now", f"{change.difference:+.0%}", limits)
    return shown


def _figures(old: Figures, new: Figures) -> Table:
    shown = Table(
        "", "now", "after a promotion", box=SIMPLE_HEAD, title="What the figures would be", title_justify="left"
    )
    for name, one, other in (
        ("Upsell offered", old.rate, new.rate),
        ("A specific offer", old.specific_rate, new.specific_rate),
        ("Offer accepted", old.acceptance, new.acceptance),
    ):
        shown.add_row(name, *(" ".join(_share(share)) for share in (one, other)))
    shown.add_row(
        "Average quality", *("–" if f.average_quality is None else f"{f.average_quality:.2f}" for f in (old, new))
    )
    shown.add_row("Judged by", *(", ".join(f.engines) or "–" for f in (old, new)))
    return shown


def _prices(old: Price, new: Price) -> Table:
    shown = _plain(f"Cost of the verdicts on these {new.dialogues} dialogues")
    for name, price in (("now", old), ("run", new)):
        shown.add_row(name, f"${price.cost_usd:.4f}", f"{price.tokens_in} tokens in, {price.tokens_out} out")
    return shown


def _share(share: Proportion) -> tuple[str, str]:
    if share.value is None or share.low is None or share.high is None:
        return "–", "of none"
    return f"{share.value:.0%}", f"{share.hits} of {share.n}, {share.low:.0%} to {share.high:.0%}"


def _kappa(kappa: Kappa) -> tuple[str, str]:
    if kappa.value is None or kappa.low is None or kappa.high is None:
        return "–", "all answers are the same"
    return f"{kappa.value:.2f}", f"95 % interval {kappa.low:.2f} to {kappa.high:.2f}"


def _plain(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
