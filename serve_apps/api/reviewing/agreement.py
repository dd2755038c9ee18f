"""How good the machine is, measured against reviewers, and how far reviewers agree with one another."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from db.reviewing.agreement import Population, read_pairs
from db.reviewing.review_queue import count_waiting
from domain.access import Permission
from domain.agreement import Confusion
from domain.assessment import ENOUGH, ENOUGH_PAIRS, Assessment, Between, assess
from domain.change import Period
from domain.chunks import YEARS
from domain.review_queue import RANDOM_SHARE, Reason
from serve_apps import auth
from serve_apps.api.reports.schemas import EngineView, PeriodView
from serve_apps.api.reviewing.schemas import (
    AgreementView,
    BetweenView,
    ConfusionView,
    CorrectedView,
    KappaView,
    PickedView,
    SampleView,
)
from serve_apps.application import DepsOf
from serve_apps.problems import Code, FieldError, documented, fields_problem

router = APIRouter(
    prefix="/api/v1/reviews/agreement",
    tags=["reviews"],
    dependencies=[auth.require(Permission.READ)],
    responses=documented(
        *auth.CODES, Code.NOT_FOUND, Code.FIELD_MISSING, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE
    ),
)
BASIS = (
    "Precision, recall, kappa and the corrected rate are estimated from the random share only. Other reviews were "
    "picked because a mistake was likely; their shares are biased and stand apart, in `picked`. Dialogues that the "
    "machine skipped for having no words are in neither."
)
Day = Annotated[date, Query(ge=date(YEARS.start, 1, 2), le=date(YEARS.stop - 1, 12, 30))]


@router.get("", operation_id="get_agreement")
async def get_agreement(
    deps: DepsOf,
    caller: auth.Caller,
    first: Annotated[Day, Query(alias="from", description="a day of the points")],
    last: Annotated[Day, Query(alias="to", description="the last day, included")],
    point: Annotated[list[UUID], Query(description="these points; none: all of the caller's")] = [],  # noqa: B006
) -> AgreementView:
    """The machine against reviewers, its rate corrected for its mistakes, and reviewers against one another."""
    if last < first:
        raise fields_problem([FieldError(field="query.to", message="must not be before from")], Code.FIELD_INVALID)
    points, period = caller.scope(point), Period(first, last)
    async with deps.db.snapshot() as tx:
        pairs, population = await read_pairs(tx, period, points)
        waiting = await count_waiting(tx, points)
    return _view(period, population, assess(pairs, population.rate), waiting[Reason.RANDOM])


def _view(period: Period, population: Population, found: Assessment, waiting: int) -> AgreementView:
    return AgreementView(
        period=PeriodView.model_validate(period),
        judged=population.judged,
        share=RANDOM_SHARE,
        engines=[EngineView(engine=engine, n=n) for engine, n in population.engines],
        is_mixed=len(population.engines) > 1,
        basis=BASIS,
        stale=population.stale,
        sample=_sample(found, waiting),
        corrected=_corrected(found),
        between_reviewers=_between(found.between),
        picked=PickedView(n=found.picked.n, calls=_confusion(found.picked)),
    )


def _sample(found: Assessment, waiting: int) -> SampleView:
    sample = found.sample
    return SampleView(
        n=sample.n,
        wanted=ENOUGH,
        missing=sample.missing,
        is_enough=sample.missing == 0,
        waiting=waiting,
        calls=_confusion(sample.calls),
        kinds=_confusion(sample.kinds),
        quality=_confusion(sample.quality),
        reactions=_confusion(sample.reactions),
        precision=sample.precision,
        recall=sample.recall,
        kappa=KappaView.model_validate(sample.kappa),
    )


def _corrected(found: Assessment) -> CorrectedView:
    corrected = found.corrected
    return CorrectedView(
        apparent=corrected.apparent,
        sensitivity=corrected.sensitivity,
        specificity=corrected.specificity,
        value=corrected.value,
        low=corrected.low,
        high=corrected.high,
        is_clipped=corrected.is_clipped,
        why_not=corrected.why_not,
        left_out=found.left_out,
    )


def _between(between: Between) -> BetweenView:
    return BetweenView(
        n=between.calls.n,
        reviewers=list(between.people),
        wanted=ENOUGH_PAIRS,
        is_enough=between.is_enough,
        calls=_confusion(between.calls, "first_reviewer", "second_reviewer"),
        kappa=KappaView.model_validate(between.kappa),
    )


def _confusion(
    table: Confusion,
    first: Literal["machine", "first_reviewer"] = "machine",
    second: Literal["reviewer", "second_reviewer"] = "reviewer",
) -> ConfusionView:
    return ConfusionView(
        first=first,
        second=second,
        labels=list(table.labels),
        counts=[list(row) for row in table.counts],
        n=table.n,
        agreed=table.agreed,
    )
