"""Sixty dialogues of two points that differ in all that can be filtered by, and the list in plain Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from db import tables as t
from db.engine import Database
from db.reports.facts import refresh_facts
from domain.dialogue_filter import DialogueFilter, Reviewed, Sort
from domain.figures import Opinion, Row, place_of
from domain.ids import DialogueId
from domain.status import Attempted, Kind, Place, Reaction, StageStatus

NAMESPACE = UUID("00000000-0000-4000-8000-000000000001")
BELGRADE, KOLKATA = (uuid5(NAMESPACE, name) for name in ("belgrade", "kolkata"))
ZONES = {BELGRADE: "Europe/Belgrade", KOLKATA: "Asia/Kolkata"}
"""Kolkata's hours begin at half past; in Belgrade the clock goes forward on 29 March."""
REGISTERS = {uuid5(NAMESPACE, f"register {i}"): (BELGRADE, BELGRADE, KOLKATA)[i] for i in range(3)}
DEVICES = {register: uuid5(NAMESPACE, f"device of {register}") for register in REGISTERS}
FIRST = datetime(2026, 3, 27, 17, 45, tzinfo=UTC)
TEXTS = {
    "ru": "Что-нибудь ещё? Возьмите круассан",
    "en": "Anything else? A croissant",
    "sr": "Još nešto? Узмите кроасан",
}


@dataclass(frozen=True)
class Held:
    """A review."""

    opinion: Opinion
    categories: tuple[str, ...]
    reviewer: str
    is_stale: bool


@dataclass(frozen=True)
class Made:
    """One dialogue. `machine` None: not judged."""

    dialogue_id: UUID
    register_id: UUID
    start: datetime
    length_s: float
    status: StageStatus
    is_superseded: bool
    language: str
    machine: Opinion | None
    categories: tuple[str, ...]
    engine: str
    confidence: float
    review: Held | None

    @property
    def point_id(self) -> UUID:
        return REGISTERS[self.register_id]

    @property
    def local(self) -> datetime:
        return self.start.astimezone(ZoneInfo(ZONES[self.point_id]))

    @property
    def place(self) -> Place:
        review = self.review.opinion if self.review else None
        return place_of(Row(self.status, self.is_superseded, self.machine, self.engine, review))

    @property
    def opinion(self) -> Opinion | None:
        return self.review.opinion if self.review else self.machine

    @property
    def offered(self) -> tuple[str, ...]:
        return self.review.categories if self.review else self.categories if self.machine else ()


def crowd(count: int = 60, seed: int = 7) -> list[Made]:
    """Always the same; some starts, lengths and confidences are equal, so that ties have to be broken."""
    random = Random(seed)
    return [_made(random, i) for i in range(count)]


async def put(db: Database, made: Sequence[Made], *, shown: bool = True) -> None:
    """Into the database, with facts. `shown`: the points show figures by register."""
    async with db.begin() as tx:
        for point_id, zone in ZONES.items():
            row = {"point_id": point_id, "name": f"Shop in {zone}", "zone": zone, "shows_registers": shown}
            await tx.execute(insert(t.points).values(row))
        for register_id, point_id in REGISTERS.items():
            of = {"register_id": register_id, "point_id": point_id, "name": f"till {register_id.hex[:4]}"}
            await tx.execute(insert(t.registers).values(of))
            await tx.execute(insert(t.devices).values({**of, "device_id": DEVICES[register_id]}))
    await add(db, made)


async def add(db: Database, made: Sequence[Made]) -> None:
    """More dialogues at the same points."""
    async with db.begin() as tx:
        for one in made:
            for table, values in _rows(one):
                await tx.execute(insert(table).values(dialogue_id=one.dialogue_id, **values))
        await refresh_facts(tx, [DialogueId(one.dialogue_id) for one in made])


def passes(one: Made, wanted: DialogueFilter) -> bool:
    """The definition: what `db/dialogues/conditions.py` says in SQL."""
    opinion, review = one.opinion, one.review
    state = Reviewed.NONE if review is None else Reviewed.STALE if review.is_stale else Reviewed.REVIEWED
    confidence, judged = (one.confidence if one.machine else None), one.machine is not None
    return all(
        (
            wanted.points is None or one.point_id in wanted.points,
            _from(one, wanted.start_from) and _to(one, wanted.start_to),
            _any(wanted.registers, one.register_id),
            _any(wanted.devices, DEVICES[one.register_id]),
            one.place in wanted.places if wanted.places else one.place is not Place.SUPERSEDED,
            _any(wanted.kinds, opinion and opinion.kind),
            _any(wanted.attempted, opinion and opinion.attempted),
            _any(wanted.quality, opinion and opinion.quality_score),
            not wanted.categories or bool(set(wanted.categories) & set(one.offered)),
            _any(wanted.reactions, opinion and opinion.reaction),
            _any(wanted.reviewed, state),
            _any(wanted.reviewers, review and review.reviewer),
            _any(wanted.languages, one.language),
            _any(wanted.engines, one.engine if judged else None),
            _any(wanted.statuses, one.status),
            _any(wanted.weekdays, one.local.weekday()),
            _any(wanted.hours, one.local.hour),
            wanted.confidence_min is None or (confidence is not None and confidence >= wanted.confidence_min),
            wanted.confidence_max is None or (confidence is not None and confidence <= wanted.confidence_max),
            wanted.min_s is None or one.length_s >= wanted.min_s,
            wanted.max_s is None or one.length_s <= wanted.max_s,
        )
    )


def in_order(made: Sequence[Made], sort: Sort) -> list[UUID]:
    """By the sort's key, then start and id, all in one direction; what has no value last."""
    sign = -1 if sort.is_descending else 1

    def key(one: Made) -> tuple[Any, ...]:
        value = _VALUES[sort.key](one)
        return value is None, sign * (value or 0), sign * one.start.timestamp(), sign * one.dialogue_id.int

    return [one.dialogue_id for one in sorted(made, key=key)]


_VALUES: dict[str, Callable[[Made], float | None]] = {
    "start": lambda one: one.start.timestamp(),
    "confidence": lambda one: one.confidence if one.machine else None,
    "quality": lambda one: one.opinion.quality_score if one.opinion else None,
    "length": lambda one: one.length_s,
}


def _any(wanted: Sequence[Any], value: Any) -> bool:
    return not wanted or value in wanted


def _from(one: Made, first: date | datetime | None) -> bool:
    if first is None or isinstance(first, datetime):
        return first is None or one.start >= first
    return one.local.date() >= first


def _to(one: Made, last: date | datetime | None) -> bool:
    if last is None or isinstance(last, datetime):
        return last is None or one.start < last
    return one.local.date() <= last


def _opinion(random: Random) -> Opinion:
    attempted = random.choice(list(Attempted))
    quality = random.randint(1, 3) if attempted is Attempted.YES else 0
    reaction = random.choice(list(Reaction)) if attempted is Attempted.YES else Reaction.UNCLEAR
    kind = random.choices(list(Kind), [6, 1, 1, 1])[0]
    return Opinion(kind, attempted, quality, reaction)


def _categories(random: Random) -> tuple[str, ...]:
    return tuple(sorted(random.sample(["dessert", "pastry", "syrup"], random.randint(0, 2))))


def _made(random: Random, i: int) -> Made:
    status = random.choices(list(StageStatus), [2, 1, 12, 1, 1])[0]
    machine = _opinion(random) if status is StageStatus.DONE else None
    review = None
    if random.random() < 0.3:
        review = Held(_opinion(random), _categories(random), random.choice(["ana", "bo"]), random.random() < 0.3)
    return Made(
        dialogue_id=uuid5(NAMESPACE, f"dialogue {i}"),
        register_id=random.choice(list(REGISTERS)),
        start=FIRST + timedelta(minutes=15 * random.randint(0, 300)),
        length_s=random.choice([5.0, 12.5, 30.0, 90.0]),
        status=status,
        is_superseded=review is None and random.random() < 0.08,
        language=random.choice(list(TEXTS)),
        machine=machine,
        categories=_categories(random) if machine else (),
        engine=random.choice(["rules-1", "gpt-4o-mini"]),
        confidence=random.choice([0.25, 0.5, 0.875]),
        review=review,
    )


def _rows(one: Made) -> list[tuple[Any, dict[str, Any]]]:
    place = {"point_id": one.point_id, "register_id": one.register_id, "device_id": DEVICES[one.register_id]}
    span = {"start_ts": one.start, "end_ts": one.start + timedelta(seconds=one.length_s)}
    state = "superseded" if one.is_superseded else "closed"
    statuses = {"state": state, "asr_status": "DONE", "analysis_status": one.status, "revision": 2}
    text = TEXTS[one.language]
    at_ms = round(one.start.timestamp() * 1000)
    utterance = {"start_ms": at_ms, "end_ms": at_ms + 2000, "text": text, "words": []}
    heard = {"language": one.language, "text": text, "segments_json": [utterance], "transcript_sha256": "t"}
    rows: list[tuple[Any, dict[str, Any]]] = [
        (t.dialogues, {**place, **span, **statuses}),
        (t.dialogue_transcripts, {"revision": 2, **heard}),
    ]
    if one.machine is not None:
        rows.append((t.dialogue_upsell_analysis, _verdict(one, one.machine)))
    if one.review is not None:
        rows.append((t.reviews, _review(one, one.review)))
    return rows


def _verdict(one: Made, held: Opinion) -> dict[str, Any]:
    return {
        **_held(held, one.categories),
        "revision": 2, "closing_question": False, "evidence_quotes": [], "summary": "", "confidence": one.confidence,
        "analysis_model": one.engine, "prompt_version": "p", "prompt_sha256": "x", "transcript_sha256": "t",
    }  # fmt: skip


def _review(one: Made, held: Held) -> dict[str, Any]:
    review_id, revision = uuid5(one.dialogue_id, "review"), 1 if held.is_stale else 2
    named = {"review_id": review_id, "revision": revision, "reviewer": held.reviewer, "reason": "manual"}
    return {**_held(held.opinion, held.categories), **named}


def _held(held: Opinion, categories: tuple[str, ...]) -> dict[str, Any]:
    return {
        "kind": held.kind,
        "attempted": held.attempted,
        "quality_score": held.quality_score,
        "categories": list(categories),
        "customer_reaction": held.reaction,
    }
