"""What people see on the terminal: dialogues, figures, and how good they are. Transcript text never acts as markup."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Table
from rich.text import Text

from domain.evaluation import Evaluation, Hits, Share
from domain.export import ExportedAnalysis, ExportedDialogue
from domain.figures import Figures, Opinion, Proportion, Row, figures
from domain.status import Attempted, Reaction, StageStatus

_ATTEMPTED = {Attempted.YES: "bold green", Attempted.UNCERTAIN: "yellow"}
_REACTION = {Reaction.ACCEPTED: "green", Reaction.REJECTED: "red", Reaction.UNCLEAR: "dim"}
_LANGUAGES = {"ru": "Russian", "en": "English", "sr": "Serbian"}


WIDE = 100
"""Columns of a terminal from which on every figure has a column of its own, and quotes room beside them."""


@dataclass(frozen=True)
class DialogueTable:
    """One row a dialogue, in the order given. zones: point name → its zone, for the clock; UTC where unknown."""

    dialogues: Sequence[ExportedDialogue]
    zones: Mapping[str, tzinfo]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        is_wide = options.max_width >= WIDE
        table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, title=self._title(), title_justify="left")
        table.add_column("Time", no_wrap=True)
        table.add_column("Point", max_width=16 if is_wide else 12)
        if is_wide:
            table.add_column("Length", justify="right", no_wrap=True)
        for name in ("Kind", "Offered", "Customer") if is_wide else ("Verdict",):
            table.add_column(name, no_wrap=True)
        table.add_column("In whose words", ratio=1)
        for d in self.dialogues:
            *verdict, quotes = _verdict(d)
            length = Text(f"{(d.end_ts - d.start_ts).total_seconds():.0f} s")
            figures = (length, *verdict) if is_wide else (_stacked(length, *verdict),)
            table.add_row(self._clock(d), Text(d.point), *figures, quotes)
        yield table

    def _zone(self, d: ExportedDialogue) -> tzinfo:
        return self.zones.get(d.point, UTC)

    def _clock(self, d: ExportedDialogue) -> str:
        moment = d.start_ts.astimezone(self._zone(d))
        return f"{moment:%H:%M:%S}" if len(self._zone_names()) == 1 else f"{moment:%H:%M:%S %Z}"

    def _zone_names(self) -> set[str]:
        return {str(self._zone(d)) for d in self.dialogues}

    def _title(self) -> str:
        days = sorted({d.start_ts.astimezone(self._zone(d)).date() for d in self.dialogues})
        if not days:
            return "No dialogues"
        period = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"
        zones = self._zone_names()
        return f"{period}, {'times of ' + zones.pop() if len(zones) == 1 else 'each point in its own time'}"


def _stacked(length: Text, kind: Text, offered: Text, customer: Text) -> Text:
    """On a narrow terminal: below one another, so that quotes keep lines that can be read."""
    return Text("\n").join(line for line in (Text(", ").join((kind, length)), offered, customer) if line)


def _verdict(d: ExportedDialogue) -> tuple[Text, Text, Text, Text]:
    a = d.analysis
    if a is None:
        return Text("–"), Text(_waiting(d), style="dim"), Text(), Text()
    if a.attempted is Attempted.NO:
        return Text(a.kind), Text(a.attempted, style="dim"), Text(), Text()
    offered = Text.assemble((a.attempted, _ATTEMPTED[a.attempted]), f" {a.quality_score}/3")
    return Text(a.kind), offered, Text(a.customer_reaction, style=_REACTION[a.customer_reaction]), _quotes(a)


def _quotes(analysis: ExportedAnalysis) -> Text:
    return Text("\n".join(f"“{evidence.quote}”" for evidence in analysis.evidence), style="italic")


def _waiting(d: ExportedDialogue) -> str:
    for status, what in ((d.asr_status, "transcript"), (d.analysis_status, "verdict")):
        if status is StageStatus.ERROR:
            return f"no {what}: failed"
        if status is StageStatus.SKIPPED:
            return "skipped"
        if status is not StageStatus.DONE:
            return f"{what} {status.lower()}"
    return "no verdict"


def figures_of(dialogues: Iterable[ExportedDialogue]) -> Figures:
    """The figures of exported dialogues, by the one definition of domain/figures.py."""
    return figures(_row(d) for d in dialogues)


def _row(d: ExportedDialogue) -> Row:
    ended = (StageStatus.ERROR, StageStatus.SKIPPED)
    status = d.asr_status if d.asr_status in ended else d.analysis_status
    if d.analysis is None:
        return Row(status)
    a = d.analysis
    return Row(status, machine=Opinion(a.kind, a.attempted, a.quality_score, a.customer_reaction), engine=a.model)


def render_figures(day: Figures) -> Group:
    """Each rate with its n and 95 % interval; below, what is counted beside, and who judged."""
    table = _plain("Figures")
    table.add_row("Upsell offered", *_rate(day.rate, "sales"))
    table.add_row("A specific offer", *_rate(day.specific_rate, "sales"))
    table.add_row("Offer accepted", *_rate(day.acceptance, "offers with a known end"))
    quality = "–" if day.average_quality is None else f"{day.average_quality:.1f}"
    table.add_row("Average quality", quality, f"of 3, over {day.attempts} offers")
    beside = {
        "uncertain": day.uncertain,
        "enquiries": day.enquiries,
        "among staff": day.staff,
        "of unclear kind": day.unclear_kind,
        "skipped": day.skipped,
        "failed": day.failed,
        "not judged yet": day.pending,
    }
    others = ", ".join(f"{number} {what}" for what, number in beside.items() if number) or "none"
    judges = ", ".join(day.engines) or "nobody yet"
    mixed = Text(" (the rates mix engines)", style="yellow") if day.is_mixed else ""
    return Group(table, Text(f"Counted beside: {others}"), Text.assemble(f"Judged by: {judges}", mixed))


def _rate(share: Proportion, what: str) -> tuple[str, str]:
    if share.value is None or share.low is None or share.high is None:
        return "–", f"of 0 {what}"
    interval = f"95 % interval {share.low:.0%} to {share.high:.0%}"
    return f"{share.value:.0%}", f"{share.hits} of {share.n} {what}, {interval}"


def render_evaluation(result: Evaluation) -> Table:
    """Every measure with its n; what could not be counted is a dash."""
    table = _plain("Against the truth")
    table.add_row("Dialogue F1", _figure(result.dialogues.f1), _counts(result.dialogues, "dialogues"))
    error = "–" if result.boundary_error_ms is None else f"{result.boundary_error_ms / 1000:.2f} s"
    table.add_row("Boundary error, median", error, "of both ends")
    for language, errors in result.wer.items():
        name = _LANGUAGES.get(language, language or "unknown language")
        table.add_row(
            f"Word error rate, {name}", f"{errors.rate:.1%}", f"{errors.errors} of {errors.reference_words} words"
        )
    table.add_row("Upsell F1", _figure(result.upsell.f1), _precision_recall(result.upsell))
    for language, hits in result.upsell_by_language.items():
        name = _LANGUAGES.get(language, language or "unknown language")
        table.add_row(f"  {name}", _figure(hits.f1), _precision_recall(hits))
    table.add_row("Reaction right", *_share(result.reaction, "offers that both see"))
    table.add_row("Kind right", *_share(result.kind, "paired dialogues with a verdict"))
    table.add_row("Quotes word for word", *_share(result.quotes_verbatim, "quotes"))
    table.add_row("Quotes in their words' times", *_share(result.quotes_in_words, "quotes"))
    table.add_row("Quotes at a true offer", *_share(result.quotes_at_offer, "quotes"))
    return table


def render_compared(period: tuple[datetime, datetime], points: Mapping[str, int]) -> Text:
    """Which dialogues the figures are about: how many of each point, in which period."""
    start, end = (moment.astimezone(UTC) for moment in period)
    same_day = start.date() == end.date()
    when = f"from {start:%Y-%m-%d %H:%M:%S} to {end:{'' if same_day else '%Y-%m-%d '}%H:%M:%S} UTC"
    whose = ", ".join(f"{count} of {point}" for point, count in points.items()) or "none"
    more = "; --point or --device takes one alone" if len(points) > 1 else ""
    return Text(f"Compared: the dialogues that start {when}: {whose}{more}", style="dim")


def _plain(title: str) -> Table:
    """Three columns: name, figure, what it rests on."""
    table = Table(title=title, title_justify="left", box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _counts(hits: Hits, what: str) -> str:
    return f"{hits.correct} paired of {hits.true} true and {hits.said} found {what}"


def _precision_recall(hits: Hits) -> str:
    precision, recall = _figure(hits.precision), _figure(hits.recall)
    return f"precision {precision}, recall {recall} ({hits.correct} of {hits.true} true, {hits.said} claimed)"


def _share(share: Share, what: str) -> tuple[str, str]:
    return ("–" if share.rate is None else f"{share.rate:.1%}"), f"{share.right} of {share.of} {what}"
