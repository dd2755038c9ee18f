"""`/api/v1/dialogues/{id}/detail`: everything that the page of one dialogue shows, in one answer."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from db.dialogues.detail import Stored, neighbours
from db.dialogues.history import Event, read_history
from db.dialogues.search import meanings
from db.reviewing.reviews import list_reviews
from domain.access import Permission, Principal
from domain.reasons import why
from domain.search_query import parse
from domain.status import DialogueState
from serve_apps import auth
from serve_apps.api.dialogues import detail_views as views
from serve_apps.api.dialogues.clip import audio_of, clip_view
from serve_apps.api.dialogues.known import known_dialogue
from serve_apps.api.dialogues.links import LinksOf
from serve_apps.api.dialogues.query import Search
from serve_apps.api.dialogues.schemas import DialogueDetail, NeighboursView, RerunStage
from serve_apps.api.dialogues.views import row_of
from serve_apps.api.reviewing.reviews import view_of
from serve_apps.application import DepsOf
from serve_apps.problems import Code, documented

router = APIRouter(
    prefix="/api/v1/dialogues",
    tags=["dialogues"],
    dependencies=[auth.require(Permission.READ)],
    responses=documented(*auth.CODES, Code.NOT_FOUND, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE),
)


@router.get("/{dialogue_id}/detail", operation_id="get_dialogue_detail")
async def get_dialogue_detail(
    dialogue_id: UUID,
    deps: DepsOf,
    caller: auth.Caller,
    links: LinksOf,
    q: Annotated[Search | None, Query(description="a search whose hits are to be marked")] = None,
) -> DialogueDetail:
    """A dialogue as it stands this moment. One that went into another is answered with 404 that names it."""
    terms = parse(q) if q else ()
    async with deps.db.snapshot() as tx:
        line, stored = await known_dialogue(tx, dialogue_id, caller)
        audio = await audio_of(tx, line)
        reviews = await list_reviews(tx, dialogue_id)
        events = await read_history(tx, dialogue_id, line.revision, stored, reviews)
        before, after = await neighbours(tx, line)
        texts = {stored.heard.transcript.language: [stored.heard.transcript.text]} if stored.heard and terms else {}
        meant = await meanings(tx, terms, texts)
    zone, plan = ZoneInfo(line.zone), audio.plan
    quotes = views.quotes_of(stored, plan)
    return DialogueDetail(
        row=row_of(line, caller),
        state=stored.state,
        zone=line.zone,
        asr_status=stored.asr_status,
        error=stored.error,
        skip_reason=stored.skip_reason,
        utterances=views.utterances_of(stored, plan, terms, next(iter(meant.values()), None)),
        words_dropped_at=stored.words_dropped_at,
        quotes=quotes,
        machine=views.machine_of(stored.judged, quotes),
        effective=views.effective_of(line),
        reviews=[view_of(review) for review in reviews],
        catalogue=list(stored.catalogue),
        reasons=why(stored.judged.verdict) if stored.judged else [],
        missed=views.missed_of(line, stored),
        provenance=views.provenance_of(stored, zone, _total_usd(events)),
        history=[views.event_of(event, zone) for event in events],
        neighbours=NeighboursView(before=views.neighbour_of(before, zone), after=views.neighbour_of(after, zone)),
        clip=clip_view(links, line, audio, caller) if plan.pieces else None,
        waveform_url=f"/api/v1/dialogues/{dialogue_id}/waveform" if plan.pieces else None,
        can_rerun=_can_rerun(stored, caller, has_audio=bool(plan.pieces)),
    )


def _total_usd(events: Sequence[Event]) -> float:
    """Of every verdict there ever was, to the billionth."""
    return round(sum(event.cost_usd or 0.0 for event in events), 9)


def _can_rerun(stored: Stored, caller: Principal, *, has_audio: bool) -> list[RerunStage]:
    if stored.state is not DialogueState.CLOSED or stored.words_dropped_at or not caller.may(Permission.REVIEW):
        return []
    possible = {RerunStage.ASR: has_audio, RerunStage.ANALYSIS: stored.heard is not None}
    return [stage for stage, is_possible in possible.items() if is_possible]
