"""The simulator of a month on a GPU fleet: two days come out in the same order, and its model of Serve is Serve."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fleet import DOC, reaches_aim, run
from benchmarks.fleet_month.figures import Figures
from benchmarks.fleet_month.policies import ByInFlight, View
from benchmarks.fleet_month.scenes import COMPARED, OURS, Scene
from benchmarks.fleet_month.shops import Outage, Shops, month
from benchmarks.fleet_month.simulate import simulate
from benchmarks.fleet_month.tables import BEGIN, END, put, row
from domain.scaling import Load, Waiting

SHOPS = Shops(days=2, outage=Outage(0, 9, 3, 1.0), reanalysis_day=1, reanalysed_days=0.1)
SMALL = tuple(replace(scene, shops=SHOPS) for scene in COMPARED)


@pytest.fixture(scope="module")
def found() -> dict[Scene, Figures]:
    return {scene: run(scene)[0] for scene in SMALL}


def test_the_waiting_audio_is_fresh_enough_at_three_fifths_of_the_fixed_fleet(found: dict[Scene, Figures]) -> None:
    assert reaches_aim({big: found[small] for big, small in zip(COMPARED, SMALL, strict=True)})


def test_it_is_cheaper_than_serve_by_requests_in_flight_and_changes_less(found: dict[Scene, Figures]) -> None:
    _, serve_alone, by_hand, ours = (found[scene] for scene in SMALL)
    assert ours.gpu_hours < serve_alone.gpu_hours
    assert ours.p95_s < min(serve_alone.p95_s, by_hand.p95_s)
    assert ours.changes_a_day < min(serve_alone.changes_a_day, by_hand.changes_a_day)


def test_all_that_came_is_served_and_none_of_it_before_it_came() -> None:
    scene = SMALL[-1]
    demand = month(SHOPS)
    result = simulate(demand, scene.gpus, scene.policy(), window=scene.window)
    assert result.backfill_done_s is not None
    assert result.reanalysis_done_s is not None
    assert result.wait_s[demand.live > 0].min() >= scene.gpus.batch_s / scene.gpus.speed
    possible_s = np.minimum(result.ready, result.target) * scene.gpus.speed * SHOPS.step_s
    assert possible_s.sum() >= demand.live_s.sum() + demand.backfill_s.sum() + demand.reanalysis_audio_s


def test_an_outage_moves_a_days_audio_and_loses_none_of_it() -> None:
    whole, cut = month(replace(SHOPS, outage=None)), month(SHOPS)
    assert cut.live_s.sum() + cut.backfill_s.sum() == pytest.approx(whole.live_s.sum())
    assert cut.backfill_s.sum() > 0


def test_the_same_seed_gives_the_same_month() -> None:
    assert run(SMALL[-1])[0] == run(SMALL[-1])[0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Ray's own, at its import
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(0, 2_000), min_size=1, max_size=60),
    st.floats(1, 40),
    st.floats(0.05, 1),
    st.integers(1, 4),
)
def test_requests_in_flight_are_answered_as_ray_serve_answers_them(
    calls: list[float], per_replica: float, up_factor: float, late: int
) -> None:
    """Ray's own functions on the same numbers, with replicas that are ready some looks later."""
    from ray.serve import autoscaling_policy as serve
    from ray.serve.config import AutoscalingConfig

    config = AutoscalingConfig(
        min_replicas=1,
        max_replicas=40,
        target_ongoing_requests=per_replica,
        upscaling_factor=up_factor,
        upscale_delay_s=30,
        downscale_delay_s=300,
    )
    ours, state, targets = ByInFlight(1, 40, per_replica, up_factor=up_factor), {}, [1] * (late + 1)
    for look, in_flight in enumerate(calls):
        now_s, target, ready = look * 30.0, targets[-1], min(targets[-1], targets[-1 - late])
        desired = ready * (in_flight / (per_replica * ready))
        scaled = min(max(serve._apply_scaling_factors(desired, ready, config), 1), 40)
        theirs, state = serve._apply_delay_logic(scaled, target, config, state, _now=now_s)
        idle = Load(Waiting(), Waiting(), Waiting(), 0.0, 1.0)
        assert ours.wanted(View(now_s, idle, in_flight, ready, target)) == theirs
        targets.append(theirs)


def test_the_docs_have_the_figures_that_come_out() -> None:
    """Of the product's own policy; `benchmarks/fleet.py --check` looks at all of them."""
    figures, _ = run(OURS)
    assert row(OURS, {OURS: figures}) in DOC.read_text(encoding="utf-8")


def test_tables_go_between_the_marks_only() -> None:
    assert put(f"a\n{BEGIN}old\n{END}b\n", "new\n") == f"a\n{BEGIN}new\n{END}b\n"
    with pytest.raises(ValueError, match="lacks the marks"):
        put("a\n", "new\n")


def test_the_fixed_fleet_carries_the_peak_and_not_one_gpu_more() -> None:
    busiest = SHOPS.rate.max() * SHOPS.mean_s
    assert math.ceil(busiest / SMALL[0].gpus.speed) == SMALL[0].fixed == 20
