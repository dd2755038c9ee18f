"""`export` and `eval` on a real database, as a person calls them."""

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import typer
from click.testing import Result
from sqlalchemy import insert
from typer.testing import CliRunner

from cluster.cli.evaluate import evaluate
from cluster.cli.export import export
from cluster.truth import read_truth
from db import tables as t
from db.engine import Database
from domain.evaluation import TrueSpan
from domain.timeline import Rules

Seed = Callable[..., UUID]
Command = Callable[..., Result]
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def command(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("DATABASE_URL", database_url)
    app = typer.Typer()
    app.command("export")(export)
    app.command("eval")(evaluate)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def seed(database_url: str) -> Seed:
    """Puts one dialogue with transcript and verdict into the database."""

    async def put(start: datetime, point: str, zone: str, state: str, old: bool, span: TrueSpan | None) -> UUID:
        ids = {"point_id": uuid4(), "register_id": uuid4(), "device_id": uuid4()}
        dialogue_id = uuid4()
        start_ms = span.start_ms if span else round(start.timestamp() * 1000)
        end = start + timedelta(milliseconds=(span.end_ms - span.start_ms) if span else 30_000)
        said = (
            [(u.start_ms, u.end_ms, u.text) for u in span.utterances]
            if span
            else [(start_ms, start_ms + 2_005, "Чай?")]
        )
        offered = bool(span.offers) if span else True
        offer_ms = span.offers[0].start_ms if span and span.offers else start_ms
        quote = min(said, key=lambda one: abs(one[0] - offer_ms))
        rows: list[tuple[Any, dict[str, Any]]] = [
            (t.points, {"point_id": ids["point_id"], "name": point, "zone": zone}),
            (t.registers, {"register_id": ids["register_id"], "point_id": ids["point_id"], "name": "Till 1"}),
            (t.devices, {**ids, "name": "Pi"}),
            (
                t.dialogues,
                {
                    **ids,
                    "dialogue_id": dialogue_id,
                    "start_ts": start,
                    "end_ts": end,
                    "revision": 2,
                    "state": state,
                    "asr_status": "PENDING" if old else "DONE",
                    "asr_pass": "fast",
                    "asr_model": "base@1, int8",
                    "analysis_status": "PENDING" if old else "DONE",
                },
            ),
            (
                t.dialogue_transcripts,
                {
                    "dialogue_id": dialogue_id,
                    "revision": 1 if old else 2,
                    "language": span.language if span else "ru",
                    "text": "\n".join(text for *_, text in said),
                    "segments_json": [_utterance(*one) for one in said],
                    "transcript_sha256": "t",
                },
            ),
            (
                t.dialogue_upsell_analysis,
                {
                    "dialogue_id": dialogue_id,
                    "revision": 1 if old else 2,
                    "kind": span.kind if span else "sale",
                    "attempted": "yes" if offered else "no",
                    "quality_score": 2,
                    "categories": ["pastry"],
                    "closing_question": False,
                    "customer_reaction": span.reaction if span else "accepted",
                    "evidence_quotes": [
                        {"quote": quote[2], "utterance": 0, "start_ms": quote[0], "end_ms": quote[1], "score": 1.0}
                    ],
                    "summary": "=An offer",
                    "confidence": 0.5,
                    "analysis_model": "rules-1",
                    "prompt_version": "upsell-v1",
                    "prompt_sha256": "p",
                    "transcript_sha256": "t",
                },
            ),
        ]
        db = Database(database_url)
        async with db.begin() as tx:
            for table, values in rows:
                await tx.execute(insert(table).values(**values))
        await db.dispose()
        return dialogue_id

    def run(
        start: datetime = NINE,
        point: str = "Bakery",
        zone: str = "Europe/Belgrade",
        state: str = "closed",
        old: bool = False,
        span: TrueSpan | None = None,
    ) -> UUID:
        return asyncio.run(put(start, point, zone, state, old, span))

    return run


def _utterance(start_ms: int, end_ms: int, text: str) -> dict[str, Any]:
    words = text.split()
    step = (end_ms - start_ms) / len(words)
    return {
        "start_ms": start_ms,
        "end_ms": end_ms,
        "text": text,
        "words": [
            {
                "start_ms": start_ms + round(n * step),
                "end_ms": start_ms + round((n + 1) * step),
                "word": f" {word}",
                "probability": 0.9,
            }
            for n, word in enumerate(words)
        ],
        "avg_logprob": -0.2,
        "no_speech_prob": 0.0,
        "compression_ratio": 1.0,
    }


def dialogues(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["schema"] == 1
    found: list[dict[str, Any]] = document["dialogues"]
    return found


def test_the_export_is_the_documented_json(command: Command, seed: Seed) -> None:
    dialogue_id = seed()
    [one] = dialogues(command("export"))
    assert one.pop("dialogue_id") == str(dialogue_id)
    UUID(one.pop("device_id"))
    moment = "2026-03-02T09:00:00.000Z"
    assert one == {
        "point": "Bakery",
        "register": "Till 1",
        "start_ts": moment,
        "end_ts": "2026-03-02T09:00:30.000Z",
        "revision": 2,
        "language": "ru",
        "asr_status": "DONE",
        "asr_pass": "fast",
        "asr_model": "base@1, int8",
        "text": "Чай?",
        "segments": [
            {
                "start_ts": moment,
                "end_ts": "2026-03-02T09:00:02.005Z",
                "text": "Чай?",
                "words": [
                    {"start_ts": moment, "end_ts": "2026-03-02T09:00:02.005Z", "word": " Чай?", "probability": 0.9}
                ],
            }
        ],
        "analysis_status": "DONE",
        "analysis": {
            "kind": "sale",
            "attempted": "yes",
            "quality_score": 2,
            "categories": ["pastry"],
            "closing_question": False,
            "customer_reaction": "accepted",
            "evidence": [{"quote": "Чай?", "start_ts": moment, "end_ts": "2026-03-02T09:00:02.005Z"}],
            "summary": "=An offer",
            "confidence": 0.5,
            "model": "rules-1",
            "prompt_version": "upsell-v1",
        },
    }


def test_superseded_dialogues_and_results_of_old_revisions_are_left_out(command: Command, seed: Seed) -> None:
    seed(state="superseded")
    kept = seed(NINE + timedelta(minutes=1), old=True)
    [one] = dialogues(command("export"))
    assert one["dialogue_id"] == str(kept)
    assert (one["text"], one["segments"], one["analysis"]) == ("", [], None)


def test_dialogues_are_ordered_by_start(command: Command, seed: Seed) -> None:
    ids = [seed(NINE + timedelta(minutes=minute)) for minute in (3, 1, 2)]
    assert [d["dialogue_id"] for d in dialogues(command("export"))] == [str(ids[n]) for n in (1, 2, 0)]


def test_a_day_is_the_points_own_day(command: Command, seed: Seed) -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    seed(late, point="Belgrade")
    seed(late, point="London", zone="Europe/London")
    days = {
        day: [d["point"] for d in dialogues(command("export", "--from", day, "--to", day))]
        for day in ("2026-03-02", "2026-03-03")
    }
    assert days == {"2026-03-02": ["London"], "2026-03-03": ["Belgrade"]}
    assert len(dialogues(command("export", "--from", "2026-03-02T23:30:00Z", "--to", "2026-03-02T23:30:01Z"))) == 2
    assert dialogues(command("export", "--to", "2026-03-02T23:30:00Z")) == []


def test_point_and_status_choose(command: Command, seed: Seed) -> None:
    judged = seed()
    waiting = seed(point="Kiosk", old=True)
    assert [d["dialogue_id"] for d in dialogues(command("export", "--point", "Kiosk"))] == [str(waiting)]
    assert [d["dialogue_id"] for d in dialogues(command("export", "--status", "done"))] == [str(judged)]
    assert dialogues(command("export", "--point", "Nowhere")) == []


def test_the_csv_is_a_line_a_dialogue_without_formulas(command: Command, seed: Seed, tmp_path: Path) -> None:
    seed()
    seed(NINE + timedelta(minutes=1))
    target = tmp_path / "day.csv"
    assert command("export", "--format", "csv", "--output", target).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert [row["summary"] for row in rows] == ["'=An offer"] * 2
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("fmt", "count"), [("csv", 40), ("json", 1)])
def test_a_reader_that_goes_away_ends_the_export_quietly(command: Command, seed: Seed, fmt: str, count: int) -> None:
    for minute in range(count):  # 40: more than a buffer, so that a write fails and not only the last flush
        seed(NINE + timedelta(minutes=minute), point=f"Bakery {'x' * 150}")
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-c", "from cluster.cli import main; main()", "export", "--format", fmt]
    with os.fdopen(writing, "wb") as pipe:
        ended = subprocess.run(words, stdout=pipe, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_full_disk_is_not_blamed_on_the_database(command: Command, seed: Seed) -> None:
    seed()
    words = [sys.executable, "-c", "from cluster.cli import main; main()", "export"]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr == b"error: the standard output: cannot be written: No space left on device\n"


def test_an_unwritable_target_and_a_wrong_date_are_told_apart_from_success(command: Command, tmp_path: Path) -> None:
    assert command("export", "--output", tmp_path / "absent" / "day.json").exit_code != 0
    assert command("export", "--from", "yesterday").exit_code == 2
    assert command("export", "--format", "xml").exit_code == 2


def test_the_truth_put_into_the_database_evaluates_to_full_marks(command: Command, seed: Seed, samples: Path) -> None:
    path = samples / "ground_truth.json"
    spans = read_truth(path).spans(Rules())
    assert len(spans) == 12
    for span in spans:
        seed(datetime.fromtimestamp(span.start_ms / 1000, UTC), span=span)
    seed(NINE - timedelta(days=1), point="another day")
    figures = json.loads(command("eval", path, "--json").stdout)
    assert figures["dialogues"] == {"precision": 1, "recall": 1, "f1": 1, "correct": 12, "predicted": 12, "true": 12}
    assert figures["boundary_error_s"] == 0
    assert {language: wer["rate"] for language, wer in figures["wer"].items()} == {"en": 0, "ru": 0}
    assert figures["upsell"]["f1"] == figures["reaction"]["rate"] == figures["kind"]["rate"] == 1
    assert figures["quotes"]["verbatim"] == figures["quotes"]["in_words"] == {"rate": 1, "right": 12, "of": 12}
    assert figures["quotes"]["at_offer"]["right"] == sum(bool(span.offers) for span in spans) == 10


def test_an_export_evaluates_as_the_database_does(command: Command, seed: Seed, samples: Path, tmp_path: Path) -> None:
    path, exported = samples / "ground_truth.json", tmp_path / "day.json"
    for span in read_truth(path).spans(Rules())[2:7]:
        seed(datetime.fromtimestamp(span.start_ms / 1000, UTC) + timedelta(seconds=1), span=span)
    assert command("export", "--output", exported).exit_code == 0
    stored = command("eval", path, "--json")
    assert json.loads(stored.stdout)["dialogues"]["recall"] == 5 / 12
    assert command("eval", path, "--predicted", exported, "--json").stdout == stored.stdout
    assert "Upsell F1" in command("eval", path, "--predicted", exported).stdout
    assert json.loads(command("eval", path, "--point", "Nowhere", "--json").stdout)["dialogues"]["predicted"] == 0


def test_an_evaluation_says_which_dialogues_it_compared(command: Command, seed: Seed, samples: Path) -> None:
    path = samples / "ground_truth.json"
    for point, count in (("Bakery", 2), ("Pharmacy", 1)):
        for minute in range(count):
            seed(NINE + timedelta(minutes=minute), point=point)
    seed(NINE - timedelta(days=1), point="another day")
    said = " ".join(command("eval", path).stdout.split())
    start = "the dialogues that start from 2026-03-02 09:00:00 to 09:25:00 UTC"
    assert f"Compared: {start}: 2 of Bakery, 1 of Pharmacy; --point or --device takes one alone" in said
    assert f"{start}: 2 of Bakery" in " ".join(command("eval", path, "--point", "Bakery").stdout.split())
    assert f"{start}: none" in " ".join(command("eval", path, "--point", "Nowhere").stdout.split())
    assert json.loads(command("eval", path, "--json").stdout)["compared"] == {
        "from": "2026-03-02T09:00:00.000Z",
        "before": "2026-03-02T09:25:00.000Z",
        "points": {"Bakery": 2, "Pharmacy": 1},
    }


@pytest.mark.parametrize(
    ("content", "said"), [("{", "JSON"), ('{"dialogues": []}', "start_time"), (None, "cannot be read")]
)
def test_a_truth_file_that_is_none_is_named_with_what_is_wrong(
    command: Command, tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "truth.json"
    if content is not None:
        path.write_text(content)
    result = command("eval", path)
    assert result.exit_code == 1
    assert str(path) in str(result.exception)
    assert said in str(result.exception)
