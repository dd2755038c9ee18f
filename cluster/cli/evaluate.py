"""`eval`: how good the result is, against a truth file. The measures are defined in domain/evaluation.py."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console

from cluster.cli.tables import render_compared, render_evaluation
from cluster.truth import Truth, as_predicted, read_export, read_truth
from cluster.wiring import database_url
from configs.settings import Settings, load
from db.dialogues.exports import Selection, current_dialogues
from db.engine import Database
from domain.evaluation import Evaluation, Hits, Share
from domain.evaluation import evaluate as measure
from domain.export import ExportedDialogue, iso_ms
from domain.timeline import Rules


def evaluate(
    truth: Annotated[Path, typer.Argument(help="Truth file, as samples/shop_day/ground_truth.json.")],
    predicted: Annotated[Path | None, typer.Option(help="A JSON export; without it: the database.")] = None,
    point: Annotated[
        str | None, typer.Option(help="Only dialogues of this point (name; id without --predicted).")
    ] = None,
    device: Annotated[UUID | None, typer.Option(help="Only dialogues of this device.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare the dialogues of a labelled recording with its truth.

    Taken are the current dialogues that start within the truth's timeline, of every point unless --point or --device
    names one: a truth file knows when it was recorded, not where.
    """
    settings = load()
    labelled = read_truth(truth)
    dialogues = _chosen(settings, labelled, predicted, point, device)
    result = _evaluate(settings, labelled, dialogues)
    if as_json:
        compared = {"from": iso_ms(labelled.period[0]), "before": iso_ms(labelled.period[1])}
        typer.echo(
            json.dumps({**as_dict(result), "compared": {**compared, "points": _points(dialogues)}}, ensure_ascii=False)
        )
    else:
        _print(Console(), labelled, dialogues, result)


def print_evaluation(settings: Settings, truth: Path, console: Console) -> None:
    """The same table, for the dialogues in the database."""
    labelled = read_truth(truth)
    dialogues = _chosen(settings, labelled)
    _print(console, labelled, dialogues, _evaluate(settings, labelled, dialogues))


def _print(console: Console, truth: Truth, dialogues: Sequence[ExportedDialogue], result: Evaluation) -> None:
    console.print(render_evaluation(result))
    console.print(render_compared(truth.period, _points(dialogues)))


def _points(dialogues: Sequence[ExportedDialogue]) -> dict[str, int]:
    """How many dialogues of each point, by name."""
    return dict(sorted(Counter(d.point for d in dialogues).items()))


def _chosen(
    settings: Settings,
    truth: Truth,
    predicted: Path | None = None,
    point: str | None = None,
    device: UUID | None = None,
) -> list[ExportedDialogue]:
    start, end = truth.period
    if predicted is None:
        return asyncio.run(_stored(settings, Selection(start, end, point, device)))
    return [
        d
        for d in read_export(predicted)
        if start <= d.start_ts < end and point in (None, d.point) and device in (None, UUID(d.device_id))
    ]


def _evaluate(settings: Settings, truth: Truth, dialogues: Sequence[ExportedDialogue]) -> Evaluation:
    rules = Rules(
        silence_ms=round(settings.dialogues.silence_gap_s * 1000),
        max_ms=round(settings.dialogues.max_dialogue_s * 1000),
    )
    return measure(truth.spans(rules), as_predicted(dialogues))


async def _stored(settings: Settings, selection: Selection) -> list[ExportedDialogue]:
    db = Database(database_url(settings))
    try:
        async with db.begin() as tx:
            return [dialogue async for dialogue in current_dialogues(tx, selection)]
    finally:
        await db.dispose()


def as_dict(result: Evaluation) -> dict[str, Any]:
    """The figures as JSON; null where there was nothing to count."""
    return {
        "dialogues": _hits(result.dialogues),
        "boundary_error_s": None if result.boundary_error_ms is None else result.boundary_error_ms / 1000,
        "wer": {
            language: {"rate": errors.rate, "errors": errors.errors, "words": errors.reference_words}
            for language, errors in result.wer.items()
        },
        "upsell": _hits(result.upsell),
        "upsell_by_language": {language: _hits(hits) for language, hits in result.upsell_by_language.items()},
        "reaction": _share(result.reaction),
        "kind": _share(result.kind),
        "quotes": {
            "verbatim": _share(result.quotes_verbatim),
            "in_words": _share(result.quotes_in_words),
            "at_offer": _share(result.quotes_at_offer),
        },
    }


def _hits(hits: Hits) -> dict[str, float | int | None]:
    return {
        "precision": hits.precision,
        "recall": hits.recall,
        "f1": hits.f1,
        "correct": hits.correct,
        "predicted": hits.said,
        "true": hits.true,
    }


def _share(share: Share) -> dict[str, float | int | None]:
    return {"rate": share.rate, "right": share.right, "of": share.of}
