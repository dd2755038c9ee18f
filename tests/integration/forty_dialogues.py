"""Forty dialogues of two points, with every fate that a dialogue may have, and their figures counted by hand.

Belgrade changes its clocks: 2026-03-29 has 23 hours, 2026-10-25 has 25. Kolkata is half an hour beside the full hours.
The comments say where a dialogue is counted where that is not what its machine said.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.engine import Database
from db.reports.facts import refresh_facts, refresh_hours
from db.reports.hours import hours_of
from domain.figures import Counts
from domain.ids import DialogueId, PointId

NAMESPACE = UUID("7b5a2c1e-7d8f-4f0e-9f37-0c6d5a0f4d11")
ZONES = {"Belgrade": "Europe/Belgrade", "Kolkata": "Asia/Kolkata"}
LENGTH = timedelta(seconds=40)
ERASED = 40
"""The number of the dialogue that is erased in the end."""


def point_id(name: str) -> PointId:
    return PointId(uuid5(NAMESPACE, name))


def dialogue_id(n: int) -> DialogueId:
    return DialogueId(uuid5(NAMESPACE, str(n)))


@dataclass(frozen=True)
class Held:
    """What machine or reviewer holds."""

    kind: str = "sale"
    attempted: str = "no"
    quality_score: int = 0
    customer_reaction: str = "unclear"
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Review:
    """`minute`: later ones are newer."""

    held: Held
    minute: int = 0
    revision: int = 1
    reason: str = "random"
    is_undone: bool = False


@dataclass(frozen=True)
class Told:
    """One dialogue. `analysed`: the revision that the verdict is about; `heard`: what transcript it was given."""

    n: int
    point: str
    start: str
    machine: Held | None = None
    engine: str = "rules-1"
    asr: str = "DONE"
    analysis: str = "DONE"
    state: str = "closed"
    alias_of: int | None = None
    revision: int = 1
    analysed: int | None = None
    heard: str | None = None
    reviews: tuple[Review, ...] = ()
    text: str = ""
    moments: tuple[datetime, datetime] = field(init=False)

    def __post_init__(self) -> None:
        start = datetime.fromisoformat(self.start)
        object.__setattr__(self, "moments", (start, start + LENGTH))


def yes(quality: int, reaction: str, *categories: str) -> Held:
    return Held("sale", "yes", quality, reaction, categories)


NO, UNSURE = Held(), Held(attempted="uncertain")
ENQUIRY, STAFF, UNCLEAR = Held("enquiry", "yes", 2, "accepted", ("dessert",)), Held("staff"), Held("unclear")
MINI = "gpt-4o-mini"
B, K = "Belgrade", "Kolkata"

DIALOGUES = (
    Told(1, B, "2026-03-28T23:59:59.999+01:00", yes(2, "accepted", "dessert"), text="Возьмёте чизкейк к кофе?"),
    # the day of 23 hours begins
    Told(2, B, "2026-03-29T00:00:00+01:00", NO, text="Один латте, пожалуйста."),
    Told(3, B, "2026-03-29T00:30:00+01:00", yes(1, "rejected", "other"), text="Что-нибудь ещё? Нет, спасибо."),
    Told(4, B, "2026-03-29T01:15:00+01:00", yes(2, "accepted", "dessert", "pastry"), text="К чаю круассан? Давайте."),
    Told(5, B, "2026-03-29T01:59:59+01:00", yes(3, "accepted", "combo"), text="Есть выгодное комбо с сырником."),
    Told(6, B, "2026-03-29T03:00:00+02:00", NO),  # one second after the one before
    Told(7, B, "2026-03-29T03:20:00+02:00", UNSURE),
    Told(8, B, "2026-03-29T09:05:00+02:00", ENQUIRY),
    Told(9, B, "2026-03-29T09:10:00+02:00", STAFF),
    Told(10, B, "2026-03-29T09:20:00+02:00", UNCLEAR),
    Told(11, B, "2026-03-29T09:30:00+02:00", analysis="SKIPPED"),
    Told(12, B, "2026-03-29T09:40:00+02:00", asr="ERROR", analysis="SKIPPED"),  # failed
    Told(13, B, "2026-03-29T09:50:00+02:00", analysis="ERROR"),
    Told(14, B, "2026-03-29T10:00:00+02:00", asr="PENDING", analysis="PENDING"),
    Told(15, B, "2026-03-29T10:10:00+02:00", analysis="PROCESSING"),
    Told(16, B, "2026-03-29T10:20:00+02:00", asr="PENDING", analysis="PENDING", state="open"),
    Told(17, B, "2026-03-29T10:30:00+02:00", yes(2, "accepted", "dessert"), state="superseded"),
    Told(
        *(18, B, "2026-03-29T10:40:00+02:00", NO),
        state="superseded",
        alias_of=19,
        reviews=(Review(yes(3, "accepted", "combo"), minute=2),),
    ),
    # by the review of 18, which was merged into it and is newer: yes, stale
    Told(19, B, "2026-03-29T10:41:00+02:00", NO, MINI, reviews=(Review(NO, minute=1),)),
    Told(20, B, "2026-03-29T10:50:00+02:00", NO, reviews=(Review(yes(2, "rejected", "dessert")),)),
    Told(
        *(21, B, "2026-03-29T11:00:00+02:00", yes(2, "accepted", "dessert"), MINI),
        reviews=(Review(NO, is_undone=True),),
    ),
    Told(22, B, "2026-03-29T11:10:00+02:00", yes(1, "unclear", "other"), reviews=(Review(NO, reason="second"),)),
    Told(23, B, "2026-03-29T11:20:00+02:00", analysis="ERROR", reviews=(Review(yes(2, "accepted", "syrup")),)),
    Told(24, B, "2026-03-29T11:30:00+02:00", analysis="SKIPPED", reviews=(Review(STAFF),)),
    # a new revision: its old verdict is history, a review is not
    Told(
        *(25, B, "2026-03-29T11:40:00+02:00", yes(2, "accepted", "dessert")),
        asr="PENDING",
        analysis="PENDING",
        revision=2,
        analysed=1,
    ),
    Told(
        *(26, B, "2026-03-29T11:50:00+02:00", yes(2, "accepted", "dessert")),
        asr="PENDING",
        analysis="PENDING",
        revision=2,
        analysed=1,
        reviews=(Review(NO, minute=3), Review(UNSURE, minute=1)),
    ),
    Told(27, B, "2026-03-29T12:00:00+02:00", yes(3, "accepted", "syrup"), heard="another text"),  # pending
    Told(28, B, "2026-03-29T23:59:59.999+02:00", yes(2, "accepted", "dessert"), reviews=(Review(UNSURE),)),
    Told(29, B, "2026-03-30T00:00:00+02:00", NO),
    # the day of 25 hours, which has the hour of two twice
    Told(30, B, "2026-10-25T00:00:00+02:00", yes(2, "accepted", "dessert")),
    Told(31, B, "2026-10-25T02:30:00+02:00", yes(3, "rejected", "syrup")),
    Told(32, B, "2026-10-25T02:30:00+01:00", NO),
    Told(33, B, "2026-10-25T02:59:59+01:00", yes(1, "accepted", "other")),
    Told(34, B, "2026-10-25T23:59:59.999+01:00", NO),
    Told(35, B, "2026-10-26T00:00:00+01:00", yes(2, "accepted", "dessert")),
    # the same evening in another zone
    Told(36, K, "2026-10-25T23:59:59.999+05:30", yes(2, "accepted", "takeaway"), text="A cookie with that? Sure."),
    Told(37, K, "2026-10-26T00:00:00+05:30", NO, text="Just the tea, please."),
    Told(38, K, "2026-10-26T00:59:59+05:30", yes(2, "rejected", "dessert")),
    Told(39, K, "2026-10-26T01:00:00+05:30", STAFF),
    Told(ERASED, K, "2026-10-26T09:00:00+05:30", yes(3, "accepted", "combo"), reviews=(Review(yes(3, "accepted")),)),
)

DAYS = {
    (B, date(2026, 3, 28)): Counts(dialogues=1, yes=1, specific=1, accepted=1, quality_2=1),
    (B, date(2026, 3, 29)): Counts(
        dialogues=25,  # 2 to 28 without 17 and 18
        yes=8,  # 3 4 5 19 20 21 22 23
        no=3,  # 2 6 26
        uncertain=2,  # 7 28
        enquiry=1,  # 8
        staff=2,  # 9 24
        unclear_kind=1,  # 10
        skipped=1,  # 11
        failed=2,  # 12 13
        pending=5,  # 14 15 16 25 27
        superseded=2,  # 17 18
        reviewed=6,  # 19 20 23 24 26 28
        specific=6,  # 4 5 19 20 21 23
        accepted=5,  # 4 5 19 21 23
        rejected=2,  # 3 20
        quality_1=2,  # 3 22
        quality_2=4,  # 4 20 21 23
        quality_3=2,  # 5 19
    ),
    (B, date(2026, 3, 30)): Counts(dialogues=1, no=1),
    (B, date(2026, 10, 25)): Counts(
        dialogues=5, yes=3, no=2, specific=2, accepted=2, rejected=1, quality_1=1, quality_2=1, quality_3=1
    ),
    (B, date(2026, 10, 26)): Counts(dialogues=1, yes=1, specific=1, accepted=1, quality_2=1),
    (K, date(2026, 10, 25)): Counts(dialogues=1, yes=1, specific=1, accepted=1, quality_2=1),
    (K, date(2026, 10, 26)): Counts(dialogues=3, yes=1, no=1, staff=1, specific=1, rejected=1, quality_2=1),
}
"""By the point's day."""

HOURS = {
    (B, "2026-03-28T22:00Z"): (date(2026, 3, 28), 23, 1),
    (B, "2026-03-28T23:00Z"): (date(2026, 3, 29), 0, 2),
    (B, "2026-03-29T00:00Z"): (date(2026, 3, 29), 1, 2),
    (B, "2026-03-29T01:00Z"): (date(2026, 3, 29), 3, 2),
    (B, "2026-03-29T07:00Z"): (date(2026, 3, 29), 9, 6),
    (B, "2026-03-29T08:00Z"): (date(2026, 3, 29), 10, 5),
    (B, "2026-03-29T09:00Z"): (date(2026, 3, 29), 11, 6),
    (B, "2026-03-29T10:00Z"): (date(2026, 3, 29), 12, 1),
    (B, "2026-03-29T21:00Z"): (date(2026, 3, 29), 23, 1),
    (B, "2026-03-29T22:00Z"): (date(2026, 3, 30), 0, 1),
    (B, "2026-10-24T22:00Z"): (date(2026, 10, 25), 0, 1),
    (B, "2026-10-25T00:00Z"): (date(2026, 10, 25), 2, 1),
    (B, "2026-10-25T01:00Z"): (date(2026, 10, 25), 2, 2),
    (B, "2026-10-25T22:00Z"): (date(2026, 10, 25), 23, 1),
    (B, "2026-10-25T23:00Z"): (date(2026, 10, 26), 0, 1),
    (K, "2026-10-25T17:30Z"): (date(2026, 10, 25), 23, 1),
    (K, "2026-10-25T18:30Z"): (date(2026, 10, 26), 0, 2),
    (K, "2026-10-25T19:30Z"): (date(2026, 10, 26), 1, 1),
}
"""Hour's beginning → (the point's day, its hour, current dialogues)."""

CATEGORIES = {
    (B, date(2026, 3, 28)): {"dessert": (1, 1, 0)},
    (B, date(2026, 3, 29)): {
        "combo": (2, 2, 0),  # 5 19
        "dessert": (3, 2, 1),  # 4 20 21
        "other": (2, 0, 1),  # 3 22
        "pastry": (1, 1, 0),  # 4
        "syrup": (1, 1, 0),  # 23
    },
    (B, date(2026, 10, 25)): {"dessert": (1, 1, 0), "other": (1, 1, 0), "syrup": (1, 0, 1)},
    (B, date(2026, 10, 26)): {"dessert": (1, 1, 0)},
    (K, date(2026, 10, 25)): {"takeaway": (1, 1, 0)},
    (K, date(2026, 10, 26)): {"dessert": (1, 0, 1)},
}
"""Category → (offered, accepted, rejected)."""

ENGINES = {
    (B, date(2026, 3, 28)): {"rules-1": 1},
    (B, date(2026, 3, 29)): {MINI: 1, "rules-1": 6},  # 21; 2 3 4 5 6 22
    (B, date(2026, 3, 30)): {"rules-1": 1},
    (B, date(2026, 10, 25)): {"rules-1": 5},
    (B, date(2026, 10, 26)): {"rules-1": 1},
    (K, date(2026, 10, 25)): {"rules-1": 1},
    (K, date(2026, 10, 26)): {"rules-1": 2},
}
"""Engine → dialogues in the rates by its verdict."""

STALE = (19, 26)
"""Reviewed before they changed."""


async def seed(db: Database) -> None:
    """Writes all forty, brings the reports up to date, and erases the last."""
    async with db.begin() as tx:
        await write(tx)
        await refresh_facts(tx, [dialogue_id(told.n) for told in DIALOGUES])
    async with db.begin() as tx:
        hours = await hours_of(tx, [dialogue_id(ERASED)])
        await tx.execute(delete(t.dialogues).where(t.dialogues.c.dialogue_id == dialogue_id(ERASED)))
        await refresh_hours(tx, hours)


async def write(tx: AsyncConnection) -> None:
    """The rows as ingest, stages and reviewers leave them; nothing of the reports."""
    for name, zone in ZONES.items():
        await tx.execute(t.points.insert().values(point_id=point_id(name), name=name, zone=zone, goal=0.5))
        place = {"register_id": uuid5(NAMESPACE, f"till of {name}"), "point_id": point_id(name), "name": "till"}
        await tx.execute(t.registers.insert().values(place))
        await tx.execute(t.devices.insert().values({**place, "device_id": uuid5(NAMESPACE, f"pi of {name}")}))
    for told in DIALOGUES:
        await _write(tx, told)


async def _write(tx: AsyncConnection, told: Told) -> None:
    start, end = told.moments
    await tx.execute(
        t.dialogues.insert().values(
            dialogue_id=dialogue_id(told.n),
            device_id=uuid5(NAMESPACE, f"pi of {told.point}"),
            point_id=point_id(told.point),
            register_id=uuid5(NAMESPACE, f"till of {told.point}"),
            start_ts=start,
            end_ts=end,
            revision=told.revision,
            state=told.state,
            alias_of=None if told.alias_of is None else dialogue_id(told.alias_of),
            asr_status=told.asr,
            analysis_status=told.analysis,
        )
    )
    sha256 = f"text {told.n}"
    if told.asr == "DONE":
        await tx.execute(_transcript(told, sha256))
    if told.machine is not None:
        await tx.execute(_verdict(told, told.machine, sha256))
    for n, review in enumerate(told.reviews):
        await tx.execute(_review(told, n, review))


def _transcript(told: Told, sha256: str) -> object:
    start, end = (round(moment.timestamp() * 1000) for moment in told.moments)
    body = told.text or "Добрый день."
    utterance = {"start_ms": start, "end_ms": end, "text": body, "words": []}
    return t.dialogue_transcripts.insert().values(
        dialogue_id=dialogue_id(told.n),
        revision=told.revision,
        language="en" if told.point == K else "ru",
        text=body,
        segments_json=[utterance],
        transcript_sha256=sha256,
    )


def _verdict(told: Told, held: Held, sha256: str) -> object:
    return t.dialogue_upsell_analysis.insert().values(
        dialogue_id=dialogue_id(told.n),
        revision=told.analysed or told.revision,
        kind=held.kind,
        attempted=held.attempted,
        quality_score=held.quality_score,
        categories=list(held.categories),
        closing_question=held.quality_score == 1,
        customer_reaction=held.customer_reaction,
        evidence_quotes=[],
        summary="",
        confidence=0.8,
        analysis_model=told.engine,
        prompt_version="1",
        prompt_sha256="0" * 64,
        transcript_sha256=told.heard or sha256,
        cost_usd=0.001,
    )


def _review(told: Told, n: int, review: Review) -> object:
    held = review.held
    at = datetime(2026, 11, 1, 12, review.minute, tzinfo=UTC)
    return t.reviews.insert().values(
        review_id=uuid5(NAMESPACE, f"review {n} of {told.n}"),
        dialogue_id=dialogue_id(told.n),
        revision=review.revision,
        reviewer="ana",
        reason=review.reason,
        kind=held.kind,
        attempted=held.attempted,
        quality_score=held.quality_score,
        categories=list(held.categories),
        customer_reaction=held.customer_reaction,
        created_at=at,
        undone_at=at + timedelta(minutes=5) if review.is_undone else None,
    )
