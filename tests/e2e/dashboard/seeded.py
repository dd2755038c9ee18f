"""A shop for the browser: the sample day's real audio as chunks, its dialogues with words and verdicts as the pipeline
would leave them, and two weeks of plain history before it. Today, so that the page Today has something to show."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from audio.store import FileStore
from db import tables as t
from db.accounts.user_tokens import open_session
from db.engine import Database
from db.reports.facts import refresh_facts
from domain.ids import DialogueId
from domain.transcript import Transcript, Utterance, Word

ZONE = ZoneInfo("Europe/Belgrade")
HISTORY_DAYS = 13
EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
"""Stands in every text field that a person or a model fills."""
ENGINE = "rules-1"
CATEGORIES = {"addon_product": "pastry", "bigger_size": "coffee_size", "promo_deal": "combo", "service": "takeaway"}
ROUND_THE_CLOCK = [{"opens": "00:00", "closes": "24:00"}]


@dataclass(frozen=True)
class Counter:
    """One point with its only register and the device on it."""

    name: str
    language: str
    point_id: UUID = field(default_factory=uuid4)
    register_id: UUID = field(default_factory=uuid4)
    device_id: UUID = field(default_factory=uuid4)

    @property
    def ids(self) -> dict[str, UUID]:
        return {"point_id": self.point_id, "register_id": self.register_id, "device_id": self.device_id}


@dataclass(frozen=True)
class Seeded:
    """What was written. `dialogues`: the sample's id ("ru01") → ours; these have audio. day: the points' today."""

    db: Database
    day: date
    russian: Counter
    english: Counter
    evil: Counter
    dialogues: dict[str, UUID]

    async def token(self, login: str, role: str, points: Sequence[Counter] | None = None) -> str:
        """A session token of a new user of that role with these points; None: all."""
        user = {"user_id": uuid4(), "login": login, "name": login.title(), "role": role, "all_points": points is None}
        async with self.db.begin() as tx:
            await tx.execute(insert(t.users).values(user))
            for point in points or ():
                await tx.execute(insert(t.user_points).values(user_id=user["user_id"], point_id=point.point_id))
            return await open_session(tx, user["user_id"], timedelta(hours=1))


@dataclass(frozen=True)
class Spoken:
    """A dialogue to write. start_ms: since the epoch; said: (text, start, end) in ms since the epoch."""

    dialogue_id: UUID
    at: Counter
    start_ms: int
    end_ms: int
    said: Sequence[tuple[str, int, int]]
    verdict: dict[str, Any]


async def seed(db: Database, store: FileStore, samples: Path, with_attack: bool = True) -> Seeded:
    """Fills an empty database. with_attack: also a point whose every text is a script."""
    day = datetime.now(ZONE).date()
    russian, english = Counter("Кофейня на Дунае", "ru"), Counter("Book corner", "en")
    evil = Counter(f"Evil {EVIL}", "ru")
    truth = json.loads((samples / "ground_truth.json").read_text())
    morning = datetime.combine(day, time(10), ZONE).astimezone(UTC)
    by_language = {"ru": russian, "en": english}
    spoken = {d["id"]: _of_sample(d, by_language[d["language"]], morning) for d in truth["dialogues"]}
    history = list(_history(day, [russian, english]))
    attack = _attack(evil, morning)
    written = [*spoken.values(), *history, *([attack] if with_attack else [])]
    async with db.begin() as tx:
        for counter in (russian, english, *([evil] if with_attack else [])):
            await _place(tx, counter)
        chunks = await _chunks(tx, store, samples, morning, by_language)
        await _write(tx, written, chunks)
        await _coverage(tx, day, [russian, english])
        await refresh_facts(tx, [DialogueId(one.dialogue_id) for one in written])
    ids = {name: one.dialogue_id for name, one in spoken.items()}
    return Seeded(db, day, russian, english, evil, {**ids, "evil": attack.dialogue_id})


async def _place(tx: AsyncConnection, at: Counter) -> None:
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ROUND_THE_CLOCK)
    point = {"point_id": at.point_id, "name": at.name, "language": at.language, "goal": 0.5, "opening_hours": hours}
    await tx.execute(insert(t.points).values(**point))
    named = {"name": f"Till {EVIL if EVIL in at.name else 1}"}
    await tx.execute(insert(t.registers).values(register_id=at.register_id, point_id=at.point_id, **named))
    await tx.execute(insert(t.devices).values(**at.ids, name=f"Pi of {at.name}", last_seen_at=datetime.now(UTC)))


async def _chunks(
    tx: AsyncConnection, store: FileStore, samples: Path, morning: datetime, counters: dict[str, Counter]
) -> list[dict[str, Any]]:
    """The sample's minutes in the store and in the database, in order."""
    rows = []
    for number, path in enumerate(sorted((samples / "chunks").iterdir(), key=lambda path: path.name[-11:])):
        at, content = counters[path.name.split("_")[1]], path.read_bytes()
        start = morning + timedelta(minutes=number)
        stored = f"audio/{at.point_id}/{at.register_id}/{start:%Y-%m-%d}/{start:%H}/chunk_{number}.ogg"
        store.put(stored, content)
        rows.append(
            {
                **at.ids,
                "chunk_id": uuid4(),
                "session_id": uuid5(at.device_id, "run"),
                "seq": number,
                "start_ts": start,
                "end_ts": start + timedelta(minutes=1),
                "codec": "opus",
                "sample_rate": 48_000,
                "channels": 1,
                "sha256": hashlib.sha256(content).hexdigest(),
                "size_bytes": len(content),
                "stored_path": stored,
                "status": "DONE",
                "settled_status": "DONE",
                "decoded_ms": 60_000,
                "decoded_at": start,
            }
        )
    await tx.execute(insert(t.audio_chunks), rows)
    return rows


def _of_sample(truth: dict[str, Any], at: Counter, morning: datetime) -> Spoken:
    zero = round(morning.timestamp() * 1000)
    said = [
        (u["text"], zero + round(u["start_s"] * 1000), zero + round(u["end_s"] * 1000)) for u in truth["utterances"]
    ]
    labels = truth["labels"]
    is_sale = truth["kind"] == "sale"
    offer = truth["upsells"][0] if truth["upsells"] else None
    quality = {"none": 0, "weak": 1, "strong": 2}[labels["strength"]]
    verdict = {
        "kind": "sale" if is_sale else "staff",
        "attempted": "uncertain" if truth["id"] == "ru04" else "yes" if labels["upsell_attempt"] else "no",
        "quality_score": quality,
        "categories": [CATEGORIES[labels["category"]]] if labels["category"] in CATEGORIES else [],
        "closing_question": labels["strength"] == "weak",
        "customer_reaction": {True: "accepted", False: "rejected", None: "unclear"}[labels["accepted"]],
        "evidence_quotes": [_quote(offer, said)] if offer else [],
        "summary": f"Example {truth['id']}",
        "confidence": {"en03": 0.45, "en05": 0.95}.get(truth["id"], 0.9),
    }
    start, end = zero + round(truth["start_s"] * 1000), zero + round(truth["end_s"] * 1000)
    return Spoken(uuid4(), at, start, end, said, verdict)


def _quote(offer: dict[str, Any], said: Sequence[tuple[str, int, int]]) -> dict[str, Any]:
    text, start, end = said[offer["utterance"]]
    words = _words(text, start, end)[:8]
    quote = " ".join(word.word.strip() for word in words)
    place = {"start_ms": words[0].start_ms, "end_ms": words[-1].end_ms}
    return {"quote": quote, "utterance": offer["utterance"], "score": 1.0, **place}


def _history(day: date, counters: Sequence[Counter]) -> Iterator[Spoken]:
    """Eight sales a day at each point, by a fixed pattern; the Russian point got worse in the last week."""
    for back in range(1, HISTORY_DAYS + 1):
        for at in counters:
            for number in range(8):
                start = datetime.combine(day - timedelta(days=back), time(9 + number), ZONE)
                offered = number % 4 != 0 if (back > 7 or at.language == "en") else number % 3 == 0
                yield _plain(at, round(start.timestamp() * 1000), offered, number)


def _plain(at: Counter, start_ms: int, offered: bool, number: int) -> Spoken:
    text = "Croissant with it?" if at.language == "en" else "Круассан к кофе?"
    quote = {"quote": text, "utterance": 0, "start_ms": start_ms, "end_ms": start_ms + 2000, "score": 1.0}
    verdict = {
        "kind": "sale",
        "attempted": "yes" if offered else "no",
        "quality_score": 1 + number % 3 if offered else 0,
        "categories": [("pastry", "syrup", "dessert")[number % 3]] if offered else [],
        "closing_question": False,
        "customer_reaction": ("accepted", "rejected", "unclear")[number % 3] if offered else "unclear",
        "evidence_quotes": [quote] if offered else [],
        "summary": "",
        "confidence": 0.8,
    }
    return Spoken(uuid4(), at, start_ms, start_ms + 30_000, [(text, start_ms, start_ms + 2000)], verdict)


def _attack(at: Counter, morning: datetime) -> Spoken:
    start = round(morning.timestamp() * 1000)
    quote = {"quote": EVIL, "utterance": 0, "start_ms": start, "end_ms": start + 2000, "score": 1.0}
    one = _plain(at, start, True, 1)
    verdict = {**one.verdict, "summary": EVIL, "evidence_quotes": [quote], "categories": [EVIL], "quality_score": 3}
    return Spoken(one.dialogue_id, at, start, one.end_ms, [(EVIL, start, start + 2000)], verdict)


async def _write(tx: AsyncConnection, spoken: Sequence[Spoken], chunks: Sequence[dict[str, Any]]) -> None:
    transcripts = {
        one.dialogue_id: Transcript(
            one.at.language,
            tuple(Utterance(start, end, text, _words(text, start, end)) for text, start, end in one.said),
        )
        for one in spoken
    }
    await tx.execute(insert(t.dialogues), [_dialogue(one) for one in spoken])
    await tx.execute(insert(t.dialogue_transcripts), [_transcript(i, said) for i, said in transcripts.items()])
    await tx.execute(
        insert(t.dialogue_upsell_analysis), [_analysis(one, transcripts[one.dialogue_id]) for one in spoken]
    )
    segments = [row for one in spoken for row in _segments(one, chunks)]
    await tx.execute(insert(t.dialogue_segments), segments)
    speech: dict[UUID, list[dict[str, Any]]] = {}
    for row in sorted(segments, key=lambda row: row["start_ts"]):
        of_chunk = speech.setdefault(row["chunk_id"], [])
        plain = {key: row[key] for key in ("chunk_id", "offset_start_ms", "offset_end_ms", "start_ts", "end_ts")}
        of_chunk.append({**plain, "idx": len(of_chunk), "device_id": row["device_id"]})
    await tx.execute(insert(t.speech_segments), [row for rows in speech.values() for row in rows])


def _heard(one: Spoken) -> Transcript:
    utterances = [Utterance(start, end, text, _words(text, start, end)) for text, start, end in one.said]
    return Transcript(one.at.language, tuple(utterances))


def _words(text: str, start_ms: int, end_ms: int) -> tuple[Word, ...]:
    """Each as long as its letters."""
    words, at, letters = text.split(), start_ms, max(sum(len(w) for w in text.split()), 1)
    timed = []
    for word in words:
        end = at + (end_ms - start_ms) * len(word) // letters
        timed.append(Word(at, end, f" {word}", 0.9))
        at = end
    return tuple(timed)


def _dialogue(one: Spoken) -> dict[str, Any]:
    done = {"state": "closed", "asr_status": "DONE", "analysis_status": "DONE", "asr_pass": "fast", "asr_model": "base"}
    start, end = _instant(one.start_ms), _instant(one.end_ms)
    row = {"dialogue_id": one.dialogue_id, **one.at.ids, "start_ts": start, "end_ts": end, "language": one.at.language}
    return {**row, **done, "closed_at": end}


def _transcript(dialogue_id: UUID, said: Transcript) -> dict[str, Any]:
    return {
        "dialogue_id": dialogue_id,
        "revision": 1,
        "language": said.language,
        "text": said.text,
        "segments_json": [asdict(utterance) for utterance in said.utterances],
        "avg_logprob": -0.2,
        "no_speech_prob": 0.02,
        "transcript_sha256": said.sha256,
    }


def _analysis(one: Spoken, said: Transcript) -> dict[str, Any]:
    made = {"analysis_model": ENGINE, "prompt_version": "1", "prompt_sha256": "p" * 64}
    return {"dialogue_id": one.dialogue_id, "revision": 1, **one.verdict, **made, "transcript_sha256": said.sha256}


def _segments(one: Spoken, chunks: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Where in the chunks each utterance sounds; one that goes over a border is cut there."""
    place = 0
    for _, start_ms, end_ms in one.said:
        for chunk in chunks:
            zero = round(chunk["start_ts"].timestamp() * 1000)
            first, last = max(start_ms - zero, 0), min(end_ms - zero, 60_000)
            if chunk["device_id"] != one.at.device_id or first >= last:
                continue
            yield {
                "dialogue_id": one.dialogue_id,
                "revision": 1,
                "idx": place,
                "chunk_id": chunk["chunk_id"],
                "device_id": one.at.device_id,
                "offset_start_ms": first,
                "offset_end_ms": last,
                "start_ts": _instant(zero + first),
                "end_ts": _instant(zero + last),
            }
            place += 1


async def _coverage(tx: AsyncConnection, day: date, counters: Sequence[Counter]) -> None:
    """Nine tenths of every day."""
    hour = 3_600_000
    rows = [
        {
            "point_id": at.point_id,
            "day": day - timedelta(days=back),
            "scheduled_ms": 14 * hour,
            "recorded_ms": round(12.6 * hour),
            "waiting_ms": 0,
            "paused_ms": 0,
            "lost_ms": round(1.4 * hour),
            "ahead_ms": 0,
            "lost_by_reason": {"no_microphone": round(1.4 * hour)},
        }
        for at in counters
        for back in range(HISTORY_DAYS + 1)
    ]
    await tx.execute(insert(t.coverage_days), rows)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
