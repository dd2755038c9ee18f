"""Answers of the api as the dashboard gets them: made by its own views, so that they can't drift from them."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from db.reports.overview import Overview, PointPeriod
from db.reports.series import Category, Cell, Series
from domain.change import Period
from domain.coverage import Totals
from domain.figures import Counts, added
from domain.report import Side
from serve_apps.api.dialogues.schemas import DialogueDetail, DialogueRow, FacetsView
from serve_apps.api.reports.views import overview_view

DIALOGUE = UUID(int=7)
WEEK = Period(date(2026, 3, 2), date(2026, 3, 8))
POINTS = {"Ада": UUID(int=1), "Зелени венац": UUID(int=2), "Нови": UUID(int=3)}
SCRIPT = "<script>alert(1)</script>"


def point_row(name: str) -> dict[str, Any]:
    """A point as /auth/me gives it."""
    return {"point_id": str(POINTS[name]), "name": name, "zone": "Europe/Belgrade", "language": "ru"}


def sales(yes: int, no: int, **more: int) -> Counts:
    beside = {name: more.pop(name, 0) for name in ("enquiry", "skipped", "failed")}
    return Counts(
        dialogues=yes + no + sum(beside.values()),
        yes=yes,
        no=no,
        specific=yes // 2,
        accepted=yes // 3,
        rejected=yes // 3,
        quality_1=yes - yes // 2,
        quality_2=yes // 2,
        **beside,
        **more,
    )


def report(
    now: Mapping[str, Counts], before: Mapping[str, Counts], engines: Mapping[str, int] | None = None, goal: float = 0.4
) -> Any:
    """/api/v1/reports/overview of the WEEK: all of it on its first day, at 9 and 11 o'clock."""
    all_now = added(now.values())
    covered = Totals(36_000_000, 27_000_000, 0, 0, 9_000_000, 0, 0, {})
    points = [
        PointPeriod(
            point_id=POINTS[name],
            name=name,
            zone="Europe/Belgrade",
            goal=goal,
            now=Side(counts, Counter(engines or {"rules-3": counts.sales}), covered),
            before=before.get(name, Counts()),
        )
        for name, counts in now.items()
    ]
    read = Overview(points, before=Side(added([Counts(), *before.values()])), lost={}, updated_at=None)
    series = Series(
        days={WEEK.first: all_now},
        hours={9: all_now, 11: sales(1, 1)},
        cells=[Cell(0, 9, all_now), Cell(4, 11, sales(1, 1))],
        categories=[Category("dessert", 6, 2, 1), Category(SCRIPT, 1, 0, 0)],
        coverage={WEEK.first: 0.75, WEEK.first + timedelta(days=1): 0.0},
    )
    return overview_view(WEEK, read, series).model_dump(mode="json", by_alias=True)


def row(**changes: Any) -> Any:
    """One line of /api/v1/dialogues/rows: a specific offer that was declined."""
    found = {
        "dialogue_id": DIALOGUE,
        "point_id": POINTS["Ада"],
        "point": "Ада",
        "register_id": UUID(int=11),
        "register_name": "Касса 1",
        "start_ts": "2026-03-02T09:05:00+01:00",
        "end_ts": "2026-03-02T09:05:41+01:00",
        "duration_s": 41.0,
        "revision": 1,
        "place": "yes",
        "status": "DONE",
        "kind": "sale",
        "attempted": "yes",
        "quality_score": 2,
        "categories": ["dessert"],
        "reaction": "rejected",
        "confidence": 0.82,
        "language": "ru",
        "engine": "rules-3",
        "review": None,
        "first_quote": "может тирамису",
        "summary": "Кассир предложил тирамису.",
        "snippet": None,
    }
    return DialogueRow.model_validate({**found, **changes}).model_dump(mode="json", by_alias=True)


def facets(complete: bool = True, **options: Mapping[str, int]) -> Any:
    """/api/v1/dialogues/facets"""
    made = {name: [{"value": v, "label": None, "n": n} for v, n in counts.items()] for name, counts in options.items()}
    return FacetsView.model_validate({"counted": 40, "is_complete": complete, "facets": made}).model_dump(mode="json")


OPINION = {"kind": "sale", "attempted": "yes", "quality_score": 2, "categories": ["dessert"], "reaction": "rejected"}


def detail(**changes: Any) -> Any:
    """/api/v1/dialogues/{id}/detail of the row above."""
    said = "Может тирамису?"
    words = [
        {"w": " Может", "start_ms": 1000, "end_ms": 1400, "p": 0.9},
        {"w": " тирамису?", "start_ms": 1500, "end_ms": 2100, "p": 0.8},
    ]
    quote = {"text": said, "start_ms": 1000, "end_ms": 2100, "utterance": 0, "score": 1.0}
    found = {
        "row": DialogueRow.model_validate({**row(), "register_name": "Касса 1"}),
        "state": "closed",
        "zone": "Europe/Belgrade",
        "asr_status": "DONE",
        "error": None,
        "skip_reason": None,
        "words_dropped_at": None,
        "utterances": [
            {
                "speaker": "staff",
                "start_ms": 1000,
                "end_ms": 2100,
                "text": said,
                "words": words,
                "quotes": [[0, 15]],
                "hits": [[6, 14]],
            },
            {
                "speaker": "customer",
                "start_ms": 2500,
                "end_ms": 3000,
                "text": SCRIPT,
                "words": [],
                "quotes": [],
                "hits": [],
            },
        ],
        "quotes": [quote],
        "machine": {**OPINION, "closing_question": False, "summary": SCRIPT, "confidence": 0.55, "quotes": [quote]},
        "effective": {**OPINION, "by": "machine"},
        "reviews": [],
        "reasons": ["quoted", "specific", "low_confidence"],
        "missed": {"is_missed": False, "bought": [], "ideas": []},
        "provenance": {
            "asr_model": "base@1 int8",
            "asr_pass": "fast",
            "asr_reasons": [],
            "avg_logprob": -0.3,
            "no_speech_prob": 0.1,
            "transcript_sha256": "ab",
            "model": "rules-3",
            "prompt_version": "rules-3",
            "prompt_sha256": "cd",
            "parameters": {},
            "tokens_in": 0,
            "tokens_out": 0,
            "cost_usd": 0.0,
            "cost_usd_total": 0.0,
            "judged_at": "2026-03-02T09:09:00+01:00",
        },
        "history": [
            {
                "what": "verdict",
                "at": "2026-03-02T09:09:00+01:00",
                "revision": 1,
                "is_current": True,
                "by": "rules-3",
                "opinion": OPINION,
                "text": SCRIPT,
                "cost_usd": 0.0,
            }
        ],
        "neighbours": {"before": None, "after": None},
        "clip": None,
        "waveform_url": None,
        "catalogue": ["dessert", "syrup"],
        "can_rerun": ["asr", "analysis"],
    }
    return DialogueDetail.model_validate({**found, **changes}).model_dump(mode="json", by_alias=True)
