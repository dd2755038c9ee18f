"""What a stage's results make of dialogues: their current transcripts and verdicts. One job's and a whole run's alike.

The callers hold the dialogues' rows. Facts and roll-ups are not touched here: who calls brings them up to date, or has
a job do it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TypeAlias
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import bindparam, delete, func, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from domain.asr import Outcome
from domain.status import StageStatus
from domain.transcript import Utterance
from domain.verdict import AnalysisResult, Provenance, Verdict

Transcribed: TypeAlias = tuple[UUID, int, Outcome]
"""Dialogue, the revision that was heard, what was heard."""
Judged: TypeAlias = tuple[UUID, int, AnalysisResult]

_UTTERANCES = TypeAdapter(tuple[Utterance, ...])
"""Some hundred words each: `asdict` takes many times as long."""
_OF_DIALOGUE = t.dialogues.c.dialogue_id == bindparam("of_dialogue")


async def put_transcripts(tx: AsyncConnection, transcribed: Sequence[Transcribed]) -> None:
    """Replaces current transcripts; where nothing was said one has no utterances. Their verdicts are to be made."""
    rows = [
        {"dialogue_id": dialogue_id, "revision": revision, **_transcript(outcome)}
        for dialogue_id, revision, outcome in transcribed
    ]
    await _upsert(tx, insert(t.dialogue_transcripts), rows)
    said = [
        {
            "of_dialogue": dialogue_id,
            "language": outcome.transcript.language,
            "asr_status": StageStatus.DONE.value,
            "asr_pass": outcome.asr_pass,
            "asr_model": outcome.model,
            "asr_reasons": list(outcome.reasons),
            "analysis_status": StageStatus.PENDING.value,
            "skip_reason": None,
            "error": None,
        }
        for dialogue_id, _, outcome in transcribed
    ]
    await _update(tx, said)


async def put_verdicts(tx: AsyncConnection, judged: Sequence[Judged]) -> None:
    """Replaces current verdicts; a skipped dialogue has none, and says why."""
    rows = [
        {"dialogue_id": dialogue_id, "revision": revision, **_columns(result.verdict, result.provenance)}
        for dialogue_id, revision, result in judged
        if result.verdict is not None and result.provenance is not None
    ]
    await _upsert(tx, insert(t.dialogue_upsell_analysis), rows)
    kept = {row["dialogue_id"] for row in rows}
    skipped = [dialogue_id for dialogue_id, _, _ in judged if dialogue_id not in kept]
    if skipped:
        without = t.dialogue_upsell_analysis.c.dialogue_id.in_(skipped)
        await tx.execute(delete(t.dialogue_upsell_analysis).where(without))
    state = [
        {
            "of_dialogue": dialogue_id,
            "error": None,
            "skip_reason": result.skip_reason,
            "analysis_status": (StageStatus.DONE if dialogue_id in kept else StageStatus.SKIPPED).value,
        }
        for dialogue_id, _, result in judged
    ]
    await _update(tx, state)


async def _upsert(tx: AsyncConnection, statement: Insert, rows: Sequence[Mapping[str, object]]) -> None:
    """In the order of the ids, as every holder of several goes."""
    if not rows:
        return
    fresh = {name: statement.excluded[name] for name in rows[0] if name != "dialogue_id"}
    put = statement.on_conflict_do_update(index_elements=["dialogue_id"], set_=fresh | {"created_at": func.now()})
    await tx.execute(put, sorted(rows, key=lambda row: str(row["dialogue_id"])))


async def _update(tx: AsyncConnection, values: Sequence[Mapping[str, object]]) -> None:
    if not values:
        return
    named: dict[str, object] = {name: bindparam(name) for name in values[0] if name != "of_dialogue"}
    await tx.execute(update(t.dialogues).where(_OF_DIALOGUE).values(named), list(values))


def _transcript(outcome: Outcome) -> dict[str, object]:
    """The columns of `dialogue_transcripts` after dialogue and revision."""
    return {
        "language": outcome.transcript.language,
        "text": outcome.transcript.text,
        "segments_json": _UTTERANCES.dump_python(outcome.transcript.utterances, mode="json"),
        "avg_logprob": outcome.avg_logprob,
        "no_speech_prob": outcome.no_speech_prob,
        "transcript_sha256": outcome.transcript.sha256,
        "dropped_at": None,
    }


def _columns(verdict: Verdict, provenance: Provenance) -> dict[str, object]:
    """The columns of `dialogue_upsell_analysis` after dialogue and revision."""
    return {
        "kind": verdict.kind,
        "attempted": verdict.attempted,
        "quality_score": verdict.quality_score,
        "categories": list(verdict.categories),
        "closing_question": verdict.closing_question,
        "customer_reaction": verdict.customer_reaction,
        "evidence_quotes": [asdict(evidence) for evidence in verdict.evidence],
        "summary": verdict.summary,
        "confidence": verdict.confidence,
        "analysis_model": provenance.model,
        "prompt_version": provenance.prompt_version,
        "prompt_sha256": provenance.prompt_sha256,
        "transcript_sha256": provenance.transcript_sha256,
        "parameters": provenance.parameters,
        "tokens_in": provenance.tokens_in,
        "tokens_out": provenance.tokens_out,
        "cost_usd": provenance.cost_usd,
    }
