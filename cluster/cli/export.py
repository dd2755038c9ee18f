"""`export`: the current dialogues with their verdicts, as JSON (schema 1, domain/export.py) or CSV."""

import asyncio
import csv
import io
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO, TypeAlias

import typer

from cluster.cli.times import parse_end, parse_start
from cluster.wiring import database_url
from configs.settings import Settings, load
from db.dialogues.exports import Selection, current_dialogues
from db.engine import Database
from domain.cells import cell
from domain.errors import ConfigError
from domain.export import ExportedDialogue, iso_ms
from domain.status import StageStatus

COLUMNS = (
    *("dialogue_id", "point", "register", "device_id", "start_ts", "end_ts", "duration_s", "revision", "language"),
    *("asr_status", "analysis_status", "kind", "attempted", "quality_score", "categories", "closing_question"),
    *("customer_reaction", "quotes", "summary", "confidence", "model", "prompt_version", "text"),
)

Write: TypeAlias = Callable[[str], object]


class _CannotWrite(Exception):
    """The target takes no more. Not an OSError: inside a transaction that would count as a database that is away."""


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"


def export(
    start_from: Annotated[
        str | None,
        typer.Option("--from", help="First day or instant. Without Z or an offset: the point's own time."),
    ] = None,
    start_to: Annotated[
        str | None, typer.Option("--to", help="Last day (included), or the instant before which dialogues start.")
    ] = None,
    point: Annotated[str | None, typer.Option(help="Name or id of one point.")] = None,
    status: Annotated[
        StageStatus | None, typer.Option(help="Only dialogues whose analysis is there.", case_sensitive=False)
    ] = None,
    fmt: Annotated[Format, typer.Option("--format", help="json or csv.")] = Format.JSON,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Write the current dialogues, transcripts and verdicts, ordered by start."""
    selection = Selection(parse_start(start_from), parse_end(start_to), point, analysis_status=status)
    settings = load()
    with _target(output) as write:
        asyncio.run(write_export(settings, selection, fmt, write))


async def write_export(settings: Settings, selection: Selection, fmt: Format, write: Write) -> None:
    """Streams the export: memory does not grow with the number of dialogues."""
    db = Database(database_url(settings))
    try:
        async with db.begin() as tx, aclosing(current_dialogues(tx, selection)) as dialogues:
            await (_write_json(dialogues, write) if fmt is Format.JSON else _write_csv(dialogues, write))
    finally:
        await db.dispose()


async def _write_json(dialogues: AsyncIterator[ExportedDialogue], write: Write) -> None:
    write('{"schema": 1, "dialogues": [')
    separator = "\n"
    async for dialogue in dialogues:
        write(separator + dialogue.model_dump_json())
        separator = ",\n"
    write("\n]}\n")


async def _write_csv(dialogues: AsyncIterator[ExportedDialogue], write: Write) -> None:
    write(",".join(COLUMNS) + "\n")
    async for dialogue in dialogues:
        write(csv_line(dialogue))


def csv_line(dialogue: ExportedDialogue) -> str:
    """One dialogue as one line; nothing in it can act as a formula."""
    cells = dialogue.model_dump(include=set(COLUMNS), by_alias=True, mode="json")
    cells["register"] = dialogue.register_name
    cells["start_ts"], cells["end_ts"] = iso_ms(dialogue.start_ts), iso_ms(dialogue.end_ts)
    cells["duration_s"] = f"{(dialogue.end_ts - dialogue.start_ts).total_seconds():.1f}"
    if dialogue.analysis:
        cells |= dialogue.analysis.model_dump(include=set(COLUMNS), mode="json")
        cells["categories"] = "; ".join(dialogue.analysis.categories)
        cells["quotes"] = " | ".join(evidence.quote for evidence in dialogue.analysis.evidence)
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([cell(cells.get(column)) for column in COLUMNS])
    return line.getvalue()


@contextmanager
def _target(output: Path | None) -> Iterator[Write]:
    """Writes to the standard output, or to a file that appears only once it is complete.

    Raises ConfigError where the target cannot be written. A reader that has read enough (`| head`) just ends it.
    """
    try:
        with _standard_output() if output is None else _complete_file(output) as out:
            yield _telling_apart(out)
    except (_CannotWrite, OSError) as error:
        cause = error.__cause__ if isinstance(error, _CannotWrite) else error
        if output is None:
            _drop_what_is_buffered()
            if isinstance(cause, BrokenPipeError):
                return
        name = "the standard output" if output is None else f"--output {output}"
        raise ConfigError(f"{name}: cannot be written: {getattr(cause, 'strerror', cause)}") from None


def _drop_what_is_buffered() -> None:
    """It would fail once more when the interpreter ends."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _telling_apart(out: TextIO) -> Write:
    def write(text: str) -> None:
        try:
            out.write(text)
        except OSError as error:
            raise _CannotWrite from error

    return write


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    yield sys.stdout
    sys.stdout.flush()


@contextmanager
def _complete_file(output: Path) -> Iterator[TextIO]:
    half = output.with_name(f".{output.name}.part")
    try:
        with half.open("w", encoding="utf-8", newline="") as out:
            yield out
        half.replace(output)
    finally:
        half.unlink(missing_ok=True)
