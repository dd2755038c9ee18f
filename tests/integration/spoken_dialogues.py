"""Dialogues with words, verdicts and sound, each put where a test wants it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shop import Device, Shop
from sqlalchemy import insert, update

from db import tables as t
from db.reports.facts import refresh_facts
from domain.ids import DialogueId

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def say(
    shop: Shop,
    text: str,
    *,
    language: str = "ru",
    minute: float = 0,
    device: Device | None = None,
    quotes: tuple[str, ...] = (),
    **verdict: Any,
) -> UUID:
    """A judged dialogue in which `text` was said, an utterance a line, a word every 250 ms."""
    at, dialogue_id = device or shop.device, uuid4()
    start = NINE + timedelta(minutes=minute)
    place = {"point_id": at.point_id, "register_id": at.register_id, "device_id": at.device_id}
    span = {"start_ts": start, "end_ts": start + timedelta(seconds=20)}
    statuses = {"state": "closed", "asr_status": "DONE", "analysis_status": "DONE"}
    utterances = _utterances(text, round(start.timestamp() * 1000))
    judged = {
        "kind": "sale", "attempted": "yes", "quality_score": 2, "categories": ["dessert"], "closing_question": False,
        "customer_reaction": "accepted", "evidence_quotes": [_quote(q, utterances) for q in quotes], "summary": "",
        "confidence": 0.9, "analysis_model": "rules-1", "prompt_version": "p", "prompt_sha256": "x",
        "transcript_sha256": "t", **verdict,
    }  # fmt: skip
    heard = {"language": language, "text": text, "segments_json": utterances, "transcript_sha256": "t"}
    async with shop.deps.db.begin() as tx:
        for table, values in (
            (t.dialogues, {**place, **span, **statuses}),
            (t.dialogue_transcripts, {"revision": 1, **heard}),
            (t.dialogue_upsell_analysis, {"revision": 1, **judged}),
        ):
            await tx.execute(insert(table).values(dialogue_id=dialogue_id, **values))
        await refresh_facts(tx, [DialogueId(dialogue_id)])
    return dialogue_id


async def record(shop: Shop, dialogue_id: UUID, minute: float = 0, speech_s: float = 20) -> UUID:
    """The sound of that dialogue: one received chunk in which its speech lies. Returns the chunk's id."""
    start = NINE + timedelta(minutes=minute)
    receipt = (await shop.upload(start_ts=start.isoformat(), end_ts=(start + timedelta(seconds=60)).isoformat())).json()
    chunk_id = UUID(receipt["chunk_id"])
    span = {"start_ts": start, "end_ts": start + timedelta(seconds=speech_s)}
    offsets = {"offset_start_ms": 0, "offset_end_ms": round(speech_s * 1000)}
    async with shop.deps.db.begin() as tx:
        decoded = update(t.audio_chunks).where(t.audio_chunks.c.chunk_id == chunk_id)
        await tx.execute(decoded.values(status="DONE", decoded_ms=60_000))
        segment = {"dialogue_id": dialogue_id, "revision": 1, "idx": 0, "chunk_id": chunk_id}
        await tx.execute(insert(t.dialogue_segments).values({**segment, **offsets, **span}))
    return chunk_id


def _utterances(text: str, start_ms: int) -> list[dict[str, Any]]:
    found = []
    for line in text.splitlines():
        words = []
        for word in line.split():
            words.append({"start_ms": start_ms, "end_ms": start_ms + 250, "word": f" {word}", "probability": 0.9})
            start_ms += 250
        if words:
            borders = {"start_ms": words[0]["start_ms"], "end_ms": words[-1]["end_ms"]}
            found.append({**borders, "text": line.strip(), "words": words})
    return found


def _quote(quote: str, utterances: list[dict[str, Any]]) -> dict[str, Any]:
    at = next(i for i, utterance in enumerate(utterances) if quote in utterance["text"])
    words = [word for word in utterances[at]["words"] if word["word"].strip() in quote.split()]
    times = {"start_ms": words[0]["start_ms"], "end_ms": words[-1]["end_ms"]}
    return {"quote": quote, "utterance": at, "score": 1.0, **times}
