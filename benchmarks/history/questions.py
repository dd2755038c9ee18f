"""What a chain's people ask of the API, and how fast it must answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

from benchmarks.history.shape import Shape

REPORTS, DIALOGUES = "/api/v1/reports", "/api/v1/dialogues"


@dataclass(frozen=True)
class Known:
    """What of a database is asked for. `dialogues`: some that have words."""

    shape: Shape
    points: Sequence[str]
    dialogues: Sequence[str]


@dataclass(frozen=True)
class Question:
    """`limit_ms`: of the 95th percentile. `ask` draws one of its kind: a path with its query."""

    name: str
    limit_ms: float
    ask: Callable[[Known, Random], str]


def _path(path: str, **parameters: Any) -> str:
    return f"{path}?{urlencode(parameters, doseq=True)}"


def _day(known: Known, random: Random) -> str:
    day = known.shape.until - timedelta(days=random.randrange(60))
    return _path(f"{REPORTS}/overview", **{"from": day, "to": day})


def _today(known: Known, random: Random) -> str:
    return _path(f"{REPORTS}/today", day=known.shape.until - timedelta(days=random.randrange(60)))


def _quarter(known: Known, random: Random) -> str:
    last = known.shape.until - timedelta(days=random.randrange(60))
    return _path(f"{REPORTS}/overview", **{"from": last - timedelta(days=89), "to": last})


def _list(known: Known, random: Random) -> str:
    last = known.shape.until - timedelta(days=random.randrange(60))
    month: Mapping[str, Any] = {"from": last - timedelta(days=29), "to": last}
    filters: Sequence[Mapping[str, Any]] = (
        {"point": random.choice(known.points), "attempted": "no", **month},
        {"attempted": "yes", "quality": 3, "language": random.choice(("ru", "sr", "en"))},
        {"category": random.choice(("dessert", "syrup")), "reaction": "accepted", **month},
        {"point": random.choice(known.points), "engine": "rules-3", "kind": "staff"},
        {"place": "uncertain", "confidence_max": 0.6, "reviewed": "none"},
    )
    return _path(f"{DIALOGUES}/rows", limit=50, **random.choice(filters))


def _search(known: Known, random: Random) -> str:
    asked = (
        "круассан",
        '"квитанцию за прошлый"',
        "sendvič sok",
        "виш*",
        "muffin",
        "эспрессо порц*",
        "oat milk",
        "кафу",
    )
    return _path(f"{DIALOGUES}/rows", limit=50, q=random.choice(asked))


def _dialogue(known: Known, random: Random) -> str:
    return f"{DIALOGUES}/{random.choice(known.dialogues)}/detail"


QUESTIONS = (
    Question("overview of a day, all points", 30, _day),
    Question("today, all points", 50, _today),
    Question("90 days, all points", 100, _quarter),
    Question("list with three filters", 30, _list),
    Question("full-text search", 150, _search),
    Question("one dialogue", 15, _dialogue),
)
