"""Dialogues and figures as HTML. Pure; every text that was spoken, guessed or typed is escaped here."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from zoneinfo import ZoneInfo

from dashboard.client import Dialogue, Verdict
from dashboard.strings import Strings
from domain.figures import Figures, Opinion, Proportion, Row, figures
from domain.status import Attempted, Kind, Reaction, StageStatus

BESIDE = ("uncertain", "enquiries", "staff", "unclear_kind", "skipped", "failed", "pending")


def figures_of(dialogues: Iterable[Dialogue]) -> Figures:
    """By the one definition of domain/figures.py."""
    return figures(_row(d) for d in dialogues)


def _row(d: Dialogue) -> Row:
    asr = StageStatus(d.asr_status)
    status = asr if asr in (StageStatus.ERROR, StageStatus.SKIPPED) else StageStatus(d.analysis_status)
    if d.verdict is None:
        return Row(status)
    v = d.verdict
    opinion = Opinion(Kind(v.kind), Attempted(v.attempted), v.quality_score, Reaction(v.reaction))
    return Row(status, machine=opinion, engine=v.model)


def figures_html(day: Figures, strings: Strings) -> str:
    """A card for each figure, with its n and interval; below, what is counted beside, and who judged."""
    quality = "–" if day.average_quality is None else f"{day.average_quality:.1f}"
    cards = [
        _card(strings("rate"), day.rate, "of_sales", strings),
        _card(strings("specific_rate"), day.specific_rate, "of_sales", strings),
        _card(strings("acceptance"), day.acceptance, "of_offers", strings),
        _card_html(quality, strings("average_quality"), escape(strings("over_attempts", n=day.attempts))),
    ]
    counts = [f"{escape(strings(key))} {getattr(day, key)}" for key in BESIDE if getattr(day, key)]
    judges = ", ".join(day.engines) + (f" ({strings('mixed')})" if day.is_mixed else "")
    beside = f"{escape(strings('beside'))}: {', '.join(counts) or '–'}"
    judged_by = f"{escape(strings('judged_by'))}: {escape(judges) or '–'}"
    return f"<div class='cards'>{''.join(cards)}</div><p>{beside}. {judged_by}</p>"


def _card(name: str, share: Proportion, what: str, strings: Strings) -> str:
    count = escape(strings(what, hits=share.hits, n=share.n))
    if share.value is None or share.low is None or share.high is None:
        return _card_html("–", name, count)
    interval = escape(strings("interval", low=f"{share.low:.0%}", high=f"{share.high:.0%}"))
    return _card_html(f"{share.value:.0%}", name, f"{count}<br>{interval}")


def _card_html(figure: str, name: str, rests_on: str) -> str:
    return f"<div class='card'><b>{figure}</b><span>{escape(name)}</span><small>{rests_on}</small></div>"


def table_html(dialogues: Sequence[Dialogue], zones: Mapping[str, str], strings: Strings) -> str:
    """One row a dialogue; its transcript opens below the quotes. zones: point name → its zone."""
    if not dialogues:
        return f"<p>{escape(strings('none'))}</p>"
    columns = ("time", "point", "length", "kind", "offered", "quality", "reaction", "quotes")
    head = "".join(f"<th>{escape(strings(column))}</th>" for column in columns)
    rows = "".join(_table_row(d, ZoneInfo(zones.get(d.point, "UTC")), strings) for d in dialogues)
    return f"<table class='dialogues'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _table_row(d: Dialogue, zone: ZoneInfo, strings: Strings) -> str:
    length = strings("seconds", seconds=round((d.end_ts - d.start_ts).total_seconds()))
    clock = f"{d.start_ts.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    cells = [clock, d.point, length, *_verdict_cells(d, strings)]
    plain = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr class='{_row_class(d)}'>{plain}<td>{_words(d, strings)}</td></tr>"


def _verdict_cells(d: Dialogue, strings: Strings) -> tuple[str, str, str, str]:
    if d.verdict is None:
        ended = {"SKIPPED": "skipped", "ERROR": "failed"}
        key = ended.get(d.asr_status) or ended.get(d.analysis_status) or "pending"
        return strings(key), "", "", ""
    v = d.verdict
    offered = v.attempted != Attempted.NO
    quality, reaction = (f"{v.quality_score}/3", strings(v.reaction)) if offered else ("", "")
    return strings(v.kind), strings(v.attempted), quality, reaction


def _row_class(d: Dialogue) -> str:
    return d.verdict.attempted if d.verdict and d.verdict.attempted in ("yes", "uncertain") else "other"


def _words(d: Dialogue, strings: Strings) -> str:
    quotes = _quotes(d.verdict) if d.verdict else ""
    if not d.text:
        return quotes
    marked = marked_html(d.text, [q.text for q in d.verdict.quotes] if d.verdict else [])
    return f"{quotes}<details><summary>{escape(strings('transcript'))}</summary>{marked}</details>"


def _quotes(verdict: Verdict) -> str:
    return "".join(f"<q>{escape(quote.text)}</q>" for quote in verdict.quotes)


def marked_html(text: str, quotes: Iterable[str]) -> str:
    """`text` escaped, a line a paragraph, with every quote in it marked. Quotes that overlap are marked as one."""
    marked = [False] * len(text)
    for quote in quotes:
        at = text.find(quote) if quote else -1
        while at >= 0:
            marked[at : at + len(quote)] = [True] * len(quote)
            at = text.find(quote, at + len(quote))
    html, inside = [], False
    for character, is_marked in zip(text, marked, strict=True):
        if is_marked is not inside:
            html.append("<mark>" if is_marked else "</mark>")
            inside = is_marked
        html.append(escape(character) if character != "\n" else "<br>")
    return "".join(html) + ("</mark>" if inside else "")
