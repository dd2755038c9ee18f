"""What an import shows: warnings, a progress bar, and at the end what was taken and what was refused and why."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from cluster.recordings.schedule import Schedule
from cluster.recordings.upload import Fate, Outcome
from db.progress import Progress as Judging

console = Console(stderr=True)
MOST_LINES = 50
_STYLES = {Fate.ACCEPTED: "green", Fate.DUPLICATE: "dim", Fate.REFUSED: "bold red"}


class Screen:
    """The live part, on stderr. Where that is no terminal, only warnings and the summary are printed."""

    def __init__(self, planned: Schedule, overlapping: int) -> None:
        self._planned = planned
        self._overlapping = overlapping
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._sending = self._bar.add_task("Sending", total=max(planned.length_ms, 1), note="")
        self._judging = self._bar.add_task("Judging", total=None, note="", visible=False)
        self._answered = 0

    def __enter__(self) -> Self:
        self._warn()
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def sent(self, outcome: Outcome) -> None:
        """One more chunk is answered."""
        self._answered += 1
        self._bar.update(self._sending, advance=outcome.length_ms, note=f"{self._answered} chunks")

    def judging(self, progress: Judging) -> None:
        """How far the dialogues are: chunks and dialogues that are done, of all that are known by now."""
        self._bar.update(self._sending, completed=self._planned.length_ms)
        ended = progress.judged + progress.skipped + progress.failed
        known = progress.chunks + progress.dialogues
        note = f"{progress.chunks - progress.chunks_unheard}/{progress.chunks} chunks heard, "
        note += f"{ended}/{progress.dialogues} dialogues judged" + (f", {progress.open} open" if progress.open else "")
        done = progress.chunks - progress.chunks_unheard + ended
        self._bar.update(self._judging, visible=True, total=max(known, 1), completed=done, note=note)

    def _warn(self) -> None:
        undated = self._planned.undated
        warnings = []
        if undated:
            names = ", ".join(path.name for path in undated[:3]) + (", …" if len(undated) > 3 else "")
            what = _count(len(undated), "recording")
            warnings.append(f"{what} without a time in name or manifest, dated by the file: {names}. Say --start.")
        if self._overlapping:
            what = _count(self._overlapping, "recording")
            warnings.append(f"{what} overlapping another of the same counter; overlapping sound is kept apart.")
        for warning in warnings:
            _line(("warning: ", "yellow"), warning)


def print_summary(planned: Schedule, outcomes: Sequence[Outcome], judging: Judging | None) -> None:
    """A table of what became of the chunks, the reasons of what was refused, and how the dialogues ended."""
    console.print(_count(len(planned.recordings) + len(planned.refused), "recording"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for fate in (Fate.ACCEPTED, Fate.DUPLICATE):
        lengths_ms = [outcome.length_ms for outcome in outcomes if outcome.fate is fate]
        if lengths_ms:
            minutes = f"{sum(lengths_ms) / 60_000:.1f} min"
            table.add_row(Text(fate, style=_STYLES[fate]), _count(len(lengths_ms), "chunk"), minutes)
    if table.row_count:
        console.print(table)
    refused = [outcome for outcome in outcomes if outcome.fate is Fate.REFUSED]
    for outcome in refused[:MOST_LINES]:
        where = "" if outcome.seq is None else f", chunk {outcome.seq}"
        _line(("refused ", _STYLES[Fate.REFUSED]), f"{outcome.path.name}{where}: {outcome.reason}")
    if len(refused) > MOST_LINES:
        _line(f"… and {len(refused) - MOST_LINES} more refused; --json lists them all")
    if judging:
        _line(_judged(judging))


def _judged(judging: Judging) -> str:
    parts = [f"{_count(judging.judged, 'dialogue')} judged"]
    parts += [f"{judging.skipped} skipped"] if judging.skipped else []
    parts += [f"{judging.failed} failed"] if judging.failed else []
    parts += [f"{_count(judging.chunks_failed, 'chunk')} could not be heard"] if judging.chunks_failed else []
    parts += ["the sorting of dialogues failed"] if judging.devices_failed else []
    return ", ".join(parts) + ("; see `salescontrol jobs list`" if judging.has_failures else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _line(*parts: str | tuple[str, str]) -> None:
    console.print(Text.assemble(*parts), soft_wrap=True)
