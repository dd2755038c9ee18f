"""What was read for a report, as its answer. Pure."""

from datetime import timedelta

from db.reports.overview import Overview, PointPeriod
from db.reports.series import Series
from domain.change import Change, Period, change
from domain.figures import Counts, Figures, figures_of, wilson
from domain.ranking import ranks
from domain.report import together
from serve_apps.api.reports.schemas import (
    BeforeView,
    CategoryView,
    ChangesView,
    ChangeView,
    CoverageSumsView,
    CoverageView,
    DayView,
    EngineView,
    FiguresView,
    FunnelView,
    HeatView,
    HourView,
    OverviewView,
    PeriodView,
    PointFiguresView,
    QualityView,
)


def overview_view(period: Period, read: Overview, series: Series) -> OverviewView:
    """The whole page."""
    now = together((point.now for point in read.points), read.lost)
    counts, figures, earlier = now.counts, now.figures, read.before.figures
    return OverviewView(
        period=PeriodView.model_validate(period),
        previous=PeriodView.model_validate(period.before),
        figures=figures_view(figures),
        before=figures_view(earlier),
        change=_changes(figures, earlier),
        coverage=CoverageView.model_validate(now.coverage),
        coverage_before=CoverageSumsView.model_validate(read.before.coverage),
        engines=[EngineView(engine=engine, n=n) for engine, n in now.engines.most_common()],
        is_mixed=figures.is_mixed,
        by_day=_days(period, series),
        by_hour=[
            HourView(hour=hour, figures=figures_view(figures_of(of))) for hour, of in sorted(series.hours.items())
        ],
        heatmap=_heatmap(series),
        categories=[
            CategoryView(
                category=one.category,
                offered=one.offered,
                accepted=one.accepted,
                rejected=one.rejected,
                acceptance=wilson(one.accepted, one.accepted + one.rejected),
            )
            for one in series.categories
        ],
        quality=[QualityView(score=score, n=getattr(counts, f"quality_{score}")) for score in range(4)],
        funnel=FunnelView(
            dialogues=counts.dialogues,
            sales=counts.sales,
            attempts=counts.yes,
            specific=counts.specific,
            accepted=counts.accepted,
        ),
        points=_league(read),
        updated_at=read.updated_at,
    )


def figures_view(figures: Figures) -> FiguresView:
    return FiguresView.model_validate(figures)


def _changes(now: Figures, before: Figures) -> ChangesView:
    return ChangesView(
        rate=_change(change(now.rate, before.rate)),
        specific_rate=_change(change(now.specific_rate, before.specific_rate)),
        acceptance=_change(change(now.acceptance, before.acceptance)),
        average_quality=_difference(now.average_quality, before.average_quality),
        coverage=_difference(now.coverage, before.coverage),
        dialogues=now.dialogues - before.dialogues,
        attempts=now.attempts - before.attempts,
    )


def _change(of: Change) -> ChangeView:
    return ChangeView.model_validate(of)


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _days(period: Period, series: Series) -> list[DayView]:
    """Each day, so that a chart has no holes."""
    days = [period.first + timedelta(days=n) for n in range(period.days)]
    shares = [series.coverage.get(day) for day in days]
    return [
        DayView(day=day, figures=figures_view(figures_of(series.days.get(day, Counts()), (), share)), coverage=share)
        for day, share in zip(days, shares, strict=True)
    ]


def _heatmap(series: Series) -> list[HeatView]:
    return [
        HeatView(
            weekday=cell.weekday,
            hour=cell.hour,
            sales=cell.counts.sales,
            attempts=cell.counts.yes,
            rate=wilson(cell.counts.yes, cell.counts.sales),
        )
        for cell in series.cells
        if cell.counts.sales
    ]


def _league(read: Overview) -> list[PointFiguresView]:
    figures = [point.now.figures for point in read.points]
    places = ranks({point.point_id: of_it.rate for point, of_it in zip(read.points, figures, strict=True)})
    return [_row(point, of_it, places[point.point_id]) for point, of_it in zip(read.points, figures, strict=True)]


def _row(point: PointPeriod, figures: Figures, rank: int | None) -> PointFiguresView:
    before = wilson(point.before.yes, point.before.sales)
    return PointFiguresView(
        point_id=point.point_id,
        name=point.name,
        zone=point.zone,
        goal=point.goal,
        figures=figures_view(figures),
        before=BeforeView(rate=before, dialogues=point.before.dialogues),
        change=_change(change(figures.rate, before)),
        coverage=figures.coverage,
        rank=rank,
    )
