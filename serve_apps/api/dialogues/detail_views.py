"""One dialogue as its page gets it: the times of words, quotes and speech as places in its clip."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from db.dialogues.detail import Heard, Judged, Neighbour, Stored
from db.dialogues.history import Event
from db.dialogues.rows import DialogueLine
from domain.clip import ClipPlan
from domain.missed import Missed, missed
from domain.review import Judgement
from domain.rules.speakers import Speaker
from domain.search_hits import Meanings, find_hits
from domain.search_query import Term
from domain.speaking import who_speaks
from domain.status import Attempted, Kind, Reaction
from domain.verdict import Evidence
from serve_apps.api.dialogues import schemas as s


def utterances_of(
    stored: Stored, plan: ClipPlan, terms: Sequence[Term] = (), meanings: Meanings | None = None
) -> list[s.UtteranceView]:
    """With who seems to speak, the evidence, and the hits of a search."""
    if stored.heard is None:
        return []
    transcript, evidence = stored.heard.transcript, _evidence(stored)
    speaking = who_speaks(transcript, _offers(stored))
    return [
        s.UtteranceView(
            speaker=None if speaker is None else "staff" if speaker is Speaker.STAFF else "customer",
            start_ms=plan.clip_ms(utterance.start_ms),
            end_ms=plan.clip_ms(utterance.end_ms),
            text=utterance.text,
            words=[
                s.WordView(
                    w=word.word, start_ms=plan.clip_ms(word.start_ms), end_ms=plan.clip_ms(word.end_ms),
                    p=word.probability,
                )
                for word in utterance.words
            ],
            quotes=[place for e in evidence if e.utterance == i for place in _places(utterance.text, e.quote)],
            hits=list(find_hits(utterance.text, terms, meanings or {})),
        )
        for i, (utterance, speaker) in enumerate(zip(transcript.utterances, speaking, strict=True))
    ]  # fmt: skip


def quotes_of(stored: Stored, plan: ClipPlan) -> list[s.QuoteView]:
    return [
        s.QuoteView(
            text=e.quote,
            start_ms=plan.clip_ms(e.start_ms),
            end_ms=plan.clip_ms(e.end_ms),
            utterance=e.utterance,
            score=e.score,
        )
        for e in _evidence(stored)
    ]


def machine_of(judged: Judged | None, quotes: list[s.QuoteView]) -> s.MachineVerdictView | None:
    if judged is None:
        return None
    verdict = judged.verdict
    return s.MachineVerdictView(
        kind=verdict.kind,
        attempted=verdict.attempted,
        quality_score=verdict.quality_score,
        categories=list(verdict.categories),
        reaction=verdict.customer_reaction,
        closing_question=verdict.closing_question,
        summary=verdict.summary,
        confidence=verdict.confidence,
        quotes=quotes,
    )


def effective_of(line: DialogueLine) -> s.EffectiveView | None:
    if line.kind is None or line.attempted is None:
        return None
    return s.EffectiveView(
        by="machine" if line.reviewer is None else "review",
        kind=line.kind,
        attempted=line.attempted,
        quality_score=line.quality_score or 0,
        categories=list(line.categories),
        reaction=line.customer_reaction or Reaction.UNCLEAR,
    )


def missed_of(line: DialogueLine, stored: Stored) -> s.MissedView | None:
    """By the verdict that counts."""
    if stored.heard is None or line.kind is None or line.attempted is None:
        return None
    found: Missed | None = missed(
        stored.heard.transcript,
        stored.catalogue,
        Kind(line.kind),
        Attempted(line.attempted),
        line.quality_score or 0,
        line.categories,
        _offers(stored),
    )
    if found is None:
        return None
    ideas = [s.IdeaView(category=idea.category, because=list(idea.because)) for idea in found.ideas]
    return s.MissedView(is_missed=found.is_missed, bought=list(found.bought), ideas=ideas)


def provenance_of(stored: Stored, zone: ZoneInfo, cost_usd_total: float) -> s.ProvenanceView:
    heard: Heard | None = stored.heard
    of = stored.judged.provenance if stored.judged else None
    return s.ProvenanceView(
        asr_model=stored.asr_model,
        asr_pass=stored.asr_pass,
        asr_reasons=list(stored.asr_reasons),
        avg_logprob=heard.avg_logprob if heard else None,
        no_speech_prob=heard.no_speech_prob if heard else None,
        transcript_sha256=heard.sha256 if heard else None,
        model=of.model if of else None,
        prompt_version=of.prompt_version if of else None,
        prompt_sha256=of.prompt_sha256 if of else None,
        parameters=of.parameters if of else {},
        tokens_in=of.tokens_in if of else 0,
        tokens_out=of.tokens_out if of else 0,
        cost_usd=of.cost_usd if of else 0.0,
        cost_usd_total=cost_usd_total,
        judged_at=stored.judged.judged_at.astimezone(zone) if stored.judged else None,
    )


def event_of(event: Event, zone: ZoneInfo) -> s.EventView:
    return s.EventView(
        what=event.what,
        at=event.at.astimezone(zone),
        revision=event.revision,
        is_current=event.is_current,
        by=event.by,
        opinion=_opinion(event.opinion),
        text=event.text,
        cost_usd=event.cost_usd,
    )


def neighbour_of(found: Neighbour | None, zone: ZoneInfo) -> s.NeighbourView | None:
    if found is None:
        return None
    start, end = _local(found.start_ts, zone), _local(found.end_ts, zone)
    return s.NeighbourView(dialogue_id=found.dialogue_id, start_ts=start, end_ts=end, place=found.place)


def _opinion(held: Judgement | None) -> s.OpinionView | None:
    if held is None:
        return None
    return s.OpinionView(
        kind=held.kind,
        attempted=held.attempted,
        quality_score=held.quality_score,
        categories=list(held.categories),
        reaction=held.customer_reaction,
    )


def _evidence(stored: Stored) -> Sequence[Evidence]:
    return stored.judged.verdict.evidence if stored.judged else ()


def _offers(stored: Stored) -> set[int]:
    """Utterances in which something was offered, by the machine's evidence."""
    is_offer = stored.judged is not None and stored.judged.verdict.attempted is Attempted.YES
    return {e.utterance for e in _evidence(stored)} if is_offer else set()


def _places(text: str, quote: str) -> list[s.Range]:
    """A quote is verbatim text of its utterance."""
    at = text.find(quote)
    return [(at, at + len(quote))] if at >= 0 and quote else []


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone)
