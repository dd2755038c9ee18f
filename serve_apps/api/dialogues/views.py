"""Dialogues as the api answers them, to a caller who may or may not see registers."""

from db.dialogues.facets import Facets
from db.dialogues.rows import DialogueLine
from domain.access import Principal, sees_registers
from domain.dialogue_filter import Reviewed
from domain.search_hits import Snippet
from serve_apps.api.dialogues.schemas import DialogueRow, FacetOption, FacetsView, ReviewMark, SnippetView


def row_of(line: DialogueLine, caller: Principal) -> DialogueRow:
    """Without its register where the point does not show figures by register to this caller."""
    with_register = sees_registers(caller, line.shows_registers)
    return DialogueRow(
        dialogue_id=line.dialogue_id,
        point_id=line.point_id,
        point=line.point,
        register_id=line.register_id if with_register else None,
        register_name=line.register_name if with_register else None,
        start_ts=line.start_ts,
        end_ts=line.end_ts,
        duration_s=line.duration_s,
        revision=line.revision,
        place=line.place,
        status=line.status,
        kind=line.kind,
        attempted=line.attempted,
        quality_score=line.quality_score,
        categories=list(line.categories),
        reaction=line.customer_reaction,
        confidence=line.confidence,
        language=line.language,
        engine=line.engine,
        review=_mark(line),
        first_quote=line.first_quote,
        summary=line.summary,
        snippet=_snippet(line.snippet),
    )


def facets_of(facets: Facets, caller: Principal) -> FacetsView:
    """Registers are no option where the caller may not filter by them."""
    options = {
        name: [
            FacetOption(value=option.value, label=option.label, n=option.n)
            for option in found
            if name != "register" or sees_registers(caller, option.shows_registers)
        ]
        for name, found in facets.options.items()
    }
    return FacetsView(counted=facets.counted, is_complete=facets.is_complete, facets=options)


def _mark(line: DialogueLine) -> ReviewMark | None:
    if line.reviewer is None or line.reviewed_at is None:
        return None
    state = Reviewed.STALE if line.is_stale else Reviewed.REVIEWED
    return ReviewMark(state=state, reviewer=line.reviewer, at=line.reviewed_at)


def _snippet(found: Snippet | None) -> SnippetView | None:
    return None if found is None else SnippetView(text=found.text, hits=list(found.hits))
