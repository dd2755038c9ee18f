"""Runs and what they say otherwise, as the api shows them."""

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from db.runs.diff import Price, read_flips, read_pairs
from db.runs.pace import count_current, is_moving, pace_of
from db.runs.read import Run, progress_of_run
from domain.agreement import Confusion
from domain.run_diff import Against, Diff, Flip, Standing, compare, to_listen
from domain.run_pace import expected_end
from domain.runs import OPEN, RunFilters, RunSettings
from serve_apps.api.reports.schemas import FiguresView
from serve_apps.api.reviewing.schemas import KappaView
from serve_apps.api.runs.schemas import (
    AgainstView,
    CategoryFlipsView,
    DiffView,
    EstimateView,
    FlipView,
    PairedView,
    PriceView,
    RunProgressView,
    RunView,
    StandingView,
    TableView,
)


async def view_run(tx: AsyncConnection, run: Run, *, is_listed: bool = False) -> RunView:
    """`is_listed`: counting what an ended run did takes longer than a list may."""
    progress = None
    if run.state in OPEN or not is_listed:
        found, pace = await progress_of_run(tx, run.run_id), await pace_of(tx, run.run_id)
        end = expected_end(found.planned - found.ended, pace.done, pace.over_s, pace.now) if run.state in OPEN else None
        own = {name: getattr(found, name) for name in RunProgressView.model_fields if name != "expected_end"}
        progress = RunProgressView(**own, expected_end=end)
    plain = {name: getattr(run, name) for name in RunView.model_fields if hasattr(run, name)}
    shown = {
        "filters": TypeAdapter(RunFilters).dump_python(run.filters, mode="json"),
        "settings": TypeAdapter(RunSettings).dump_python(run.settings, mode="json"),
        "estimate": EstimateView.model_validate(run.estimate) if run.estimate else None,
        "current": await count_current(tx, run.run_id),
        "is_moving": await is_moving(tx, run.run_id, run.state),
        "progress": progress,
    }
    return RunView(**{**plain, **shown})


async def view_diff(tx: AsyncConnection, run: Run) -> DiffView:
    """`tx`: of one instant."""
    pairs, old_price, new_price = await read_pairs(tx, run.run_id)
    return _diff(compare(pairs), old_price, new_price, to_listen(await read_flips(tx, run.run_id)))


def _diff(diff: Diff, old_price: Price, new_price: Price, listen: Sequence[Flip]) -> DiffView:
    return DiffView(
        standing=StandingView(**{one.value: diff.standing.get(one, 0) for one in Standing}),
        compared=diff.compared,
        differing=diff.differing,
        flipped=diff.flipped,
        places=_table(diff.places),
        attempted=_table(diff.attempted),
        kinds=_table(diff.kinds),
        quality=_table(diff.quality),
        reactions=_table(diff.reactions),
        categories=[CategoryFlipsView.model_validate(one) for one in diff.categories],
        share=_against(diff.share),
        reviewed=_against(diff.reviewed),
        old_figures=FiguresView.model_validate(diff.old_figures),
        new_figures=FiguresView.model_validate(diff.new_figures),
        old_price=PriceView.model_validate(old_price),
        new_price=PriceView.model_validate(new_price),
        listen=[FlipView.model_validate(flip) for flip in listen],
    )


def _against(against: Against) -> AgainstView:
    return AgainstView(
        n=against.n,
        old=KappaView.model_validate(against.old),
        new=KappaView.model_validate(against.new),
        old_calls=_table(against.old_calls),
        new_calls=_table(against.new_calls),
        hits=PairedView.model_validate(against.hits),
    )


def _table(table: Confusion) -> TableView:
    return TableView(
        labels=list(table.labels), counts=[list(row) for row in table.counts], n=table.n, agreed=table.agreed
    )
