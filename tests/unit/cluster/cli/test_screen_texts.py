"""What the commands print, without a terminal, a server or a database."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer
from pydantic import SecretStr
from rich.console import Console

from cluster.cli.config import MASK, masked
from cluster.cli.export import COLUMNS, csv_line
from cluster.cli.tables import DialogueTable, figures_of, render_figures
from cluster.cli.times import parse_end, parse_start
from domain.export import ExportedAnalysis, ExportedDialogue, ExportedQuote
from domain.status import Attempted, Kind, Reaction, StageStatus

NINE = datetime(2026, 3, 2, 9, 0, 0, 250_000, UTC)


def analysis(**changes: Any) -> ExportedAnalysis:
    quote = ExportedQuote(quote="Хотите круассан?", start_ts=NINE, end_ts=NINE + timedelta(seconds=2))
    fields: dict[str, Any] = {
        "kind": Kind.SALE,
        "attempted": Attempted.YES,
        "quality_score": 2,
        "categories": ["pastry", "add_ons"],
        "closing_question": False,
        "customer_reaction": Reaction.ACCEPTED,
        "evidence": [quote],
        "summary": "A croissant was offered.",
        "confidence": 0.8,
        "model": "rules-1",
        "prompt_version": "upsell-v1",
    }
    return ExportedAnalysis(**{**fields, **changes})


def dialogue(**changes: Any) -> ExportedDialogue:
    fields: dict[str, Any] = {
        "dialogue_id": "d1",
        "point": "Bakery",
        "register_name": "Till 1",
        "device_id": "x",
        "start_ts": NINE,
        "end_ts": NINE + timedelta(seconds=41.5),
        "revision": 1,
        "language": "ru",
        "asr_status": StageStatus.DONE,
        "asr_pass": "fast",
        "asr_model": "base",
        "text": "Добрый день!\nХотите круассан?",
        "segments": [],
        "analysis_status": StageStatus.DONE,
        "analysis": analysis(),
    }
    return ExportedDialogue(**{**fields, **changes})


def cells(one: ExportedDialogue) -> dict[str, str]:
    [row] = csv.reader(io.StringIO(csv_line(one)))
    return dict(zip(COLUMNS, row, strict=True))


def shown(what: Any, width: int = 100) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_csv_line_holds_the_dialogue_with_its_verdict() -> None:
    row = cells(dialogue())
    assert row["start_ts"] == "2026-03-02T09:00:00.250Z"
    assert row["duration_s"] == "41.5"
    assert row["register"] == "Till 1"
    assert row["categories"] == "pastry; add_ons"
    assert row["quotes"] == "Хотите круассан?"
    assert row["text"] == "Добрый день! Хотите круассан?"
    assert row["attempted"] == "yes"
    assert row["closing_question"] == "false"


def test_a_dialogue_without_a_verdict_leaves_its_cells_empty() -> None:
    row = cells(dialogue(analysis=None, analysis_status=StageStatus.PENDING))
    assert row["attempted"] == row["quotes"] == row["model"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", " ="])
def test_no_cell_of_the_csv_can_run_as_a_formula(start: str) -> None:
    evil = f"{start}HYPERLINK(1)"
    row = cells(dialogue(text=evil, point=evil, analysis=analysis(summary=evil)))
    for column in ("text", "point", "summary"):
        assert not row[column].lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "＝"))


def test_the_export_keeps_its_schema() -> None:
    assert list(dialogue().model_dump(mode="json")) == [
        *("dialogue_id", "point", "register", "device_id", "start_ts", "end_ts", "revision", "language"),
        *("asr_status", "asr_pass", "asr_model", "text", "segments", "analysis_status", "analysis"),
    ]
    assert list(analysis().model_dump(mode="json")) == [
        *("kind", "attempted", "quality_score", "categories", "closing_question", "customer_reaction"),
        *("evidence", "summary", "confidence", "model", "prompt_version"),
    ]


def test_the_table_shows_the_points_clock_and_takes_no_markup_from_a_transcript() -> None:
    quote = ExportedQuote(quote="[bold]Хотите[/bold] [/] круассан?", start_ts=NINE, end_ts=NINE)
    text = shown(
        DialogueTable([dialogue(analysis=analysis(evidence=[quote]))], {"Bakery": ZoneInfo("Europe/Belgrade")})
    )
    assert "10:00:00" in text
    assert "[bold]Хотите[/bold]" in text
    assert "yes 2/3" in text


def test_the_table_fits_a_hundred_columns() -> None:
    row = dialogue(
        point="A point with a rather long name", analysis=analysis(kind=Kind.UNCLEAR, attempted=Attempted.UNCERTAIN)
    )
    text = shown(DialogueTable([row, dialogue(asr_status=StageStatus.PROCESSING, analysis=None)], {}))
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 100
    assert "uncertain 2/3" in text
    assert "transcript processing" in text


def test_on_a_narrow_terminal_quotes_break_between_words_and_into_few_lines() -> None:
    said = "может быть возьмёте ещё свежий круассан к кофе за сто двадцать рублей"
    quote = ExportedQuote(quote=said, start_ts=NINE, end_ts=NINE)
    text = shown(DialogueTable([dialogue(analysis=analysis(evidence=[quote]))], {}), width=80)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    head, _, *rows = [row for row in text.splitlines() if row.strip()][1:]
    column = head.index("In whose words")
    assert " ".join(row[column:].strip() for row in rows).strip() == f"“{said}”"
    assert len(rows) == 3
    for cell in ("09:00:00", "sale, 42 s", "yes 2/3", "accepted"):
        assert cell in text


def test_the_title_names_the_zone_and_where_there_are_several_each_clock_does() -> None:
    elsewhere = dialogue(point="Moscow counter")
    zones = {"Bakery": ZoneInfo("Europe/Belgrade"), "Moscow counter": ZoneInfo("Europe/Moscow")}
    assert "2026-03-02, times of Europe/Belgrade" in shown(DialogueTable([dialogue()], zones))
    assert "2026-03-02, times of UTC" in shown(DialogueTable([dialogue()], {}))
    text = shown(DialogueTable([dialogue(), elsewhere], zones))
    assert "each point in its own time" in text
    assert "10:00:00 CET" in text
    assert "12:00:00 MSK" in text


def test_no_dialogues_are_said_to_be_none() -> None:
    assert "No dialogues" in shown(DialogueTable([], {}))


def test_figures_leave_out_of_the_rate_what_is_counted_beside() -> None:
    day = [
        dialogue(),
        dialogue(analysis=analysis(attempted=Attempted.NO, quality_score=0, customer_reaction=Reaction.UNCLEAR)),
        dialogue(analysis=analysis(attempted=Attempted.UNCERTAIN)),
        dialogue(analysis=analysis(kind=Kind.STAFF)),
        dialogue(analysis=None, asr_status=StageStatus.ERROR, analysis_status=StageStatus.PENDING),
    ]
    text = shown(render_figures(figures_of(day)))
    assert "1 of 2 sales" in text
    assert "1 uncertain, 1 among staff, 1 failed" in text
    assert "Judged by: rules-1" in text


def test_a_date_as_the_end_includes_that_day_and_a_time_stays_as_it_is() -> None:
    assert parse_start("2026-03-02") == datetime(2026, 3, 2)  # noqa: DTZ001
    assert parse_end("2026-03-02") == datetime(2026, 3, 3)  # noqa: DTZ001
    assert parse_end("2026-03-02T09:00:00Z") == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert parse_start(None) is None


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "9999-12-31", "2026-03-02T25:00"])
def test_what_is_no_time_is_a_usage_error_that_shows_how(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="write it as"):
        parse_end(text)


def test_secrets_are_masked_and_urls_lose_their_passwords() -> None:
    assert masked("auth.admin_token", SecretStr("http://looks.like/a-url")) == MASK
    assert masked("auth.internal_token", SecretStr("")) == ""
    url = SecretStr("postgresql://user:secret@host:5432/db?password=secret")
    assert masked("database.url", url) == f"postgresql://user:{MASK}@host:5432/db?…"
    assert masked("storage.url", "s3://key:secret@bucket/path") == f"s3://key:{MASK}@bucket/path"
    assert masked("asr.language", "ru") == "ru"
